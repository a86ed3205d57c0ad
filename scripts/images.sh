#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Trains an image configuration on the data beside the checkout, scores it, draws from it and compares what it draws
# with held-out images. docs/images.md says what to expect.
#
#   scripts/images.sh NAME [STEP] [--set KEY=VALUE ...]
#
# NAME is mnist-tiny, mnist, cifar10-short or imagenet32-short; STEP is all of these or one:
#   data      token files, and for MNIST the classifier that judges samples: needs no GPU
#   train     the model, gone on with where it was stopped; options are those of md4 train
#   score     bits per dimension: averaged and raw weights, continuous time, and averaged ones at 256 steps
#   draw      pictures of T steps on each grid, and an unmasking
#   compare   distances from the held-out images at T steps on each grid, and how many samples are what they are labelled
#
# In the environment: SHARED, the data sets (../shared/data); DATA, the token files (data); RUN, the run (runs/NAME); OUT,
# what is to be looked at (RUN/shown); MD4, the command (bin/md4); DEVICE; LIMIT, seconds after which the training is
# stopped as by SIGTERM; T (64), steps; GRIDS (uniform cosine; uniform alone for a model of the cosine schedule); COUNT
# (2000), images compared; BATCH (250); CHUNKS, images scored, all unless given; GUIDANCE (1); PRECISION (float32).
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
CDPATH='' cd "$(dirname "$0")/.."
usage() {
  echo "scripts/images.sh: $1; see the head of this file" >&2
  exit 2
}
[ $# -gt 0 ] || usage "name a configuration"
name=$1
shift
step=all
case ${1:-} in
  '' | --*) ;;
  *) step=$1 && shift ;;
esac
case $name in
  mnist*) set_name=mnist ;;
  cifar10*) set_name=cifar10 ;;
  imagenet32*) set_name=imagenet32 ;;
  *) usage "no data known for $name" ;;
esac
case $step in
  train | all) ;;
  data | score | draw | compare) [ $# -eq 0 ] || usage "$step takes no options: $*" ;;
  *) usage "a step is data, train, score, draw, compare or all: $step" ;;
esac

shared=${SHARED:-../shared/data}
md4=${MD4:-bin/md4}
run=${RUN:-runs/$name}
out=${OUT:-$run/shown}
data=${DATA:-data}/$set_name
device=${DEVICE:-}
batch=${BATCH:-250}
precision=${PRECISION:-float32}
guidance=${GUIDANCE:-1}
grids=${GRIDS:-"uniform cosine"}
steps=${T:-64}
case $set_name in
  cifar10) held=$data/valid.bin ;;
  *) held=$data/test.bin ;;
esac
case $set_name in
  mnist) features=$data/classifier.safetensors ;;
  *) features=$shared/resnet20-cifar10/resnet20-cifar10.safetensors ;;
esac

said() {
  echo "scripts/images.sh: $name: $*, $(date +%T)" >&2
}

# A picture that fails is told, and ends nothing.
pictured() {
  "$@" || said "no picture: $*"
}

tokens() {
  case $set_name in
    mnist)
      "$md4" data images --out "$data" \
        --from "$shared/mnist/train-first20000-images-idx3-ubyte.xz" \
        --labels "$shared/mnist/train-first20000-labels-idx1-ubyte.xz" \
        --test "$shared/mnist/t10k-first3000-images-idx3-ubyte.xz" \
        --test-labels "$shared/mnist/t10k-first3000-labels-idx1-ubyte.xz"
      ;;
    cifar10)
      java scripts/CifarSheets.java "$shared/cifar10" "$data-batches"
      "$md4" data images --out "$data" --fractions 0.75,0.25 --from "$data-batches"/data_batch_*.bin
      ;;
    imagenet32)
      "$md4" data images --out "$data" \
        --from "$shared/imagenet32/train-50-per-class.tar.gz" \
        --test "$shared/imagenet32/val-10000.tar.gz" \
        --test-labels "$shared/imagenet32/val-labels.tsv.gz"
      ;;
  esac
}

data() {
  [ -e "$held" ] || tokens
  if [ "$set_name" = mnist ] && [ ! -e "$features" ]; then
    python3 scripts/mnist_classifier.py "$data" "$features" "${EPOCHS:-20}"
  fi
}

train() {
  if [ -e "$run/model" ]; then
    said "$run is trained${1:+: $* has no effect on it; RUN=FOLDER names another}"
    return 0
  fi
  said "training${LIMIT:+, stopped after $LIMIT seconds}"
  code=0
  ${LIMIT:+timeout --signal=TERM "$LIMIT"} "$md4" train --config "configs/$name.yaml" --resume-or-start \
    --set "run=$run" --set "data.train=$data/train.bin" --set "data.evaluate=[$held]" \
    ${device:+--device "$device"} "$@" || code=$?
  case $code in
    0 | 130) ;;
    124) [ -n "${LIMIT:-}" ] || exit $code ;;
    *) exit $code ;;
  esac
}

on() {
  "$md4" "$@" --model "$run" --batch-size "$batch" --precision "$precision" ${device:+--device "$device"}
}

bits() {
  file=$out/bits-$1.json
  said "scoring $1"
  shift
  on evaluate --data "$held" ${CHUNKS:+--chunks "$CHUNKS"} "$@" --json >"$file"
  cat "$file"
}

score() {
  mkdir -p "$out"
  cp "$run/metrics.jsonl" "$out"
  for weights in ema raw; do
    bits "$weights" --weights $weights
  done
  bits 256-steps --steps 256
}

draw() {
  mkdir -p "$out"
  guided=
  [ "$guidance" = 1 ] || guided=-guidance-$guidance
  for grid in $grids; do
    said "drawing $steps steps, $grid grid"
    pictured on sample-images --count 100 --steps "$steps" --grid "$grid" --guidance "$guidance" --seed 1 \
      --png "$out/$grid-$steps$guided.png"
  done
  said "drawing an unmasking"
  pictured on sample-images --count 9 --steps "$steps" --guidance "$guidance" --seed 1 \
    --animate "$out/unmasking$guided.png"
}

compare() {
  mkdir -p "$out"
  said "comparing ${COUNT:-2000} images a grid"
  STEPS=$steps GRIDS=$grids COUNT=${COUNT:-2000} BATCH=$batch PRECISION=$precision GUIDANCE=$guidance \
    MD4=$md4 DEVICE=$device scripts/fid-sweep.sh "$run" "$held" "$features" >"$out/distances.txt"
  cat "$out/distances.txt"
  cp "$run/fid.jsonl" "$out"
}

case $step in
  all)
    data
    train "$@"
    score
    draw
    compare
    ;;
  *) "$step" "$@" ;;
esac
