#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds, makes the corpus, trains, scores and samples the quickstart model, and plays an unmasking. Needs a JDK 17 and
# Maven, no GPU. README says what to expect.
#
#   scripts/quickstart.sh [--set KEY=VALUE ...] [--device DEVICE] [--threads N] [--stacktrace]
#
# The options are those of md4 train, for a run that is not finished.
#
# In the environment: MD4, the command (bin/md4, which is built first); RUN, the run (runs/quickstart); DATA, the corpus
# (data/quickstart).
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu

refuse() {
  echo "scripts/quickstart.sh: $*" >&2
  exit 2
}

# One thread, so that the result does not depend on the number of cores, and so small a network's threads need not
# wait for each other.
threads="--threads 1"
of=
for word; do
  if [ -n "$of" ]; then
    of=
    continue
  fi
  case $word in
    -h | --help) exec sh "$0" --help ;;
    --threads) threads= of=$word ;;
    --threads=*) threads= ;;
    --set | --device) of=$word ;;
    --set=* | --device=* | --stacktrace) ;;
    *) refuse "takes --set KEY=VALUE, --device DEVICE, --threads N and --stacktrace, not '$word'; --help says more" ;;
  esac
done
[ -z "$of" ] || refuse "$of needs a value"
CDPATH='' cd "$(dirname "$0")/.."
data=${DATA:-data/quickstart}
run=${RUN:-runs/quickstart}
if [ -e "$run/model" ] && [ $# -gt 0 ]; then
  refuse "$run is finished, and options are for a new run: RUN=runs/another scripts/quickstart.sh $*"
fi
test=$data/test.bin

said() {
  printf '\n== %s\n' "$*"
}

# Java's first compiler alone: in so little work the second takes more than it saves.
first=-XX:TieredStopAtLevel=1
JAVA_OPTS="$first ${JAVA_OPTS:-}"
export JAVA_OPTS

# The script itself types what commands say to type next.
MD4_NO_NEXT=1
export MD4_NO_NEXT

if [ -z "${MD4:-}" ]; then
  said "Building: about a minute the first time, as Maven fetches what it needs"
  log=$(mktemp)
  if ! MAVEN_OPTS="$first ${MAVEN_OPTS:-}" \
    mvn -B -ntp -q -Dstyle.color=never -Dmaven.test.skip=true package >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    rm -f "$log"
    echo "scripts/quickstart.sh: the build failed; what Maven says of it is above" >&2
    exit 1
  fi
  rm -f "$log"
fi
md4=${MD4:-bin/md4}

if [ ! -e "$test" ]; then
  said "Drawing a corpus of a million words from a small grammar"
  "$md4" data quickstart --out "$data"
fi

if [ ! -e "$run/model" ]; then
  said "Training a masked diffusion model"
  # shellcheck disable=SC2086
  "$md4" train configs/quickstart.yaml --resume-or-start $threads \
    --set "run=$run" --set "data.train=$data/train.bin" --set "data.evaluate=[$data/valid.bin]" "$@"
fi

said "Its score on held-out text, beside the floor that no model can beat"
"$md4" evaluate "$run" "$test" --passes 4 | grep -E '^(bits per|floor|above)'

said "Exact samples: every word from the model's own distribution"
"$md4" sample "$run" --count 5 --seed 7 --trace "$run/trace.ndjson"

said "Samples of the confidence sampler: surest first, approximate, less varied"
"$md4" sample "$run" --count 3 --seed 7 --sampler confidence

said "How a sample comes about"
"$md4" trace "$run/trace.ndjson" --speed 4

said "Filling the holes of: at dawn the [MASK*2] finds its [MASK*2] near the [MASK]"
"$md4" infill "$run" --count 3 --seed 7 \
  --template "at dawn the [MASK*2] finds its [MASK*2] near the [MASK]"

cat <<END

== What to try next
A hole elsewhere:
  $md4 infill $run --template "one day [MASK*8] teapot [MASK*]"
The unmasking as a page:
  $md4 trace $run/trace.ndjson --html $run/trace.html
A text of your own:
  docs/tutorial.md
END
