# SPDX-License-Identifier: Apache-2.0
"""The Llama kind, one sequence at a time, and the weights of LLaDA and of the Qwen names."""
import math

import torch

from common import normal, rotate

MINIMUM = -3.4028234663852886e38  # of float32

LLADA = dict(
    emb="model.transformer.wte.weight", norm="model.transformer.ln_f.weight",
    head="model.transformer.ff_out.weight", block="model.transformer.blocks.%d.",
    norm1="attn_norm", norm2="ff_norm", q="q_proj", k="k_proj", v="v_proj", o="attn_out",
    gate="ff_proj", up="up_proj", down="ff_out")
QWEN = dict(
    emb="model.embed_tokens.weight", norm="model.norm.weight", head="lm_head.weight",
    block="model.layers.%d.", norm1="input_layernorm", norm2="post_attention_layernorm",
    q="self_attn.q_proj", k="self_attn.k_proj", v="self_attn.v_proj", o="self_attn.o_proj",
    gate="mlp.gate_proj", up="mlp.up_proj", down="mlp.down_proj")


def weights(g, names, d, heads, kv, mlp, layers, rows, has_bias, tied, mask, scale=0.3):
    """Random weights; the mask's row of the head is small, so that no sampler predicts it."""
    w = {names["emb"]: normal(g, rows, d, scale=scale), names["norm"]: normal(g, d, mean=1, scale=0.2)}
    narrow = d // heads * kv
    for i in range(layers):
        p = names["block"] % i
        shapes = dict(q=(d, d), k=(narrow, d), v=(narrow, d), o=(d, d), gate=(mlp, d),
                      up=(mlp, d), down=(d, mlp))
        for part, shape in shapes.items():
            w[p + names[part] + ".weight"] = normal(g, *shape, scale=scale)
            if has_bias and part in "qkv":
                w[p + names[part] + ".bias"] = normal(g, shape[0])
        for part in ("norm1", "norm2"):
            w[p + names[part] + ".weight"] = normal(g, d, mean=1, scale=0.2)
    if not tied:
        w[names["head"]] = normal(g, rows, d, scale=scale)
    head = w[names["emb" if tied else "head"]]
    head[mask] = (head[mask] * 0.01).float().double()
    return w


class Llama:
    """What the network says of a sequence: ids [L] to [L, E], in the type of the weights."""

    def __init__(self, w, names, layers, heads, kv, base, eps, tied):
        self.w, self.names, self.layers = w, names, layers
        self.heads, self.kv, self.base, self.eps = heads, kv, base, eps
        self.head = names["emb" if tied else "head"]

    def normed(self, x, name):
        y = x if x.dtype == torch.float64 else x.float()
        y = y / torch.sqrt((y * y).mean(-1, keepdim=True) + self.eps)
        return y.to(x.dtype) * self.w[name]

    def linear(self, y, name):
        out = y @ self.w[name + ".weight"].T
        return out + self.w[name + ".bias"] if name + ".bias" in self.w else out

    def rotated(self, x, positions):
        wide = x if x.dtype == torch.float64 else x.float()
        return rotate(wide, positions, self.base).to(x.dtype)

    def attention(self, y, p, positions, added):
        q, k, v = (self.linear(y, p + self.names[part]) for part in "qkv")
        width = q.shape[1] // self.heads
        out = []
        for h in range(self.heads):
            at = h * self.kv // self.heads * width
            a = self.rotated(q[:, h * width:(h + 1) * width], positions)
            b = self.rotated(k[:, at:at + width], positions)
            scores = a @ b.T / math.sqrt(width)
            scores = scores if added is None else scores + added.to(scores.dtype)
            out.append(scores.softmax(-1) @ v[:, at:at + width])
        return self.linear(torch.cat(out, 1), p + self.names["o"])

    def __call__(self, ids, positions=None, added=None):
        x = self.w[self.names["emb"]][ids]
        positions = range(len(ids)) if positions is None else positions
        for i in range(self.layers):
            p = self.names["block"] % i
            y = self.normed(x, p + self.names["norm1"] + ".weight")
            x = x + self.attention(y, p, positions, added)
            y = self.normed(x, p + self.names["norm2"] + ".weight")
            gate = self.linear(y, p + self.names["gate"])
            up = self.linear(y, p + self.names["up"])
            x = x + self.linear(gate * torch.sigmoid(gate) * up, p + self.names["down"])
        return self.normed(x, self.names["norm"]) @ self.w[self.head].T

    def rounded(self):
        """The same network in bfloat16."""
        other = Llama({}, self.names, self.layers, self.heads, self.kv, self.base, self.eps, False)
        other.w = {name: each.bfloat16() for name, each in self.w.items()}
        other.head = self.head
        return other


def keys_only(real):
    """What is added to the scores where keys are padding, [L, L]; None without padding."""
    if real is None or all(real):
        return None
    return ((1 - torch.tensor(real, dtype=torch.float64)) * MINIMUM).expand(len(real), len(real))


def padding(batch, length, side):
    """Rows of 1 and, at one side of the first and the last row, of 0."""
    real = [[1] * length for _ in range(batch)]
    for i in range(3):
        real[0][i if side == "left" else length - 1 - i] = 0
    real[-1][0 if side == "left" else length - 1] = 0
    return real


def filled(ids, real, pad):
    return [[x if r else pad for x, r in zip(*rows)] for rows in zip(ids, real)]
