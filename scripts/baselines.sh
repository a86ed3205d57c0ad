#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Trains every system that MD4 is compared with on the same data, network, batches and noise, and sets them
# side by side: bits per character with the interval of the paired difference to MD4, learning curves in one
# picture, samples, and generative perplexity over steps. docs/baselines.md says what each system is.
#
#   scripts/baselines.sh DATA [STAGE...] [--set KEY=VALUE ...]
#
# DATA has train.bin and valid.bin. A stage needs those before it; what is there is not made again, and a run
# that was cut goes on. Without a stage it is all but generative:
#   train       a run of each kind and seed, JOBS at a time
#   losses      the losses of each run on HELD_OUT, chunk by chunk, JOBS at a time
#   table       bits per character, and the difference to MD4 in pairs of equal seeds; of several seeds their mean too,
#               with the interval over seeds
#   curves      validation perplexity over steps, all kinds in one picture
#   samples     samples of each kind
#   generative  perplexity under GPT-2 and entropy of samples over STEPS_OF, as a table and drawn (the paper's Figure
#               7); SCORER names the folder of a GPT-2. The perplexity is the mean of the samples' own, as SEDD has it
# What follows --set goes to training.
#
#   CONFIG=text8-tiny      the config of configs/ that all kinds share
#   STEPS=                 steps of training; the config's where it is empty
#   KINDS="md4 genmd4 ..." all by default
#   SEEDS="42 43 44", JOBS=1
#   RUNS=runs/baselines, OUT=$RUNS/results
#   HELD_OUT=valid         the file of DATA whose losses the table has; valid or test
#   WEIGHTS=raw, PASSES=2, BATCH=512, CHUNKS= (all)
#   EVERY=                 steps between the points of curves; a tenth of STEPS where it is empty
#   SAMPLES=4, SAMPLE_STEPS=1000, GENERATIVE_COUNT=64, STEPS_OF="16 64 256"
#   SAMPLERS=              of MD4, SEDD and CTMC, instead of their own
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
here=$(dirname "$0")
md4=${MD4:-$here/../bin/md4}
all="md4 genmd4 sedd sedd-unscaled any-order any-order-probability d3pm-absorbing d3pm-absorbing-auxiliary \
d3pm-uniform multinomial ctmc-absorbing ctmc-uniform gaussian gaussian-fixed maskgit autoregressive"
config=${CONFIG:-text8-tiny}
kinds=${KINDS:-$all}
seeds=${SEEDS:-42 43 44}
runs=${RUNS:-runs/baselines}
out=${OUT:-$runs/results}
weights=${WEIGHTS:-raw}

# Prints what makes the common configuration one of a kind.
settings() { # kind
  case $1 in
    md4) ;;
    genmd4) echo "--set model.schedule=learned(1) --set training.samples=2" ;;
    sedd) echo "--set model.objective=score-entropy" ;;
    sedd-unscaled) echo "--set model.objective=score-entropy(unscaled)" ;;
    any-order) echo "--set model.objective=any-order" ;;
    any-order-probability) echo "--set model.objective=any-order(probability)" ;;
    d3pm-absorbing) echo "--set model.objective=d3pm-absorbing(1000)" ;;
    d3pm-absorbing-auxiliary) echo "--set model.objective=d3pm-absorbing(1000,0.01)" ;;
    d3pm-uniform) echo "--set model.objective=d3pm-uniform(1000,0.001) --set model.schedule=cosine" ;;
    multinomial) echo "--set model.objective=d3pm-uniform(1000) --set model.schedule=cosine" ;;
    ctmc-absorbing) echo "--set model.objective=ctmc-absorbing" ;;
    ctmc-uniform) echo "--set model.objective=ctmc-uniform --set model.schedule=cosine" ;;
    gaussian)
      echo "--set model.objective=gaussian --set model.network.kind=gaussian-transformer \
        --set model.schedule=learned-noise --set training.powers.rate=10"
      ;;
    gaussian-fixed) echo "--set model.objective=gaussian --set model.network.kind=gaussian-transformer" ;;
    maskgit) echo "--set model.objective=maskgit --set model.schedule=cosine" ;;
    autoregressive) echo "--set model.objective=autoregressive --set model.network.causal=true" ;;
    *) echo "baselines.sh: a kind is one of $all: $1" >&2 && exit 2 ;;
  esac
}

# Prints the options for a number of steps, which an autoregressive model has none of.
steps_of() { # kind, steps
  [ "$1" = autoregressive ] || echo "--steps $2"
}

# Prints the samplers of a kind for the curves over steps, by their options.
samplers() { # kind
  case $1 in
    md4) echo "${SAMPLERS:-ancestral mean}" ;;
    sedd*) echo "${SAMPLERS:-ancestral euler analytic}" ;;
    ctmc-absorbing | ctmc-uniform) echo "${SAMPLERS:-ancestral tau-leaping}" ;;
    autoregressive) echo autoregressive ;;
    *) echo ancestral ;;
  esac
}

train() { # kind, seed, more sets
  name=$config-$1-$2
  [ ! -e "$runs/$name/model" ] || return 0
  sets=$(settings "$1") || return
  seed=$2
  shift 2
  resume=
  if [ -n "$(ls "$runs/$name/checkpoints" 2>/dev/null)" ]; then
    resume=--resume
  fi
  steps=
  every=${EVERY:-0}
  if [ -n "${STEPS:-}" ]; then
    steps="--set training.steps=$STEPS"
    every=${EVERY:-$((STEPS / 10))}
  fi
  # shellcheck disable=SC2086
  "$md4" train --config "$here/../configs/$config.yaml" $resume --set run="$runs/$name" \
    --set training.seed="$seed" --set data.train="$data/train.bin" --set data.evaluate="[$data/valid.bin]" \
    --set evaluation.every="$every" --set evaluation.chunks="${CURVE_CHUNKS:-256}" --set sampling.count=0 \
    $steps $sets "$@"
}

one() { # train or losses, kind, seed, more sets
  stage=$1
  shift
  name=$config-$1-$2
  log=$out/$name.log
  case $stage in
    train) done=trained ;;
    *)
      [ -e "$runs/$name/model" ] || return 0
      log=$out/$name.$stage.log done=scored
      ;;
  esac
  if ! "$stage" "$@" >"$log" 2>&1; then
    echo "baselines.sh: $name failed: $(tail -1 "$log")" >&2
    return 1
  fi
  echo "$name: $done"
}

# Each run is a process of its own.
at_once() { # train or losses, more sets
  stage=$1
  shift
  for seed in $seeds; do
    for kind in $kinds; do
      echo "$stage" "$kind" "$seed" "$@"
    done
  done | xargs -P "${JOBS:-1}" -L 1 sh "$0" "$data" one
}

each() { # function
  for seed in $seeds; do
    for kind in $kinds; do
      if [ -e "$runs/$config-$kind-$seed/model" ]; then
        "$1" "$kind" "$seed"
      fi
    done
  done
}

losses() { # kind, seed
  name=$config-$1-$2
  [ ! -e "$out/$name.csv" ] || return 0
  # shellcheck disable=SC2086
  "$md4" evaluate --model "$runs/$name" --weights "$weights" --data "$data/${HELD_OUT:-valid}.bin" \
    --passes "${PASSES:-2}" --seed 1 --batch-size "${BATCH:-512}" ${CHUNKS:+--chunks $CHUNKS} \
    --losses "$out/$name.csv.part" --json >"$out/$name.json" || return
  mv "$out/$name.csv.part" "$out/$name.csv"
}

# Prints the first number that a JSON file has under a key.
number() { # file, key
  grep -o '"'"$2"'":-\{0,1\}[0-9.eE+-]*' "$1" | head -n 1 | cut -d : -f 2
}

# Prints, with commas between, the losses of a kind for the seeds that it and MD4 have.
pairs() { # kind, kind whose files are printed
  list=
  for seed in $seeds; do
    if [ -e "$out/$config-$1-$seed.csv" ] && [ -e "$out/$config-md4-$seed.csv" ]; then
      list=$list,$out/$config-$2-$seed.csv
    fi
  done
  echo "${list#,}"
}

table() {
  echo "| system | seed | bits per character | less MD4 [95% interval] |"
  echo "| --- | --- | --- | --- |"
  for kind in $kinds; do
    for seed in $seeds; do
      file=$out/$config-$kind-$seed
      [ -e "$file.csv" ] || continue
      difference=-
      if [ "$kind" != md4 ] && [ -e "$out/$config-md4-$seed.csv" ]; then
        "$md4" compare --json --first "$file.csv" --second "$out/$config-md4-$seed.csv" \
          >"$file-less-md4.json"
        difference=$(printf '%+.4f [%+.4f, %+.4f]' "$(number "$file-less-md4.json" bitsPerToken)" \
          "$(number "$file-less-md4.json" low)" "$(number "$file-less-md4.json" high)")
      fi
      printf '| %s | %s | %.4f | %s |\n' "$kind" "$seed" "$(number "$file.json" bitsPerToken)" "$difference"
    done
    files=$(pairs "$kind" "$kind")
    case $files in
      *,*) mean "$kind" "$files" ;;
    esac
  done
}

# Prints the row of a kind's mean over the seeds that it and MD4 have.
mean() { # kind, files
  difference=-
  if [ "$1" != md4 ]; then
    file=$out/$config-$1-less-md4.json
    "$md4" compare --json --first "$2" --second "$(pairs "$1" md4)" >"$file"
    sed 's/.*"mean":/"mean":/' "$file" >"$file.mean"
    difference=$(printf '%+.4f [%+.4f, %+.4f]' "$(number "$file.mean" bitsPerToken)" \
      "$(number "$file.mean" low)" "$(number "$file.mean" high)")
    rm "$file.mean"
  fi
  for csv in $(echo "$2" | tr ',' ' '); do
    number "${csv%.csv}.json" bitsPerToken
  done | awk -v kind="$1" -v difference="$difference" \
    '{ sum += $1 } END { printf "| %s | mean of %d | %.4f | %s |\n", kind, NR, sum / NR, difference }'
}

curves() {
  list=
  for kind in $kinds; do
    if [ -e "$runs/$config-$kind-${seeds%% *}/metrics.jsonl" ]; then
      list="$list $kind=$runs/$config-$kind-${seeds%% *}"
    fi
  done
  for form in png svg; do
    # shellcheck disable=SC2086
    "$md4" plot --out "$out/curves.$form" --perplexity --split "${SPLIT:-valid}" \
      --metric "${weights}BitsPerToken" --title "$config: validation perplexity" $list ||
      echo "baselines.sh: curves.$form is not drawn; going on" >&2
  done
}

samples() { # kind, seed
  [ "$2" = "${seeds%% *}" ] || return 0
  name=$config-$1-$2
  # shellcheck disable=SC2046
  "$md4" sample --model "$runs/$name" --weights "$weights" --count "${SAMPLES:-4}" \
    $(steps_of "$1" "${SAMPLE_STEPS:-1000}") --seed 1 >"$out/$name-samples.txt"
  echo "== $1" && cat "$out/$name-samples.txt"
}

generative() { # kind, seed
  [ "$2" = "${seeds%% *}" ] || return 0
  for sampler in $(samplers "$1"); do
    for steps in ${STEPS_OF:-16 64 256}; do
      name=$config-$1-$sampler-$steps
      if [ ! -e "$out/$name.quality.json" ]; then
        # shellcheck disable=SC2046
        "$md4" sample --model "$runs/$config-$1-$2" --weights "$weights" --count "${GENERATIVE_COUNT:-64}" \
          --sampler "$sampler" $(steps_of "$1" "$steps") --seed 1 --json >"$out/$name.jsonl"
        "$md4" evaluate generative --samples "$out/$name.jsonl" --json \
          --scorer "$SCORER" >"$out/$name.quality.json.part"
        mv "$out/$name.quality.json.part" "$out/$name.quality.json"
      fi
      perplexity=$(number "$out/$name.quality.json" meanOfPerplexities)
      entropy=$(number "$out/$name.quality.json" entropy)
      echo "$1 $sampler,$steps,$perplexity" >>"$out/generative.csv"
      echo "$1 $sampler,$steps,$entropy" >>"$out/entropy.csv"
      printf '| %s | %s | %s | %.2f | %.3f |\n' "$1" "$sampler" "$steps" "$perplexity" "$entropy" |
        tee -a "$out/generative.md"
    done
  done
}

generative_all() {
  if [ ! -e "${SCORER:?names the folder of a GPT-2}/config.json" ]; then
    echo "baselines.sh: SCORER has no config.json: $SCORER" >&2
    return 3
  fi
  for file in generative entropy; do
    echo "name,x,y" >"$out/$file.csv"
  done
  {
    echo "| system | sampler | steps | mean of perplexities under GPT-2 | entropy of tokens |"
    echo "| --- | --- | --- | --- | --- |"
  } | tee "$out/generative.md"
  each generative
  for form in png svg; do
    "$md4" plot --out "$out/generative.$form" --log --x-name steps --y-name "perplexity under GPT-2" \
      --title "$config: perplexity of samples" "$out/generative.csv"
    "$md4" plot --out "$out/entropy.$form" --x-name steps --y-name "entropy of tokens, nats" \
      --title "$config: entropy of samples" "$out/entropy.csv"
  done
}

if [ $# -eq 0 ]; then
  echo "usage: baselines.sh DATA [train|losses|table|curves|samples|generative ...] [--set KEY=VALUE ...]" >&2
  exit 2
fi
data=$1
shift
if [ "${1:-}" = settings ]; then # what makes a configuration one of a kind, for other scripts
  settings "$2"
  exit
fi
export MD4="$md4" RUNS="$runs" OUT="$out" CONFIG="$config"
mkdir -p "$runs" "$out"
if [ "${1:-}" = one ]; then
  shift
  one "$@"
  exit
fi
stages=
while [ $# -gt 0 ] && [ "$1" != --set ]; do
  stages="$stages $1"
  shift
done
for stage in ${stages:-train losses table curves samples}; do
  case $stage in
    train) at_once train "$@" ;;
    losses) at_once losses ;;
    table)
      table >"$out/table.md"
      cat "$out/table.md"
      ;;
    curves) curves ;;
    samples) each samples ;;
    generative) generative_all ;;
    *) echo "baselines.sh: a stage is train, losses, table, curves, samples or generative: $stage" >&2 && exit 2 ;;
  esac
done
