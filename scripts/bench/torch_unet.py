#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The other side of `md4 bench train` for images: the same training step of the pixel UNet in PyTorch.

ResBlocks with a time condition added between two 3x3 convolutions, group norms of 32 groups, one head of attention
in the middle, concatenated skips on the way up, no resampling; masked cross-entropy over all values, bfloat16
convolutions with float32 weights, dropout, fused AdamW on random images. Prints milliseconds a step and images a
second, eager, or compiled, or both in one run.

    scripts/bench/torch_unet.py --batch 128 --layers 32 --width 128                  # CIFAR-10's, eager then compiled
    scripts/bench/torch_unet.py --batch 128 --modes eager --layout channels-first
"""
import argparse
import math
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

BF16 = torch.bfloat16


class Conv(nn.Module):
    def __init__(self, enter, leave, side=3):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(leave, enter, side, side) / math.sqrt(enter * side * side))
        self.bias = nn.Parameter(torch.zeros(leave))

    def forward(self, x):
        return F.conv2d(x, self.weight.to(BF16), self.bias.to(BF16), padding=self.weight.shape[-1] // 2)


class Norm(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        return F.group_norm(x, 32, self.weight.to(x.dtype), self.bias.to(x.dtype), 1e-6)


class ResBlock(nn.Module):
    def __init__(self, enter, width, dropout):
        super().__init__()
        self.norm1, self.conv1 = Norm(enter), Conv(enter, width)
        self.condition = nn.Parameter(torch.randn(width, width) / math.sqrt(width))
        self.norm2, self.conv2 = Norm(width), Conv(width, width)
        self.shortcut = Conv(enter, width, 1) if enter != width else nn.Identity()
        self.dropout = dropout

    def forward(self, x, c):
        h = self.conv1(F.silu(self.norm1(x))) + F.linear(c, self.condition).to(BF16)[:, :, None, None]
        h = F.dropout(F.silu(self.norm2(h)), self.dropout)
        return self.shortcut(x) + self.conv2(h)


class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm, self.qkv, self.out = Norm(width), Conv(width, 3 * width, 1), Conv(width, width, 1)

    def forward(self, x):
        q, k, v = self.qkv(self.norm(x)).flatten(2).transpose(1, 2)[:, None].chunk(3, -1)
        o = F.scaled_dot_product_attention(q, k, v)[:, 0].transpose(1, 2).unflatten(2, x.shape[2:])
        return x + self.out(o)


class UNet(nn.Module):
    def __init__(self, o):
        super().__init__()
        width = o.width
        self.o = o
        self.table = nn.Parameter(torch.randn(o.vocabulary + 1, width) / math.sqrt(width))
        self.dense1, self.dense2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.enter = Conv(o.colours * width, width)
        self.down = nn.ModuleList(ResBlock(width, width, o.dropout) for _ in range(o.layers))
        self.first, self.attention = ResBlock(width, width, o.dropout), Attention(width)
        self.second = ResBlock(width, width, o.dropout)
        self.up = nn.ModuleList(ResBlock(2 * width, width, o.dropout) for _ in range(o.layers + 1))
        self.norm, self.leave = Norm(width), Conv(width, o.colours * o.vocabulary)

    def forward(self, z, times, x, weights):
        o, half = self.o, self.o.width // 2
        frequencies = torch.exp(-math.log(10000) * torch.arange(half, device=z.device) / (half - 1))
        angles = 1000 * times[:, None] * frequencies
        c = self.dense2(F.silu(self.dense1(torch.cat([angles.sin(), angles.cos()], -1))))
        h = F.embedding(z, self.table.to(BF16)).flatten(3).permute(0, 3, 1, 2)
        if o.layout == "channels-first":
            h = h.contiguous()
        h = self.enter(h)
        skips = [h]
        for block in self.down:
            h = block(h, c)
            skips.append(h)
        h = self.second(self.attention(self.first(h, c)), c)
        for block in self.up:
            h = block(torch.cat([h, skips.pop()], 1), c)
        logits = self.leave(F.silu(self.norm(h))).permute(0, 2, 3, 1).reshape(-1, o.vocabulary)
        loss = F.cross_entropy(logits.float(), x.reshape(-1), reduction="none")
        return (loss * weights).mean()


def measure(o, mode):
    torch.manual_seed(0)
    network = UNet(o).cuda()
    if o.layout == "channels-last":
        network = network.to(memory_format=torch.channels_last)
    parameters = sum(p.numel() for p in network.parameters())
    optimizer = torch.optim.AdamW(network.parameters(), 2e-4, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
    forward = torch.compile(network) if mode == "compiled" else network
    shape = (o.batch, o.height, o.height, o.colours)
    images = [torch.randint(0, o.vocabulary, shape, device="cuda") for _ in range(4)]

    def step(i):
        x, times = images[i % 4], torch.rand(o.batch, device="cuda")
        masked = torch.rand(shape, device="cuda") < times[:, None, None, None]
        loss = forward(torch.where(masked, o.vocabulary, x), times, x, masked.reshape(-1).float())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return loss

    for i in range(o.warm_up):
        step(i)
    windows = []
    for _ in range(5):
        torch.cuda.synchronize()
        start = time.time()
        for i in range(o.steps):
            loss = step(i)
        torch.cuda.synchronize()
        windows.append((time.time() - start) / o.steps)
    seconds = statistics.median(windows)
    print(
        f"torch {torch.__version__} {mode}, {o.layout}: {parameters:,} parameters, batch {o.batch}:"
        f" {1e3 * seconds:.2f} ms a step ({1e3 * min(windows):.2f} to {1e3 * max(windows):.2f}),"
        f" {o.batch / seconds:.1f} images/s, {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB allocated,"
        f" loss {loss.item():.3f}",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--height", type=int, default=32)
    parser.add_argument("--colours", type=int, default=3)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=32)
    parser.add_argument("--vocabulary", type=int, default=256)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--layout", choices=["channels-last", "channels-first"], default="channels-last")
    parser.add_argument("--modes", nargs="+", choices=["eager", "compiled"], default=["eager", "compiled"])
    parser.add_argument("--warm-up", type=int, default=8)
    parser.add_argument("--steps", type=int, default=10)
    options = parser.parse_args()
    torch.backends.cudnn.benchmark = True
    for mode in options.modes:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        measure(options, mode)


if __name__ == "__main__":
    main()
