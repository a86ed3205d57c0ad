#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Trains CIFAR-10's short UNet under MD4, tauLDR's CTMC and D3PM on the same images, one run each, scores the held-out
# images in pairs with MD4, and draws samples of each.
#
#   scripts/baselines-images.sh DATA [STAGE...] [--set KEY=VALUE ...]
#
# DATA has train.bin and valid.bin with their labels, as scripts/images.sh cifar10-short data makes them. A stage is
# train, losses, table or samples; what is there is not made again. What follows --set goes to training.
#
#   KINDS="md4 ctmc-absorbing d3pm-absorbing"   also ctmc-uniform and d3pm-uniform; each is a config cifar10-short-KIND
#   STEPS=1500, RUNS=runs/baselines-images, OUT=$RUNS/results
#   WEIGHTS=raw, PASSES=4, BATCH=250, CHUNKS= (all)
#   SAMPLES=16, SAMPLE_STEPS=256, PRECISION=bfloat16 (of sampling)
#   LIMIT=                 seconds for each training, which is then stopped as by SIGTERM and gone on with next time
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
here=$(dirname "$0")
md4=${MD4:-$here/../bin/md4}
kinds=${KINDS:-"md4 ctmc-absorbing d3pm-absorbing"}
runs=${RUNS:-runs/baselines-images}
out=${OUT:-$runs/results}
weights=${WEIGHTS:-raw}

config() { # kind
  case $1 in
    md4) echo "$here/../configs/cifar10-short.yaml" ;;
    *) echo "$here/../configs/cifar10-short-$1.yaml" ;;
  esac
}

train() { # kind, more sets
  kind=$1
  shift
  [ ! -e "$runs/$kind/model" ] || return 0
  resume=
  if [ -n "$(ls "$runs/$kind/checkpoints" 2>/dev/null)" ]; then
    resume=--resume
  fi
  steps=${STEPS:-1500}
  # shellcheck disable=SC2086
  ${LIMIT:+timeout -s TERM -k 20 $LIMIT} "$md4" train --config "$(config "$kind")" $resume --set run="$runs/$kind" \
    --set data.train="$data/train.bin" --set data.evaluate="[$data/valid.bin]" --set training.steps="$steps" \
    --set evaluation.every=$(((steps + 4) / 5)) --set evaluation.keepBest=false --set sampling.count=0 "$@" \
    >"$out/$kind.log" 2>&1 || echo "baselines-images.sh: $kind was not finished: $(tail -n 1 "$out/$kind.log")" >&2
  echo "$kind: $(tail -n 1 "$out/$kind.log")"
}

losses() { # kind
  [ -e "$runs/$1/model" ] && [ ! -e "$out/$1.csv" ] || return 0
  # shellcheck disable=SC2086
  "$md4" evaluate --model "$runs/$1" --weights "$weights" --data "$data/valid.bin" --passes "${PASSES:-4}" --seed 1 \
    --batch-size "${BATCH:-250}" ${CHUNKS:+--chunks $CHUNKS} --losses "$out/$1.csv.part" --json >"$out/$1.json"
  mv "$out/$1.csv.part" "$out/$1.csv"
}

number() { # file, key
  grep -o '"'"$2"'":-\{0,1\}[0-9.eE+-]*' "$1" | head -n 1 | cut -d : -f 2
}

table() {
  echo "| system | bits per dimension | less MD4 [95% interval] |"
  echo "| --- | --- | --- |"
  for kind in $kinds; do
    [ -e "$out/$kind.csv" ] || continue
    difference=-
    if [ "$kind" != md4 ] && [ -e "$out/md4.csv" ]; then
      "$md4" compare --json --first "$out/$kind.csv" --second "$out/md4.csv" >"$out/$kind-less-md4.json"
      difference=$(printf '%+.4f [%+.4f, %+.4f]' "$(number "$out/$kind-less-md4.json" bitsPerToken)" \
        "$(number "$out/$kind-less-md4.json" low)" "$(number "$out/$kind-less-md4.json" high)")
    fi
    printf '| %s | %.4f | %s |\n' "$kind" "$(number "$out/$kind.json" bitsPerToken)" "$difference"
  done
}

samples() { # kind
  [ -e "$runs/$1/model" ] && [ ! -e "$out/$1.png" ] || return 0
  "$md4" sample-images --model "$runs/$1" --weights "$weights" --count "${SAMPLES:-16}" \
    --steps "${SAMPLE_STEPS:-256}" --seed 1 --precision "${PRECISION:-bfloat16}" --png "$out/$1.png"
}

if [ $# -eq 0 ]; then
  echo "usage: baselines-images.sh DATA [train|losses|table|samples ...] [--set KEY=VALUE ...]" >&2
  exit 2
fi
data=$1
shift
mkdir -p "$runs" "$out"
stages=
while [ $# -gt 0 ] && [ "$1" != --set ]; do
  stages="$stages $1"
  shift
done
for stage in ${stages:-train losses table samples}; do
  case $stage in
    train) for kind in $kinds; do train "$kind" "$@"; done ;;
    losses | samples) for kind in $kinds; do "$stage" "$kind"; done ;;
    table) table | tee "$out/table.md" ;;
    *) echo "baselines-images.sh: a stage is train, losses, table or samples: $stage" >&2 && exit 2 ;;
  esac
done
