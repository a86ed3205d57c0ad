#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Draws samples from a model by every sampler and prints a table of calls, time and quality: bits per
# character under 6-grams of a real text, and unigram entropy. docs/lab/sampling.md has one.
#
#   scripts/sample-quality.sh MODEL REFERENCE.bin OUTFOLDER [more options of md4 sample]
#
# COUNT samples each (default 64), at STEPS (default "64 256 1000"). JOBS samplers run at once (default
# 1: only then are the seconds those of the sampler alone). Samples that are there are not drawn again, and
# DRAW_ONLY=1 prints no table, so that the GPU's part can be done apart.
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
model=$1
reference=$2
out=$3
shift 3
md4=${MD4:-$(dirname "$0")/../bin/md4}
count=${COUNT:-64}
export md4 model out count
extra=$*
mkdir -p "$out"

# A line for each sampler: label, T, options of md4 sample.
samplers() {
  for steps in ${STEPS:-64 256 1000}; do
    echo "ancestral|$steps|"
    echo "ancestral, uniform grid|$steps|--grid uniform"
    echo "ancestral, reference draw|$steps|--draw reference"
    echo "mean, reference draw|$steps|--sampler mean --draw reference"
    echo "ancestral, top-p 0.9|$steps|--top-p 0.9"
    echo "ancestral, top-k 5|$steps|--top-k 5"
    echo "ancestral, temperature 0.8|$steps|--temperature 0.8"
    echo "remask-cap|$steps|--sampler remask-cap"
    echo "remask-rescale|$steps|--sampler remask-rescale"
    echo "remask-confidence|$steps|--sampler remask-confidence --remask-rate 1"
  done
  echo "first-hitting|-|--sampler first-hitting"
  for order in confidence margin entropy; do
    echo "$order|-|--sampler $order"
    echo "$order, 4 tokens a step|-|--sampler $order --tokens-per-step 4"
    echo "$order, order temperature 0.1|-|--sampler $order --order-temperature 0.1"
  done
}

named() { # label, T
  echo "$1-$2" | tr -c 'a-z0-9.\n' '-'
}

# Prints the number that a JSON file has under a key, first come.
number() { # file, key
  sed -n 's/.*"'"$2"'":\([-0-9.eE]*\).*/\1/p' "$1" | head -n 1
}

samplers | while IFS='|' read -r label steps options; do
  [ "$steps" = - ] || options="--steps $steps $options"
  # shellcheck disable=SC2086 # unquoted: to xargs a blank at a line's end would be "goes on"
  echo "$(named "$label" "$steps")" $options $extra
done | xargs -P "${JOBS:-1}" -L 1 sh -euc 'name=$0
  [ ! -e "$out/$name.jsonl" ] || exit 0
  "$md4" sample --model "$model" --count "$count" --seed 1 --json --report "$out/$name.report.json" "$@" \
    >"$out/$name.part"
  mv "$out/$name.part" "$out/$name.jsonl"'
[ -z "${DRAW_ONLY:-}" ] || exit 0

echo "| sampler | T | network calls | calls a sample | seconds | bits per character | entropy |"
echo "| --- | --- | --- | --- | --- | --- | --- |"
samplers | while IFS='|' read -r label steps options; do
  name=$(named "$label" "$steps")
  "$md4" quality --samples "$out/$name.jsonl" --reference "$reference" --json >"$out/$name.quality.json"
  sed 's/,"reference".*//' "$out/$name.quality.json" >"$out/$name.ours.json"
  printf '| %s | %s | %d | %.1f | %.2f | %.3f +- %.3f | %.3f |\n' "$label" "$steps" \
    "$(number "$out/$name.report.json" networkCalls)" \
    "$(awk "BEGIN { print $(number "$out/$name.report.json" sequenceCalls) / $count }")" \
    "$(number "$out/$name.report.json" seconds)" \
    "$(number "$out/$name.ours.json" bitsPerToken)" \
    "$(number "$out/$name.ours.json" bitsPerTokenStandardError)" \
    "$(number "$out/$name.ours.json" unigramEntropy)"
done
sed 's/.*"reference"/"reference"/' "$out/first-hitting--.quality.json"
