#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The other side of `md4 bench sample`: a step of ancestral sampling in PyTorch, as fast as it can be written.

The network of `torch_step.py` with bfloat16 weights, logits at every position, and the draw (reveal or stay masked, and which
token) by one Gumbel maximum, all in one compiled function; `--mode reduce-overhead` runs it as a CUDA graph. Every step asks
the network about every sequence. Prints milliseconds a step, memory, cuDNN's version and the attention kernels that ran.

    scripts/bench/torch_sample.py --batch 1 --length 256 --vocabulary 27
    scripts/bench/torch_sample.py --batch 64 --length 1024 --vocabulary 50257 --mode default
"""
import argparse
import statistics
import time
import types

import torch

from torch_step import BF16, Network, angles, attention, attention_kernels


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--batch", type=int, default=1)
    p.add_argument("--length", type=int, default=256)
    p.add_argument("--vocabulary", type=int, default=27)
    p.add_argument("--layers", type=int, default=12)
    p.add_argument("--width", type=int, default=768)
    p.add_argument("--attention", choices=["default", "cudnn", "flash"], default="default")
    p.add_argument("--mode", default="reduce-overhead", help="of torch.compile")
    p.add_argument("--windows", type=int, default=5)
    p.add_argument("--steps", type=int, default=50, help="of a window")
    o = p.parse_args()

    device = torch.device("cuda")
    torch.manual_seed(0)
    shape = types.SimpleNamespace(**vars(o), strongest=False, stream="bfloat16", dropout=0.0)
    network = Network(shape).to(device, BF16)
    cosines, sines = angles(o.length, device)
    c = torch.randn(o.batch, 64, device=device, dtype=BF16)

    def step(zt, reveal):
        logits = network.logits(zt, c, cosines, sines, None).float().view(*zt.shape, -1)
        stay = torch.full((*zt.shape, 1), 1.0, device=device) - reveal
        outcomes = torch.cat([logits.softmax(-1) * reveal, stay], -1)
        noise = 1e-10 - (torch.rand_like(outcomes) + 1e-10).log()
        return torch.where(zt == o.vocabulary, (outcomes / noise).argmax(-1), zt)

    run = torch.compile(step, mode=None if o.mode == "default" else o.mode)
    zt = torch.full((o.batch, o.length), o.vocabulary, device=device)
    reveal = torch.tensor(1e-3, device=device)
    milliseconds = []
    with torch.no_grad(), attention(o):
        for _ in range(5):
            zt = run(zt, reveal).clone()
        kernels = attention_kernels(lambda: run(zt, reveal))
        torch.cuda.synchronize()
        for _ in range(o.windows):
            start = time.perf_counter()
            for _ in range(o.steps):
                zt = run(zt, reveal).clone()
            torch.cuda.synchronize()
            milliseconds.append((time.perf_counter() - start) / o.steps * 1e3)
    print(
        f"torch {torch.__version__} {o.mode}, {torch.cuda.get_device_name()}: {o.batch} x {o.length}, vocabulary "
        f"{o.vocabulary}, {o.layers} layers, width {o.width}: {statistics.median(milliseconds):.3f} ms/step "
        f"({min(milliseconds):.3f} to {max(milliseconds):.3f}), "
        f"{torch.cuda.max_memory_reserved() / 2**30:.2f} GiB reserved; cuDNN {torch.backends.cudnn.version()}, "
        f"attention {o.attention}: {', '.join(kernels) or 'no kernel of its own'}"
    )


if __name__ == "__main__":
    main()
