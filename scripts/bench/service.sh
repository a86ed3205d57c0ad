#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# service.sh MODEL [JAR...]: clients of a model in one process, 16 at once, 16 by turns and one, by each
# md4-cli.jar in turn (this build's where none is named).
# Two idle cores, the quickstart's network: see docs/service.md for the numbers to expect.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -euo pipefail
here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
model=${1:?usage: service.sh MODEL [JAR...]}
shift
jars=("$@")
[ ${#jars[@]} -gt 0 ] || jars=("$here/../../md4-cli/target/md4-cli.jar")
export OPT_OUT_TRACKING=true
for round in 1 2 3; do
  for jar in "${jars[@]}"; do
    for mode in "clients:16:${REQUESTS:-60}" "turns:16:${REQUESTS:-60}" "clients:1:${REQUESTS:-60}"; do
      echo "round $round, $jar"
      java -cp "$jar" "$here/Service.java" "$model" "$mode"
    done
  done
done
