#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compares what md4 plan says of the quick trainings on a CPU with what they then take (scripts/bench/plan.sh), on random
# data of the same kind and size.
#
#   scripts/bench/plan-cpu.sh OUT
#
# Writes OUT/report.txt; some fifteen minutes. In the environment: MD4, the command (bin/md4); SECONDS_OF_TRIAL (20); THREADS (1);
# ONLY, some of "quickstart images documents dna text genmd4" (all).
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
CDPATH='' cd "$(dirname "$0")/../.."
out=${1:?a folder is needed}
MD4=${MD4:-bin/md4}
SECONDS_OF_TRIAL=${SECONDS_OF_TRIAL:-20}
RUN=$out/run
export MD4 SECONDS_OF_TRIAL RUN
mkdir -p "$out"
: >"$out/report.txt"

# letters BYTES SET: random letters of a set.
letters() { head -c "$1" /dev/urandom | LC_ALL=C tr -dc "$2"; }
if [ ! -e "$out/data/images/train.bin" ]; then
  "$MD4" data quickstart --out "$out/data/quickstart" --replace >"$out/data.txt"
  letters 6000000 'a-zA-Z ,.' >"$out/text.txt"
  "$MD4" data text --from "$out/text.txt" --vocabulary chars --out "$out/data/text" --replace >>"$out/data.txt"
  letters 4000000 'ACGT' | fold -w 60 >"$out/dna.txt"
  "$MD4" data text --from "$out/dna.txt" --vocabulary chars --out "$out/data/dna" --replace >>"$out/data.txt"
  letters 4000000 'a-z ' | fold -w 60 >"$out/lines.txt"
  "$MD4" data tokens --from "$out/lines.txt" --documents lines --out "$out/data/documents" --replace >>"$out/data.txt"
  # 4,000 pictures of 28 x 28 and their labels, as MNIST's files have them.
  { printf '\000\000\010\003\000\000\017\240\000\000\000\034\000\000\000\034'; head -c 3136000 /dev/urandom; } >"$out/images"
  { printf '\000\000\010\001\000\000\017\240'; head -c 4000 /dev/zero | tr '\000' '\001'; } >"$out/labels"
  printf '\000\001\002\003\004\005\006\007\010\011' | dd of="$out/labels" bs=1 seek=8 conv=notrunc 2>/dev/null
  "$MD4" data images --from "$out/images" --labels "$out/labels" --out "$out/data/images" --replace >>"$out/data.txt"
  rm -f "$out/text.txt" "$out/dna.txt" "$out/lines.txt" "$out/images" "$out/labels"
fi

# check NAME CONFIG OPTION...
check() {
  name=$1 config=$2 data=$out/data/$1
  shift 2
  case " ${ONLY:-quickstart images documents dna text genmd4} " in
    *" $name "*) ;;
    *) return 0 ;;
  esac
  [ "$name" != genmd4 ] || data=$out/data/text
  scripts/bench/plan.sh "configs/$config" --threads "${THREADS:-1}" --set "data.train=$data/train.bin" \
    --set "data.evaluate=[$data/valid.bin]" "$@" 2>"$out/$name.err" | sed "s|^|$name: |" | tee -a "$out/report.txt"
  rm -rf "$RUN"
}

check quickstart quickstart.yaml --set training.steps=1600
check images mnist-tiny.yaml --set training.steps=40
check documents tutorial-documents.yaml --set training.steps=60
check dna tutorial-dna.yaml
check text tutorial-text.yaml --set training.steps=800
check genmd4 text8-tiny-genmd4.yaml --set model.length=128 --set model.network.layers=2 --set training.batchSize=8 \
  --set training.microBatch=8 --set training.precision=float32 --set training.steps=40 --set training.learningRate.warmUp=5 \
  --set evaluation.every=20 --set evaluation.chunks=16 --set evaluation.batchSize=16 --set sampling.count=1 --set sampling.steps=20
