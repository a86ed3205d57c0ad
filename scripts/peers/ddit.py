# SPDX-License-Identifier: Apache-2.0
"""The DDiT network, one sequence at a time, and the rows that MDLM, SEDD and RADD make of it."""
import math

import torch

from common import normal, rotate


def norm(x):
    mean = x.mean(-1, keepdim=True)
    return (x - mean) / torch.sqrt(((x - mean) ** 2).mean(-1, keepdim=True) + 1e-5)


def gelu(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def silu(x):
    return x * torch.sigmoid(x)


def weights(g, d, heads, blocks, cond, v, prefix, timed):
    """Random weights under the released names; RADD's, without time, have other biases."""
    w = {"vocab_embed.embedding": normal(g, v, d)}
    head = d // heads
    w["rotary_emb.inv_freq"] = torch.tensor([10000 ** (-2 * j / head) for j in range(head // 2)])
    if timed:
        w["sigma_map.mlp.0.weight"] = normal(g, cond, 256, scale=0.1)
        w["sigma_map.mlp.0.bias"] = normal(g, cond)
        w["sigma_map.mlp.2.weight"] = normal(g, cond, cond)
        w["sigma_map.mlp.2.bias"] = normal(g, cond)
    norms = ["output_layer.norm_final"]
    modulated = [("output_layer.", 2)]
    for i in range(blocks):
        p = f"blocks.{i}."
        norms += [p + "norm1", p + "norm2"]
        modulated.append((p, 6))
        w[p + "attn_qkv.weight"] = normal(g, 3 * d, d, scale=0.2)
        w[p + "attn_out.weight"] = normal(g, d, d)
        w[p + "mlp.0.weight"] = normal(g, 4 * d, d, scale=0.2)
        w[p + "mlp.0.bias"] = normal(g, 4 * d)
        w[p + "mlp.2.weight"] = normal(g, d, 4 * d, scale=0.2)
        w[p + "mlp.2.bias"] = normal(g, d)
    w["output_layer.linear.weight"] = normal(g, v, d, scale=0.2)
    w["output_layer.linear.bias"] = normal(g, v)
    for name in norms:
        w[name + ".weight"] = normal(g, d, mean=1, scale=0.2)
        if not timed:
            w[name + ".bias"] = normal(g, d, scale=0.2)
    for name, parts in modulated if timed else []:
        w[name + "adaLN_modulation.weight"] = normal(g, parts * d, cond)
        w[name + "adaLN_modulation.bias"] = normal(g, parts * d)
    return {prefix + name: each for name, each in w.items()}


class Ddit:
    """What the network says of one sequence: ids [L], s the noise, to [L, V]."""

    def __init__(self, w, prefix, heads, blocks, timed):
        self.w, self.prefix, self.heads, self.blocks = w, prefix, heads, blocks
        self.timed = timed

    def of(self, name):
        return self.w[self.prefix + name]

    def condition(self, s):
        f = torch.tensor([10000 ** (-i / 128) for i in range(128)])
        e = torch.cat([torch.cos(s * f), torch.sin(s * f)])
        hidden = silu(self.of("sigma_map.mlp.0.weight") @ e + self.of("sigma_map.mlp.0.bias"))
        return silu(self.of("sigma_map.mlp.2.weight") @ hidden + self.of("sigma_map.mlp.2.bias"))

    def modulation(self, name, c, parts, d):
        if self.timed:
            w, b = self.of(name + "adaLN_modulation.weight"), self.of(name + "adaLN_modulation.bias")
            return (w @ c + b).chunk(parts)
        zero, one = torch.zeros(d), torch.ones(d)
        return [zero, zero, one] * 2 if parts == 6 else [zero, zero]

    def normed(self, x, name, shift, scale):
        y = norm(x) * self.of(name + ".weight")
        y = y if self.timed else y + self.of(name + ".bias")
        return y * (1 + scale) + shift

    def attention(self, y, name, positions, allowed):
        q, k, v = (y @ self.of(name + "attn_qkv.weight").T).chunk(3, 1)
        head = q.shape[1] // self.heads
        out = []
        for i in range(self.heads):
            z = slice(i * head, (i + 1) * head)
            a, b = rotate(q[:, z], positions, 10000), rotate(k[:, z], positions, 10000)
            scores = a @ b.T / math.sqrt(head)
            if allowed is not None:
                scores = scores.masked_fill(~allowed, -math.inf)
            out.append(scores.softmax(-1) @ v[:, z])
        return torch.cat(out, 1) @ self.of(name + "attn_out.weight").T

    def __call__(self, ids, s=0.0, positions=None, allowed=None):
        x = self.of("vocab_embed.embedding")[ids]
        d = x.shape[1]
        c = self.condition(s) if self.timed else None
        positions = range(len(ids)) if positions is None else positions
        for i in range(self.blocks):
            p = f"blocks.{i}."
            shift, scale, gate, shift2, scale2, gate2 = self.modulation(p, c, 6, d)
            y = self.normed(x, p + "norm1", shift, scale)
            x = x + gate * self.attention(y, p, positions, allowed)
            y = self.normed(x, p + "norm2", shift2, scale2)
            y = gelu(y @ self.of(p + "mlp.0.weight").T + self.of(p + "mlp.0.bias"))
            x = x + gate2 * (y @ self.of(p + "mlp.2.weight").T + self.of(p + "mlp.2.bias"))
        shift, scale = self.modulation("output_layer.", c, 2, d)
        y = self.normed(x, "output_layer.norm_final", shift, scale)
        return y @ self.of("output_layer.linear.weight").T + self.of("output_layer.linear.bias")


def subs(logits, shown):
    """MDLM's log-probabilities [L, V]: the mask is never meant, what is shown stays."""
    m = logits.shape[1] - 1
    logits = logits.clone()
    logits[:, m] += -1e6
    result = logits.log_softmax(-1)
    for i, x in enumerate(shown):
        if x != m:
            result[i] = -1e6
            result[i, x] = 0
    return result


def staggered(scores, by):
    """SEDD's staggered score [L, V] of a step by so much noise."""
    q = scores * math.exp(by)
    q[:, -1] += (1 - math.exp(by)) * scores.sum(1)
    return q


def analytic(scores, shown, by):
    """SEDD's analytic step [L, V]: the staggered score times the row of the transition."""
    q = staggered(scores, by)
    m = q.shape[1] - 1
    for i, x in enumerate(shown):
        row = torch.full((m + 1,), 1 - math.exp(-by) if x == m else 0.0)
        row[x] += math.exp(-by)
        q[i] *= row
    return q


def noisy(g, batch, length, m, times):
    """Clean tokens, and the same with masks; each row has some of both."""
    x0 = torch.randint(0, m, (batch, length), generator=g).tolist()
    xt = [list(row) for row in x0]
    for row, t in zip(xt, times):
        count = min(length - 1, max(1, round(t * length)))
        for i in torch.randperm(length, generator=g)[:count].tolist():
            row[i] = m
    return x0, xt
