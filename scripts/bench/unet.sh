#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The UNet's training step on one GPU, in one go: ours in both layouts of its maps and both types of its residual
# stream, then with cuDNN's choice of the fastest algorithm, as PyTorch's runs have it, then PyTorch's, eager and
# compiled.
#
#   scripts/bench/unet.sh [BATCH]
set -eu
here=$(dirname "$0")
batch=${1:-128}
md4=${MD4:-$here/../../bin/md4}
config=$here/../../configs/cifar10.yaml
ours() {
  layout=$1
  residual=$2
  shift 2
  "$here/measured.sh" "md4, $layout, $residual stream $*" env MD4_JAVA_OPTS="${MD4_JAVA_OPTS:-} $*" \
    "$md4" bench train --config "$config" --layout "$layout" --set training.batchSize="$batch" \
    --set training.microBatch="$batch" --set training.residual="$residual" --steps 30 --warm-up 8
}
for layout in channels-last channels-first; do
  for residual in bfloat16 float32; do
    ours "$layout" "$residual"
  done
  ours "$layout" bfloat16 -Dai.djl.pytorch.cudnn_benchmark=true
done
for layout in channels-last channels-first; do
  "$here/measured.sh" "PyTorch, $layout" "${PYTHON:-python3}" "$here/torch_unet.py" --batch "$batch" --layout "$layout"
done
