#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compares what md4 plan says of trainings on a GPU with what they then take (scripts/bench/plan.sh), on random data:
# a text of characters, GPT-2's tokens, images, and a training with recomputation.
#
#   mvn -Pcuda -Dmaven.test.skip=true package && scripts/bench/plan-gpu.sh OUT
#
# Writes OUT/doctor.txt and OUT/report.txt. Some five minutes on an H200. In the environment: MD4, the command (bin/md4);
# DEVICE (gpu:0), which nobody else may use meanwhile; ONLY, some of "text8 cifar10 owt recompute" (all). A rehearsal
# on a CPU, of small batches: DEVICE=cpu scripts/bench/plan-gpu.sh OUT
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -u
CDPATH='' cd "$(dirname "$0")/../.."
out=${1:?a folder is needed}
MD4=${MD4:-bin/md4}
DEVICE=${DEVICE:-gpu:0}
SECONDS_OF_TRIAL=${SECONDS_OF_TRIAL:-6}
RUN=$out/run
export MD4 DEVICE SECONDS_OF_TRIAL RUN
mkdir -p "$out"
: >"$out/report.txt"

"$MD4" doctor >"$out/doctor.txt" 2>&1
echo "doctor: exit $?" | tee -a "$out/report.txt"

# Random characters of text8's kinds, random words for GPT-2's tokens, and random pixels.
random() { head -c "$1" /dev/urandom; }
if [ ! -e "$out/data/cifar/train.bin" ]; then
  random 16000000 | LC_ALL=C tr -dc 'a-z ' >"$out/letters.txt"
  "$MD4" data text --from "$out/letters.txt" --vocabulary chars --out "$out/data/text" --replace >"$out/data.txt"
  random 9000000 | base64 -w 60 >"$out/words.txt"
  "$MD4" data tokens --from "$out/words.txt" --documents lines --out "$out/data/gpt2" --replace >>"$out/data.txt"
  # Records of CIFAR-10: a label below 10, and 3,072 values.
  random $((3072 * 4000)) | python3 -c 'import sys
for i in range(4000):
    sys.stdout.buffer.write(bytes([i % 10]) + sys.stdin.buffer.read(3072))' >"$out/images.bin"
  "$MD4" data images --from "$out/images.bin" --out "$out/data/cifar" --replace >>"$out/data.txt"
  rm -f "$out/letters.txt" "$out/words.txt" "$out/images.bin"
fi

small=
if [ "$DEVICE" = cpu ]; then
  SECONDS_OF_TRIAL=2
  small="--set training.batchSize=2 --set training.microBatch=2 --set training.precision=float32 --set evaluation.batchSize=2"
fi

# check NAME CONFIG DATA STEPS OPTION...
check() {
  name=$1 config=$2 data=$out/data/$3 steps=$4
  shift 4
  case " ${ONLY:-text8 cifar10 owt recompute} " in
    *" $name "*) ;;
    *) return ;;
  esac
  # shellcheck disable=SC2086
  PLAN=$out/$name.plan.json timeout 240 scripts/bench/plan.sh "configs/$config" --set "data.train=$data/train.bin" --set "data.evaluate=[$data/valid.bin]" \
    --set training.steps="$steps" --set training.learningRate.warmUp=3 --set training.logEvery=20 \
    --set evaluation.every=0 --set checkpoints.every=0 "$@" $small 2>"$out/$name.err" |
    sed "s|^|$name: |" | tee -a "$out/report.txt"
  [ -e "$out/run/metrics.jsonl" ] && cp "$out/run/metrics.jsonl" "$out/$name.metrics.jsonl"
  rm -rf "$out/run"
}

if [ "$DEVICE" = cpu ]; then
  check text8 text8-tiny.yaml text 4 --set evaluation.chunks=4 --set sampling.count=1 --set sampling.steps=5 \
    --set model.network.layers=1 --set model.length=32
  check cifar10 mnist-tiny.yaml cifar 4 --set model.network.image=32x32x3 --set model.length=3072 \
    --set evaluation.chunks=2 --set sampling.count=1 --set sampling.steps=2
  exit
fi
check text8 text8-short.yaml text 60 --set evaluation.chunks=512 --set sampling.steps=200
check cifar10 cifar10.yaml cifar 60 --set evaluation.chunks=256 --set sampling.count=4 --set sampling.steps=64
check owt owt-small.yaml gpt2 60 --set training.batchSize=64 --set evaluation.chunks=64 --set sampling.steps=100
check recompute owt-small.yaml gpt2 60 --set training.batchSize=32 --set training.recompute=layer \
  --set evaluation.chunks=32 --set sampling.count=0
