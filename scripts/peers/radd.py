# SPDX-License-Identifier: Apache-2.0
"""Cases of RADD."""
import math

import torch

from common import Uniforms, categorical, clear, form, rate, save, sigma
from ddit import Ddit, noisy, weights
from scored import EPS, times


def shares(steps):
    """The share of the masks that each step reveals, by the two methods."""
    dt, grid = (1 - EPS) / steps, times(steps)[:-1]

    def alpha(t):
        return math.exp(-sigma(t))

    tweedie = [(alpha(t - dt) - alpha(t)) / (1 - alpha(t)) for t in grid]
    euler = [dt * rate(t) * alpha(t) / (1 - alpha(t)) for t in grid]
    return tweedie, euler


def kept(gap, p, strategy, cut):
    """Returns the columns that may be drawn, in the order of the uniforms."""
    order = sorted(range(len(p)), key=lambda y: -p[y].item())
    if strategy == "top_k":
        gap.see(p[order[cut - 1]].item(), p[order[cut]].item())
        return order[:cut]
    columns, before = [], 0.0
    for y in order:
        gap.see(max(before, cut), min(before, cut))
        if before > cut:
            break
        columns.append(y)
        before += p[y].item()
    return columns


def trajectory(net, m, sampler, strategy, cut, least, batch, length):
    def make(gap, attempt):
        steps = least + attempt
        share = shares(steps)[0 if sampler == "tweedie" else 1]
        uniforms = Uniforms()
        x = [[m] * length for _ in range(batch)]
        states = [[list(row) for row in x]]
        for i in range(steps):
            is_last = i == steps - 1
            u = torch.zeros(batch, length) if is_last else uniforms.take(batch, length)
            for b, row in enumerate(list(x)):
                p = net(row).softmax(-1)
                x[b] = list(row)
                for n in range(length):
                    if row[n] == m and (is_last or u[b, n].item() < share[i]):
                        columns = kept(gap, p[n], strategy, cut)
                        if strategy == "top_k":
                            place = categorical(gap, p[n][columns], uniforms.take(cut))
                            x[b][n] = columns[place]
                        else:
                            q = torch.zeros(m + 1)
                            q[columns] = p[n][columns]
                            x[b][n] = categorical(gap, q, uniforms.take(m + 1))
            states.append([list(row) for row in x])
        return dict(sampler=sampler, strategy=strategy, para=cut, steps=steps, eps=EPS,
                    batch=batch, ids=states, drawn=uniforms.drawn)

    return make


def radd(folder, g, seed, d, heads, blocks, v, batch, length, steps):
    w = weights(g, d, heads, blocks, 0, v, "", False)
    config = form("radd")
    config["model"].update(hidden_size=d, n_heads=heads, n_blocks=blocks, length=length)
    m = config["tokens"] = v - 1
    net = Ddit(w, "", heads, blocks, False)
    t = [0.15 + 0.7 * b / batch for b in range(batch)]
    x0, xt = noisy(g, batch, length, m, t)
    logits = torch.stack([net(row) for row in xt])
    condition = torch.cat([logits[..., :m].log_softmax(-1), logits[..., m:]], -1)
    nats = [[-condition[b, i, x0[b][i]].item() for i in range(length) if xt[b][i] == m]
            for b in range(batch)]
    k = [len(each) for each in nats]
    share = [0.3 + 0.1 * b for b in range(batch)]
    odds = [math.expm1(sigma(each)) for each in t]
    tweedie, euler = shares(steps)
    at = steps // 2
    direct = []
    for i in range(length):
        if xt[0][i] == m:
            p = condition[0, i].exp() * tweedie[at]
            p[m] = 1 - tweedie[at]
            direct.append(p)
    runs = [("tweedie", "top_k", 4), ("tweedie", "top_p", 0.7), ("euler", "top_k", 7),
            ("euler", "top_p", 0.9)]
    save(folder, config, w, dict(
        source="plain loops", seed=seed,
        inputs={"x0": x0, "xt": xt, "t": t, "lambda": share, "k": k, "steps": steps,
                "direct_step": at},
        outputs=dict(
            sigma=[sigma(each) for each in t], dsigma=[rate(each) for each in t],
            logits=logits, log_condition=condition,
            t_DSE=[sum(nats[b]) * rate(t[b]) / odds[b] for b in range(batch)],
            t_DCE=[sum(rate(t[b]) * (each + math.log(odds[b])) / odds[b] for each in nats[b])
                   for b in range(batch)],
            lambda_DCE=[sum(nats[b]) / share[b] for b in range(batch)],
            k_DCE=[length / k[b] * sum(nats[b]) for b in range(batch)],
            update_rate_tweedie=tweedie, update_rate_euler=euler, direct_probs=direct,
            trajectories=[clear(trajectory(net, m, *each, steps, batch, length))
                          for each in runs])))
