#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a command and says how much of the GPU's memory was in use at most meanwhile: by whatever
# process, so nothing else may run on it.
#
#   scripts/bench/measured.sh NAME COMMAND...
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
name=$1
shift
most=$(mktemp)
(
  highest=0
  while :; do
    now=$(nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits -i "${GPU:-0}" | head -n 1)
    if [ "$now" -gt "$highest" ]; then
      highest=$now
      echo "$highest" >"$most"
    fi
    sleep 0.2
  done
) &
sampler=$!
trap 'kill $sampler 2>/dev/null; rm -f "$most"' EXIT
echo "== $name"
status=0
"$@" || status=$?
echo "memory: $(cat "$most") MiB at most, all that was in use on the GPU"
exit $status
