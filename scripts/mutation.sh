#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Changes the code in small ways, one at a time, and tells which changes no test notices:
#   scripts/mutation.sh schedule      all of core.schedule
#   scripts/mutation.sh likelihood    all of core.likelihood, and Student's t
#   scripts/mutation.sh diffusion     classes of core.diffusion, drawn by SEED
#   scripts/mutation.sh samplers      classes of sample.method, drawn by SEED
# SEED (default 1) draws CLASSES (default 6) classes of the last two; THREADS (default 1) is the number of changes tried at
# once. Prints the changes that survived and a line of totals; md4-*/target/pit-reports has index.html and mutations.csv,
# with a line for each change. Takes minutes to an hour; not part of mvn verify. The results are in docs/lab/reliability.md.
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
CDPATH='' cd "$(dirname "$0")/.."
seed=${SEED:-1}
count=${CLASSES:-6}

# The classes of a folder in an order that the seed gives, the first of them, each with its nested classes.
drawn() {
  find "$1" -maxdepth 1 -name '*.java' ! -name package-info.java | LC_ALL=C sort |
    awk -v seed="$seed" 'BEGIN { srand(seed) } { printf "%.9f %s\n", rand(), $0 }' |
    LC_ALL=C sort | head -n "$count" | sed 's/.*\/java\///; s/\.java$//; s/.*/&\n&$*/' | tr '/\n' '.,' | sed 's/,$//'
}

without=none
case ${1:-} in
  schedule)
    module=md4-core classes='io.github.md4.core.schedule.*' tests='io.github.md4.core.schedule.*Test' ;;
  likelihood)
    module=md4-core classes='io.github.md4.core.likelihood.*,io.github.md4.core.StudentT'
    tests='io.github.md4.core.likelihood.*Test,io.github.md4.core.StudentTTest'
    without='io.github.md4.core.likelihood.IntervalCoverageTest' ;; # seconds for each change
  diffusion)
    module=md4-core classes=$(drawn md4-core/src/main/java/io/github/md4/core/diffusion)
    tests='io.github.md4.core.diffusion.*Test,io.github.md4.core.likelihood.ObjectivesTest'
    tests="$tests,io.github.md4.core.likelihood.BaselineBoundsTest,io.github.md4.core.loss.*Test"
    tests="$tests,io.github.md4.core.likelihood.GaussianBoundTest" ;;
  samplers)
    module=md4-sample classes=$(drawn md4-sample/src/main/java/io/github/md4/sample/method)
    tests='io.github.md4.sample.method.*Test,io.github.md4.sample.RequestTest,io.github.md4.sample.SamplerTest' ;;
  *)
    sed -n '3,10p' "$0" >&2
    exit 2 ;;
esac
echo "mutating $classes" >&2
report=$module/target/pit-reports/mutations.csv
rm -f "$report"
# In one call, so that a module reads the classes of the others as they stand here.
mvn -B -ntp -Pmutation -pl "$module" -am test-compile org.pitest:pitest-maven:mutationCoverage \
  "-Dmutation.classes=$classes" "-Dmutation.tests=$tests" "-Dmutation.without=$without" \
  "-Dmutation.threads=${THREADS:-1}" >&2
# Columns: file, class, kind of change, method, line, what became of it, the test that noticed.
awk -F, '
  { n[$6]++; kind = $3; sub(/.*\./, "", kind) }
  $6 == "SURVIVED" || $6 == "NO_COVERAGE" { print $6, $2 ":" $5, $4, kind }
  END {
    noticed = n["KILLED"] + n["TIMED_OUT"] + n["MEMORY_ERROR"] + n["RUN_ERROR"]
    printf "%d changes: %d killed, %d timed out, %d other errors, %d survived, %d not covered; noticed %.1f%%\n", NR, n["KILLED"],
      n["TIMED_OUT"], n["MEMORY_ERROR"] + n["RUN_ERROR"], n["SURVIVED"], n["NO_COVERAGE"], 100 * noticed / NR
  }' "$report"
