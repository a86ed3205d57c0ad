#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs compute-sanitizer's memcheck, synccheck and racecheck over the tests of kernels of our own on a Hopper GPU: of attention,
# a JVM for each case and tool; of convolutions and of published DDiT networks, one for some cases. Several run at a time. Prints
# a line for each, and at the end what was found. Exits with 1 where a tool reported something, a test failed, or a case did not
# finish.
#
#   scripts/bench/sanitize.sh CLASSES CLASSPATH [OUT]
#
# CLASSES and CLASSPATH as for scripts/gpu-tests.sh. What each JVM printed lies in OUT (default: sanitizer). In the environment:
# JAVA_HOME; SANITIZER, the program (compute-sanitizer); TOOLS (memcheck synccheck racecheck); JOBS, JVMs at a time (8); LIMIT, the
# seconds of one (170); ONLY, a pattern of the names of cases, as '^(ring|many)': ring (clusters of two, four and eight blocks),
# many (two kernels side by side), narrow and wide (heads of 64 and 128 channels), chosen (queries of chosen rows), lengths; block,
# logits, norm and nan of convolutions; ddit.
#
# racecheck runs another form of the kernels. A warp gives a buffer of shared memory back by one arrival at a barrier, after its
# lanes have met. racecheck does not follow that, and reports their reads as races with the copy that fills the buffer again. With
# EACH_LANE defined as 1 each lane arrives, which it follows; so a folder with attention.cu in that form stands first in the class
# path. memcheck and synccheck run the kernels as they are.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -u
classes=$1
path=$1:$2
out=${3:-sanitizer}
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
sanitizer=${SANITIZER:-compute-sanitizer}
package=io.github.md4.core.internal
folder=${package//.//}/transformer
export OPT_OUT_TRACKING=true OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
command -v "$sanitizer" >/dev/null || { echo "no $sanitizer: name it by SANITIZER" >&2; exit 1; }
mkdir -p "$out/each-lane/$folder"
sed 's/#define EACH_LANE 0/#define EACH_LANE 1/' "$classes/$folder/attention.cu" >"$out/each-lane/$folder/attention.cu"
grep -q '#define EACH_LANE 1' "$out/each-lane/$folder/attention.cu" || { echo "attention.cu has no EACH_LANE" >&2; exit 1; }

# Name, kernels whose names have this in them ("." for all), class, method and number of each case, those that take longest first.
cases() {
  each() { # NAME KERNELS CLASS METHOD FIRST LAST AT-ONCE
    for ((i = $5; i <= $6; i += $7)); do
      last=$((i + $7 - 1 < $6 ? i + $7 - 1 : $6))
      echo "$1-$i $2 $3 $4 $i..$last"
    done
  }
  of=transformer.HopperAttentionGpuTest
  case="($package.$of\$Case)"
  each many attention $of 'gradientsOfManyHeads_areThoseOfPlainLoops(int)' 0 1 1
  each ring attention $of "outputAndGradients_areThoseOfPlainLoops$case" 40 49 1
  each lengths attention $of "outputAndGradientsOfLengths_areThoseOfPlainLoops$case" 0 57 1
  each chosen attention $of "outputAndGradientsOfChosenQueries_areThoseOfPlainLoops$case" 0 11 1
  each narrow attention $of "outputAndGradients_areThoseOfPlainLoops$case" 0 19 1
  each wide attention $of "outputAndGradients_areThoseOfPlainLoops$case" 20 39 1
  of=image.HopperConvolutionsGpuTest
  each block . $of 'aBlock_isThatOfPlainLoops(int,int,int,int,int,int)' 0 19 4
  each logits . $of 'logits_areThoseOfPlainLoops(int,int)' 0 6 3
  each norm . $of 'normalised_isThatOfPlainLoops(int,int,int,int)' 0 3 4
  echo "nan . $of nan_reachesItsImage() -"
  of=transformer.HopperDditKernelsGpuTest
  each ddit . $of "results_areTheSameEachTime($package.$of\$Case)" 0 6 2
}

one() { # TOOL NAME KERNELS CLASS METHOD NUMBERS
  log=$out/$1-$2.log
  front=
  [ "$1" != racecheck ] || front=$out/each-lane:
  kernels=(--kernel-name "kns=$3")
  [ "$3" != . ] || kernels=()
  select="iteration=method:$package.$4#$5[$6]"
  [ "$6" != - ] || select="method=$package.$4#$5"
  begun=$(date +%s)
  timeout -k 5 "${LIMIT:-170}" "$sanitizer" --tool "$1" "${kernels[@]}" --print-limit 10 \
    "$java" -Xmx4g -Dmd4.runs=1 -cp "$front$path" '-Djava.util.logging.config.class=io.github.md4.cli.screen.JdkLog$Configuration' \
    org.junit.platform.console.ConsoleLauncher execute --disable-banner --disable-ansi-colors --details=testfeed \
    "--select-$select" >"$log" 2>&1
  status=$?
  summary=$(grep -h ' SUMMARY: ' "$log" | tail -1 | sed 's/^=* *//')
  if [ $status -ge 124 ] && [ -z "$summary" ]; then
    found='NOT FINISHED'
  elif [ -z "$summary" ]; then
    found='NO SUMMARY'
  elif ! grep -qE ' SUMMARY: 0 (errors|hazards)' "$log"; then
    found=FOUND
  elif grep -q ':: FAILED' "$log"; then
    found='TEST FAILED'
  elif grep -q ':: SUCCESSFUL' "$log"; then
    found=clean
  else
    found=skipped
  fi
  printf '%-12s  %-9s  %-10s  %4d s  %s\n' "$found" "$1" "$2" $(($(date +%s) - begun)) "$summary"
}
export -f one
export out path java sanitizer package LIMIT

for tool in ${TOOLS:-racecheck memcheck synccheck}; do
  cases | grep -E "${ONLY:-.}" | sed "s/^/$tool /"
done | xargs -r -P "${JOBS:-8}" -n 6 bash -c 'one "$@"' one | tee "$out/summary.txt"
for tool in ${TOOLS:-racecheck memcheck synccheck}; do
  echo "$tool: $(grep -c "^clean  *$tool" "$out/summary.txt") of $(grep -c "  $tool " "$out/summary.txt") cases clean"
done
# What the tools said of each case that is not clean, in their words.
grep -vE '^(clean|skipped) ' "$out/summary.txt" | sed -E 's/^(NOT FINISHED|NO SUMMARY|FOUND|TEST FAILED) +//' |
  while read -r tool name rest; do
    echo "== $tool $name"
    grep -hE '^=+ (Error|Warning|Invalid|Barrier|.*[Hh]azard|Program hit)|:: FAILED' "$out/$tool-$name.log" | grep -v SUMMARY |
      sort | uniq -c | sort -rn | head -10 | cut -c 1-200
  done
! grep -qvE '^(clean|skipped) ' "$out/summary.txt"
