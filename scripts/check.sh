#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks formatting and compiles everything with all warnings and Error Prone as errors; no tests.
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
CDPATH='' cd "$(dirname "$0")/.."
mvn -B -ntp -q -DskipTests verify
