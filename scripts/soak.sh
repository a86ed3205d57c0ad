#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# 64 clients of md4 serve, each with four times REQUESTS requests (40: 10,240 in all), and what they
# leave of native memory; docs/lab/service.md has the numbers to expect.
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
CDPATH='' cd "$(dirname "$0")/.."
exec mvn -B -ntp test -pl md4-cli -am -Dtest=SoakTest -Dsurefire.failIfNoSpecifiedTests=false \
  -DargLine="-Dmd4.soak.requests=${REQUESTS:-40}"
