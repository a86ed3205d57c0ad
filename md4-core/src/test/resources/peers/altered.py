# SPDX-License-Identifier: Apache-2.0
"""Writes folders of the form of sedd and d3pm here, with other numbers: losses and steps by plain loops in float64.

    python3 altered.py TO [--seeds 1 2 3 4 5]

needs Python alone. What a loss or a step is was written down from the published formulas a second time, sum by sum,
without the code that is tested; each seed makes other sizes, times, masks and scores, from nearly even to extreme.
-Dmd4.golden.peers=TO runs them.
"""
import argparse
import json
import math
import os
import random

EPSILON = 1e-3


def sigma(t):
    return -math.log(1 - (1 - EPSILON) * t)


def dsigma(t):
    return (1 - EPSILON) / (1 - (1 - EPSILON) * t)


def tokens(rng, batch, length, mask):
    x0 = [[rng.randrange(mask) for _ in range(length)] for _ in range(batch)]
    xt = [[mask if rng.random() < 0.6 else x for x in row] for row in x0]
    xt[0][rng.randrange(length)] = mask  # the steps are those of the first
    return x0, xt


def sedd(rng, batch, length, words, scale):
    """The score entropy of SEDD with an absorbing state, and its steps (arXiv 2310.16834)."""
    mask = words
    x0, xt = tokens(rng, batch, length, mask)
    times = [rng.uniform(0.02, 0.98) for _ in range(batch)]
    log_score, entropy, loss = [], [], []
    for b in range(batch):
        noise = sigma(times[b])
        ratio = 1 / math.expm1(noise)
        rows, values, total = [], [], 0.0
        for n in range(length):
            row = []
            for _ in range(words + 1):
                row.append(rng.gauss(0, scale) - math.log(math.expm1(noise)) - math.log(words))
            row[xt[b][n]] = 0.0
            value = 0.0
            if xt[b][n] == mask:
                for v in range(words):
                    value += math.exp(row[v])
                value -= ratio * row[x0[b][n]]
                value += ratio * (math.log(ratio) - 1)
            rows.append(row)
            values.append(value)
            total += dsigma(times[b]) * value
        log_score.append(rows)
        entropy.append(values)
        loss.append(total)
    t = times[0]
    dt = rng.uniform(0.1, 0.9) * t
    delta = sigma(t) - sigma(t - dt)
    euler, analytic, last = [], [], []
    for n in range(length):
        score = [math.exp(s) for s in log_score[0][n]]
        if xt[0][n] != mask:
            one = [1.0 if v == xt[0][n] else 0.0 for v in range(words + 1)]
            euler.append(one)
            analytic.append(one)
            last.append(one[:words])
            continue
        step = [dt * dsigma(t) * score[v] for v in range(words)]
        euler.append(step + [1 - sum(step)])
        # The staggered score, times the transition from the mask.
        analytic.append(staggered(score, delta, mask))
        last.append(staggered(score, sigma(t), mask)[:words])
    grid = [i / 10 for i in range(11)]
    return {
        "inputs": {"x0": x0, "xt": xt, "t": times, "step_dt": dt, "t_grid": grid},
        "outputs": {
            "sigma": [sigma(t) for t in times],
            "dsigma": [dsigma(t) for t in times],
            "log_score": log_score,
            "score_entropy": entropy,
            "loss": loss,
            "euler_probs": euler,
            "analytic_probs": analytic,
            "denoiser_probs": last,
            "sigma_grid": [sigma(t) for t in grid],
            "dsigma_grid": [dsigma(t) for t in grid],
        },
    }


def staggered(score, delta, mask):
    sums = 0.0
    for value in score:
        sums += value
    row = [value * math.exp(delta) for value in score]
    row[mask] += (1 - math.exp(delta)) * sums
    for v in range(len(row)):
        row[v] *= (math.exp(-delta) if v == mask else 0.0) + 1 - math.exp(-delta)
    return row


def log_softmax(row):
    most = max(row)
    log_sum = most + math.log(sum(math.exp(value - most) for value in row))
    return [value - log_sum for value in row]


def step_bound(log_p, x, t, steps, mask):
    """T times the divergence of the step from t, of a network with a class for the mask (arXiv 2107.03006)."""
    dt = 1 / steps
    p_mask = math.exp(log_p[mask])
    here = math.log((1 - t) * p_mask / t + 1)
    before = math.log((1 - t + dt) * p_mask / (t - dt) + 1)
    return steps * (dt / t * (here - log_p[x]) + (1 - dt / t) * (here - before))


def d3pm(rng, batch, length, words, scale, steps):
    mask = words
    x0, xt = tokens(rng, batch, length, mask)
    times = [rng.randrange(2, steps) / steps for _ in range(batch)]
    out = {"log_probs": [], "vb": [], "log_probs_subs_masking": [], "vb_subs_masking": []}
    for name, forbidden in (("", 0.0), ("_subs_masking", -1e6)):
        for b in range(batch):
            rows, bounds = [], []
            for n in range(length):
                logits = random.Random(f"{b} {n} {words}").choices(range(-100, 101), k=words + 1)
                row = [scale * logit / 50 for logit in logits]
                row[mask] += forbidden
                log_p = log_softmax(row)
                rows.append(log_p)
                masked = xt[b][n] == mask
                bounds.append(step_bound(log_p, x0[b][n], times[b], steps, mask) if masked else 0.0)
            out["log_probs" + name].append(rows)
            out["vb" + name].append(bounds)
    out["edge_vb_is_nan"] = True
    inputs = {"x0": x0, "xt": xt, "T": steps, "t": times, "edge_t": 1 / steps}
    return {"inputs": inputs, "outputs": out}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("to")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    options = parser.parse_args()
    for seed in options.seeds:
        rng = random.Random(seed)
        sizes = rng.randrange(1, 5), rng.randrange(2, 20), rng.randrange(2, 90)
        scale = rng.choice([0.01, 1.0, 3.0])
        cases = {
            "sedd": sedd(rng, *sizes, scale),
            "d3pm": d3pm(rng, *sizes, scale, rng.choice([3, 10, 1000])),
        }
        for family, case in cases.items():
            folder = os.path.join(options.to, f"{family}-{seed}")
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, "expected.json"), "w") as file:
                json.dump({"family": family, **case}, file)


if __name__ == "__main__":
    main()
