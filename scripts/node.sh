#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Starts trainings on this machine that go on when the terminal is closed, one GPU each.
#
#   scripts/node.sh CONFIG...                 on GPUs 0, 1, ...
#   GPUS="2 3" scripts/node.sh CONFIG...      on these
#
# Each is supervised (scripts/supervise.sh) and writes LOGS/NAME.log; LOGS is logs. Prints a line for
# each with its process: kill that to stop the training after a checkpoint; the same command goes on.
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
here=$(CDPATH='' cd "$(dirname "$0")" && pwd -P)
logs=${LOGS:-logs}
gpus=${GPUS:-$(seq -s ' ' 0 $(($# - 1)))}

# shellcheck disable=SC2086
if [ $# -eq 0 ] || [ "$(echo $gpus | wc -w)" -lt $# ]; then
  echo "node: as many GPUs as configs, and at least one, are needed: $# configs, GPUs $gpus" >&2
  exit 2
fi
mkdir -p "$logs"
for config in "$@"; do
  gpu=${gpus%% *}
  gpus=${gpus#* }
  log=$logs/$(basename "$config" .yaml).log
  CUDA_VISIBLE_DEVICES=$gpu nohup "$here/supervise.sh" "$config" >>"$log" 2>&1 </dev/null &
  echo "process $!: $config on GPU $gpu, $log"
done
