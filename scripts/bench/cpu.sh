#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Times the quickstart's training step on a CPU, by turns: by the hand-written backward, by TorchScript, and in PyTorch
# as people run it, compiled, and compiled with head and loss at masked rows alone. The same network, batch, optimizer,
# average and threads on all sides: 128 x 12 tokens, 4 layers of 6 heads of 8 channels, SwiGLU, V 60, float32, AdamW,
# EMA 0.99.
#
#   [PYTHON=python3] [THREADS=2] scripts/bench/cpu.sh [ROUNDS]
#
# PYTHON is one with PyTorch. Nothing else should want the processor meanwhile.
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
CDPATH='' cd "$(dirname "$0")/../.."
python=${PYTHON:-python3}
threads=${THREADS:-2}
rounds=${1:-3}
md4=${MD4:-bin/md4}
shape="--batch 128 --length 12 --vocabulary 60 --layers 4 --width 48 --heads 6 --gate silu"
peer="$shape --precision float32 --stream float32 --device cpu --threads $threads --ema 0.99 --steps 60"

ours() {
  OMP_NUM_THREADS=$threads $md4 bench train --config configs/quickstart.yaml --device cpu --vocabulary 60 --steps 600 \
    --set training.kernels="$1" | grep -E '^tokens/s'
}

theirs() {
  # shellcheck disable=SC2086
  "$python" scripts/bench/torch_step.py $peer "$@" 2>/dev/null | sed 's/.*: \([0-9,]* tokens.s ([^)]*)\).*/\1/'
}

round=1
while [ "$round" -le "$rounds" ]; do
  echo "== round $round"
  echo "ours, hand-written   $(ours auto)"
  echo "ours, TorchScript    $(ours torchscript)"
  echo "PyTorch, eager       $(theirs --eager)"
  echo "PyTorch, compiled    $(theirs)"
  echo "PyTorch, strongest   $(theirs --strongest)"
  round=$((round + 1))
done
