#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Measures a call of the network in every kind of sampling, infilling and scoring on one GPU: at the
# text8 shape and at 1024 x 50257, one sequence and 64. Prints a table and leaves a JSON object a
# line in OUT (default: samplers-bench.jsonl).
#
#   scripts/bench/samplers.sh [OUT]
#
# "sequences" is how many took part in a call on average, "x first" the milliseconds by those of the
# first row of the shape. The last row is guidance by the class, which image networks have. DEVICE,
# PRECISION, RESIDUAL, STEPS (64), REPEATS (1), CONFIG (configs/text8.yaml), IMAGES (configs/mnist.yaml),
# SHAPES="256x27 1024x50257", BATCHES="1 64" and ONLY="ancestral score" choose others or less; MORE is
# passed on to every command but that of images.
set -eu
root=$(CDPATH='' cd "$(dirname "$0")/../.." && pwd -P)
out=${1:-samplers-bench.jsonl}
md4=${MD4:-$root/bin/md4}
config=${CONFIG:-$root/configs/text8.yaml}
device=${DEVICE:-gpu}
precision=${PRECISION:-bfloat16}
residual=${RESIDUAL:-$precision}
steps=${STEPS:-64}
: >"$out"

# Prints a row of the last line of OUT.
row() { # name
  tail -n 1 "$out" | awk -v name="$1" -v shape="$shape" -v batch="$batch" -v first="$first" '
    function number(key,  text) {
      if (!match($0, "\"" key "\":[-0-9.eE]+")) return "-"
      text = substr($0, RSTART, RLENGTH); sub(/.*:/, "", text); return text
    }
    {
      ms = number("millisecondsACall"); calls = number("networkCalls"); own = number("sequenceCalls")
      printf "%-12s %5d  %-26s %9d %9s %9.3f %8.2f %9.3f %9.3f %7.2f\n", shape, batch, name, calls,
        own == "-" ? "-" : sprintf("%.1f", own / calls), ms, first == "" ? 1 : ms / first,
        number("seconds"), number("sequencesPerSecond"), number("peakBytes") / 1073741824
    }'
  [ -n "$first" ] || first=$(sed -n 's/.*"millisecondsACall":\([0-9.eE-]*\).*/\1/p' "$out" | tail -n 1)
}

# Measures once, and prints a row.
measure() { # name, command, options
  name=$1 command=$2
  shift 2
  case " ${ONLY:-$name} " in *" $name "*) ;; *) return 0 ;; esac
  # shellcheck disable=SC2086
  "$md4" bench "$command" --config "$config" --set model.length=$length --vocabulary $vocabulary \
    --batch-size $batch --count $count --precision "$precision" --residual "$residual" \
    --repeats "${REPEATS:-1}" --device "$device" --json "$@" ${MORE:-} >>"$out"
  row "$name"
}

printf '%-12s %5s  %-26s %9s %9s %9s %8s %9s %9s %7s\n' \
  shape batch method 'net calls' sequences 'ms/call' 'x first' seconds 'seq/s' GiB
for shape in ${SHAPES:-256x27 1024x50257}; do
  length=${shape%x*} vocabulary=${shape#*x}
  for batch in ${BATCHES:-1 64}; do
    first='' count=$batch
    each=$(((length + steps - 1) / steps)) # tokens a step of an order
    grid="--steps $steps --grid uniform"
    # shellcheck disable=SC2086
    {
      measure ancestral sample $grid
      measure ancestral-temperature sample $grid --temperature 0.8
      measure ancestral-top-p sample $grid --top-p 0.9
      measure mean sample $grid
      measure confidence sample --sampler confidence --tokens-per-step $each
      measure random-order sample --sampler random-order --tokens-per-step $each
      measure remask-cap sample $grid --sampler remask-cap
      measure remask-confidence sample $grid --sampler remask-confidence
      measure genmd4 sample $grid --set 'model.schedule=learned(1)' --set training.samples=2
      measure llada sample --steps $steps --sampler llada --block $length
      measure llada-prompt-guidance sample --steps $steps --sampler llada --block $length --given 0.25 --prompt-guidance 1
      measure dream-entropy sample --steps $steps --sampler dream-entropy
      measure infill sample $grid --given 0.5
    }
    count=$((batch * 16))
    measure score evaluate
    measure score-genmd4 evaluate --set 'model.schedule=learned(1)' --set training.samples=2
  done
done
