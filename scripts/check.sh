#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks formatting and compiles everything with all warnings and Error Prone as errors; no tests.
set -eu
CDPATH='' cd "$(dirname "$0")/.."
mvn -B -ntp -q -DskipTests verify
