#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The forward pass and a step of generation of LLaDA-8B's shape in PyTorch, random bfloat16 weights, for
`md4 bench model` beside it.

    python3 scripts/bench/torch_llama.py [--layers 32] [--lengths 1024,4096] [--masks 128] [--compile | --regions]

By transformers' LlamaForCausalLM with full attention where transformers are there, else by the same network
written here. One line of JSON. A step of generation is that of LLaDA's published loop: the logits of all
positions, their argmax, the softmax of the chosen in float64, and the surest of the masks.
"""
import argparse
import json
import time

import torch
import torch.nn.functional as F
from torch import nn


def transformers_model(o):
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(vocab_size=o.rows, hidden_size=o.width, intermediate_size=o.hidden, num_hidden_layers=o.layers,
                         num_attention_heads=o.heads, num_key_value_heads=o.heads, max_position_embeddings=4096,
                         rms_norm_eps=1e-5, rope_theta=5e5, use_cache=False, attn_implementation="sdpa")
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(o.device):
        model = LlamaForCausalLM(config).eval()
    torch.set_default_dtype(torch.float32)
    for module in model.modules():
        if hasattr(module, "is_causal"):
            module.is_causal = False

    if o.regions:
        compile_layers(model.model.layers)

    def logits(ids):
        return model(ids, use_cache=False).logits

    return logits, "transformers"


def compile_layers(layers):
    """Compiles each block by itself: the code of one serves all, in seconds in place of minutes."""
    for layer in layers:
        layer.compile(dynamic=False)


class Layer(nn.Module):
    def __init__(self, o):
        super().__init__()
        self.heads = o.heads
        self.norm1, self.norm2 = nn.RMSNorm(o.width, 1e-5), nn.RMSNorm(o.width, 1e-5)
        self.q, self.k, self.v, self.out = (nn.Linear(o.width, o.width, False) for _ in range(4))
        self.gate, self.up = nn.Linear(o.width, o.hidden, False), nn.Linear(o.width, o.hidden, False)
        self.down = nn.Linear(o.hidden, o.width, False)

    def forward(self, h, cos, sin):
        def rotated(x):
            x = x.unflatten(2, (self.heads, -1)).transpose(1, 2)
            a, b = x.float().chunk(2, -1)
            return (torch.cat([a, b], -1) * cos + torch.cat([-b, a], -1) * sin).to(x.dtype)

        y = self.norm1(h)
        v = self.v(y).unflatten(2, (self.heads, -1)).transpose(1, 2)
        a = F.scaled_dot_product_attention(rotated(self.q(y)), rotated(self.k(y)), v)
        h = h + self.out(a.transpose(1, 2).flatten(2))
        y = self.norm2(h)
        return h + self.down(F.silu(self.gate(y)) * self.up(y))


class Own(nn.Module):
    def __init__(self, o):
        super().__init__()
        self.embedding = nn.Embedding(o.rows, o.width)
        self.layers = nn.ModuleList(Layer(o) for _ in range(o.layers))
        self.norm, self.head = nn.RMSNorm(o.width, 1e-5), nn.Linear(o.width, o.rows, False)
        self.width = o.width // o.heads

    def forward(self, ids):
        pairs = torch.arange(0, self.width, 2, device=ids.device) / self.width
        angles = torch.outer(torch.arange(ids.shape[1], device=ids.device).float(), 5e5 ** -pairs)
        angles = torch.cat([angles, angles], -1)
        h = self.embedding(ids)
        for layer in self.layers:
            h = layer(h, angles.cos(), angles.sin())
        return self.head(self.norm(h))


def own_model(o):
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(o.device):
        model = Own(o).eval()
    torch.set_default_dtype(torch.float32)
    for p in model.parameters():
        if p.dim() > 1:
            p.data.normal_(0, 0.02)
    if o.regions:
        compile_layers(model.layers)
    return model, "own"


def wait(o):
    if o.device == "cuda":
        torch.cuda.synchronize()


def median(o, run, repeats=7, warm=3):
    times = []
    for i in range(-warm, repeats):
        wait(o)
        start = time.perf_counter()
        run()
        wait(o)
        if i >= 0:
            times.append(1e3 * (time.perf_counter() - start))
    return sorted(times)[len(times) // 2]


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--layers", type=int, default=32)
    a.add_argument("--width", type=int, default=4096)
    a.add_argument("--heads", type=int, default=32)
    a.add_argument("--hidden", type=int, default=12288)
    a.add_argument("--rows", type=int, default=126464)
    a.add_argument("--lengths", default="1024,4096")
    a.add_argument("--masks", type=int, default=128)
    a.add_argument("--compile", action="store_true")
    a.add_argument("--regions", action="store_true", help="compile each block by itself")
    a.add_argument("--own", action="store_true")
    a.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    o = a.parse_args()
    lengths = [int(n) for n in o.lengths.split(",")]
    with torch.no_grad():
        try:
            logits, kind = own_model(o) if o.own else transformers_model(o)
        except ImportError:
            logits, kind = own_model(o)
        ids = torch.arange(lengths[0], device=o.device).mul(7919).remainder(o.rows)[None]
        other = ids.clone()
        other[0, -1] = 5
        if torch.equal(logits(ids)[0, 0], logits(other)[0, 0]):
            raise SystemExit("the first position must see the last")
        if o.compile:
            logits = torch.compile(logits, dynamic=False)
        out = dict(kind=kind, compiled=o.compile, compiled_blocks=o.regions, torch=torch.__version__)
        for n in lengths:
            ids = torch.arange(n, device=o.device).mul(7919).remainder(o.rows)[None]
            out[f"forward_{n}_ms"] = median(o, lambda: logits(ids))
        n = lengths[0]
        ids = torch.arange(n, device=o.device).mul(7919).remainder(o.rows)[None]
        masked = torch.arange(n, device=o.device)[None] >= n - o.masks

        def step():
            all_logits = logits(ids)
            chosen = all_logits.argmax(-1)
            p = all_logits.to(torch.float64).softmax(-1).gather(-1, chosen[..., None]).squeeze(-1)
            p = torch.where(masked, p, -torch.inf)
            place = p[0].topk(4).indices
            z = ids.clone()
            z[0, place] = chosen[0, place]
            return z

        out[f"step_{n}_ms"] = median(o, step, 5, 2)
        if o.device == "cuda":
            out["memory_gib"] = torch.cuda.max_memory_allocated() / 2**30
            out["device"] = torch.cuda.get_device_name()
    print(json.dumps(out))


if __name__ == "__main__":
    main()
