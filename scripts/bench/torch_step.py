#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The other side of `md4 bench train`: the same training step in PyTorch, as people run it and as fast as it can be written.

The conditional transformer of the text experiments (adaLN, rotary positions, gated feed-forward), the masked cross-entropy,
bfloat16 products and fused AdamW on random tokens, under `torch.compile`. People compute head and loss at every position
of a float32 stream and take the attention that PyTorch picks. `--strongest` computes them at a fixed number of rows with
masks of a bfloat16 stream, pads the vocabulary to a multiple of 64 and names the attention (`--attention`).
Prints milliseconds a step, tokens a second, cuDNN's version and the attention kernels that ran; `measured.sh` beside this
prints the memory.

    scripts/bench/torch_step.py --batch 32 --length 1024 --vocabulary 50257            # as people run it
    scripts/bench/torch_step.py --batch 32 --length 1024 --vocabulary 50257 --strongest
    scripts/bench/torch_step.py --batch 512 --length 256 --vocabulary 27 --strongest --dropout 0.05
    scripts/bench/torch_step.py --batch 128 --length 12 --vocabulary 27 --layers 4 --width 48 --heads 6 --gate silu --precision float32 --stream float32 --device cpu --steps 50
"""
import argparse
import contextlib
import math
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

try:
    from torch.nn.attention import SDPBackend, sdpa_kernel

    BACKENDS = {"cudnn": SDPBackend.CUDNN_ATTENTION, "flash": SDPBackend.FLASH_ATTENTION}
except ImportError:  # before PyTorch 2.3; 1.13, as Debian 12 has it, runs with --eager on a CPU
    BACKENDS = {}

BF16 = torch.bfloat16
PRODUCTS = [BF16]  # the type of products
GATES = {"sigmoid": torch.sigmoid, "silu": F.silu}


def product(x, weight, bias=None):
    dtype = PRODUCTS[0]
    return F.linear(x.to(dtype), weight.to(dtype), None if bias is None else bias.to(dtype))


def rotated(x, cosines, sines):
    first, second = x.chunk(2, -1)
    return torch.cat([first * cosines - second * sines, first * sines + second * cosines], -1)


def attended(q, k, v, dropout):
    """Attention without a mask, [batch, heads, length, width]."""
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, dropout_p=dropout)
    shares = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), -1)
    return F.dropout(shares, dropout) @ v


def averaged(average, weights, rate):
    """Moves an average of weights towards them."""
    if hasattr(torch, "_foreach_lerp_"):
        torch._foreach_lerp_(average, weights, 1 - rate)
    else:
        torch._foreach_mul_(average, rate)
        torch._foreach_add_(average, weights, alpha=1 - rate)


def weight(*shape):
    return nn.Parameter(0.02 * torch.randn(*shape))


def heads(o):
    return getattr(o, "heads", None) or o.width // 64


def condition_width(o):
    return o.width // heads(o)


class Block(nn.Module):
    def __init__(self, width, heads, hidden, condition, dropout, gate):
        super().__init__()
        self.heads, self.dropout, self.gate = heads, dropout, gate
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
        o = attended(rotated(q, cosines, sines), rotated(k, cosines, sines), v, self.dropout)
        h = h + gate_a * self.kept(product(o.transpose(1, 2).reshape(batch, length, width), self.out))
        a = F.layer_norm(h, (width,), eps=1e-5) * (1 + scale_m) + shift_m
        value, gate = product(a, self.enter).chunk(2, -1)
        return h + gate_m * self.kept(product(value * self.gate(gate), self.leave))


class Network(nn.Module):
    def __init__(self, o):
        super().__init__()
        hidden = (8 * o.width // 3 + 31) // 32 * 32
        self.stream, self.condition = torch.float32 if o.stream == "float32" else BF16, condition_width(o)
        padded = (o.vocabulary + 63) // 64 * 64 if o.strongest else o.vocabulary
        self.vocabulary = o.vocabulary
        self.table, self.head = weight(o.vocabulary + 1, o.width), weight(padded, o.width)
        self.modulation, self.bias = weight(2 * o.width, self.condition), weight(2 * o.width)
        self.blocks = nn.ModuleList(
            Block(o.width, heads(o), hidden, self.condition, o.dropout, GATES[o.gate]) for _ in range(o.layers)
        )

    def logits(self, zt, c, cosines, sines, rows):
        """At the flat positions `rows`, or at all where it is None."""
        h, c = F.embedding(zt, self.table).to(self.stream), torch.sigmoid(c)
        for block in self.blocks:
            h = block(h, c, cosines, sines)
        shift, scale = product(c, self.modulation, self.bias)[:, None].chunk(2, -1)
        a = (F.layer_norm(h, (h.shape[-1],), eps=1e-5) * (1 + scale) + shift).flatten(0, 1)
        return product(a if rows is None else a[rows], self.head)

    def forward(self, zt, c, cosines, sines, rows, x, weights):
        logits = self.logits(zt, c, cosines, sines, rows).float()
        if logits.shape[-1] > self.vocabulary:
            beyond = torch.arange(logits.shape[-1], device=logits.device) >= self.vocabulary
            logits = logits.masked_fill(beyond, float("-inf"))
        loss = F.cross_entropy(logits, x, reduction="none")
        return (loss * weights).sum() / zt.numel()


def batch(o, device):
    """Stratified times under the linear schedule, tokens masked where a uniform exceeds alpha.

    Returns tokens, rows of the loss (None for all), targets and weights. The number of rows is fixed, with room for any
    batch; spare ones weigh nothing.
    """
    x = torch.randint(0, o.vocabulary, (o.batch, o.length), device=device)
    t = (torch.rand(1, device=device) + torch.arange(o.batch, device=device) / o.batch) % 1
    is_masked = torch.rand(x.shape, device=device) < t[:, None]
    zt, weights = x.masked_fill(is_masked, o.vocabulary), (is_masked / t[:, None].clamp(min=1e-4)).flatten()
    if not o.strongest:
        return zt, None, x.flatten(), weights
    tokens = o.batch * o.length
    most = min(tokens, int(tokens / 2 + o.length / 2 + 4 * math.sqrt(tokens / 6)) // 64 * 64 + 64)
    rows = is_masked.flatten().nonzero()[:most, 0]
    spare = (0, most - len(rows))
    return zt, F.pad(rows, spare), F.pad(x.flatten()[rows], spare), F.pad(weights[rows], spare)


def attention_kernels(run):
    """The names of the attention kernels that a call runs on the device."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        run()
        torch.cuda.synchronize()
    names = {event.key for event in profile.key_averages()}
    marks = ("flash", "fmha", "sdpa", "attention")
    return sorted(name[:80] for name in names if any(mark in name.lower() for mark in marks))


def wait(o):
    if o.device == "cuda":
        torch.cuda.synchronize()


def attention(o):
    """The context in which PyTorch takes the attention that was asked for."""
    return sdpa_kernel([BACKENDS[o.attention]]) if o.attention in BACKENDS else contextlib.nullcontext()


def angles(length, device, pairs=32):
    """Cosines and sines of rotary positions."""
    turns = torch.exp(-math.log(10000) * torch.arange(pairs, device=device)[None] / pairs)
    angle = torch.arange(length, device=device)[:, None] * turns
    return angle.cos().to(PRODUCTS[0]), angle.sin().to(PRODUCTS[0])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--length", type=int, default=1024)
    p.add_argument("--vocabulary", type=int, default=50257)
    p.add_argument("--layers", type=int, default=12)
    p.add_argument("--width", type=int, default=768)
    p.add_argument("--stream", choices=["float32", "bfloat16"], help="bfloat16 where --strongest, else float32")
    p.add_argument("--dropout", type=float, default=0.0)
    p.add_argument("--strongest", action="store_true", help="head and loss at masked rows, narrow stream, padded head")
    p.add_argument("--attention", choices=["default", "cudnn", "flash"], help="cudnn where --strongest, else default")
    p.add_argument("--eager", action="store_true", help="without torch.compile")
    p.add_argument("--heads", type=int, help="of 64 channels unless given")
    p.add_argument("--gate", choices=GATES, default="sigmoid", help="of the feed-forward")
    p.add_argument("--precision", choices=["bfloat16", "float32"], default="bfloat16", help="of the products")
    p.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    p.add_argument("--threads", type=int, help="of the CPU")
    p.add_argument("--ema", type=float, help="rate of an average of the weights; none unless given")
    p.add_argument("--windows", type=int, default=5)
    p.add_argument("--steps", type=int, default=6, help="of a window")
    o = p.parse_args()
    o.attention = o.attention or ("cudnn" if o.strongest and o.device == "cuda" else "default")
    o.stream = o.stream or ("bfloat16" if o.strongest else "float32")

    device, is_gpu = torch.device(o.device), o.device == "cuda"
    PRODUCTS[0] = BF16 if o.precision == "bfloat16" else torch.float32
    if o.threads:
        torch.set_num_threads(o.threads)
    torch.manual_seed(0)
    network = Network(o).to(device)
    parameters = sum(w.numel() for w in network.parameters())
    fastest = {"fused": True} if BACKENDS else {"foreach": True}
    optimizer = torch.optim.AdamW(network.parameters(), 3e-4, **fastest)
    weights_now = [w.detach() for w in network.parameters()]
    average = [w.clone() for w in weights_now] if o.ema else None
    cosines, sines = angles(o.length, device, condition_width(o) // 2)
    run = network if o.eager else torch.compile(network)

    batches = [batch(o, device) for _ in range(4)]
    turn = 0

    def step():
        nonlocal turn
        turn += 1
        zt, rows, x, weights = batches[turn % len(batches)]
        loss = run(zt, torch.randn(o.batch, condition_width(o), device=device), cosines, sines, rows, x, weights)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if average:
            averaged(average, weights_now, o.ema)
        return loss

    milliseconds = []
    with attention(o):
        for _ in range(8):
            step()
        kernels = attention_kernels(step) if is_gpu else []
        wait(o)
        for _ in range(o.windows):
            start = time.perf_counter()
            for _ in range(o.steps):
                loss = step()
            wait(o)
            milliseconds.append((time.perf_counter() - start) / o.steps * 1e3)
    middle = statistics.median(milliseconds)
    tokens = o.batch * o.length
    print(
        f"torch {torch.__version__} {'eager' if o.eager else 'compile'}, {torch.cuda.get_device_name() if is_gpu else f'{torch.get_num_threads()} threads'}: "
        f"{o.batch} x {o.length} tokens, vocabulary {o.vocabulary}, {o.layers} layers, width {o.width}, "
        f"{o.stream} stream, dropout {o.dropout}, EMA {o.ema or 'none'}, {parameters:,} parameters, "
        f"{'strongest' if o.strongest else 'as run'}: {tokens / middle * 1e3:,.0f} tokens/s "
        f"({tokens / max(milliseconds) * 1e3:,.0f} to {tokens / min(milliseconds) * 1e3:,.0f}), {middle:.2f} ms a step, "
        f"{torch.cuda.max_memory_reserved() / 2**20 if is_gpu else 0:,.0f} MiB reserved, loss {loss.item():.4f}; "
        f"cuDNN {torch.backends.cudnn.version()}, attention {o.attention}: {', '.join(kernels) or 'no kernel of its own'}"
    )


if __name__ == "__main__":
    main()
