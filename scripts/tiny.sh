#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Trains the tiny model that md4-sample attaches as an artifact of its own (classifier tiny): quickstart's sentences, a
# smaller network. Replaces md4-sample/src/tiny/resources/io/github/md4/tiny. About a minute and a half on a core.
#
#   scripts/tiny.sh
#
# In the environment: MD4, the command (bin/md4, which has to be built); WORK, a folder for corpus and run (a new one).
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
CDPATH='' cd "$(dirname "$0")/.."
md4=${MD4:-bin/md4}
work=${WORK:-$(mktemp -d)}
out=md4-sample/src/tiny/resources/io/github/md4/tiny

"$md4" data quickstart --out "$work/data"
"$md4" train configs/quickstart.yaml --resume-or-start \
  --set "run=$work/run" --set "data.train=$work/data/train.bin" --set "data.evaluate=[$work/data/valid.bin]" \
  --set model.network.headWidth=16 --set model.network.heads=2 --set model.network.keyValueHeads=2 \
  --set model.network.layers=3 --set model.network.activation=glu --set training.steps=3000
"$md4" evaluate "$work/run" "$work/data/test.bin"
mkdir -p "$out"
for file in config.json model.safetensors tokenizer.json; do
  cp "$work/run/model/$file" "$out/$file"
done
du -b "$out"/*
