#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Goes through docs/tutorial.md: a text to a model to an infilling, with the seconds of each command.
#
#   scripts/tutorial.sh book.txt OUT             on a CPU, configs/tutorial-text.yaml
#   scripts/tutorial.sh book.txt OUT --gpu       on a GPU, configs/text8-tiny.yaml; in a build with -Pcuda
#
# Writes OUT/data, OUT/run, what the commands print, and OUT/seconds.txt. In the environment: MD4, the command (bin/md4);
# OPTIONS, further options of the training.
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
CDPATH='' cd "$(dirname "$0")/.."
text=${1:?a text file is needed}
out=${2:?a folder is needed}
MD4=${MD4:-bin/md4}
if [ "${3:-}" = --gpu ]; then
  config=configs/text8-tiny.yaml
  set -- --set "data.train=$out/data/train.bin" --set "data.evaluate=[$out/data/valid.bin]" --set training.steps=4000
else
  config=configs/tutorial-text.yaml
  set -- --set "data.train=$out/data/train.bin" --set "data.evaluate=[$out/data/valid.bin]" --threads 1
fi
mkdir -p "$out"
rm -rf "$out/run"
: >"$out/seconds.txt"
first=$(date +%s.%N)

# step NAME ARGUMENT...: one command and its seconds; "all" counts from the first command.
step() {
  name=$1
  shift
  begin=$(date +%s.%N)
  "$MD4" "$@" >"$out/$name.txt" 2>"$out/$name.err" || { cat "$out/$name.err" >&2; exit 1; }
  awk -v name="$name" -v first="$first" -v begin="$begin" -v end="$(date +%s.%N)" \
    'BEGIN { printf "%s %.1f s, all %.1f s\n", name, end - begin, end - first }' | tee -a "$out/seconds.txt"
}

step data data text --from "$text" --vocabulary chars --out "$out/data" --replace
# shellcheck disable=SC2086
step train train "$config" "$@" --set "run=$out/run" ${OPTIONS:-}
step infill infill "$out/run" --template "[MASK*24] the king[MASK*24]" --count 2 --seed 7
step evaluate evaluate "$out/run" "$out/data/test.bin"
step sample sample "$out/run" --count 2 --seed 7
