#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# 64 clients of md4 serve, each with REQUESTS requests (160: 10,240 in all; docs/lab/service.md).
set -eu
cd "$(dirname "$0")/.."
exec mvn -B -ntp test -pl md4-cli -am -Dtest=SoakTest -Dsurefire.failIfNoSpecifiedTests=false \
  -DargLine="-Dmd4.soak.requests=${REQUESTS:-160}"
