#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The other side of `md4 bench train` for images: the same training step of the pixel UNet in PyTorch.

ResBlocks with a time condition added between two 3x3 convolutions, group norms of 32 groups, one head of attention
in the middle, concatenated skips on the way up, no resampling; masked cross-entropy over all values, bfloat16
convolutions with float32 weights, dropout, fused AdamW, an average of the weights, on random images. `--network uvit` is
ImageNet 64 x 64's: norms scaled and shifted by the time, and a transformer over patches of 2 x 2 in the middle. Prints a
JSON object a mode, a line each: eager, compiled as a whole (minutes for a deep network), or with its blocks compiled one
by one, which share what is compiled for them.

    scripts/bench/torch_unet.py --batch 128 --layers 32 --width 128            # CIFAR-10's, eager, then blocks
    scripts/bench/torch_unet.py --batch 128 --modes compiled --layout channels-first
    scripts/bench/torch_unet.py --network uvit --batch 64 --height 64 --width 256 --layers 24 --middle 12 --modes compiled
    scripts/bench/torch_unet.py --batch 2 --layers 1 --width 32 --steps 1 --device cpu
"""
import argparse
import json
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


class Product(nn.Module):
    """A product without a bias."""

    def __init__(self, enter, leave):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(leave, enter) / math.sqrt(enter)), None

    def forward(self, x):
        return F.linear(x, self.weight)


class ResBlock(nn.Module):
    def __init__(self, enter, width, dropout):
        super().__init__()
        self.norm1, self.conv1 = Norm(enter), Conv(enter, width)
        self.condition = Product(width, width)
        self.norm2, self.conv2 = Norm(width), Conv(width, width)
        self.shortcut = Conv(enter, width, 1) if enter != width else nn.Identity()
        self.dropout = dropout

    def forward(self, x, c):
        h = self.conv1(F.silu(self.norm1(x))) + self.condition(c).to(BF16)[:, :, None, None]
        h = F.dropout(F.silu(self.norm2(h)), self.dropout)
        return self.shortcut(x) + self.conv2(h)


class UpBlock(ResBlock):
    def forward(self, x, skip, c):
        return super().forward(torch.cat([x, skip], 1), c)


class AdaptiveNorm(nn.Module):
    """A group norm that the condition scales and shifts."""

    def __init__(self, channels, condition):
        super().__init__()
        self.product = nn.Linear(condition, 2 * channels)

    def forward(self, x, c):
        scale, shift = self.product(c).to(x.dtype)[:, :, None, None].chunk(2, 1)
        return F.group_norm(x, 32, eps=1e-6) * (1 + scale) + shift


class AdaptiveResBlock(nn.Module):
    def __init__(self, enter, width, dropout):
        super().__init__()
        self.norm1, self.conv1 = AdaptiveNorm(enter, width), Conv(enter, width)
        self.norm2, self.conv2 = AdaptiveNorm(width, width), Conv(width, width)
        self.shortcut = Conv(enter, width, 1) if enter != width else nn.Identity()
        self.dropout = dropout

    def forward(self, x, c):
        h = self.conv1(F.silu(self.norm1(x, c)))
        h = F.dropout(F.silu(self.norm2(h, c)), self.dropout)
        return self.shortcut(x) + self.conv2(h)


class AdaptiveUpBlock(AdaptiveResBlock):
    def forward(self, x, skip, c):
        return super().forward(torch.cat([x, skip], 1), c)


class NarrowLinear(nn.Linear):
    """A product in bfloat16."""

    def forward(self, x):
        return F.linear(x.to(BF16), self.weight.to(BF16), None if self.bias is None else self.bias.to(BF16))


class PatchBlock(nn.Module):
    """A block of the transformer over patches; its stream is of the type of the positions: float32 in training."""

    def __init__(self, width, heads, condition, dropout):
        super().__init__()
        self.width, self.heads, self.dropout = width, heads, dropout
        self.modulation = NarrowLinear(condition, 6 * width)
        self.qkv, self.out = NarrowLinear(width, 3 * width), NarrowLinear(width, width, bias=False)
        self.enter, self.leave = NarrowLinear(width, 4 * width), NarrowLinear(4 * width, width)

    def forward(self, h, c):
        batch, tokens, width = h.shape
        shift_a, scale_a, gate_a, shift_m, scale_m, gate_m = self.modulation(c)[:, None].chunk(6, -1)
        a = F.layer_norm(h, (width,), eps=1e-6) * (1 + scale_a) + shift_a
        q, k, v = self.qkv(a).view(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        o = F.scaled_dot_product_attention(q, k, v, dropout_p=self.dropout)
        o = self.out(o.transpose(1, 2).reshape(batch, tokens, width))
        if self.dropout > 0:
            o = o * F.dropout(torch.ones_like(o[:, :1]), self.dropout)
        h = h + gate_a * o
        a = F.layer_norm(h, (width,), eps=1e-6) * (1 + scale_m) + shift_m
        a = F.dropout(F.gelu(self.enter(a), approximate="tanh"), self.dropout)
        return h + gate_m * F.dropout(self.leave(a), self.dropout)


class Patches(nn.Module):
    """The transformer over patches of 2 x 2 pixels; its output replaces the map."""

    def __init__(self, channels, o):
        super().__init__()
        self.width = o.middle_width
        self.embed = nn.Conv2d(channels, self.width, 2, 2)
        self.positions = nn.Parameter(0.02 * torch.randn((o.height // 2) ** 2, self.width))
        self.blocks = nn.ModuleList(
            PatchBlock(self.width, o.heads, channels, o.dropout) for _ in range(o.middle)
        )
        self.activation = nn.SiLU()
        self.modulation = NarrowLinear(channels, 2 * self.width)
        self.out = NarrowLinear(self.width, 4 * channels)

    def forward(self, x, c):
        c = self.activation(c)
        h = F.conv2d(x, self.embed.weight.to(x.dtype), self.embed.bias.to(x.dtype), 2)
        rows = h.shape[2]
        h = h.flatten(2).transpose(1, 2).to(self.positions.dtype) + self.positions
        for block in self.blocks:
            h = block(h, c)
        shift, scale = self.modulation(c)[:, None].chunk(2, -1)
        h = self.out(F.layer_norm(h, (self.width,), eps=1e-6) * (1 + scale) + shift)
        h = h.unflatten(1, (rows, -1)).unflatten(3, (2, 2, -1)).permute(0, 5, 1, 3, 2, 4)
        return h.reshape(x.shape).contiguous(memory_format=torch.channels_last)


class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm, self.qkv, self.out = Norm(width), Conv(width, 3 * width, 1), Conv(width, width, 1)

    def forward(self, x):
        q, k, v = self.qkv(self.norm(x)).flatten(2).transpose(1, 2)[:, None].chunk(3, -1)
        o = F.scaled_dot_product_attention(q, k, v)[:, 0].transpose(1, 2).unflatten(2, x.shape[2:])
        return x + self.out(o)


class Leave(nn.Module):
    """The last norm, the logits, and the loss."""

    def __init__(self, width, colours, vocabulary, norm):
        super().__init__()
        self.norm, self.convolution = norm, Conv(width, colours * vocabulary)
        self.vocabulary = vocabulary

    def logits(self, h, c):
        """Of all values of all images, [values, vocabulary]."""
        h = self.norm(h, c) if isinstance(self.norm, AdaptiveNorm) else self.norm(h)
        return self.convolution(F.silu(h)).permute(0, 2, 3, 1).reshape(-1, self.vocabulary)

    def forward(self, h, c, x, weights):
        loss = F.cross_entropy(self.logits(h, c).float(), x.reshape(-1), reduction="none")
        return (loss * weights).mean()


class UNet(nn.Module):
    """With classes, the embedding of an image's class goes beside the features of its time."""

    def __init__(self, o, classes=0):
        super().__init__()
        width = o.width
        self.o = o
        self.table = nn.Parameter(torch.randn(o.vocabulary + 1, width) / math.sqrt(width))
        self.class_table = nn.Parameter(torch.randn(classes, width) / math.sqrt(width)) if classes else None
        self.dense1 = nn.Linear(2 * width if classes else width, 4 * width)
        self.dense2 = nn.Linear(4 * width, width)
        self.enter = Conv(o.colours * width, width)
        is_patched = o.network == "uvit"
        down, up = (AdaptiveResBlock, AdaptiveUpBlock) if is_patched else (ResBlock, UpBlock)
        self.down = nn.ModuleList(down(width, width, o.dropout) for _ in range(o.layers))
        if is_patched:
            self.middle = Patches(width, o)
        else:
            self.first, self.attention = ResBlock(width, width, o.dropout), Attention(width)
            self.second = ResBlock(width, width, o.dropout)
        self.up = nn.ModuleList(up(2 * width, width, o.dropout) for _ in range(o.layers + 1))
        norm = AdaptiveNorm(width, width) if is_patched else Norm(width)
        self.leave = Leave(width, o.colours, o.vocabulary, norm)

    def blocks(self):
        inside = self.middle.blocks if self.o.network == "uvit" else [self.first, self.attention, self.second]
        return [*self.down, *inside, *self.up, self.leave]

    def through(self, h, c):
        if self.o.network == "uvit":
            return self.middle(h, c)
        return self.second(self.attention(self.first(h, c)), c)

    def features(self, times):
        """Sines and cosines of times, [times, width]."""
        half = self.o.width // 2
        frequencies = torch.exp(-math.log(10000) * torch.arange(half, device=times.device) / (half - 1))
        angles = 1000 * times[:, None] * frequencies
        return torch.cat([angles.sin(), angles.cos()], -1)

    def condition(self, features):
        return self.dense2(F.silu(self.dense1(features)))

    def maps(self, z, c):
        """What the last norm is given, for tokens [images, height, height, colours]."""
        h = F.embedding(z, self.table.to(BF16)).flatten(3).permute(0, 3, 1, 2)
        if self.o.layout == "channels-first":
            h = h.contiguous()
        h = self.enter(h)
        skips = [h]
        for block in self.down:
            h = block(h, c)
            skips.append(h)
        h = self.through(h, c)
        for block in self.up:
            h = block(h, skips.pop(), c)
        return h

    def forward(self, z, times, x, weights):
        c = self.condition(self.features(times))
        return self.leave(self.maps(z, c), c, x, weights)


class Step:
    """A training step; calling it makes one, and returns its loss."""

    def __init__(self, o, mode):
        self.o = o
        self.network = UNet(o).to(o.device)
        if o.layout == "channels-last":
            self.network = self.network.to(memory_format=torch.channels_last)
        self.parameters = list(self.network.parameters())
        self.average = [p.detach().clone() for p in self.parameters]
        self.optimizer = torch.optim.AdamW(
            self.parameters, 2e-4, betas=(0.9, 0.99), weight_decay=0.01, fused=o.device == "cuda"
        )
        if mode == "blocks":
            for block in self.network.blocks():
                block.compile()
        self.forward = torch.compile(self.network) if mode == "compiled" else self.network
        self.shape = (o.batch, o.height, o.height, o.colours)
        self.images = [torch.randint(0, o.vocabulary, self.shape, device=o.device) for _ in range(4)]
        self.made = 0

    def __call__(self):
        o, x = self.o, self.images[self.made % 4]
        self.made += 1
        times = torch.rand(o.batch, device=o.device)
        masked = torch.rand(self.shape, device=o.device) < times[:, None, None, None]
        loss = self.forward(torch.where(masked, o.vocabulary, x), times, x, masked.reshape(-1).float())
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        torch._foreach_lerp_(self.average, [p.detach() for p in self.parameters], 1e-4)
        return loss


def wait(o):
    if o.device == "cuda":
        torch.cuda.synchronize()


def measure(o, mode):
    torch.manual_seed(0)
    step = Step(o, mode)
    begun = time.time()
    for _ in range(o.warm_up):
        step()
    wait(o)
    warm = time.time() - begun
    windows = []
    for _ in range(o.windows):
        start = time.time()
        for _ in range(o.steps):
            loss = step()
        wait(o)
        windows.append((time.time() - start) / o.steps)
    seconds = statistics.median(windows)
    print(
        json.dumps(
            {
                "code": f"PyTorch {torch.__version__}, {mode}",
                "layout": o.layout,
                "batchSize": o.batch,
                "parameters": sum(p.numel() for p in step.parameters),
                "imagesPerSecond": round(o.batch / seconds, 2),
                "millisecondsAStep": round(1e3 * seconds, 3),
                "fastest": round(1e3 * min(windows), 3),
                "slowest": round(1e3 * max(windows), 3),
                "allocatedMiB": torch.cuda.max_memory_allocated() >> 20 if o.device == "cuda" else None,
                "reservedMiB": torch.cuda.max_memory_reserved() >> 20 if o.device == "cuda" else None,
                "cudnn": torch.backends.cudnn.version(),
                "warmUpSeconds": round(warm, 1),
                "loss": loss.item(),
            }
        ),
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=["unet", "uvit"], default="unet")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--height", type=int, default=32)
    parser.add_argument("--colours", type=int, default=3)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=32)
    parser.add_argument("--middle", type=int, default=12, help="blocks of the transformer over patches")
    parser.add_argument("--middle-width", type=int, default=768)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--vocabulary", type=int, default=256)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--layout", choices=["channels-last", "channels-first"], default="channels-last")
    parser.add_argument("--modes", nargs="+", choices=["eager", "blocks", "compiled"], default=["eager", "blocks"])
    parser.add_argument("--warm-up", type=int, default=6)
    parser.add_argument("--windows", type=int, default=5)
    parser.add_argument("--steps", type=int, default=5, help="of each window")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    options = parser.parse_args()
    torch.backends.cudnn.benchmark = True
    for mode in options.modes:
        torch._dynamo.reset()
        if options.device == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        measure(options, mode)


if __name__ == "__main__":
    main()
