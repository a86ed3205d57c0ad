# SPDX-License-Identifier: Apache-2.0
"""Cases of BD3-LM: block diffusion."""
import torch

from common import Uniforms, categorical, clear, form, save
from ddit import Ddit, subs, weights


def pairs(n, block):
    """Who may see whom in the pass over [noisy; clean], [2N, 2N]."""
    allowed = torch.zeros(2 * n, 2 * n, dtype=torch.bool)
    for a in range(2 * n):
        for b in range(2 * n):
            own, other = a % n // block, b % n // block
            if a < n:
                allowed[a, b] = own == other if b < n else other < own
            else:
                allowed[a, b] = b >= n and other <= own
    return allowed


def last_block(net, ids, block):
    """The logits of the last block [block, V], earlier ones seen but not seeing it."""
    n = len(ids)
    allowed = torch.tensor([[b // block <= a // block for b in range(n)] for a in range(n)])
    return net(ids, allowed=allowed)[n - block:]


def nucleus(p, mass):
    """The crossing token is dropped, but never the first; [V] to [V]."""
    order = sorted(range(len(p)), key=lambda y: -p[y].item())
    out, total = torch.zeros_like(p), 0.0
    for i, y in enumerate(order):
        total += p[y].item()
        if i == 0 or total <= mass:
            out[y] = p[y]
    return out / out.sum()


def trajectory(net, g, name, least, n, block, m, bos):
    def make(gap, attempt):
        steps = least + attempt
        uniforms, passes, picks, x, network = Uniforms(), [], [], [], 0
        for first in range(0, n, block):
            x += [m] * block
            if first == 0:
                x[0] = bos
            old, p = None, None
            for i in range(n if name == "first_hitting" else steps):
                masked = [k for k in range(first, first + block) if x[k] == m]
                if not masked:
                    break
                if old != x:
                    old, network = list(x), network + 1
                    p = subs(last_block(net, x, block), x[first:]).exp()
                u = uniforms.take(block, m + 1)
                if name == "first_hitting":
                    pick = torch.randint(0, len(masked), (1,), generator=g).item()
                    picks.append(pick)
                    k = masked[pick]
                    x[k] = categorical(gap, p[k - first], u[k - first])
                else:
                    t = 1 - i / (steps - 1)
                    for k in masked:
                        if i == steps - 1:
                            x[k] = 0  # their division by t = 0
                            continue
                        stays = (t - 1 / steps) / t
                        q = p[k - first] * (1 - stays)
                        q[m] = stays
                        x[k] = categorical(gap, q, u[k - first])
                passes.append([list(x)])
        return dict(sampler=name, steps=steps, bos=bos, picks=picks, ids=passes, end=[x],
                    network_passes=network, drawn=uniforms.drawn)

    return make


def bd3lm(folder, g, seed, d, heads, blocks, cond, v, batch, n, block, steps):
    w = weights(g, d, heads, blocks, cond, v, "backbone.", True)
    net = Ddit(w, "backbone.", heads, blocks, True)
    w = dict(w, sampling_eps_min=torch.tensor(1e-3), sampling_eps_max=torch.tensor(0.999))
    config = form("bd3lm")
    config.update(hidden_dim=d, n_heads=heads, n_blocks=blocks, cond_dim=cond, vocab_size=v,
                  model_length=n, block_size=block,
                  _name_or_path=f"kuleshov-group/bd3lm-owt-block_size{block}")
    m = v - 1
    x0 = torch.randint(0, m, (batch, n), generator=g).tolist()
    p = [[0.0] * n for _ in range(batch)]
    xt = [list(row) for row in x0]
    for b in range(batch):
        for first in range(0, n, block):
            share = 0.2 + 0.75 * torch.rand(1, generator=g).item()
            for i in range(first, first + block):
                p[b][i] = share
                is_masked = torch.rand(1, generator=g).item() <= share or i == n - 1
                if i > 0 and is_masked:
                    xt[b][i] = m
    allowed = pairs(n, block)
    places = [i % n for i in range(2 * n)]
    train = [net(xt[b] + x0[b], positions=places, allowed=allowed)[:n] for b in range(batch)]
    log_p = [subs(train[b], xt[b]) for b in range(batch)]
    inputs = [[x0[b][:k * block] + xt[b][k * block:(k + 1) * block] for b in range(batch)]
              for k in range(n // block)]
    logits = [[last_block(net, row, block) for row in rows] for rows in inputs]
    t, dt, mass = 0.6, 0.125, 0.7
    shown = xt[0][n - block:]
    q = subs(logits[-1][0], shown).exp()
    step = q * (dt / t)
    step[:, m] = (t - dt) / t
    # Runs whose last point leaves nothing masked, and one short enough to leave some.
    runs = [clear(trajectory(net, g, name, count, n, block, m, 3))
            for name, count in (("first_hitting", 64), ("ddpm", steps), ("ddpm", 3))]
    save(folder, config, w, dict(
        source="plain loops", seed=seed,
        inputs=dict(x0=x0, xt=xt, p=p, block_inputs=inputs, step_t=t, step_dt=dt,
                    nucleus_p=mass),
        outputs=dict(
            train_logits=train, attention_mask=allowed.long(),
            nll=[[-log_p[b][i, x0[b][i]].item() / p[b][i] if xt[b][i] == m else 0
                  for i in range(n)] for b in range(batch)],
            sample_logits=logits, sample_logits_cached=logits, trajectories=runs,
            ddpm_probs=step, nucleus_probs=[nucleus(row, mass) for row in q])))
