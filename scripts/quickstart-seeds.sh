#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Trains the quickstart model with several seeds. Prints for each the bits a word on test, how far they are above the
# floor, and how many of 200 exact samples the source of the corpus can emit.
#
#   scripts/quickstart-seeds.sh [--set KEY=VALUE ...]      options are those of md4 train
#
# In the environment: SEEDS (1 2 3 4 5); MD4, the command (bin/md4); RUNS, the folder of the runs (runs/quickstart-seeds);
# DATA, the corpus (data/quickstart); COUNT, samples a seed (200).
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu

# One thread, so that the result does not depend on the number of cores, and so small a network's threads need not
# wait for each other.
threads="--threads 1"
for word; do
  case $word in --threads*) threads= ;; esac
done
CDPATH='' cd "$(dirname "$0")/.."
md4=${MD4:-bin/md4}
data=${DATA:-data/quickstart}
runs=${RUNS:-runs/quickstart-seeds}

[ -e "$data/test.bin" ] || "$md4" data quickstart --out "$data" >&2
for seed in ${SEEDS:-1 2 3 4 5}; do
  run=$runs/$seed
  [ ! -e "$run/model" ] || [ $# -eq 0 ] ||
    echo "scripts/quickstart-seeds.sh: $run is finished: $* has no effect on it; RUNS=FOLDER names other runs" >&2
  # shellcheck disable=SC2086
  [ -e "$run/model" ] || "$md4" train --config configs/quickstart.yaml --resume-or-start $threads --set "training.seed=$seed" \
    --set "run=$run" --set "data.train=$data/train.bin" --set "data.evaluate=[$data/valid.bin]" "$@" >&2
  bits=$("$md4" evaluate --model "$run" --data "$data/test.bin" --passes 4 |
    sed -n 's/^bits per word *//p; s/^above the floor *\([0-9.-]*\).*/\1 above the floor/p' | paste -s -d, -)
  "$md4" sample --model "$run" --count "${COUNT:-200}" --seed "$seed" --json >"$run/samples.jsonl"
  possible=$("$md4" quality --samples "$run/samples.jsonl" --reference "$data/test.bin" |
    sed -n 's/^possible *\([0-9,]* of [0-9,]*\).*/\1/p')
  echo "seed $seed: $bits; possible $possible"
done
