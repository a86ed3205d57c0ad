#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds, makes the corpus, trains, evaluates and samples the quickstart model; needs a JDK 17 and
# Maven, no GPU. What to expect: about 4 minutes on two cores, most of it training, and about 1.17
# bits per character, the floor being 0.59.
set -eu
cd "$(dirname "$0")/.."

mvn -B -ntp -q -DskipTests package
if [ ! -e data/quickstart/valid.bin ]; then
  bin/md4 data quickstart --out data/quickstart
fi
bin/md4 train --config configs/quickstart.yaml "$@"
bin/md4 evaluate --model runs/quickstart --data data/quickstart/test.bin
bin/md4 sample --model runs/quickstart --count 5
