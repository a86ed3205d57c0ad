#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The band in which bfloat16's training losses lie around float32's.

Reads DIR/KIND-SEED/metrics.jsonl, KIND being float32, default (bfloat16 products, float32 stream) or narrow
(a bfloat16 stream too). A run is compared with the float32 run of its seed, which saw the same batches and masks,
at each step that all runs have logged. In bits per token:

    loss     mean of the float32 runs
    spread   standard deviation between their seeds: what another seed would change
    mean     of |loss - float32's| over the seeds
    max      the largest of them

Below the table, the same over all steps, and the last step's differences with their standard errors.

    scripts/bench/curves.py runs/curves
"""
import argparse
import json
import math
import pathlib
import statistics
import sys

REFERENCE = "float32"
KINDS = ("default", "narrow")
COLUMN = "{:>12}"


def fail(message):
    sys.exit(f"curves.py: {message}")


def training_losses(file):
    """Returns bits per token by step; a resumed run's later line of a step counts."""
    losses = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        try:
            metrics = json.loads(line)
            if metrics["split"] == "train":
                losses[metrics["step"]] = float(metrics["bitsPerToken"])
        except (ValueError, KeyError, TypeError):
            fail(f"{file}, line {number}: not a line of metrics: {line[:60]}")
    if not losses:
        fail(f"{file}: no training losses; train with training.logEvery below training.steps")
    return losses


def runs_of(folder, kind):
    """Returns the losses of a kind's runs by seed."""
    runs = {}
    for file in sorted(folder.glob(f"{kind}-*/metrics.jsonl")):
        seed = file.parent.name[len(kind) + 1:]
        if not seed.isdigit():
            fail(f"{file.parent}: its name is to end with a seed")
        runs[int(seed)] = training_losses(file)
    return dict(sorted(runs.items()))


def paired(kind, runs, reference):
    """Returns the runs that have a partner; says which have none."""
    for seed in sorted(runs.keys() ^ reference.keys()):
        print(f"left out of {kind}: seed {seed}, which only one side has", file=sys.stderr)
    return {seed: losses for seed, losses in runs.items() if seed in reference}


def common_steps(runs):
    steps = set.intersection(*(set(losses) for losses in runs))
    if not steps:
        fail("no step has been logged by all runs; train with one training.logEvery")
    most = max(len(losses) for losses in runs)
    if len(steps) < most:
        print(f"only {len(steps)} of {most} logged steps are in all runs", file=sys.stderr)
    return sorted(steps)


def differences(runs, reference, step):
    return [losses[step] - reference[seed][step] for seed, losses in runs.items()]


def spread(values):
    return statistics.stdev(values) if len(values) > 1 else math.nan


def number(value):
    return "-" if math.isnan(value) else f"{value:.5f}"


def row(*cells):
    print("".join(COLUMN.format(cell) for cell in cells))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="DIR", type=pathlib.Path)
    folder = parser.parse_args().folder
    reference = runs_of(folder, REFERENCE)
    if not reference:
        fail(f"{folder}: no {REFERENCE}-SEED/metrics.jsonl")
    kinds = {kind: paired(kind, runs, reference) for kind in KINDS if (runs := runs_of(folder, kind))}
    kinds = {kind: runs for kind, runs in kinds.items() if runs}
    if not kinds:
        fail(f"{folder}: no run of {' or '.join(KINDS)} has a seed of a {REFERENCE} run")
    steps = common_steps([*reference.values(), *(losses for runs in kinds.values() for losses in runs.values())])
    report(reference, kinds, steps)


def report(reference, kinds, steps):
    print(f"{REFERENCE}: seeds {' '.join(map(str, reference))}")
    for kind, runs in kinds.items():
        print(f"{kind}: seeds {' '.join(map(str, runs))}")
    row("", "", "", *(cell for kind in kinds for cell in (kind, "")))
    row("step", "loss", "spread", *("mean", "max") * len(kinds))
    lines = [line(reference, kinds, step) for step in steps]
    for step, cells in zip(steps, lines):
        row(step, *map(number, cells))
    columns = list(zip(*lines))
    row("mean", *(number(statistics.fmean(column)) for column in columns))
    row("largest", *(number(max(column)) for column in columns))
    print(f"at step {steps[-1]}, less {REFERENCE}, with standard error:")
    for kind, runs in kinds.items():
        last = differences(runs, reference, steps[-1])
        error = spread(last) / math.sqrt(len(last))
        row(kind, f"{statistics.fmean(last):+.5f}", "+-", number(error), f"{len(last)} seeds")


def line(reference, kinds, step):
    losses = [run[step] for run in reference.values()]
    cells = [statistics.fmean(losses), spread(losses)]
    for runs in kinds.values():
        sizes = [abs(difference) for difference in differences(runs, reference, step)]
        cells += [statistics.fmean(sizes), max(sizes)]
    return cells


if __name__ == "__main__":
    main()
