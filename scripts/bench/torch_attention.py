#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the milliseconds of PyTorch's attention, forward and backward of one layer, by cuDNN and by FlashAttention 2:
medians of five windows of 30. The backward is autograd's, its host included. HopperAttentionTimes is our side.

    scripts/bench/torch_attention.py EXAMPLES LENGTH HEADS WIDTH DROPOUT
"""
import statistics
import sys

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention as attend

WINDOWS, LAUNCHES = 5, 30


def milliseconds(launch):
    times = []
    for window in range(-1, WINDOWS):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        for _ in range(LAUNCHES):
            launch()
        end.record()
        torch.cuda.synchronize()
        if window >= 0:
            times.append(begin.elapsed_time(end) / LAUNCHES)
    return f"{statistics.median(times):.3f} ({min(times):.3f} to {max(times):.3f})"


def main():
    examples, length, heads, width = map(int, sys.argv[1:5])
    dropout = float(sys.argv[5])
    print(f"PyTorch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}, {torch.cuda.get_device_name()}")
    for backend in (SDPBackend.CUDNN_ATTENTION, SDPBackend.FLASH_ATTENTION):
        q, k, v = (
            torch.randn(examples, length, heads, width, device="cuda", dtype=torch.bfloat16).transpose(1, 2).requires_grad_()
            for _ in range(3)
        )
        with sdpa_kernel([backend]):
            output = attend(q, k, v, dropout_p=dropout)
            gradient = torch.randn_like(output)
            forward = milliseconds(lambda: attend(q, k, v, dropout_p=dropout))
            backward = milliseconds(lambda: torch.autograd.grad(output, (q, k, v), gradient, retain_graph=True))
        print(f"{backend.name.lower()}: forward {forward}, backward {backward} ms")


if __name__ == "__main__":
    main()
