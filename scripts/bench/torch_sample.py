#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The other side of `md4 bench sample`: a step of ancestral sampling in PyTorch, as fast as it can be written.

The network of `torch_step.py` with bfloat16 weights, logits at every position, and the draw (reveal or stay masked, and which
token) by one Gumbel maximum, all in one compiled function; `--mode reduce-overhead` runs it as a CUDA graph. Every step asks
the network about every sequence. Prints milliseconds a step, memory, cuDNN's version and the attention kernels that ran.

    scripts/bench/torch_sample.py --batch 1 --length 256 --vocabulary 27
    scripts/bench/torch_sample.py --batch 64 --length 1024 --vocabulary 50257 --mode default
    scripts/bench/torch_sample.py --batch 16 --length 12 --vocabulary 60 --layers 4 --width 48 --heads 4 --device cpu --threads 2
"""
import argparse
import statistics
import time
import types

import torch

from torch_step import BF16, PRODUCTS, Network, angles, attention, attention_kernels, condition_width, wait


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--batch", type=int, default=1)
    p.add_argument("--length", type=int, default=256)
    p.add_argument("--vocabulary", type=int, default=27)
    p.add_argument("--layers", type=int, default=12)
    p.add_argument("--width", type=int, default=768)
    p.add_argument("--heads", type=int, help="of 64 channels unless given")
    p.add_argument("--device", choices=["cuda", "cpu"], default="cuda", help="cpu: in float32")
    p.add_argument("--threads", type=int, help="of the CPU")
    p.add_argument("--eager", action="store_true", help="without torch.compile")
    p.add_argument("--attention", choices=["default", "cudnn", "flash"], default="default")
    p.add_argument("--mode", default="reduce-overhead", help="of torch.compile")
    p.add_argument("--windows", type=int, default=5)
    p.add_argument("--steps", type=int, default=50, help="of a window")
    o = p.parse_args()

    is_gpu, device = o.device == "cuda", torch.device(o.device)
    PRODUCTS[0] = BF16 if is_gpu else torch.float32
    if o.threads:
        torch.set_num_threads(o.threads)
    torch.manual_seed(0)
    stream = "bfloat16" if is_gpu else "float32"
    shape = types.SimpleNamespace(**vars(o), strongest=False, stream=stream, dropout=0.0, gate="sigmoid")
    network = Network(shape).to(device, PRODUCTS[0])
    cosines, sines = angles(o.length, device, condition_width(o) // 2)
    c = torch.randn(o.batch, condition_width(o), device=device, dtype=PRODUCTS[0])

    def step(zt, reveal):
        logits = network.logits(zt, c, cosines, sines, None).float().view(*zt.shape, -1)
        stay = torch.full((*zt.shape, 1), 1.0, device=device) - reveal
        outcomes = torch.cat([logits.softmax(-1) * reveal, stay], -1)
        noise = 1e-10 - (torch.rand_like(outcomes) + 1e-10).log()
        return torch.where(zt == o.vocabulary, (outcomes / noise).argmax(-1), zt)

    mode = None if o.mode == "default" or not is_gpu else o.mode
    run = step if o.eager else torch.compile(step, mode=mode)
    zt = torch.full((o.batch, o.length), o.vocabulary, device=device)
    reveal = torch.tensor(1e-3, device=device)
    milliseconds = []
    with torch.no_grad(), attention(o):
        for _ in range(5):
            zt = run(zt, reveal).clone()
        kernels = attention_kernels(lambda: run(zt, reveal)) if is_gpu else []
        wait(o)
        for _ in range(o.windows):
            start = time.perf_counter()
            for _ in range(o.steps):
                zt = run(zt, reveal).clone()
            wait(o)
            milliseconds.append((time.perf_counter() - start) / o.steps * 1e3)
    print(
        f"torch {torch.__version__} {'eager' if o.eager else mode or 'compiled'}, "
        f"{torch.cuda.get_device_name() if is_gpu else f'{torch.get_num_threads()} threads'}: {o.batch} x {o.length}, vocabulary "
        f"{o.vocabulary}, {o.layers} layers, width {o.width}: {statistics.median(milliseconds):.3f} ms/step "
        f"({min(milliseconds):.3f} to {max(milliseconds):.3f}), "
        f"{torch.cuda.max_memory_reserved() / 2**30 if is_gpu else 0:.2f} GiB reserved; cuDNN {torch.backends.cudnn.version()}, "
        f"attention {o.attention}: {', '.join(kernels) or 'no kernel of its own'}"
    )


if __name__ == "__main__":
    main()
