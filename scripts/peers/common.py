# SPDX-License-Identifier: Apache-2.0
"""What all families share: the given uniforms, random weights, and the files of a case."""
import json
import math
import pathlib
import shutil

import torch
from safetensors.torch import save_file

torch.set_default_dtype(torch.float64)

HERE = pathlib.Path(__file__).resolve().parent
FORMS = HERE.parent.parent / "md4-core/src/test/resources/peers"  # config.json and tokenizers
CLOSE = 1e-4  # a decision closer than this may differ in float32: the case is drawn again
TINY = 1e-10
EPSILON = 1e-3  # of the log-linear noise


class Uniforms:
    """The numbers of the stochastic runs, one after another (published-models, section 2)."""

    def __init__(self):
        self.drawn = 0

    def next(self):
        bits = (1 << 64) - 1
        self.drawn += 1
        z = self.drawn * 0x9E3779B97F4A7C15 & bits
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & bits
        z = (z ^ z >> 27) * 0x94D049BB133111EB & bits
        z ^= z >> 31
        return (z >> 40) * 2.0**-24

    def take(self, *shape):
        count = math.prod(shape)
        return torch.tensor([self.next() for _ in range(count)]).reshape(shape)


class Gap:
    """The closest decision of a case: by how much the winner wins, as a share of what it has."""

    def __init__(self):
        self.smallest = math.inf

    def see(self, best, second):
        if math.isfinite(best) and best > second:
            self.smallest = min(self.smallest, (best - second) / max(abs(best), TINY))
        elif best == second:
            self.smallest = 0

    def argmax(self, values):
        """Returns the place of the largest of a row."""
        best = values.topk(2)
        self.see(best.values[0].item(), best.values[1].item())
        return best.indices[0].item()

    def first(self, scored, count):
        """Returns the places of so many largest of [(value, place)]."""
        order = sorted(scored, reverse=True)
        if 0 < count < len(order):
            self.see(order[count - 1][0], order[count][0])
        return [place for _, place in order[:count]]


def clear(make):
    """Runs make(gap, attempt) until no decision of it is close, and returns what it gave."""
    for attempt in range(30):
        gap = Gap()
        case = make(gap, attempt)
        if gap.smallest > CLOSE:
            return case
    raise SystemExit("no case without a close decision: take another --seed")


def categorical(gap, q, u):
    """The draw of MDLM, SEDD, RADD and BD3-LM of one row: the largest q / (tiny - ln(u + tiny))."""
    return gap.argmax(q / (TINY - torch.log(u + TINY)))


def normal(g, *shape, mean=0.0, scale=0.3):
    """Random weights that float32 holds, in float64."""
    return (mean + torch.randn(*shape, generator=g) * scale).float().double()


def integers(g, below, *shape):
    return torch.randint(0, below, shape, generator=g).tolist()


def form(family):
    """The published config of a family, to be changed."""
    return json.loads((FORMS / family / "config.json").read_text())


def special(family):
    return json.loads((FORMS / family / "expected.json").read_text())["ids"]


def plain(value):
    """Tensors as lists, at any depth."""
    if torch.is_tensor(value):
        return value.tolist()
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value


def save(folder, config, weights, expected, tokenizer=None, shards=0):
    """Writes a case; with shards in bfloat16, in so many files and an index."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    (folder / "expected.json").write_text(json.dumps(plain(expected)))
    for family, files in (tokenizer or {}).items():
        for file in files:
            shutil.copyfile(FORMS / family / file, folder / file)
    about = {"format": "pt"}
    if not shards:
        tensors = {name: w.float().contiguous() for name, w in weights.items()}
        save_file(tensors, folder / "model.safetensors", metadata=about)
        return
    index, total = {}, 0
    for k in range(shards):
        file = f"model-{k + 1:05d}-of-{shards:05d}.safetensors"
        names = sorted(weights)[k::shards]
        tensors = {name: weights[name].bfloat16().contiguous() for name in names}
        save_file(tensors, folder / file, metadata=about)
        index.update({name: file for name in names})
        total += sum(2 * w.numel() for w in tensors.values())
    text = json.dumps({"metadata": {"total_size": total}, "weight_map": index})
    (folder / "model.safetensors.index.json").write_text(text)


def sigma(t):
    return -math.log1p(-(1 - EPSILON) * t)


def rate(t):
    return (1 - EPSILON) / (1 - (1 - EPSILON) * t)


def rotate(x, positions, base):
    """Rotary, halves: x [L, head]."""
    half = x.shape[1] // 2
    f = torch.tensor([base ** (-2 * j / x.shape[1]) for j in range(half)])
    angles = torch.tensor([[float(p)] for p in positions]) * f  # [L, head/2]
    c, s = torch.cos(angles).to(x.dtype), torch.sin(angles).to(x.dtype)
    a, b = x[:, :half], x[:, half:]
    return torch.cat([a * c - b * s, b * c + a * s], 1)
