#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Measures sampling on one GPU at the text8 shape and at 1024 x 50257, T = 64, 256, 1000 and 4000,
# batch 1 and 64, uniform grid, and beside it, in the same run, a step of torch_sample.py.
# Prints a table and leaves a JSON object a line in OUT (default: sample-bench.jsonl).
#
#   scripts/bench/sample.sh [OUT]
#
# PYTHON is the peer's Python; without a PyTorch on a GPU ours alone is measured. MODE is the peer's way of compiling (a CUDA
# graph for one sequence, else default). DEVICE, PRECISION, RESIDUAL and STEPS="64 256" choose less; REPEATS, the times that
# each is sampled, of which the median is told.
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
root=$(CDPATH='' cd "$(dirname "$0")/../.." && pwd -P)
out=${1:-sample-bench.jsonl}
md4=${MD4:-$root/bin/md4}
python=${PYTHON:-python3}
device=${DEVICE:-gpu}
precision=${PRECISION:-bfloat16}
residual=${RESIDUAL:-$precision}
: >"$out"

# Prints milliseconds a step and gibibytes of the peer, or nothing without one.
peer() { # batch, length, vocabulary
  if "$python" -c 'import torch; assert torch.cuda.is_available()' 2>/dev/null; then
    mode=${MODE:-$([ "$1" = 1 ] && echo reduce-overhead || echo default)}
    "$python" "$root/scripts/bench/torch_sample.py" --batch "$1" --length "$2" --vocabulary "$3" --mode "$mode" |
      sed -n 's/.*: \([0-9.]*\) ms\/step ([^)]*), \([0-9.]*\) GiB.*/\1 \2/p'
  fi
}

printf '%-12s %5s %5s %10s %9s %9s %8s %9s %7s %7s\n' \
  shape batch T 'net calls' 'ms/call' seconds 'seq/s' 'GiB' 'x peer' 'memory'
for shape in text8 1024x50257; do
  if [ $shape = text8 ]; then length=256 vocabulary=27; else length=1024 vocabulary=50257; fi
  for batch in 1 64; do
    # shellcheck disable=SC2046
    set -- $(peer $batch $length $vocabulary)
    ms=${1:-} gib=${2:-}
    [ -z "$ms" ] || echo "$shape, batch $batch: the peer takes $ms ms a step and $gib GiB" >&2
    for steps in ${STEPS:-64 256 1000 4000}; do
      # One sequence alone is over soon: several, one after another, are a steadier measure.
      count=$batch
      [ $batch != 1 ] || count=${ALONE:-4}
      "$md4" bench sample --config "$root/configs/text8.yaml" --set model.length=$length \
        --vocabulary $vocabulary --batch-size $batch --count "$count" --steps "$steps" --grid uniform \
        --precision "$precision" --residual "$residual" --repeats "${REPEATS:-1}" --device "$device" --json \
        ${ms:+--peer-step-ms "$ms"} ${gib:+--peer-gib "$gib"} >>"$out"
      tail -n 1 "$out" | awk -v shape=$shape -v batch=$batch -v steps="$steps" '
        function number(key,  text) {
          if (!match($0, "\"" key "\":[-0-9.eE]+")) return "-"
          text = substr($0, RSTART, RLENGTH); sub(/.*:/, "", text); return text
        }
        function shown(key, format,  value) {
          value = number(key); return value == "-" ? "-" : sprintf(format, value)
        }
        {
          printf "%-12s %5d %5d %10d %9s %9s %8s %9s %7s %7s\n", shape, batch, steps,
            number("networkCalls"), shown("millisecondsACall", "%.3f"), shown("seconds", "%.3f"),
            shown("sequencesPerSecond", "%.4f"), sprintf("%.2f", number("peakBytes") / 1073741824),
            shown("speedRatio", "%.2f"), shown("memoryRatio", "%.3f")
        }'
    done
  done
done
