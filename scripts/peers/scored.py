# SPDX-License-Identifier: Apache-2.0
"""Cases of MDLM (SUBS and D3PM) and of SEDD."""
import math

import torch

from common import EPSILON, Uniforms, categorical, clear, form, rate, save, sigma
from ddit import Ddit, analytic, noisy, staggered, subs, weights

EPS = 1e-5  # where the runs end


def times(steps):
    return [1 + (EPS - 1) * i / steps for i in range(steps + 1)]


def run(name, least, batch, length, m, step, last, last_entries):
    """One whole run: step(x, t, dt) and last(x) give rows of probabilities [L, E] or tokens."""

    def make(gap, attempt):
        steps = least + attempt
        uniforms = Uniforms()
        x = [[m] * length for _ in range(batch)]
        states = []
        dt = (1 - EPS) / steps
        for t in times(steps)[:-1]:
            states.append([list(row) for row in x])
            u = uniforms.take(batch, length, m + 1)
            x = [draw_row(gap, step(row, t, dt), u[b], row, m) for b, row in enumerate(x)]
        states.append([list(row) for row in x])
        u = uniforms.take(batch, length, last_entries) if last_entries else None
        for b, row in enumerate(x):
            q = last(row)
            if u is None:
                x[b] = [gap.argmax(q[i].exp()) if y == m else y for i, y in enumerate(row)]
            else:
                x[b] = draw_row(gap, q, u[b], row, m)
        states.append(x)
        return dict(sampler=name, steps=steps, eps=EPS, batch=batch, ids=states,
                    drawn=uniforms.drawn)

    return make


def draw_row(gap, q, u, shown, m):
    """Draws the masked positions of a sequence; what is shown stays in every sampler here."""
    return [x if x != m else categorical(gap, q[i], u[i]) for i, x in enumerate(shown)]


def score(p, shown, t):
    """MDLM's probabilities as SEDD's scores."""
    m = p.shape[1] - 1
    s = torch.zeros_like(p)
    for i, x in enumerate(shown):
        if x == m:
            s[i] = p[i] / math.expm1(sigma(t))
            s[i, m] = 1
        else:
            s[i, x] = 1
            s[i, m] = math.expm1(sigma(t))
    return s


def mdlm(folder, g, seed, timed, d, heads, blocks, cond, v, batch, length, steps):
    w = weights(g, d, heads, blocks, cond, v, "backbone.", True)
    config = form("mdlm")
    config.update(hidden_dim=d, n_heads=heads, n_blocks=blocks, cond_dim=cond, vocab_size=v,
                  model_length=length, time_conditioning=timed)
    net = Ddit(w, "backbone.", heads, blocks, True)
    m = v - 1
    t = [0.2 + 0.6 * b / batch for b in range(batch)]
    x0, xt = noisy(g, batch, length, m, t)

    def raw(row, s):
        return net(row, s if timed else 0.0)

    def losses(s, weight):
        all_ = [subs(raw(xt[b], s[b]), xt[b]) for b in range(batch)]
        return [[-all_[b][i, x0[b][i]].item() * weight(b) if xt[b][i] == m else 0
                 for i in range(length)] for b in range(batch)]

    def move(x, at, dt, chance):
        """A step of ddpm or ddpm_cache, by the chance of being masked."""
        q = subs(raw(x, sigma(at)), x).exp() * (chance(at) - chance(at - dt))
        q[:, m] = chance(at - dt)
        return q

    def by_score(x, at, by):
        return analytic(score(subs(raw(x, sigma(at)), x).exp(), x, at), x, by)

    def no_mask(q):
        q[:, m] = 0
        return q

    linear, clipped = (lambda at: at), (lambda at: (1 - EPSILON) * at)
    runs = {
        "ddpm_cache": (lambda x, at, dt: move(x, at, dt, linear), 0),
        "ddpm": (lambda x, at, dt: move(x, at, dt, clipped), 0),
        "analytic": (lambda x, at, dt: by_score(x, at, sigma(at) - sigma(at - dt)), v),
    }
    trajectories = []
    for name, (step, entries) in runs.items():
        last = ((lambda x: no_mask(by_score(x, EPS, sigma(EPS)))) if entries
                else (lambda x: subs(raw(x, sigma(EPS)), x)))
        make = run(name, steps, batch, length, m, step, last, entries)
        trajectories.append(clear(make))
    f0, ft = math.log(1 - math.exp(-1e-3)), math.log(1 - 1e-3)
    big_t = 25
    discrete = [(math.floor(each * big_t) + 1) / big_t for each in t]
    step_t, dt = [0.5 + 0.05 * b for b in range(batch)], 0.08
    grid, us = [0.01, 0.3, 0.77, 0.99], [0.1, 0.5, 0.9]

    def important(u):
        s = -math.log(1 - math.exp(u * ft + (1 - u) * f0))
        return (1 - math.exp(-s)) / (1 - EPSILON)

    first, at = xt[0], step_t[0]
    save(folder, config, w, dict(
        source="plain loops", seed=seed,
        inputs=dict(x0=x0, xt=xt, t=t, t_grid=grid, discrete_T=big_t, discrete_t=discrete,
                    step_t=step_t, step_dt=dt, importance_u=us),
        outputs=dict(
            logits=[raw(xt[b], sigma(t[b])) for b in range(batch)],
            subs_log_probs=[subs(raw(xt[b], sigma(t[b])), xt[b]) for b in range(batch)],
            nll=losses([sigma(each) for each in t],
                       lambda b: rate(t[b]) / math.expm1(sigma(t[b]))),
            nll_change_of_variables=losses(t, lambda b: -f0),
            discrete_nll=losses([sigma(each) for each in discrete], lambda b: 1 / discrete[b]),
            ddpm_cache_probs=move(first, at, dt, linear),
            ddpm_probs=move(first, at, dt, clipped),
            analytic_probs=by_score(first, at, sigma(at) - sigma(at - dt)),
            denoiser_probs=no_mask(by_score(first, at, sigma(at))),
            trajectories=trajectories,
            sigma=[sigma(each) for each in t], dsigma=[rate(each) for each in t],
            sigma_grid=[sigma(each) for each in grid], dsigma_grid=[rate(each) for each in grid],
            importance_t=[important(u) for u in us])))


def d3pm(folder, g, seed, d, heads, blocks, cond, v, batch, length, big_t):
    w = weights(g, d, heads, blocks, cond, v, "backbone.", True)
    config = form("d3pm")
    config.update(hidden_dim=d, n_heads=heads, n_blocks=blocks, cond_dim=cond, vocab_size=v,
                  model_length=length)
    timed = config["time_conditioning"]
    net = Ddit(w, "backbone.", heads, blocks, True)
    m, dt = v - 1, 1 / big_t
    t = [round(big_t * (0.2 + 0.7 * b / batch)) / big_t for b in range(batch)]
    x0, xt = noisy(g, batch, length, m, t)
    raw = [net(xt[b], sigma(t[b]) if timed else 0.0) for b in range(batch)]
    clean = [net(x0[b], 0.0) for b in range(batch)]

    def variational(log_p, b, i):
        """T times the term of one masked position."""
        at, p = min(t[b], 1 - 1e-4), math.exp(log_p[b][i, m].item())
        now = math.log((1 - at) * p / at + 1)
        before = math.log((1 - at + dt) * p / (at - dt) + 1)
        from_x = now - log_p[b][i, x0[b][i]].item()
        return big_t * (dt / at * from_x + (1 - dt / at) * (now - before))

    outputs = dict(logits=raw, sigma=[sigma(each) for each in t], edge_vb_is_nan=True)
    for ending, added in (("", 0.0), ("_subs_masking", -1e6)):
        forbids = torch.zeros(v)
        forbids[m] = added
        log_p = [(each + forbids).log_softmax(-1) for each in raw]
        of_clean = [(each + forbids).log_softmax(-1) for each in clean]
        vb = [[variational(log_p, b, i) if xt[b][i] == m else 0 for i in range(length)]
              for b in range(batch)]
        back = [[-of_clean[b][i, x0[b][i]].item() for i in range(length)] for b in range(batch)]
        outputs.update({"log_probs" + ending: log_p, "vb" + ending: vb,
                        "reconstruction" + ending: back})
        if not ending:
            outputs["loss"] = [[a + c for a, c in zip(*rows)] for rows in zip(vb, back)]
    save(folder, config, w, dict(source="plain loops", seed=seed,
                                 inputs=dict(x0=x0, xt=xt, T=big_t, t=t, edge_t=dt),
                                 outputs=outputs))


def sedd(folder, g, seed, scaled, d, heads, blocks, cond, v, batch, length, steps):
    w = weights(g, d, heads, blocks, cond, v, "", True)
    config = form("sedd")
    config["model"].update(hidden_size=d, n_heads=heads, n_blocks=blocks, cond_dim=cond,
                           length=length, scale_by_sigma=scaled)
    m = config["tokens"] = v - 1
    net = Ddit(w, "", heads, blocks, True)
    t = [0.15 + 0.7 * b / batch for b in range(batch)]
    x0, xt = noisy(g, batch, length, m, t)

    def log_score(x, at):
        s = net(x, sigma(at))
        if scaled:
            s = s - math.log(math.expm1(sigma(at))) - math.log(v - 1)
        for i, y in enumerate(x):
            s[i, y] = 0
        return s

    def euler(x, at, dt):
        e = log_score(x, at).exp()
        q = torch.zeros(length, v)
        for i, y in enumerate(x):
            if y == m:
                q[i] = dt * rate(at) * e[i]
                q[i, m] = 1 - dt * rate(at) * (e[i].sum() - e[i, m])
            else:
                q[i, y] = 1
        return q

    def by_analytic(x, at, dt):
        return analytic(log_score(x, at).exp(), x, sigma(at) - sigma(at - dt))

    def denoise(x, at):
        return analytic(log_score(x, at).exp(), x, sigma(at))[:, :m]

    def entropy(s, b, i):
        r = 1 / math.expm1(sigma(t[b]))
        return (s[:m].exp().sum() - r * s[x0[b][i]] + r * (math.log(r) - 1)).item()

    scores = [log_score(xt[b], t[b]) for b in range(batch)]
    entropies = [[entropy(scores[b][i], b, i) if xt[b][i] == m else 0 for i in range(length)]
                 for b in range(batch)]
    trajectories = [clear(run(name, steps, batch, length, m, step, lambda x: denoise(x, EPS), m))
                    for name, step in (("euler", euler), ("analytic", by_analytic))]
    dt, grid, at = 0.07, [0.02, 0.5, 0.98], t[0]
    save(folder, config, w, dict(
        source="plain loops", seed=seed,
        inputs=dict(x0=x0, xt=xt, t=t, step_dt=dt, t_grid=grid),
        outputs=dict(
            log_score=scores, score_entropy=entropies,
            loss=[rate(t[b]) * sum(entropies[b]) for b in range(batch)],
            euler_probs=euler(xt[0], at, dt), analytic_probs=by_analytic(xt[0], at, dt),
            staggered_score=staggered(scores[0].exp(), sigma(at) - sigma(at - dt)),
            denoiser_probs=denoise(xt[0], at), trajectories=trajectories,
            sigma=[sigma(each) for each in t], dsigma=[rate(each) for each in t],
            sigma_grid=[sigma(each) for each in grid],
            dsigma_grid=[rate(each) for each in grid])))
