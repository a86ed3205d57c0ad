#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Trains a text8 configuration on a GPU, then scores both sets of weights on both held-out splits and
# prints samples. docs/lab/results.md says what to expect.
#
#   scripts/text8.sh CONFIG RUN FILE...
#
# CONFIG is a file of configs/, RUN the run's folder, FILE... text8.zip, or text8 in parts in order.
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
config=$1
run=$2
shift 2
md4=${MD4:-$(dirname "$0")/../bin/md4}
data=${DATA:-data/text8}

if [ ! -e "$data/test.bin" ]; then
  "$md4" data text8 --from "$@" --out "$data"
fi
"$md4" train --config "$config" --set run="$run" --set data.train="$data/train.bin" \
  --set data.evaluate="[$data/valid.bin]"
for split in valid test; do
  for weights in raw ema; do
    "$md4" evaluate --model "$run" --data "$data/$split.bin" --weights $weights --passes 2 \
      --batch-size 512 --precision bfloat16
  done
done
"$md4" sample --model "$run" --weights raw --count 4 --steps 1000 --precision bfloat16
