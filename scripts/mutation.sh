#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Changes the code in small ways, one at a time, and tells which changes no test notices:
#   scripts/mutation.sh schedule      all of core.schedule
#   scripts/mutation.sh likelihood    all of core.likelihood, and Student's t
#   scripts/mutation.sh diffusion     classes of core.diffusion, drawn by SEED
#   scripts/mutation.sh samplers      classes of sample, drawn by SEED
# SEED (default 1) draws CLASSES (default 6) classes of the last two. Results lie in
# md4-*/target/pit-reports: index.html, and mutations.csv with a line for each change. Takes minutes to an hour on two idle cores; not part of mvn verify.
set -eu
cd "$(dirname "$0")/.."
seed=${SEED:-1}
count=${CLASSES:-6}

# The classes of a folder in an order that the seed gives, the first of them.
drawn() {
  find "$1" -name '*.java' ! -name package-info.java | LC_ALL=C sort |
    awk -v seed="$seed" 'BEGIN { srand(seed) } { printf "%.9f %s\n", rand(), $0 }' |
    LC_ALL=C sort | head -n "$count" | sed 's/.*\/java\///; s/\.java$/*/' | tr '/\n' '.,' | sed 's/,$//'
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
    tests='io.github.md4.core.diffusion.*Test,io.github.md4.core.likelihood.ObjectivesTest' ;;
  samplers)
    module=md4-sample classes=$(drawn md4-sample/src/main/java/io/github/md4/sample)
    tests='io.github.md4.sample.*Test' ;;
  *)
    sed -n '3,10p' "$0" >&2
    exit 2 ;;
esac
echo "mutating $classes" >&2
mvn -B -ntp -q -DskipTests install -pl "$module" -am
mvn -B -ntp -Pmutation -pl "$module" org.pitest:pitest-maven:mutationCoverage \
  "-Dmutation.classes=$classes" "-Dmutation.tests=$tests" "-DexcludedTestClasses=$without"
awk -F, '$6 != "KILLED" && $6 != "TIMED_OUT" { print $6, $2 ":" $5, $4, $3 }' \
  "$module/target/pit-reports/mutations.csv"
