# SPDX-License-Identifier: Apache-2.0
"""Cases of Dream: shifted rows, its own positions and counts."""
import math

import torch

from common import Uniforms, clear, form, integers, save, special
from llama import MINIMUM, QWEN, Llama, filled, padding, weights

WORDS = 34  # prompts are of these
EPS = 1e-3


def cumulative(real):
    count, out = 0, []
    for r in real:
        count += r
        out.append(count - 1 if r else 1)
    return out


def pairs(real):
    r = torch.tensor(real, dtype=torch.float64)
    return (1 - r[None] * r[:, None]) * MINIMUM


def shifted(logits):
    """Row i of what comes back speaks of token i."""
    return torch.cat([logits[:1], logits[:-1]])


def share(steps, i):
    """1 - s/t of a step, in float32."""
    t = torch.linspace(1, EPS, steps + 1, dtype=torch.float32)
    return 1 - t[i + 1] / t[i]


def count(steps, i, masks, rows=1):
    mean = torch.tensor(masks / rows, dtype=torch.float32)
    return int(mean) if i == steps - 1 else int(mean * share(steps, i))


def cut(logits, top_p, top_k):
    """The likeliest of a row; the token that crosses top_p is kept."""
    logits = logits.clone()
    if top_p is not None:
        order = logits.argsort(descending=True)
        p, before = logits.softmax(-1), 0.0
        for y in order.tolist():
            if before > top_p:
                logits[y] = MINIMUM
            before += p[y].item()
    if top_k is not None:
        logits[logits < logits.topk(top_k).values[-1]] = MINIMUM
    return logits


def confidence(p, alg):
    best = p.topk(2).values
    if alg == "topk_margin":
        return (best[0] - best[1]).item()
    if alg == "entropy":
        return (p * torch.log(p + 1e-10)).sum().item()
    return best[0].item()


def generate(net, g, ids, alg, steps, new, batch, pads=0, top_p=None, top_k=None):
    mask = ids["mask"]

    def make(gap, attempt):
        uniforms = Uniforms()
        prompt = integers(g, WORDS, batch, 6)
        real = None
        if pads:
            real = [[1] * 6 for _ in range(batch)]
            real[0][:pads] = [0] * pads
            prompt = filled(prompt, real, ids["pad"])
        x = [row + [mask] * new for row in prompt]
        history, revealed, smallest = [], [], math.inf
        for i in range(steps):
            rows = []
            for b, row in enumerate(x):
                own = None if real is None else real[b] + [1] * new
                logits = (net(row) if own is None
                          else net(row, cumulative(own), pairs(own)))
                rows.append(shifted(logits))
            k = count(steps, i, sum(row.count(mask) for row in x), batch)
            revealed.append(k)
            for b, row in enumerate(x):
                open_ = [n for n in range(len(row)) if row[n] == mask]
                scored, tokens = [], {}
                for n in open_:
                    best = rows[b][n].topk(2).values
                    smallest = min(smallest, (best[0] - best[1]).item())
                    p = cut(rows[b][n], top_p, top_k).softmax(-1)
                    tokens[n] = gap.argmax(p)
                    scored.append((confidence(p, alg), n))
                if alg == "origin":
                    for n in open_:
                        if uniforms.next() < share(steps, i).item() or i == steps - 1:
                            row[n] = tokens[n]
                else:
                    for n in gap.first(scored, k):
                        row[n] = tokens[n]
            history.append([list(row) for row in x])
        case = dict(alg=alg, steps=steps, max_new_tokens=new, eps=EPS, prompt=prompt, ids=x,
                    history=history)
        if alg == "origin":
            return dict(case, drawn=uniforms.drawn)
        return dict(case, temperature=0, top_p=top_p, top_k=top_k, attention_mask=real,
                    revealed=revealed, min_gap=smallest,
                    mask_left=sum(row.count(mask) for row in x))

    return clear(make)


def reveal(steps, masks):
    left, out = masks, []
    for i in range(steps):
        out.append(count(steps, i, left))
        left -= out[-1]
    return dict(steps=steps, masks=masks, counts=out)


def dream(folder, g, seed, d, heads, kv, mlp, layers, rows, base, eps, batch, length):
    ids = special("dream")
    w = weights(g, QWEN, d, heads, kv, mlp, layers, rows, True, False, ids["mask"])
    config = form("dream")
    config.update(hidden_size=d, num_attention_heads=heads, num_key_value_heads=kv,
                  intermediate_size=mlp, num_hidden_layers=layers, vocab_size=rows,
                  rope_theta=base, rms_norm_eps=eps)
    net = Llama(w, QWEN, layers, heads, kv, base, eps, False)
    inputs = integers(g, WORDS, batch, length)
    real = padding(batch, length, "left")
    padded = filled(inputs, real, ids["pad"])
    runs = [generate(net, g, ids, "maskgit_plus", 9, 9, 1),
            generate(net, g, ids, "topk_margin", 6, 11, 2),
            generate(net, g, ids, "entropy", 7, 10, 3),
            generate(net, g, ids, "maskgit_plus", 5, 13, 2, pads=3),
            generate(net, g, ids, "topk_margin", 4, 9, 2, pads=1),
            generate(net, g, ids, "entropy", 3, 8, 2, pads=2),
            generate(net, g, ids, "entropy", 4, 10, 1, top_p=0.7),
            generate(net, g, ids, "topk_margin", 4, 10, 1, top_k=3),
            generate(net, g, ids, "maskgit_plus", 2, 7, 2, top_p=0.9, top_k=6)]
    save(folder, config, w,
         dict(source="plain loops", seed=seed, ids=ids,
              inputs=dict(input_ids=inputs, padded_ids=padded, attention_mask=real),
              outputs=dict(
                  logits=[net(row) for row in inputs],
                  padded_logits=[net(row, cumulative(r), pairs(r)) for row, r in zip(padded, real)],
                  padded_logits_plain_positions=[net(row, None, pairs(r))
                                                 for row, r in zip(padded, real)],
                  position_ids=[cumulative(r) for r in real],
                  diffusion_generate=runs,
                  origin=[generate(net, g, ids, "origin", steps, new, rows_)
                          for steps, new, rows_ in ((5, 9, 2), (3, 12, 3), (8, 6, 1))],
                  reveal=[reveal(*each) for each in ((8, 8), (5, 12), (7, 40), (24, 100))])),
         {"dream": ["vocab.json", "merges.txt", "tokenizer_config.json"]})
