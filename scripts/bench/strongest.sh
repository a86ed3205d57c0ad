#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Ours beside the strongest PyTorch, one after another on one GPU: training at two shapes, without and with dropout, and of
# 24 layers of width 1024, and sampling of one sequence and of 64, both sides with a bfloat16 stream. Takes some fifteen minutes, most of them PyTorch's compiler. Prints a table; what each command printed
# lies in OUT. Nothing else may run on the GPU.
#
#   scripts/bench/strongest.sh [OUT]
#
# In the environment: MD4, the command; PYTHON; MD4_CUBLASLT, a newer library for our products, such as PyTorch's own.
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
here=$(CDPATH='' cd "$(dirname "$0")" && pwd -P)
out=${1:-strongest}
md4=${MD4:-$here/../../bin/md4}
python=${PYTHON:-python3}
config="--config $here/../../configs/text8.yaml"
mkdir -p "$out"

# What a command printed, on stdout and in OUT/NAME; a command that fails leaves an empty cell.
kept() { # NAME COMMAND...
  name=$1
  shift
  echo "$name ..." >&2
  "$@" >"$out/$name" 2>&1 || echo "failed: see $out/$name" >&2
}

ours() { # NAME: tokens a second, or milliseconds a call
  sed -n 's/^tokens\/s *\([0-9,]*\).*/\1/p; s/^time .* \([0-9.]*\) ms a call.*/\1/p' "$out/$1" | tr -d , | head -n 1
}

theirs() { # NAME: tokens a second, or milliseconds a step
  sed -n 's/.*: \([0-9,]*\) tokens\/s.*/\1/p; s/.*: \([0-9.]*\) ms\/step.*/\1/p' "$out/$1" | tr -d , | head -n 1
}

row() { # WHAT OURS THEIRS; the ratio says how many times as fast ours is
  awk -v what="$1" -v unit="$2" -v a="$(ours "$3")" -v b="$(theirs "$4")" 'BEGIN {
    ratio = a == "" || b == "" ? "-" : sprintf("%.3f", unit == "ms" ? b / a : a / b)
    printf "%-34s %-9s %12s %12s %7s\n", what, unit, a, b, ratio
  }'
}

train() { # NAME BATCH LENGTH VOCABULARY DROPOUT OUR-WORDS...
  name=$1 batch=$2 length=$3 vocabulary=$4 dropout=$5
  shift 5
  # shellcheck disable=SC2086
  kept "$name" "$md4" bench train $config --set training.residual=bfloat16 --set training.emaRate=0 \
    --set model.network.dropout="$dropout" --set model.network.attentionDropout="$dropout" \
    --set model.length="$length" --set training.batchSize="$batch" --set training.microBatch="$batch" "$@"
  # shellcheck disable=SC2086
  kept "$name-torch" "$python" "$here/torch_step.py" --strongest --batch "$batch" --length "$length" \
    --vocabulary "$vocabulary" --dropout "$dropout" ${TORCH_SIZE:-}
}

sample() { # NAME BATCH LENGTH VOCABULARY MODE OUR-WORDS...
  name=$1 batch=$2 length=$3 vocabulary=$4 mode=$5
  shift 5
  # shellcheck disable=SC2086
  kept "$name" "$md4" bench sample $config --precision bfloat16 --residual bfloat16 --grid uniform \
    --set model.length="$length" --vocabulary "$vocabulary" --batch-size "$batch" --repeats 5 "$@"
  kept "$name-torch" "$python" "$here/torch_sample.py" --batch "$batch" --length "$length" --vocabulary "$vocabulary" \
    --mode "$mode" --steps 10
}

for dropout in 0 0.05; do
  train "owt-$dropout" 32 1024 50257 $dropout --vocabulary 50257 --set model.network.embedding=inside
  train "text8-$dropout" 512 256 27 $dropout --steps 20
done
TORCH_SIZE="--layers 24 --width 1024"
train medium-0 32 1024 50257 0 --vocabulary 50257 --set model.network.embedding=inside --steps 20 \
  --set model.network.layers=24 --set model.network.heads=16 --set model.network.keyValueHeads=16
TORCH_SIZE=
sample text8-sample 1 256 27 reduce-overhead --steps 1000 --count 3
sample owt-sample 1 1024 50257 reduce-overhead --steps 1000 --count 1
sample text8-batch 64 256 27 default --steps 64 --count 128
sample owt-batch 64 1024 50257 default --steps 64 --count 64
printf '%-34s %-9s %12s %12s %7s\n' what unit ours PyTorch ratio
for dropout in 0 0.05; do
  row "training 32 x 1024, dropout $dropout" tokens/s "owt-$dropout" "owt-$dropout-torch"
  row "training 512 x 256, dropout $dropout" tokens/s "text8-$dropout" "text8-$dropout-torch"
done
row 'training 32 x 1024, 24 layers' tokens/s medium-0 medium-0-torch
row 'sampling 1 of 256 x 27' ms text8-sample text8-sample-torch
row 'sampling 1 of 1024 x 50257' ms owt-sample owt-sample-torch
row 'sampling 64 of 256 x 27' ms text8-batch text8-batch-torch
row 'sampling 64 of 1024 x 50257' ms owt-batch owt-batch-torch
grep -ho 'cuDNN.*' "$out"/*-torch | sort -u
