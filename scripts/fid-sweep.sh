#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The paper's table of FID by the number of steps: draws images from a model at each number of steps and on each grid
# and compares them with a reference; a line of JSON for each in MODEL/fid.jsonl.
#
#   scripts/fid-sweep.sh MODEL REFERENCE.bin FEATURES
#
# MODEL is a run. For the paper's four rows: a model of the linear schedule gives "linear" (uniform grid) and "linear,
# cosine grid" (cosine); a model of the cosine schedule gives "cosine" (GRIDS=uniform), and so does a class-conditional
# one. STEPS are the numbers of steps, COUNT the images (the paper's 50,000), GUIDANCE the scale of classifier-free
# guidance, FLAGS more words for md4 evaluate fid. Images that were drawn before are taken as they are.
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
model=$1
reference=$2
features=$3
md4=${MD4:-$(dirname "$0")/../bin/md4}
device=${DEVICE:-}
count=${COUNT:-50000}
guidance=${GUIDANCE:-1}
precision=${PRECISION:-float32}
for grid in ${GRIDS:-uniform cosine}; do
  for steps in ${STEPS:-64 128 256 512}; do
    samples=$model/fid/$grid-$steps-guidance-$guidance-$count-$precision.bin
    [ -e "$samples" ] || "$md4" sample-images --model "$model" --count "$count" --steps "$steps" \
      --grid "$grid" --seed 7 --batch-size "${BATCH:-250}" --guidance "$guidance" --out "$samples" \
      --precision "$precision" ${device:+--device "$device"} >&2
    # shellcheck disable=SC2086
    result=$("$md4" evaluate fid --samples "$samples" --reference "$reference" --features "$features" --json \
      ${device:+--device "$device"} ${FLAGS:-})
    echo "{\"grid\":\"$grid\",\"steps\":$steps,\"guidance\":$guidance,\"result\":$result}" >>"$model/fid.jsonl"
    echo "$grid grid, $steps steps: $(echo "$result" | sed 's/.*"frechetDistance":\([0-9.eE+-]*\).*/\1/')" \
      "$(echo "$result" | sed -n 's/.*"labelsMatched":\([0-9]*\).*/(\1 labels matched)/p')"
  done
done
