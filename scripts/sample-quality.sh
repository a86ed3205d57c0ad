#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Draws samples from a model by every sampler and prints a table of calls, time and quality: bits per
# character under 6-grams of a real text, and unigram entropy. docs/sampling.md has one.
#
#   scripts/sample-quality.sh MODEL REFERENCE.bin OUTFOLDER [more options of md4 sample]
#
# COUNT samples each (default 64), at STEPS (default "64 256 1000").
set -eu
model=$1
reference=$2
out=$3
shift 3
md4=${MD4:-$(dirname "$0")/../bin/md4}
mkdir -p "$out"

# Prints the number that a JSON file has under a key, first come.
number() { # file, key
  sed -n 's/.*"'"$2"'":\([-0-9.eE]*\).*/\1/p' "$1" | head -n 1
}

measure() { # label, T, options of md4 sample
  label=$1
  steps=$2
  shift 2
  name=$(echo "$label-$steps" | tr -c 'a-z0-9.\n' '-')
  "$md4" sample --model "$model" --count "${COUNT:-64}" --seed 1 --json \
    --report "$out/$name.report.json" "$@" $extra >"$out/$name.jsonl"
  "$md4" quality --samples "$out/$name.jsonl" --reference "$reference" --json >"$out/$name.quality.json"
  sed 's/,"reference".*//' "$out/$name.quality.json" >"$out/$name.ours.json"
  printf '| %s | %s | %d | %.1f | %.2f | %.3f +- %.3f | %.3f |\n' "$label" "$steps" \
    "$(number "$out/$name.report.json" networkCalls)" \
    "$(awk "BEGIN { print $(number "$out/$name.report.json" sequenceCalls) / ${COUNT:-64} }")" \
    "$(number "$out/$name.report.json" seconds)" \
    "$(number "$out/$name.ours.json" bitsPerToken)" \
    "$(number "$out/$name.ours.json" bitsPerTokenStandardError)" \
    "$(number "$out/$name.ours.json" unigramEntropy)"
}

extra=$*
echo "| sampler | T | network calls | calls a sample | seconds | bits per character | entropy |"
echo "| --- | --- | --- | --- | --- | --- | --- |"
for steps in ${STEPS:-64 256 1000}; do
  measure ancestral "$steps" --steps "$steps"
  measure "ancestral, uniform grid" "$steps" --steps "$steps" --grid uniform
  measure "ancestral, reference draw" "$steps" --steps "$steps" --draw reference
  measure "mean, reference draw" "$steps" --steps "$steps" --sampler mean --draw reference
  measure "ancestral, top-p 0.9" "$steps" --steps "$steps" --top-p 0.9
  measure "ancestral, top-k 5" "$steps" --steps "$steps" --top-k 5
  measure "ancestral, temperature 0.8" "$steps" --steps "$steps" --temperature 0.8
  measure remask-cap "$steps" --steps "$steps" --sampler remask-cap
  measure remask-rescale "$steps" --steps "$steps" --sampler remask-rescale
  measure remask-confidence "$steps" --steps "$steps" --sampler remask-confidence --remask-rate 1
done
measure first-hitting - --sampler first-hitting
for order in confidence margin entropy; do
  measure "$order" - --sampler $order
  measure "$order, 4 tokens a step" - --sampler $order --tokens-per-step 4
  measure "$order, order temperature 0.1" - --sampler $order --order-temperature 0.1
done
sed 's/.*"reference"/"reference"/' "$out/ancestral-64.quality.json" 2>/dev/null || true
