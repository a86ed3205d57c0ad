# SPDX-License-Identifier: Apache-2.0
"""Cases of LLaDA, and of dllm's sampler on the Qwen names (A2D)."""
import math

import torch

from common import Uniforms, clear, form, integers, save, special
from llama import LLADA, QWEN, Llama, filled, keys_only, padding, weights

WORDS = 64  # prompts are of these, below all special ids
LOW = "low_confidence"


def guided(net, x, real, prompt, scale, mask):
    """Logits of a row; with guidance against the row whose prompt [bool of L] is masked."""
    added = keys_only(real)
    logits = net(x, added=added)
    if scale == 0:
        return logits
    without = net([mask if p else y for y, p in zip(x, prompt)], added=added)
    return without + (scale + 1) * (logits - without)


def choose(gap, logits, powers):
    """The candidates of all rows and their probability: [L], [L]."""
    if powers is None:
        tokens = [gap.argmax(row.exp()) for row in logits]
    else:
        tokens = [gap.argmax(row) for row in logits.exp() / powers]
    p = logits.softmax(-1)
    return tokens, [p[i, y].item() for i, y in enumerate(tokens)]


def generate(net, g, ids, real, steps, gen, block, scale=0, temperature=0, remasking=LOW):
    mask, pad, batch, width = ids["mask"], ids["pad"], 2, 5
    length, per_block = width + gen, steps // (gen // block)

    def make(gap, attempt):
        prompts = integers(g, WORDS, batch, width)
        if real is not None:
            prompts = filled(prompts, real, pad)
        uniforms = Uniforms()
        x = [list(row) + [mask] * gen for row in prompts]
        seen = [None if real is None else real[b] + [1] * gen for b in range(batch)]
        passes, transfer, smallest = [], [], math.inf
        for n in range(gen // block):
            end = width + (n + 1) * block
            counts = []
            for row in x:
                masks = row[end - block:end].count(mask)
                counts.append([masks // per_block + (s < masks % per_block)
                               for s in range(per_block)])
            transfer.append(counts)
            for s in range(per_block):
                passes.append([list(row) for row in x])
                every = [guided(net, row, seen[b], [i < width for i in range(length)], scale, mask)
                         for b, row in enumerate(x)]
                powers, u = [None] * batch, None
                if temperature > 0:
                    noise = uniforms.take(batch, length, every[0].shape[1])
                    powers = (-torch.log(noise)) ** temperature
                if remasking == "random":
                    u = uniforms.take(batch, length)
                for b, row in enumerate(x):
                    open_ = [i for i in range(end) if row[i] == mask]
                    if not open_:
                        continue
                    own = every[b][open_]
                    tokens, p = choose(gap, own, None if temperature == 0 else powers[b][open_])
                    scored = [(u[b, i].item() if u is not None else p[k], k)
                              for k, i in enumerate(open_)]
                    best = own.topk(2, -1).values
                    smallest = min(smallest, (best[:, 0] - best[:, 1]).min().item())
                    for k in gap.first(scored, counts[b][s]):
                        row[open_[k]] = tokens[k]
        case = dict(steps=steps, gen_length=gen, block_length=block, temperature=temperature,
                    prompt=[list(row) for row in prompts], ids=x, passes=passes)
        if temperature == 0 and remasking == LOW:
            return dict(case, cfg_scale=scale, attention_mask=real, transfer=transfer,
                        min_gap=smallest, mask_left=sum(row.count(mask) for row in x))
        return dict(case, remasking=remasking, drawn=uniforms.drawn)

    return clear(make)


def likelihood(net, g, mask, scale):
    prompt, answer, rounds, batch = integers(g, WORDS, 4), integers(g, WORDS, 6), 2, 3
    n = len(answer)
    rows, shares, total = [], [], 0.0
    for r in range(rounds):
        own, share, value = [], [], 0.0
        for b in range(batch):
            k = 1 + (r * batch + 2 * b) % n
            at = torch.randperm(n, generator=g)[:k].tolist()
            row = prompt + [mask if i in at else y for i, y in enumerate(answer)]
            is_prompt = [i < len(prompt) for i in range(len(row))]
            log_p = guided(net, row, None, is_prompt, scale, mask).log_softmax(-1)
            value -= sum(log_p[len(prompt) + i, answer[i]].item() for i in at) / (k / n)
            own.append(row)
            share.append(k / n)
        rows.append(own)
        shares.append(share)
        total += value / batch
    return dict(prompt=prompt, answer=answer, mc_num=rounds * batch, batch_size=batch,
                cfg_scale=scale, rows=rows, share=shares, value=-total / rounds)


def llada(folder, g, seed, tied, d, heads, kv, mlp, layers, rows, words, base, eps, batch, length,
          side, shards=0):
    ids = special("llada")
    mask = ids["mask"]
    w = weights(g, LLADA, d, heads, kv, mlp, layers, rows, False, tied, mask,
                0.2 if shards else 0.3)  # bfloat16 is compared by distance: no large logits
    if shards:
        w = {name: each.bfloat16().double() for name, each in w.items()}
    config = form("llada")
    config.update(d_model=d, n_heads=heads, n_kv_heads=kv, mlp_hidden_size=mlp, n_layers=layers,
                  embedding_size=rows, vocab_size=words, rope_theta=base, rms_norm_eps=eps,
                  weight_tying=tied)
    net = Llama(w, LLADA, layers, heads, kv, base, eps, tied)
    inputs = integers(g, WORDS, batch, length)
    real = padding(batch, length, side)
    padded = filled(inputs, real, ids["pad"])

    left = [[1] * 5, [0, 0, 1, 1, 1]]
    runs = [generate(net, g, ids, None, 6, 9, 3), generate(net, g, ids, None, 4, 10, 10),
            generate(net, g, ids, left, 4, 8, 4), generate(net, g, ids, left, 6, 6, 3, 1.5)]
    noisy = [generate(net, g, ids, None, 4, 8, 4, 0, temperature, remasking)
             for temperature, remasking in ((0.6, LOW), (0, "random"), (1, "random"))]
    outputs = dict(
        logits=[net(row) for row in inputs],
        padded_logits=[net(row, added=keys_only(r)) for row, r in zip(padded, real)],
        generate=runs, noisy=noisy, likelihood=[likelihood(net, g, mask, s) for s in (0, 0.7)])
    if shards:
        outputs["logits_bf16"] = [net.rounded()(row).double() for row in inputs]
    save(folder, config, w,
         dict(source="plain loops", seed=seed, ids=ids,
              inputs=dict(input_ids=inputs, attention_mask=real), outputs=outputs),
         {"llada": ["tokenizer.json", "tokenizer_config.json"]}, shards)


def counts(masks, steps):
    """What dllm's sampler reveals by step; steps of nothing left out. Times are float32."""
    left, out = masks, []
    f = lambda x: torch.tensor(x, dtype=torch.float32)
    for j in range(steps):
        t, s = f((steps - j) / steps), f((steps - j - 1) / steps)
        keep = ((1 - (1 - s)) / (1 - (1 - t))).double().item()
        k = round(left * (1 - keep))
        left -= k
        if k > 0:
            out.append(k)
    return out


def dllm(net, g, ids, widths, steps, new, block, scale):
    mask, eos = ids["mask"], ids["eos"]

    def make(gap, attempt):
        prompts = [integers(g, WORDS, width) for width in widths]
        length = max(widths) + new
        x = [row + [mask] * new + [eos] * (length - len(row) - new) for row in prompts]
        real = [[1] * (len(row) + new) + [0] * (length - len(row) - new) for row in prompts]
        history, transfer = [[list(row) for row in x]], []
        blocks = math.ceil(new / block)
        per_block = math.ceil(steps / blocks)
        for n in range(blocks):
            spans = [(len(row) + n * block, len(row) + min(new, (n + 1) * block))
                     for row in prompts]
            own = [counts(b - a, per_block) for a, b in spans]
            transfer.append(own)
            for s in range(len(own[0])):
                for b, (_, end) in enumerate(spans):
                    is_prompt = [i < len(prompts[b]) for i in range(length)]
                    logits = guided(net, x[b], real[b], is_prompt, scale, mask)
                    open_ = [i for i in range(end) if x[b][i] == mask]
                    tokens, p = choose(gap, logits[open_], None)
                    for k in gap.first([(p[k], k) for k in range(len(open_))], own[b][s]):
                        x[b][open_[k]] = tokens[k]
                history.append([list(row) for row in x])
        return dict(steps=steps, max_new_tokens=new, block_size=block, cfg_scale=scale,
                    temperature=0, prompts=prompts, ids=x, history=history, transfer=transfer,
                    mask_left=sum(row.count(mask) for row in x))

    return clear(make)


def a2d(folder, g, seed, tied, stored, d, heads, kv, mlp, layers, rows, base, eps, batch, length):
    ids = special("a2d-qwen2")
    w = weights(g, QWEN, d, heads, kv, mlp, layers, rows, True, tied, ids["mask"])
    config = form("a2d-qwen2")
    config.update(hidden_size=d, num_attention_heads=heads, num_key_value_heads=kv,
                  intermediate_size=mlp, num_hidden_layers=layers, vocab_size=rows,
                  rope_theta=base, rms_norm_eps=eps, tie_word_embeddings=tied)
    if "layer_types" in config:
        config["layer_types"] = ["full_attention"] * layers
    net = Llama(w, QWEN, layers, heads, kv, base, eps, tied)
    inputs = integers(g, WORDS, batch, length)
    real = padding(batch, length, "right")
    padded = filled(inputs, real, ids["pad"])
    runs = [dllm(net, g, ids, [6, 4], 8, 8, 8, 0), dllm(net, g, ids, [3, 7, 5], 7, 10, 4, 0),
            dllm(net, g, ids, [4, 4], 4, 14, 14, 0), dllm(net, g, ids, [5, 2], 6, 12, 6, 0.8)]
    if stored:
        w = dict(w, **{"lm_head.weight": w["model.embed_tokens.weight"].clone()})
    save(folder, config, w,
         dict(source="plain loops", seed=seed, ids=ids,
              inputs=dict(input_ids=inputs, attention_mask=real),
              outputs=dict(logits=[net(row) for row in inputs],
                           padded_logits=[net(row, added=keys_only(r))
                                          for row, r in zip(padded, real)],
                           sampler=runs)),
         {"a2d-qwen2": ["tokenizer.json", "tokenizer_config.json"]})
