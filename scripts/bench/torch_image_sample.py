#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The other side of `md4 bench sample` for images: a step of ancestral sampling in PyTorch, as fast as it can be written.

The networks of `torch_unet.py`, their weights bfloat16 and frozen. A step asks the network about all images of the batch,
draws a value at every position, and reveals each masked one with the probability (alpha(s) - alpha(t)) / (1 - alpha(t)) of
the cosine schedule on the uniform grid; it starts from masks alone and leaves none. Tokens, times and probabilities stay on
the device, and the host waits for nothing before the end of a batch. What depends on the condition alone is one product
for all blocks. Modes: `eager`; `compiled`, by torch.compile as a whole; `graph`, the eager step as one CUDA graph; `max`,
the compiled step as one CUDA graph. Prints a line for each mode and batch: milliseconds a network call (its median, least
and most of the repeats), images a second, PyTorch's peak of memory, and the attention kernels that ran. A mode that fails
prints its error, and the others go on; the exit status is then 1.

    scripts/bench/torch_image_sample.py --batch 1,64                            # configs/cifar10.yaml
    scripts/bench/torch_image_sample.py --batch 1,64 --height 28 --colours 1 --width 64 --layers 8 --classes 11  # mnist
    scripts/bench/torch_image_sample.py --batch 1,64 --height 28 --colours 1 --width 32 --layers 1 --classes 11  # mnist-tiny
    scripts/bench/torch_image_sample.py --batch 1,16 --network uvit --height 64 --width 256 --layers 8 --middle 20 \\
        --classes 1000 --steps 32                                               # configs/imagenet64-class.yaml
    scripts/bench/torch_image_sample.py --batch 2 --height 8 --layers 1 --width 32 --steps 4 --modes eager --device cpu
"""
import argparse
import contextlib
import gc
import math
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

from torch_step import attention, attention_kernels, wait
from torch_unet import BF16, AdaptiveNorm, Norm, UNet

# Of each mode: is it compiled, and is it captured as a CUDA graph?
MODES = {"eager": (False, False), "compiled": (True, False), "graph": (False, True), "max": (True, True)}


class Given(nn.Module):
    """Stands where a product of the condition stood, which is made beforehand."""

    def __init__(self, slot):
        super().__init__()
        self.slot = slot

    def forward(self, products):
        return products[self.slot]


class Joined(nn.Module):
    """The products of the condition that the blocks below a module make, as one product; takes them out of the blocks."""

    def __init__(self, root, first):
        super().__init__()
        places = [
            (block, name)
            for block in root.modules()
            for name in ("condition", "product", "modulation")
            if isinstance(getattr(block, name, None), nn.Module) and not isinstance(getattr(block, name), Given)
        ]
        layers = [getattr(block, name) for block, name in places]
        self.sizes = [len(layer.weight) for layer in layers]
        biases = [layer.weight.new_zeros(len(layer.weight)) if layer.bias is None else layer.bias for layer in layers]
        self.register_buffer("weight", torch.cat([layer.weight for layer in layers]))
        self.register_buffer("bias", torch.cat(biases))
        for slot, (block, name) in enumerate(places, first):
            setattr(block, name, Given(slot))

    def forward(self, c):
        return F.linear(c, self.weight, self.bias).split(self.sizes, -1)


class Products(nn.Module):
    """All products of the condition of a network."""

    def __init__(self, network):
        super().__init__()
        self.joined, self.activated = nn.ModuleList(), []
        if hasattr(network, "middle"):  # the transformer over patches activates the condition
            self.joined.append(Joined(network.middle, 0))
            network.middle.activation = nn.Identity()
            self.activated.append(True)
        self.joined.append(Joined(network, sum(len(joined.sizes) for joined in self.joined)))
        self.activated.append(False)

    def forward(self, c):
        return [
            each
            for joined, is_activated in zip(self.joined, self.activated)
            for each in joined(F.silu(c) if is_activated else c)
        ]


def normed(x, scale, shift):
    """A group norm that reads and writes channels last, by sums over pixels; scale and shift [images or 1, channels]."""

    def grouped(a):
        return a.unflatten(-1, (32, -1))

    rows = x.permute(0, 2, 3, 1).flatten(1, 2)  # [images, pixels, channels]
    squares = torch.linalg.vector_norm(rows, 2, 1, dtype=torch.float32).square() / rows.shape[1]
    mean = grouped(rows.mean(1, dtype=torch.float32)).mean(-1, keepdim=True)
    variance = (grouped(squares).mean(-1, keepdim=True) - mean.square()).clamp(min=0)
    scale = grouped(scale.float()) * (variance + 1e-6).rsqrt()
    shift = grouped(shift.float()) - mean * scale
    y = torch.addcmul(shift.flatten(1).to(x.dtype)[:, None], rows, scale.flatten(1).to(x.dtype)[:, None])
    return y.unflatten(1, x.shape[2:]).permute(0, 3, 1, 2)


class WrittenNorm(nn.Module):
    def __init__(self, norm):
        super().__init__()
        self.weight, self.bias = norm.weight, norm.bias

    def forward(self, x):
        return normed(x, self.weight[None], self.bias[None])


class WrittenAdaptiveNorm(AdaptiveNorm):
    def __init__(self, norm):
        nn.Module.__init__(self)
        self.product = norm.product

    def forward(self, x, c):
        scale, shift = self.product(c).chunk(2, -1)
        return normed(x, 1 + scale, shift)


WRITTEN = {Norm: WrittenNorm, AdaptiveNorm: WrittenAdaptiveNorm}


def write_norms(network):
    """Puts norms of our own in place of PyTorch's."""
    for block in list(network.modules()):
        for name, norm in list(block.named_children()):
            if type(norm) in WRITTEN:
                setattr(block, name, WRITTEN[type(norm)](norm))


def gumbel(logits):
    """The most of all probabilities over exponential noise: a Gumbel maximum without its logarithms."""
    mu = logits.softmax(-1, dtype=torch.float32)
    return mu.div_(torch.empty_like(mu).exponential_()).argmax(-1)


def inversion(logits):
    """The first token at which the sum of the probabilities reaches a uniform."""
    cdf = logits.softmax(-1, dtype=torch.float32).cumsum(-1)
    u = cdf[:, -1:] * torch.rand(len(cdf), 1, device=cdf.device)
    return torch.searchsorted(cdf, u)[:, 0].clamp(max=cdf.shape[-1] - 1)


DRAWS = {"gumbel": gumbel, "inversion": inversion}


def alpha(t):
    """The cosine schedule: the probability of being unmasked at the time t."""
    return 1 - math.cos(math.pi / 2 * (1 - t))


def frozen(o):
    """A network with bfloat16 weights."""
    network = UNet(o, o.classes).to(o.device, BF16).requires_grad_(False)
    if o.layout == "channels-last":
        network = network.to(memory_format=torch.channels_last)
    if o.norm == "written":
        write_norms(network)
    return network


class Sampler:
    """Samples batches of images. What a step reads and writes lies where it lay in the step before."""

    def __init__(self, o, batch, is_compiled):
        self.o, self.draw = o, DRAWS[o.draw]
        self.network = frozen(o)
        self.parameters = sum(p.numel() for p in self.network.parameters())
        self.all_products = Products(self.network)
        times = [1 - i / o.steps for i in range(o.steps + 1)]
        reveals = [(alpha(s) - alpha(t)) / (1 - alpha(t)) for t, s in zip(times, times[1:])]
        self.reveals = torch.tensor(reveals, device=o.device)
        self.features = self.network.features(torch.tensor(times[:-1], device=o.device)).to(BF16)
        self.labels = None
        if o.classes:
            labels = torch.randint(o.classes, (batch,), device=o.device)
            self.labels = F.embedding(labels, self.network.class_table)
        self.zt = torch.full((batch, o.height, o.height, o.colours), o.vocabulary, device=o.device)
        self.index = torch.zeros(1, dtype=torch.int64, device=o.device)
        if is_compiled:
            mode = "max-autotune-no-cudagraphs" if o.autotune else "default"
            self.products = torch.compile(self.products, mode=mode, dynamic=False)
            self.drawn = torch.compile(self.drawn, mode=mode, dynamic=False)

    def products(self, index):
        """What the condition of a step says to each block; one row for all images without classes."""
        features = self.features.index_select(0, index)
        if self.labels is not None:
            features = torch.cat([features.expand(len(self.labels), -1), self.labels], -1)
        return self.all_products(self.network.condition(features))

    def drawn(self, zt, products, reveal):
        """Tokens after a step, of tokens before it."""
        logits = self.network.leave.logits(self.network.maps(zt, products), products)
        is_revealed = (zt == self.o.vocabulary) & (torch.rand(zt.shape, device=zt.device) < reveal)
        return torch.where(is_revealed, self.draw(logits).view(zt.shape), zt)

    def step(self):
        self.zt.copy_(self.drawn(self.zt, self.products(self.index), self.reveals.index_select(0, self.index)))
        self.index.add_(1).remainder_(self.o.steps)

    def sample(self, step):
        """Samples a batch by calls of a step."""
        self.zt.fill_(self.o.vocabulary)
        self.index.zero_()
        for _ in range(self.o.steps):
            step()


def warm_up(o, step):
    """Makes the first steps, which compile and try convolutions; what that took of memory is not counted."""
    for _ in range(o.warm_up):
        step()
    wait(o)
    if o.device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def captured(step):
    """A step as a CUDA graph, captured on the stream of its first steps."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=torch.cuda.current_stream()):
        step()
    return graph.replay


def stream(o):
    """The context of a stream of its own: the default stream cannot be captured."""
    return torch.cuda.stream(torch.cuda.Stream()) if o.device == "cuda" else contextlib.nullcontext()


def measure(o, mode, batch):
    torch.manual_seed(0)
    is_compiled, is_captured = MODES[mode]
    if is_captured and o.device != "cuda":
        raise ValueError("CUDA graphs need --device cuda")
    sampler, begun = Sampler(o, batch, is_compiled), time.perf_counter()
    warm_up(o, sampler.step)
    step = captured(sampler.step) if is_captured else sampler.step
    step()
    wait(o)
    warm = time.perf_counter() - begun
    milliseconds = []
    for _ in range(o.repeats):
        start = time.perf_counter()
        sampler.sample(step)
        wait(o)
        milliseconds.append((time.perf_counter() - start) / o.steps * 1e3)
    if int(sampler.zt.max()) >= o.vocabulary:
        raise RuntimeError("masks are left at the end of a batch")
    is_gpu = o.device == "cuda"
    allocated, reserved = (
        (torch.cuda.max_memory_allocated() >> 20, torch.cuda.max_memory_reserved() >> 20) if is_gpu else (0, 0)
    )
    kernels = attention_kernels(step) if is_gpu else []
    middle = statistics.median(milliseconds)
    layers = f"{o.layers} layers a side{f' and {o.middle} inside' if o.network == 'uvit' else ''}"
    print(
        f"torch {torch.__version__} {mode}{', autotuned' if mode == 'max' and o.autotune else ''}, "
        f"{torch.cuda.get_device_name() if is_gpu else f'{torch.get_num_threads()} threads'}: batch {batch} of {o.height} x "
        f"{o.height} x {o.colours}, vocabulary {o.vocabulary}, {o.network} of {layers}, width {o.width}, "
        f"{o.classes} classes, {sampler.parameters:,} parameters: {middle:.3f} ms/call ({min(milliseconds):.3f} to "
        f"{max(milliseconds):.3f}), {batch / (o.steps * middle) * 1e3:.4g} images/s by {o.steps} steps, {allocated:,} MiB "
        f"allocated, {reserved:,} MiB reserved, warm-up {warm:.1f} s; cuDNN {torch.backends.cudnn.version()}, {o.layout}, "
        f"{o.norm} norms, draw by {o.draw}, attention {o.attention}: {', '.join(kernels) or 'no kernel of its own'}",
        flush=True,
    )


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--network", choices=["unet", "uvit"], default="unet")
    p.add_argument("--batch", default="64", help="images; several with commas between them")
    p.add_argument("--height", type=int, default=32, help="and width of an image")
    p.add_argument("--colours", type=int, default=3)
    p.add_argument("--width", type=int, default=128, help="channels")
    p.add_argument("--layers", type=int, default=32, help="blocks on the way down")
    p.add_argument("--middle", type=int, default=12, help="blocks of the transformer over patches")
    p.add_argument("--middle-width", type=int, default=768)
    p.add_argument("--heads", type=int, default=12)
    p.add_argument("--vocabulary", type=int, default=256)
    p.add_argument("--classes", type=int, default=0, help="with the one of dropped labels; none unless given")
    p.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES))
    p.add_argument("--autotune", action="store_true", help="the compiler of max tries many kernels: minutes")
    p.add_argument("--draw", choices=DRAWS, default="gumbel", help="of a value")
    p.add_argument("--norm", choices=["library", "written"], default="library", help="written: no copy of channels last")
    p.add_argument("--layout", choices=["channels-last", "channels-first"], default="channels-last")
    p.add_argument("--attention", choices=["default", "cudnn", "flash"], default="default")
    p.add_argument("--steps", type=int, default=64, help="network calls of a batch")
    p.add_argument("--repeats", type=int, default=5, help="batches that are timed")
    p.add_argument("--warm-up", type=int, default=5, help="steps before")
    p.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    p.add_argument("--threads", type=int, help="of the CPU")
    o = p.parse_args()
    o.dropout = 0.0
    batches = [int(batch) for batch in o.batch.split(",")]
    if o.threads:
        torch.set_num_threads(o.threads)
    torch.backends.cudnn.benchmark = True
    failures = 0
    for batch in batches:
        for mode in o.modes:
            torch._dynamo.reset()
            gc.collect()
            if o.device == "cuda":
                torch.cuda.empty_cache()
            try:
                with torch.inference_mode(), attention(o), stream(o):
                    measure(o, mode, batch)
            except Exception as error:
                failures += 1
                text = " ".join(f"{type(error).__name__}: {error}".split())[:300]
                print(f"torch {torch.__version__} {mode}, batch {batch}: failed: {text}", flush=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
