#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The other side of `md4 bench train`: the same training step in PyTorch.

The conditional transformer of the text experiments (adaLN, rotary positions, gated feed-forward) with the
masked cross-entropy at every position, bfloat16 products, flash attention and fused AdamW on random tokens.
Prints milliseconds a step and tokens a second; `measured.sh` beside this prints the memory.

    scripts/bench/torch_step.py --batch 32 --length 1024 --vocabulary 50257            # as people run it
    scripts/bench/torch_step.py --batch 32 --length 1024 --vocabulary 50304 --stream bfloat16
    scripts/bench/torch_step.py --batch 512 --length 256 --vocabulary 27 --dropout 0.05
"""
import argparse
import math
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

BF16 = torch.bfloat16


def product(x, weight, bias=None):
    return F.linear(x.to(BF16), weight.to(BF16), None if bias is None else bias.to(BF16))


def rotated(x, cosines, sines):
    first, second = x.chunk(2, -1)
    return torch.cat([first * cosines - second * sines, first * sines + second * cosines], -1)


def weight(*shape):
    return nn.Parameter(0.02 * torch.randn(*shape))


class Block(nn.Module):
    def __init__(self, width, heads, hidden, condition, dropout):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.modulation, self.bias = weight(6 * width, condition), weight(6 * width)
        self.qkv, self.out = weight(3 * width, width), weight(width, width)
        self.enter, self.leave = weight(2 * hidden, width), weight(width, hidden)

    def kept(self, y):
        """Whole channels dropped, one draw for all positions."""
        if self.dropout == 0:
            return y
        mask = torch.rand(y.shape[0], 1, y.shape[2], device=y.device) >= self.dropout
        return y * (mask.to(y.dtype) / (1 - self.dropout))

    def forward(self, h, c, cosines, sines):
        batch, length, width = h.shape
        shift_a, scale_a, gate_a, shift_m, scale_m, gate_m = product(c, self.modulation, self.bias)[:, None].chunk(6, -1)
        a = F.layer_norm(h, (width,), eps=1e-5) * (1 + scale_a) + shift_a
        q, k, v = product(a, self.qkv).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        o = F.scaled_dot_product_attention(
            rotated(q, cosines, sines), rotated(k, cosines, sines), v, dropout_p=self.dropout
        )
        h = h + gate_a * self.kept(product(o.transpose(1, 2).reshape(batch, length, width), self.out))
        a = F.layer_norm(h, (width,), eps=1e-5) * (1 + scale_m) + shift_m
        value, gate = product(a, self.enter).chunk(2, -1)
        return h + gate_m * self.kept(product(value * torch.sigmoid(gate), self.leave))


class Network(nn.Module):
    def __init__(self, o):
        super().__init__()
        hidden = (8 * o.width // 3 + 31) // 32 * 32
        self.stream = torch.float32 if o.stream == "float32" else BF16
        self.table, self.head = weight(o.vocabulary + 1, o.width), weight(o.vocabulary, o.width)
        self.modulation, self.bias = weight(2 * o.width, 64), weight(2 * o.width)
        self.blocks = nn.ModuleList(
            Block(o.width, o.width // 64, hidden, 64, o.dropout) for _ in range(o.layers)
        )

    def forward(self, zt, c, cosines, sines, x, weights):
        h, c = F.embedding(zt, self.table).to(self.stream), torch.sigmoid(c)
        for block in self.blocks:
            h = block(h, c, cosines, sines)
        shift, scale = product(c, self.modulation, self.bias)[:, None].chunk(2, -1)
        a = F.layer_norm(h, (h.shape[-1],), eps=1e-5) * (1 + scale) + shift
        logits = product(a, self.head).float()
        loss = F.cross_entropy(logits.flatten(0, 1), x.flatten(), reduction="none")
        return (loss * weights.flatten()).sum() / x.numel()


def batch(o, device):
    """Stratified times under the linear schedule, tokens masked where a uniform exceeds alpha."""
    x = torch.randint(0, o.vocabulary, (o.batch, o.length), device=device)
    t = (torch.rand(1, device=device) + torch.arange(o.batch, device=device) / o.batch) % 1
    is_masked = torch.rand(x.shape, device=device) < t[:, None]
    return x.masked_fill(is_masked, o.vocabulary), x, is_masked / t[:, None].clamp(min=1e-4)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--length", type=int, default=1024)
    p.add_argument("--vocabulary", type=int, default=50257)
    p.add_argument("--layers", type=int, default=12)
    p.add_argument("--width", type=int, default=768)
    p.add_argument("--stream", choices=["float32", "bfloat16"], default="float32")
    p.add_argument("--dropout", type=float, default=0.0)
    p.add_argument("--eager", action="store_true", help="without torch.compile")
    p.add_argument("--windows", type=int, default=5)
    p.add_argument("--steps", type=int, default=6, help="of a window")
    o = p.parse_args()

    device = torch.device("cuda")
    torch.manual_seed(0)
    network = Network(o).to(device)
    parameters = sum(w.numel() for w in network.parameters())
    optimizer = torch.optim.AdamW(network.parameters(), 3e-4, fused=True)
    angles = torch.arange(o.length, device=device)[:, None] * torch.exp(
        -math.log(10000) * torch.arange(32, device=device)[None] / 32
    )
    cosines, sines = angles.cos().to(BF16), angles.sin().to(BF16)
    run = network if o.eager else torch.compile(network)

    def step():
        zt, x, weights = batch(o, device)
        loss = run(zt, torch.randn(o.batch, 64, device=device), cosines, sines, x, weights)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss

    for _ in range(8):
        step()
    torch.cuda.synchronize()
    milliseconds = []
    for _ in range(o.windows):
        start = time.perf_counter()
        for _ in range(o.steps):
            loss = step()
        torch.cuda.synchronize()
        milliseconds.append((time.perf_counter() - start) / o.steps * 1e3)
    middle = statistics.median(milliseconds)
    tokens = o.batch * o.length
    print(
        f"torch {torch.__version__} {'eager' if o.eager else 'compile'}, {torch.cuda.get_device_name()}: "
        f"{o.batch} x {o.length} tokens, vocabulary {o.vocabulary}, {o.layers} layers, width {o.width}, "
        f"{o.stream} stream, dropout {o.dropout}, {parameters:,} parameters: {tokens / middle * 1e3:,.0f} tokens/s "
        f"({tokens / max(milliseconds) * 1e3:,.0f} to {tokens / min(milliseconds) * 1e3:,.0f}), {middle:.2f} ms a step, "
        f"{torch.cuda.max_memory_reserved() / 2**20:,.0f} MiB reserved, loss {loss.item():.4f}"
    )


if __name__ == "__main__":
    main()
