#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Trains the paper's small network on GPT-2 tokens of a small Wikipedia corpus, and its autoregressive
# twin; keeps the best model of each by its validation score; then scores both: three estimators side
# by side, the discretisation table, the zero-shot table. docs/lab/results.md says what to expect.
#
#   scripts/wiki-bpe.sh STAGE DATA [--set KEY=VALUE ...]
#
# STAGE is data, train, twin, evaluate or zero-shot; each is one call of some minutes on one large GPU,
# and leaves what the next needs below runs/ and data/. DATA has wikiraw/{train,valid}.txt.xz, articles
# closed by a line <|endoftext|>, and the folders of the zero-shot sets. The rest goes to md4 train.
#
#   LIMIT=560   seconds after which training saves its step and ends; what was best is kept
#   PASSES=4    times and masks for each sequence
#   MORE=       options for every evaluation, as --precision bfloat16
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
stage=$1
data=$2
shift 2
md4=${MD4:-$(dirname "$0")/../bin/md4}
limit=${LIMIT:-560}
passes=${PASSES:-4}
more=${MORE:---precision bfloat16 --batch-size 32}
steps=${STEPS:-100,1000,10000,inf}
tokens=${TOKENS:-data/wiki}
run=${RUN:-runs/wiki-bpe}

prepare() {
  for split in train valid; do
    if [ ! -e "$tokens/$split.bin" ]; then
      "$md4" data tokens --from "$data/wikiraw/$split.txt.xz" --documents 'until=<|endoftext|>' \
        --split $split --out "$tokens"
    fi
  done
}

# Trains a config into a run; its step is saved when the limit ends it (exit code 130).
train() {
  config=$(dirname "$0")/../configs/$1
  into=$2
  shift 2
  prepare
  timeout -s TERM "$limit" "$md4" train --config "$config" --set run="$into" \
    --set data.train="$tokens/train.bin" --set data.evaluate="[$tokens/valid.bin]" "$@" \
    || echo "wiki-bpe: training ended with code $?"
  cat "$into/best/best.json"
}

case $stage in
  data)
    prepare
    ;;
  train)
    train wiki-bpe.yaml "$run" "$@"
    ;;
  twin)
    train wiki-bpe-autoregressive.yaml "$run-autoregressive" "$@"
    ;;
  evaluate)
    # shellcheck disable=SC2086
    "$md4" evaluate --model "$run/best" --data "$tokens/valid.bin" --passes "$passes" \
      --steps "$steps" --any-order --csv "$run/valid.csv" $more
    if [ -e "$run-autoregressive/best" ]; then
      # shellcheck disable=SC2086
      "$md4" evaluate --model "$run/best" --compare "$run-autoregressive/best" \
        --data "$tokens/valid.bin" --passes "$passes" --csv "$run/compared.csv" $more
    fi
    ;;
  zero-shot)
    # shellcheck disable=SC2086
    "$md4" evaluate --model "$run/best" --suite zero-shot --data-dir "$data" --passes "$passes" \
      --steps "$steps" --any-order --csv "$run/zero-shot.csv" $more
    ;;
  *)
    echo "wiki-bpe: a stage is data, train, twin, evaluate or zero-shot: $stage" >&2
    exit 2
    ;;
esac
