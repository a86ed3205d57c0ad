#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The GPU memory and speed of the configs' trainings (README's table): some steps of one micro-batch of random tokens
# each. Needs no data. Nothing else may run on the GPU.
#
#   mvn -Pcuda -Dmaven.test.skip=true package && scripts/bench/memory.sh OUT [CONFIG ...]
#
# Writes OUT/report.txt, a line for each config as it comes, and the reports of md4 bench train. In the environment: MD4,
# the command (bin/md4); DEVICE (gpu:0), or cpu for a rehearsal of the configs that are named; GPU, its number for nvidia-smi.
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -u
CDPATH='' cd "$(dirname "$0")/../.."
out=${1:?a folder is needed}
shift
[ $# -gt 0 ] || set -- mnist cifar10-short imagenet32-short imagenet64 imagenet64-class imagenet64-sample wiki-bpe-autoregressive \
  wiki-bpe owt-medium owt-genmd4-small fineweb-edu-small fineweb-edu-medium fineweb-edu-large fineweb-edu-autoregressive-small \
  fineweb-edu-autoregressive-medium text8 text8-genmd4 text8-tiny text8-tiny-genmd4
MD4=${MD4:-bin/md4}
DEVICE=${DEVICE:-gpu:0}
mkdir -p "$out"
: >"$out/report.txt"

for name; do
  config=configs/$name.yaml
  micro=$(sed -n 's/^  microBatch: //p' "$config")
  case $name in
    owt* | fineweb* | wiki*) vocabulary="--vocabulary 50257" ;;
    *) vocabulary= ;;
  esac
  measured=scripts/bench/measured.sh\ $name
  [ "$DEVICE" != cpu ] || measured=
  # shellcheck disable=SC2086
  timeout 60 $measured "$MD4" bench train --config "$config" --set "training.batchSize=$micro" --steps 10 --warm-up 3 \
    $vocabulary --device "$DEVICE" >"$out/$name.txt" 2>"$out/$name.err"
  echo "$name, batch $micro: exit $?; $(grep -E '^(memory|tokens|images|throughput)' "$out/$name.txt" | tr -s ' \n' ' ')" | tee -a "$out/report.txt"
done
