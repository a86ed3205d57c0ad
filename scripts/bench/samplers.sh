#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Measures a call of the network in every kind of sampling, infilling and scoring on one GPU: at the
# text8 shape and at 1024 x 50257, one sequence and 64. Prints a table and leaves a JSON object a
# line in OUT (default: samplers-bench.jsonl). All run in one process, so that the memory in OUT is
# the most of all so far.
#
#   scripts/bench/samplers.sh [OUT]
#
# "sequences" is how many took part in a call on average, "x first" the milliseconds by those of the
# first row of the shape. Guidance by the class, which image networks alone have, is measured at
# IMAGES (configs/mnist.yaml). DEVICE, PRECISION, RESIDUAL, STEPS (64), ORDERED (16, the steps of the
# samplers that ask for all masks), REPEATS (5 of one sequence, else 1), CONFIG (configs/text8.yaml),
# SHAPES="256x27 1024x50257" and BATCHES="1 64" choose others or less; MORE is passed on to every
# command but those of images, CLASSES is the class path.
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
root=$(CDPATH='' cd "$(dirname "$0")/../.." && pwd -P)
out=${1:-samplers-bench.jsonl}
config=${CONFIG:-$root/configs/text8.yaml}
images=${IMAGES:-$root/configs/mnist.yaml}
classes=${CLASSES:-$root/md4-cli/target/md4-cli.jar}
device=${DEVICE:-gpu}
precision=${PRECISION:-bfloat16}
residual=${RESIDUAL:-$precision}
steps=${STEPS:-64}
ordered=${ORDERED:-16}
grid="--steps $steps --grid uniform"
learned="--set model.schedule=learned(1) --set training.samples=2"
: >"$out"

# Prints a command behind its name.
measure() { # name, command, options
  name=$1 command=$2
  shift 2
  printf '%s %s %s\tbench %s --json --device %s --precision %s --residual %s --repeats %s --batch-size %s --count %s %s\n' \
    "$shape" "$batch" "$name" "$command" "$device" "$precision" "$residual" "${REPEATS:-$repeats}" "$batch" "$count" "$*"
}

text() { # name, command, options
  name=$1 command=$2
  shift 2
  measure "$name" "$command" --config "$config" --set "model.length=${shape%x*}" \
    --vocabulary "${shape#*x}" "$@" "${MORE:-}"
}

commands() {
  for shape in ${SHAPES:-256x27 1024x50257}; do
    length=${shape%x*}
    each=$(((length + ordered - 1) / ordered)) # tokens that an order reveals at a step
    llada="--sampler llada --steps $ordered --block $length"
    for batch in ${BATCHES:-1 64}; do
      count=$batch repeats=1
      [ "$batch" -gt 1 ] || repeats=5
      # shellcheck disable=SC2086
      {
        text ancestral sample $grid
        text temperature sample $grid --temperature 0.8
        text top-p sample $grid --top-p 0.9
        text mean sample $grid
        text confidence sample --sampler confidence --tokens-per-step $each
        text random-order sample --sampler random-order --tokens-per-step $each
        text remask-cap sample $grid --sampler remask-cap
        text remask-confidence sample $grid --sampler remask-confidence
        text genmd4 sample $grid $learned
        text llada sample $llada
        text llada-given sample $llada --given 0.25
        text llada-prompt-guidance sample $llada --given 0.25 --prompt-guidance 1
        text dream-origin sample --sampler dream-origin --steps $steps
        text dream-entropy sample --sampler dream-entropy --steps $ordered
        text infill sample $grid --given 0.5
        count=$((batch * 16))
        text score evaluate
        text score-genmd4 evaluate $learned
      }
    done
  done
  shape=images
  for batch in ${BATCHES:-1 64}; do
    count=$batch repeats=1
    # shellcheck disable=SC2086
    {
      measure class sample --config "$images" $grid
      measure class-guidance sample --config "$images" $grid --guidance 2
    }
  done
}

printf '%-12s %5s  %-22s %9s %9s %9s %8s %9s %9s\n' \
  shape batch method 'net calls' sequences ms/call 'x first' seconds seq/s
export OPT_OUT_TRACKING=true
# A row of the table: its name, the JSON object and the milliseconds of the shape's first row.
row() {
  printf '%s\t%s\t%s\n' "$1" "$2" "$3" | awk -F '\t' '
    function number(key,  text) {
      if (!match($2, "\"" key "\":[-0-9.eE]+")) return "-"
      text = substr($2, RSTART, RLENGTH); sub(/.*:/, "", text); return text
    }
    {
      split($1, name, " ")
      ms = number("millisecondsACall"); calls = number("networkCalls"); own = number("sequenceCalls")
      printf "%-12s %5d  %-22s %9d %9s %9.3f %8.2f %9.3f %9.3f\n", name[1], name[2], name[3], calls,
        own == "-" ? "-" : sprintf("%.1f", own / calls), ms, ms / $3, number("seconds"),
        number("sequencesPerSecond")
    }'
}

# A shell knows the exit code of the last program of a pipe alone, so Java's goes into a file.
ended=$(mktemp)
trap 'rm -f "$ended"' EXIT

# awk may keep what it reads from a pipe until there is much of it, so each row has one of its own.
place=
commands | {
  java -cp "$classes" "$root/scripts/bench/Commands.java" || echo "$?" >"$ended"
} | while IFS='	' read -r name json; do
  printf '%s\n' "$json" >>"$out"
  if [ "${name% *}" != "$place" ]; then
    place=${name% *}
    first=$(printf '%s\n' "$json" | sed 's/.*"millisecondsACall":\([-0-9.eE]*\).*/\1/')
  fi
  row "$name" "$json" "$first"
done
if [ -s "$ended" ]; then
  code=$(cat "$ended")
  echo "samplers.sh: Java ended with $code; $out has what was measured before" >&2
  exit "$code"
fi
