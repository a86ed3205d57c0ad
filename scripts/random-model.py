#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a model of random bfloat16 weights in a published shape, in shards, to measure loading and speed.

    python3 scripts/random-model.py a2d-0.5b FOLDER     # Qwen2.5-Coder-0.5B as dllm converted it, 1.3 GB
    python3 scripts/random-model.py llada-8b FOLDER     # LLaDA-8B, 16 GB
    python3 scripts/random-model.py dream-7b FOLDER     # Dream-7B, 15 GB

needs numpy. A tensor of 2^20 normal numbers is repeated, so writing is bound by the disk. The vocabulary is words w0, w1, ...
"""
import json
import os
import struct
import sys

import numpy

SHARD_BYTES = 4 << 30


def qwen(layers, width, heads, keys, hidden, rows, head_width):
    yield "model.embed_tokens.weight", (rows, width)
    for i in range(layers):
        p = f"model.layers.{i}."
        yield p + "input_layernorm.weight", (width,)
        for name, out in (("q", heads), ("k", keys), ("v", keys)):
            yield p + f"self_attn.{name}_proj.weight", (out * head_width, width)
            yield p + f"self_attn.{name}_proj.bias", (out * head_width,)
        yield p + "self_attn.o_proj.weight", (width, heads * head_width)
        yield p + "post_attention_layernorm.weight", (width,)
        yield p + "mlp.gate_proj.weight", (hidden, width)
        yield p + "mlp.up_proj.weight", (hidden, width)
        yield p + "mlp.down_proj.weight", (width, hidden)
    yield "model.norm.weight", (width,)
    yield "lm_head.weight", (rows, width)


def llada(layers, width, hidden, rows):
    t = "model.transformer."
    yield t + "wte.weight", (rows, width)
    for i in range(layers):
        p = t + f"blocks.{i}."
        yield p + "attn_norm.weight", (width,)
        for name in ("q_proj", "k_proj", "v_proj", "attn_out"):
            yield p + name + ".weight", (width, width)
        yield p + "ff_norm.weight", (width,)
        yield p + "ff_proj.weight", (hidden, width)
        yield p + "up_proj.weight", (hidden, width)
        yield p + "ff_out.weight", (width, hidden)
    yield t + "ln_f.weight", (width,)
    yield t + "ff_out.weight", (rows, width)


def qwen_config(kind, mask, **sizes):
    return dict(model_type=kind, hidden_act="silu", rms_norm_eps=1e-6, rope_theta=1e6, tie_word_embeddings=False,
                mask_token_id=mask, max_position_embeddings=4096, **sizes)


SHAPES = {
    "a2d-0.5b": (qwen_config("a2d-qwen2", 151665, hidden_size=896, num_hidden_layers=24, num_attention_heads=14,
                             num_key_value_heads=2, intermediate_size=4864, vocab_size=151936),
                 lambda: qwen(24, 896, 14, 2, 4864, 151936, 64), 151936),
    "dream-7b": (qwen_config("Dream", 151666, hidden_size=3584, num_hidden_layers=28, num_attention_heads=28,
                             num_key_value_heads=4, intermediate_size=18944, vocab_size=152064),
                 lambda: qwen(28, 3584, 28, 4, 18944, 152064, 128), 152064),
    "llada-8b": (dict(model_type="llada", d_model=4096, n_heads=32, n_kv_heads=32, n_layers=32, mlp_hidden_size=12288,
                      embedding_size=126464, vocab_size=126464, max_sequence_length=4096, rope_theta=5e5,
                      rms_norm_eps=1e-5, mask_token_id=126336, eos_token_id=126081, weight_tying=False),
                 lambda: llada(32, 4096, 12288, 126464), 126464),
}


def bfloat16(values):
    return (values.astype("<f4").view("<u4") >> 16).astype("<u2")


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in SHAPES:
        sys.exit(__doc__)
    config, tensors, rows = SHAPES[sys.argv[1]]
    folder = sys.argv[2]
    os.makedirs(folder)
    noise = bfloat16(numpy.random.default_rng(1).standard_normal(1 << 20, dtype="f4") * 0.02)
    ones = bfloat16(numpy.ones(1 << 16, dtype="f4"))
    shards = [[]]
    for name, shape in tensors():
        size = 2 * int(numpy.prod(shape))
        if sum(each[2] for each in shards[-1]) + size > SHARD_BYTES and shards[-1]:
            shards.append([])
        shards[-1].append((name, shape, size))
    total, where = 0, {}
    for number, shard in enumerate(shards, 1):
        file = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        header, offset = {"__metadata__": {"format": "pt"}}, 0
        for name, shape, size in shard:
            header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, offset + size]}
            where[name] = file
            offset += size
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(os.path.join(folder, file), "wb") as f:
            f.write(struct.pack("<Q", len(text)) + text)
            for name, shape, size in shard:
                source = ones if "norm" in name or "ln_f" in name else noise
                left = size // 2
                while left > 0:
                    part = source[:left]
                    f.write(part.tobytes())
                    left -= len(part)
        total += offset
    with open(os.path.join(folder, "model.safetensors.index.json"), "w") as f:
        json.dump({"metadata": {"total_size": total}, "weight_map": where}, f)
    with open(os.path.join(folder, "config.json"), "w") as f:
        json.dump(config, f)
    words = {f"w{i}": i for i in range(rows)}
    with open(os.path.join(folder, "tokenizer.json"), "w") as f:
        json.dump({"version": "1.0", "added_tokens": [], "normalizer": None,
                   "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": None, "decoder": None,
                   "model": {"type": "WordLevel", "vocab": words, "unk_token": "w0"}}, f)
    print(f"{sum(s // 2 for shard in shards for _, _, s in shard):,} parameters, {total / 1e9:.2f} GB, {len(shards)} files")


if __name__ == "__main__":
    main()
