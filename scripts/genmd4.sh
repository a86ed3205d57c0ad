#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compares MD4, GenMD4, and MD4 with two masked samples a step (GenMD4 sees two): same seeds, same data,
# per-chunk losses written, differences with intervals. docs/genmd4.md says what to expect.
#
#   scripts/genmd4.sh STAGE OUT [--set KEY=VALUE ...]
#
# STAGE is one of these; each leaves what the next needs in OUT, and runs that are there are not made again:
#   train KIND     text8-tiny of a kind (md4, genmd4 or md4x2), a run for each seed
#   short KIND     text8-short of a kind, once, for SHORT_STEPS steps
#   evaluate       losses of all runs on the validation split
#   compare        differences in pairs of equal seeds, and their means
#   powers         learned powers of the GenMD4 runs, printed, plotted, watched for over-fitting
#   sample         samples of each kind
#   all            everything
# The rest goes to md4 train.
#
#   DATA=data/text8        has train.bin and valid.bin
#   SEEDS="42 43 44 45 46" of text8-tiny; text8-short has the first
#   SHORT_STEPS=600
#   WEIGHTS=raw            which weights are compared
#   PASSES=2               times and masks for each chunk
#   MORE=                  options for evaluations and samples, as --precision bfloat16
#   SAMPLES=4, STEPS=1000  how many are drawn of each kind, and how
set -eu
stage=$1
case $stage in
  train | short) kind=$2 out=$3 && shift 3 ;;
  *) out=$2 && shift 2 ;;
esac
here=$(dirname "$0")
md4=${MD4:-$here/../bin/md4}
data=${DATA:-data/text8}
seeds=${SEEDS:-42 43 44 45 46}
short_seed=${seeds%% *}
weights=${WEIGHTS:-raw}
more=${MORE:-}
kinds="md4 genmd4 md4x2"
mkdir -p "$out"

# Prints what makes a configuration of one kind.
settings() { # kind
  case $1 in
    md4) ;;
    genmd4) echo "--set model.schedule=learned(1) --set training.samples=2" ;;
    md4x2) echo "--set training.samples=2" ;;
    *) echo "genmd4.sh: a kind is md4, genmd4 or md4x2: $1" >&2 && exit 2 ;;
  esac
}

train() { # config, kind, seed, more sets
  run=$out/$1-$2-$3
  config=$here/../configs/$1.yaml
  sets=$(settings "$2")
  seed=$3
  shift 3
  if [ -e "$run/model" ]; then
    return
  fi
  resume=
  if [ -e "$run/checkpoints" ]; then
    resume=--resume
  fi
  # shellcheck disable=SC2086
  "$md4" train --config "$config" $resume --set run="$run" --set training.seed="$seed" \
    --set data.train="$data/train.bin" --set data.evaluate="[]" --set sampling.count=0 $sets "$@"
}

# Prints the runs that are there: text8-tiny of a kind in the order of the seeds.
tiny_runs() { # kind
  for seed in $seeds; do
    echo "$out/text8-tiny-$1-$seed"
  done
}

evaluate() { # run
  if [ ! -e "$1/model" ] || [ -e "$1.csv" ]; then
    return
  fi
  # shellcheck disable=SC2086
  "$md4" evaluate --model "$1" --weights "$weights" --data "$data/valid.bin" --passes "${PASSES:-2}" \
    --seed 1 --batch-size 512 --losses "$1.csv" --json $more >"$1.json"
  echo "$1: $(sed 's/.*"bitsPerToken":\([0-9.]*\).*/\1/' "$1.json") bits per character"
}

# Prints files with commas between, those of runs that both kinds have.
pairs() { # kind, other kind
  list=
  for seed in $seeds; do
    if [ -e "$out/text8-tiny-$1-$seed.csv" ] && [ -e "$out/text8-tiny-$2-$seed.csv" ]; then
      list=$list,$out/text8-tiny-$1-$seed.csv
    fi
  done
  echo "${list#,}"
}

compare() { # kind, other kind
  echo "== $1 less $2"
  first=$(pairs "$1" "$2")
  if [ -n "$first" ]; then
    second=$(echo "$first" | sed "s/text8-tiny-$1-/text8-tiny-$2-/g")
    "$md4" compare --first "$first" --second "$second"
  fi
  first=$out/text8-short-$1-$short_seed.csv
  second=$out/text8-short-$2-$short_seed.csv
  if [ -e "$first" ] && [ -e "$second" ]; then
    "$md4" compare --first "$first" --second "$second"
  fi
}

all_runs() {
  for each in $kinds; do
    tiny_runs "$each"
    echo "$out/text8-short-$each-$short_seed"
  done
}

powers() {
  for run in $(tiny_runs genmd4) "$out/text8-short-genmd4-$short_seed"; do
    if [ -e "$run/model" ]; then
      echo "== $run"
      # shellcheck disable=SC2086
      "$md4" schedule --model "$run" --weights "$weights" --plot "$run-powers.png" --top 27 \
        --train "$data/train.bin" --valid "$data/valid.bin" --chunks "${CHUNKS:-4096}" --batch-size 512 \
        $more | tee "$run-powers.txt"
    fi
  done
}

sample() {
  for each in $kinds; do
    for run in "$out/text8-tiny-$each-$short_seed" "$out/text8-short-$each-$short_seed"; do
      if [ -e "$run/model" ]; then
        echo "== $run"
        # shellcheck disable=SC2086
        "$md4" sample --model "$run" --weights "$weights" --count "${SAMPLES:-4}" \
          --steps "${STEPS:-1000}" --seed 1 $more | tee "$run-samples.txt"
      fi
    done
  done
}

train_tiny() { # kind, more sets
  each=$1
  shift
  for seed in $seeds; do
    train text8-tiny "$each" "$seed" "$@"
  done
}

train_short() { # kind, more sets
  each=$1
  shift
  train text8-short "$each" "$short_seed" --set training.steps="${SHORT_STEPS:-600}" "$@"
}

evaluate_all() {
  for run in $(all_runs); do
    evaluate "$run"
  done
}

compare_all() {
  compare genmd4 md4
  compare genmd4 md4x2
  compare md4x2 md4
}

case $stage in
  train) train_tiny "$kind" "$@" ;;
  short) train_short "$kind" "$@" ;;
  evaluate) evaluate_all ;;
  compare) compare_all ;;
  powers) powers ;;
  sample) sample ;;
  all)
    for kind in $kinds; do
      train_tiny "$kind" "$@"
      train_short "$kind" "$@"
    done
    evaluate_all
    compare_all
    powers
    sample
    ;;
  *) echo "genmd4.sh: no such stage: $stage" >&2 && exit 2 ;;
esac
