#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The training step of each objective beside MD4's, one after another on one GPU, MD4 first and last: tokens per
# second, and their share of MD4's. gaussian-alone is Gaussian diffusion without self-conditioning, whose two passes
# for a quarter of the examples are so told apart. Some 15 s each at text8-short.
#
#   scripts/bench/objectives.sh OUT
#
# OUT is a folder for the reports of md4 bench train. In the environment: MD4, the command; CONFIG (text8-short);
# KINDS, those of scripts/baselines.sh; STEPS (20), WARM (6); MICRO, the micro-batch of Gaussian diffusion (128);
# FLAGS, more words for md4 bench train.
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
here=$(dirname "$0")
out=${1:?names a folder}
md4=${MD4:-$here/../../bin/md4}
kinds=${KINDS:-"md4 sedd d3pm-absorbing ctmc-absorbing any-order maskgit d3pm-uniform ctmc-uniform autoregressive \
gaussian-alone gaussian md4-again"}
mkdir -p "$out"

# Prints what makes the configuration one of a kind.
settings() { # kind
  case $1 in
    md4-again) ;;
    gaussian-alone)
      echo "$("$here/../baselines.sh" - settings gaussian) --set model.network.selfConditioning=0" \
        "--set training.microBatch=${MICRO:-128}"
      ;;
    gaussian*) echo "$("$here/../baselines.sh" - settings "$1") --set training.microBatch=${MICRO:-128}" ;;
    *) "$here/../baselines.sh" - settings "$1" ;;
  esac
}

speed() { # report
  sed -n 's/.*"tokensPerSecond":{"median":\([0-9.eE+]*\).*/\1/p' "$1" | head -n 1
}

echo "| objective | tokens per second | of MD4's |"
echo "| --- | --- | --- |"
for kind in $kinds; do
  # shellcheck disable=SC2046,SC2086
  if "$md4" bench train --config "$here/../../configs/${CONFIG:-text8-short}.yaml" --vocabulary 27 \
    --steps "${STEPS:-20}" --warm-up "${WARM:-6}" --json $(settings "$kind") ${FLAGS:-} \
    >"$out/bench-$kind.json" 2>"$out/bench-$kind.err"; then
    awk -v kind="$kind" -v ours="$(speed "$out/bench-$kind.json")" \
      -v first="$(speed "$out/bench-md4.json")" \
      'BEGIN {
        share = "-"
        if (first > 0) share = sprintf("%.3f", ours / first)
        printf "| %s | %.0f | %s |\n", kind, ours, share
      }'
  else
    echo "| $kind | failed: $(tail -n 1 "$out/bench-$kind.err") | - |"
  fi
done
