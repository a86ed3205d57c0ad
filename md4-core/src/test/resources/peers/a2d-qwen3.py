# SPDX-License-Identifier: Apache-2.0
"""Writes a folder of the form of the others here: Qwen3 with full attention, random weights, and its logits.

    python3 a2d-qwen3.py TO [--width 32] [--length 9] [--seed 11]

needs torch and transformers, whose Qwen3ForCausalLM, under a four-dimensional mask of zeros (or of the padding), is
the network that A2D models of Qwen3 have: no biases, RMSNorm on each head of queries and keys before rotary. The
tokenizer's files are those of ../a2d-qwen2. Other sizes make other cases, for -Dmd4.golden.peers=FOLDER.
"""
import argparse
import json
import os
import shutil

import torch
import transformers
from safetensors.torch import save_file


def rounded(tensor):
    return [float("%.9g" % x) for x in tensor.flatten().tolist()]


def nested(tensor):
    if tensor.dim() == 1:
        return rounded(tensor)
    return [nested(row) for row in tensor]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("to")
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--length", type=int, default=9)
    parser.add_argument("--seed", type=int, default=11)
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "a2d-qwen2")
    with open(os.path.join(here, "config.json")) as f:
        config = json.load(f)
    with open(os.path.join(here, "expected.json")) as f:
        special = json.load(f)["ids"]
    # The head is wider than width / heads, as in some Qwen3.
    config.update(architectures=["A2DQwen3LMHeadModel"], model_type="a2d-qwen3", hidden_size=given.width,
                  intermediate_size=2 * given.width, head_dim=given.width // 2, attention_bias=False)
    keys = {k: v for k, v in config.items() if k not in ("architectures", "model_type", "transformers_version", "dtype")}
    model = transformers.Qwen3ForCausalLM(transformers.Qwen3Config(**keys, attn_implementation="eager")).eval().float()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            centre = 1.0 if "norm" in name else 0.0
            parameter.copy_(centre + torch.randn(parameter.shape) * (0.2 if "norm" in name else 0.25))
    ids = torch.randint(0, 64, (2, given.length))
    mask = torch.ones_like(ids)
    mask[1, given.length * 2 // 3:] = 0
    least = torch.finfo(torch.float32).min
    positions = torch.arange(given.length)[None].expand(2, -1)

    def logits(added):
        with torch.no_grad():
            return model(input_ids=ids, attention_mask=added, position_ids=positions, use_cache=False).logits

    zeros = torch.zeros(2, 1, given.length, given.length)
    padded = zeros + ((1 - mask) * least)[:, None, None, :]
    os.makedirs(given.to, exist_ok=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(os.path.join(here, name), os.path.join(given.to, name))
    with open(os.path.join(given.to, "config.json"), "w") as f:
        json.dump(config, f, indent=2, sort_keys=True)
        f.write("\n")
    tensors = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors, os.path.join(given.to, "model.safetensors"), metadata={"format": "pt"})
    expected = {
        "source": "transformers Qwen3ForCausalLM, eager, float32, under a four-dimensional mask",
        "seed": given.seed,
        "ids": special,
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "fields": {"input_ids": "ids [B,L]", "attention_mask": "1 = real [B,L], padding on the right",
                   "logits": "logits [B,L,V], full attention, no mask",
                   "padded_logits": "logits [B,L,V] with the padding masked as keys; compare rows of real tokens only"},
        "inputs": {"input_ids": ids.tolist(), "attention_mask": mask.tolist()},
        "outputs": {"logits": nested(logits(zeros)), "padded_logits": nested(logits(padded))},
    }
    with open(os.path.join(given.to, "expected.json"), "w") as f:
        json.dump(expected, f)
        f.write("\n")


main()
