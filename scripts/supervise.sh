#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Trains until the run is done: begins it or goes on from its last checkpoint, and does so again when
# the process or its GPU dies.
#
#   scripts/supervise.sh CONFIG [OPTION...]        options are md4 train's
#
# A run that ends by itself is not begun again: done (0), a wrong config (2) or data (3), divergence (5),
# stopped by SIGTERM or SIGINT after a checkpoint (130). Whatever else happens is followed by another
# try, up to MD4_RESTARTS (5) in a row of which none lived MD4_STEADY (600) seconds; MD4_PAUSE (10)
# seconds lie between them. The exit code is the last one of md4.
#
# MD4_PROCESSES=8 trains by eight processes of this machine. Under torchrun's or Slurm's variables each
# process has a supervisor of its own; when one dies all end, and all are begun again.
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -u
root=$(CDPATH='' cd "$(dirname "$0")/.." && pwd -P)
md4=${MD4:-$root/bin/md4}
if [ $# -eq 0 ]; then
  echo "supervise: a config is needed: $0 CONFIG [OPTION...]" >&2
  exit 2
fi
config=$1
shift
launch=${MD4_PROCESSES:+launch --processes $MD4_PROCESSES --}

child=
stopped=
# The shell would end, and leave the training alone.
trap 'stopped=yes; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM INT

# A signal ends a wait, not what is waited for, and with a code of its own; where the child has ended meanwhile, its
# code is still to be had.
await() {
  while :; do
    wait "$1"
    code=$?
    kill -0 "$1" 2>/dev/null || break
  done
  if [ "$code" -gt 128 ]; then
    wait "$1" 2>/dev/null
    last=$?
    [ "$last" -eq 127 ] || code=$last # 127: it was had already
  fi
  return "$code"
}

failures=0
while :; do
  began=$(date +%s)
  # shellcheck disable=SC2086
  "$md4" $launch train --config "$config" --resume-or-start "$@" &
  child=$!
  await "$child"
  code=$?
  child=
  case $code in
    0 | 2 | 3 | 5 | 130) exit "$code" ;;
  esac
  [ -z "$stopped" ] || exit "$code"
  if [ $(($(date +%s) - began)) -ge "${MD4_STEADY:-600}" ]; then
    failures=0
  fi
  failures=$((failures + 1))
  if [ "$failures" -gt "${MD4_RESTARTS:-5}" ]; then
    echo "supervise: $config has ended with $code $failures times in a row; giving up" >&2
    exit "$code"
  fi
  echo "supervise: $config has ended with $code; going on in ${MD4_PAUSE:-10} s" >&2
  sleep "${MD4_PAUSE:-10}" &
  child=$!
  await "$child"
  child=
  [ -z "$stopped" ] || exit 130
done
