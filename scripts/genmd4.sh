#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compares MD4, GenMD4, and MD4 with two masked samples a step (GenMD4 sees two): same seeds, same data,
# per-chunk losses written, differences with intervals. docs/genmd4.md says more.
#
#   scripts/genmd4.sh STAGE... [--set KEY=VALUE ...]
#
# A stage needs those before it; what is there is not made again, and a run that was cut goes on:
#   data        text8's files from TEXT
#   tiny        text8-tiny of each kind and seed, JOBS at a time, and their losses on valid
#   short       text8-short of each kind, SHORT_STEPS steps, and their losses on valid
#   bench       the time of a step of text8-short, GenMD4 against MD4
#   compare     differences in pairs of equal seeds, with intervals; needs no GPU
#   understand  learned powers printed, plotted and watched for over-fitting; samples of each kind
# What follows the stages goes to training and bench.
#
#   TEXT="FILE..."         text8, or its parts in order
#   DATA=data/text8        has train.bin and valid.bin
#   RUNS=runs/genmd4       model folders
#   OUT=$RUNS/results      losses, tables, JSON and pictures
#   KINDS="md4 genmd4 md4x2", SEEDS="42 43 44 45 46" (text8-short has the first), JOBS=8, SHORT_STEPS=600
#   WEIGHTS=raw            which weights are compared
#   PASSES=2, BATCH=512    times and masks for each chunk; chunks at once
#   CHUNKS=4096            of each split, watched for over-fitting
#   SAMPLES=4, STEPS=1000  how many are drawn of each kind, and how
#   BENCH_STEPS=20
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
here=$(dirname "$0")
md4=${MD4:-$here/../bin/md4}
data=${DATA:-data/text8}
runs=${RUNS:-runs/genmd4}
out=${OUT:-$runs/results}
kinds=${KINDS:-md4 genmd4 md4x2}
seeds=${SEEDS:-42 43 44 45 46}
short_seed=${seeds%% *}
weights=${WEIGHTS:-raw}
export MD4="$md4" DATA="$data" RUNS="$runs" OUT="$out"
mkdir -p "$runs" "$out"

# Prints what makes a configuration one of a kind.
settings() { # kind
  case $1 in
    md4) ;;
    genmd4) echo "--set model.schedule=learned(1) --set training.samples=2" ;;
    md4x2) echo "--set training.samples=2" ;;
    *) echo "genmd4.sh: a kind is md4, genmd4 or md4x2: $1" >&2 && exit 2 ;;
  esac
}

train() { # config, kind, seed, more sets
  name=$1-$2-$3
  config=$here/../configs/$1.yaml
  sets=$(settings "$2") || return
  seed=$3
  shift 3
  if [ -e "$runs/$name/model" ]; then
    return
  fi
  resume=
  if [ -n "$(ls "$runs/$name/checkpoints" 2>/dev/null)" ]; then
    resume=--resume
  fi
  # shellcheck disable=SC2086
  "$md4" train --config "$config" $resume --set run="$runs/$name" --set training.seed="$seed" \
    --set data.train="$data/train.bin" --set data.evaluate="[]" --set sampling.count=0 $sets "$@"
}

evaluate() { # name
  if [ -e "$out/$1.csv" ]; then
    return
  fi
  "$md4" evaluate --model "$runs/$1" --weights "$weights" --data "$data/valid.bin" \
    --passes "${PASSES:-2}" --seed 1 --batch-size "${BATCH:-512}" --losses "$out/$1.csv.part" \
    --json >"$out/$1.json"
  mv "$out/$1.csv.part" "$out/$1.csv"
}

# A run and its losses.
one() { # config, kind, seed, more sets
  run=$1-$2-$3
  if ! { train "$@" && evaluate "$run"; } >"$out/$run.log" 2>&1; then
    echo "genmd4.sh: $run failed: $(tail -1 "$out/$run.log")" >&2
    return 1
  fi
  echo "$run: $(sed 's/.*"bitsPerToken":\([0-9.]*\).*/\1/' "$out/$run.json") bits per character"
}

# Each run is a process of its own, on a core or two.
tiny() { # more sets
  for seed in $seeds; do
    for kind in $kinds; do
      echo text8-tiny "$kind" "$seed" "$@" # no blank at the end, which would join the next line
    done
  done | OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} xargs -P "${JOBS:-8}" -L 1 sh "$0" one
}

short() { # more sets
  for kind in $kinds; do
    one text8-short "$kind" "$short_seed" --set training.steps="${SHORT_STEPS:-600}" \
      --set checkpoints.every=100 "$@"
  done
}

# Ratios of the second time of each: the first one warms the card and the files.
bench() { # more sets
  for turn in 1 2; do
    for kind in md4 genmd4; do
      earlier=
      if [ $kind = genmd4 ]; then
        earlier="--compare $out/bench-md4-$turn.json"
      fi
      # shellcheck disable=SC2046,SC2086
      "$md4" bench train --config "$here/../configs/text8-short.yaml" --vocabulary 27 --json $earlier \
        --steps "${BENCH_STEPS:-20}" $(settings $kind) "$@" >"$out/bench-$kind-$turn.json"
    done
  done
  echo "GenMD4 to MD4: $(sed 's/.*"ratios":{\([^}]*\)}.*/\1/' "$out/bench-genmd4-2.json")"
}

# Prints, with commas between, losses of text8-tiny that both kinds have.
pairs() { # kind, other kind
  list=
  for seed in $seeds; do
    if [ -e "$out/text8-tiny-$1-$seed.csv" ] && [ -e "$out/text8-tiny-$2-$seed.csv" ]; then
      list=$list,$out/text8-tiny-$1-$seed.csv
    fi
  done
  echo "${list#,}"
}

# Compares files of one kind with those of another.
difference() { # name of the result, kind, other kind, files
  if [ -n "$4" ]; then
    other=$(echo "$4" | sed "s/-$2-\([0-9]*\)\.csv/-$3-\1.csv/g")
    echo "== $1: $2 less $3"
    "$md4" compare --first "$4" --second "$other"
    "$md4" compare --first "$4" --second "$other" --json >"$out/$1-$2-less-$3.json"
  fi
}

compare() { # kind, other kind
  difference text8-tiny "$1" "$2" "$(pairs "$1" "$2")"
  short_losses=$out/text8-short-$1-$short_seed.csv
  if [ -e "$short_losses" ] && [ -e "$out/text8-short-$2-$short_seed.csv" ]; then
    difference text8-short "$1" "$2" "$short_losses"
  fi
}

compare_all() {
  compare genmd4 md4
  compare genmd4 md4x2
  compare md4x2 md4
}

powers() { # name
  "$md4" schedule --model "$runs/$1" --weights "$weights" --top 27 \
    --train "$data/train.bin" --valid "$data/valid.bin" --chunks "${CHUNKS:-4096}" \
    --batch-size "${BATCH:-512}" >"$out/$1-powers.txt"
  echo "== $1" && cat "$out/$1-powers.txt"
  # A Java of a server may have no fonts.
  "$md4" schedule --model "$runs/$1" --weights "$weights" --plot "$out/$1-powers.png" >/dev/null ||
    echo "genmd4.sh: the powers of $1 are not plotted; going on" >&2
}

sample() { # name
  "$md4" sample --model "$runs/$1" --weights "$weights" --count "${SAMPLES:-4}" \
    --steps "${STEPS:-1000}" --seed 1 >"$out/$1-samples.txt"
  echo "== $1" && cat "$out/$1-samples.txt"
}

understand() {
  for config in text8-tiny text8-short; do
    for kind in $kinds; do
      run=$config-$kind-$short_seed
      if [ -e "$runs/$run/model" ]; then
        sample "$run"
        case $kind in
          genmd4) powers "$run" ;;
        esac
      fi
    done
  done
}

make_data() {
  if [ ! -e "$data/test.bin" ]; then
    # shellcheck disable=SC2086
    "$md4" data text8 --from ${TEXT:?names the files of text8, in order} --out "$data"
  fi
}

if [ "${1:-}" = one ]; then
  shift
  one "$@"
  exit
fi
stages=
while [ $# -gt 0 ] && [ "$1" != --set ]; do
  stages="$stages $1"
  shift
done
for stage in $stages; do
  case $stage in
    data) make_data ;;
    tiny) tiny "$@" ;;
    short) short "$@" ;;
    bench) bench "$@" ;;
    compare) compare_all ;;
    understand) understand ;;
    *) echo "genmd4.sh: no such stage: $stage" >&2 && exit 2 ;;
  esac
done
