#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Times two builds by turns on one device: training at two shapes and sampling at two batch sizes.
# BEFORE and AFTER are checkouts with a built md4 (mvn -Pcuda -Dmaven.test.skip=true package).
#
#   scripts/bench/turns.sh BEFORE AFTER [ROUNDS]
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
before=$1
after=$2
rounds=${3:-4}
narrow="--config configs/text8.yaml --set training.residual=bfloat16 --set training.emaRate=0"
owt="--set model.length=1024 --set model.network.embedding=inside --set training.batchSize=32 --set training.microBatch=32 --vocabulary 50257"
sample="--config configs/text8.yaml --precision bfloat16"
round=1
while [ "$round" -le "$rounds" ]; do
  for build in "$before" "$after"; do
    # shellcheck disable=SC2086
    (
      cd "$build"
      echo "== $build, round $round"
      bin/md4 bench train $narrow $owt | grep -E 'tokens/s|memory'
      bin/md4 bench train $narrow --steps 20 | grep -E 'tokens/s|memory'
      bin/md4 bench sample $sample --steps 200 --count 1 --batch-size 1 | grep -E 'time|sequences/s'
      bin/md4 bench sample $sample --steps 64 --count 64 --batch-size 64 | grep -E 'time|sequences/s'
    )
  done
  round=$((round + 1))
done
