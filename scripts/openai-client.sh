#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fetches the official openai package from npm into md4-cli/target/npm, where the test of md4 serve
# finds it: scripts/openai-client.sh && mvn test -pl md4-cli -am -Dtest=OpenAiClientTest
# Elsewhere NODE_PATH may name a folder that has it. Without it, or without node, the test is skipped.
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
here=$(CDPATH='' cd "$(dirname "$0")" && pwd -P)
mkdir -p "$here/../md4-cli/target/npm"
cd "$here/../md4-cli/target/npm"
npm install --no-save --no-audit --no-fund openai@7.59.0
