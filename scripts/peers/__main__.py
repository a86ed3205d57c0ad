# SPDX-License-Identifier: Apache-2.0
"""Writes a folder of published models in other sizes, with what plain loops say of each of them.

    python3 scripts/peers FOLDER [--seed 1] [--only mdlm sedd]

needs torch and safetensors (CPU). The networks, losses, steps and samplers were written down from the description of
the published models, one sequence at a time in float64, without the code that is tested and without the authors'.
-Dmd4.golden.peers=FOLDER runs the tests of published models on it.
"""
import argparse
import pathlib

import torch

from bd3lm import bd3lm
from dream import dream
from llada import a2d, llada
from radd import radd
from scored import d3pm, mdlm, sedd

# d, heads, blocks, cond, V, batch, L, steps
CASES = {
    "mdlm": [lambda *at: mdlm(*at, False, 24, 3, 3, 10, 41, 3, 7, 5),
             lambda *at: mdlm(*at, True, 40, 2, 1, 24, 70, 2, 12, 8)],
    "d3pm": [lambda *at: d3pm(*at, 24, 3, 2, 12, 37, 3, 9, 20),
             lambda *at: d3pm(*at, 16, 1, 3, 128, 29, 2, 5, 8)],
    "sedd": [lambda *at: sedd(*at, False, 24, 3, 3, 12, 33, 3, 7, 5),
             lambda *at: sedd(*at, True, 40, 5, 1, 20, 80, 2, 11, 9)],
    "radd": [lambda *at: radd(*at, 24, 3, 3, 37, 3, 9, 5),
             lambda *at: radd(*at, 40, 2, 1, 70, 2, 13, 8)],
    "bd3lm": [lambda *at: bd3lm(*at, 24, 3, 2, 16, 43, 2, 15, 5, 9),
              lambda *at: bd3lm(*at, 32, 2, 1, 24, 66, 1, 16, 8, 20),
              lambda *at: bd3lm(*at, 16, 2, 3, 10, 31, 3, 9, 3, 5)],
    # tied, d, heads, kv, mlp, layers, rows, words, base, eps, batch, L, side of the padding
    "llada": [lambda *at: llada(*at, True, 24, 3, 1, 40, 3, 83, 75, 1e4, 1e-6, 3, 11, "right"),
              lambda *at: llada(*at, False, 40, 5, 5, 24, 1, 75, 75, 5e5, 1e-5, 2, 7, "left"),
              lambda *at: llada(*at, False, 48, 6, 2, 56, 2, 80, 77, 2e4, 1e-5, 2, 13, "left", 3)],
    "dream": [lambda *at: dream(*at, 48, 6, 1, 40, 3, 75, 1e5, 1e-6, 3, 10),
              lambda *at: dream(*at, 24, 2, 2, 32, 1, 75, 1e6, 1e-5, 2, 9)],
    # tied, stored
    "a2d": [lambda *at: a2d(*at, True, False, 24, 3, 3, 32, 2, 90, 1e6, 1e-6, 2, 9),
            lambda *at: a2d(*at, True, True, 32, 2, 1, 72, 3, 75, 1e4, 1e-5, 3, 8),
            lambda *at: a2d(*at, False, False, 40, 5, 1, 24, 1, 80, 1e5, 1e-6, 2, 12)],
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES))
    given = parser.parse_args()
    for family in given.only:
        for i, case in enumerate(CASES[family]):
            seed = 1000 * given.seed + i
            case(given.folder / f"{family}-{i}", torch.Generator().manual_seed(seed), seed)
            print(f"{family}-{i}", flush=True)


if __name__ == "__main__":
    main()
