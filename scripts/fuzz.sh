#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reads damaged files of every kind that md4 reads, many more than the tests do. Each must be read or refused in
# one line that names it; those that are neither are kept in md4-cli/target/fuzz.
#
#   scripts/fuzz.sh [ROUNDS] [SEED] [NAME]   200 rounds of 53 files, each damaged once a round; NAME: only those
#                                            with it in their path
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
CDPATH='' cd "$(dirname "$0")/.."
rounds=${1:-200}
seed=${2:-1000}
exec mvn -o -B -ntp test -pl md4-cli -am -Dtest=ReadersFuzzTest -Dsurefire.failIfNoSpecifiedTests=false \
  "-Dmd4.fuzz.rounds=$rounds" "-Dmd4.fuzz.seed=$seed" "-Dmd4.fuzz.names=${3:-}"
