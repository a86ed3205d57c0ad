#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# service.sh MODEL [JAR...]: clients of a model in one process, 16 at once and one alone, by each
# md4-cli.jar in turn (this build's where none is named).
# Two idle cores, the quickstart's network: see docs/service.md for the numbers to expect.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
model=${1:?usage: service.sh MODEL [JAR...]}
shift
jars=("$@")
[ ${#jars[@]} -gt 0 ] || jars=("$here/../../md4-cli/target/md4-cli.jar")
export OPT_OUT_TRACKING=true
for round in 1 2 3; do
  for jar in "${jars[@]}"; do
    for clients in "16 ${REQUESTS:-60}" "1 ${REQUESTS:-60}"; do
      echo "round $round, $jar"
      # shellcheck disable=SC2086
      java -cp "$jar" "$here/Service.java" "$model" $clients
    done
  done
done
