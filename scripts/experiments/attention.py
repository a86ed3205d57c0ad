#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An experiment, not used by the program: attention on Hopper's tensor cores (attention.cu beside this).

Holds forward and backward against float64, then times them beside PyTorch's flash attention and cuDNN's, rotary positions
included on neither side. Needs an H100 or H200, PyTorch and CuPy.

    scripts/experiments/attention.py
"""
import os

import cupy
import numpy as np
import torch

WIDTH = 64
SOURCE = open(os.path.join(os.path.dirname(__file__), "attention.cu")).read()
MODULE = cupy.RawModule(code=SOURCE, options=("--gpu-architecture=sm_90a",), backend="nvrtc")
TILE, KEYS = 64 * 128, 256


def kernel(name, shared=0):
    function = MODULE.get_function(name)
    if shared:
        function.max_dynamic_shared_size_bytes = shared
    return lambda grid, threads, *a: function((grid,), (threads,), tuple(map(argument, a)), shared_mem=shared)


def argument(x):
    if x is None:
        return np.uint64(0)
    if torch.is_tensor(x):
        return np.uint64(x.data_ptr())
    return np.int32(x) if isinstance(x, int) else np.float32(x)


FORWARD = kernel("attentionForward", 1024 + 6 * TILE)
BACKWARD = kernel("attentionBack", 1024 + 16 * TILE)
DELTA, QUERIES = kernel("attentionDelta"), kernel("attentionQueries")


def angles(length):
    a = torch.arange(length, device="cuda")[:, None] * 10000.0 ** (-torch.arange(32, device="cuda")[None] / 32)
    return a.cos().float().contiguous(), a.sin().float().contiguous()


def forward(qkv, length, heads):
    rows = qkv.shape[0]
    o = torch.full((rows, heads, WIDTH), float("nan"), device="cuda", dtype=torch.bfloat16)
    lse = torch.full((rows // length, heads, length), float("nan"), device="cuda")
    FORWARD(rows // 128 * heads, 256, qkv, o, lse, length, heads, WIDTH**-0.5)
    return o, lse


def backward(qkv, o, lse, do, length, heads, tables):
    rows = qkv.shape[0]
    delta = torch.empty_like(lse)
    dqkv = torch.full_like(qkv, float("nan"))
    DELTA((rows * heads * 8 + 255) // 256, 256, o, do, delta, length, heads, rows)
    sums = None if length == KEYS else torch.zeros(rows, heads, WIDTH, device="cuda")
    BACKWARD(rows // KEYS * heads, 512, qkv, do, lse, delta, dqkv, sums, *tables, length, heads, WIDTH**-0.5)
    if sums is not None:
        QUERIES((rows * heads * 8 + 255) // 256, 256, sums, dqkv, *tables, length, heads, rows)
    return dqkv


def turned_back(x, length, tables):
    c, s = (t.double().repeat(x.shape[0] // length, 1)[:, None] for t in tables)
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * c + odd * s, odd * c - even * s], -1).flatten(-2)


def distance(ours, exact):
    return ((ours.double() - exact).norm() / exact.norm()).item()


def check(examples, length, heads):
    torch.manual_seed(length)
    rows = examples * length
    qkv = (1.5 * torch.randn(rows, 3, heads, WIDTH, device="cuda")).bfloat16()
    do = torch.randn(rows, heads, WIDTH, device="cuda").bfloat16()
    tables = angles(length)
    exact = qkv.double().requires_grad_()
    q, k, v = exact.view(examples, length, 3, heads, WIDTH).permute(2, 0, 3, 1, 4)
    scores = q @ k.transpose(-1, -2) * WIDTH**-0.5
    expected = (scores.softmax(-1) @ v).transpose(1, 2).reshape(rows, heads, WIDTH)
    expected.backward(do.double())
    o, lse = forward(qkv, length, heads)
    dqkv = backward(qkv, o, lse, do, length, heads, tables)
    found = {"o": distance(o, expected.detach()), "lse": distance(lse, scores.logsumexp(-1).detach())}
    for index, name in enumerate(["dq", "dk", "dv"]):
        gradient = exact.grad[:, index]
        found[name] = distance(dqkv[:, index], gradient if index == 2 else turned_back(gradient, length, tables))
    good = all(f < (1e-4 if n == "lse" else 8e-3) for n, f in found.items())
    print("ok  " if good else "FAIL", f"{examples} x {length}, {heads} heads:", {n: f"{f:.1e}" for n, f in found.items()}, flush=True)


def milliseconds(run, times=20):
    for _ in range(3):
        run()
    first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize()
    first.record()
    for _ in range(times):
        run()
    last.record()
    torch.cuda.synchronize()
    return first.elapsed_time(last) / times


def time(examples, length, heads):
    rows = examples * length
    qkv = torch.randn(rows, 3, heads, WIDTH, device="cuda").bfloat16()
    do = torch.randn(rows, heads, WIDTH, device="cuda").bfloat16()
    tables = angles(length)
    o, lse = forward(qkv, length, heads)
    print(f"{examples} x {length}: ours {milliseconds(lambda: forward(qkv, length, heads)):.3f} forward, "
          f"{milliseconds(lambda: backward(qkv, o, lse, do, length, heads, tables)):.3f} backward with all it needs", flush=True)
    q, k, v = qkv.view(examples, length, 3, heads, WIDTH).permute(2, 0, 3, 1, 4)
    g = do.view(examples, length, heads, WIDTH).transpose(1, 2)
    flash, back = torch.ops.aten._scaled_dot_product_flash_attention, torch.ops.aten._scaled_dot_product_flash_attention_backward
    r = flash(q, k, v, 0.0, False, False)
    print(f"  flash {milliseconds(lambda: flash(q, k, v, 0.0, False, False)):.3f} and "
          f"{milliseconds(lambda: back(g, q, k, v, r[0], r[1], r[2], r[3], length, length, 0.0, False, r[6], r[7])):.3f}", flush=True)


if __name__ == "__main__":
    print(torch.cuda.get_device_name(), torch.__version__)
    for shape in [(2, 256, 3), (3, 256, 12), (1, 512, 2), (2, 1024, 3)]:
        check(*shape)
    time(32, 1024, 12)
    time(512, 256, 12)
