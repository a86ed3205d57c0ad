#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs all tests that need a GPU, several JVMs at a time, and prints what each class took, the failures and the total.
# 482 tests took 72 seconds on an idle H200 with no compiled kernels on disk, 495 took 90 on one with a slower host.
#
#   scripts/gpu-tests.sh CLASSES CLASSPATH [OUT]
#
# CLASSES is a folder with the compiled classes and tests of all modules, CLASSPATH the jars, JUnit's console launcher among them
# (junit-platform-console-standalone). What each JVM printed lies in OUT (default: gpu-tests). In the environment: JOBS, JVMs at a
# time (20); LIMIT, the seconds of one (120); JAVA_HOME; ONLY, a pattern of the classes' names; RUNS, how many times attention's
# results are made again and compared bit for bit (3). ONLY=HopperAttentionGpuTest RUNS=300 LIMIT=300 compares 300.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -u
classes=$1
path=$1:$2
out=${3:-gpu-tests}
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
export OPT_OUT_TRACKING=true GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-2000} OMP_NUM_THREADS=${OMP_NUM_THREADS:-2}
mkdir -p "$out"

# Each JVM's share, the longest first: a class, the methods of a class whose names match a pattern, or those that match none after
# a "!", so that none is left out, or some of the cases of one method: rank, class, pattern or method, cases or -.
units() {
  halves() { # RANK CLASS METHOD CASES, of the first half
    case=io.github.md4.core.network.transformer.FusedTransformerGpuTest
    case ${2##*.} in HopperAttention*) case=${2%.*}.HopperAttentionGpuTest ;; esac
    echo "$1 $2 $3($case\$Case) 0..$(($4 - 1))"
    echo "$1 $2 $3($case\$Case) $4..99"
  }
  grep -lr --include='*Test.class' 'Lorg/junit/jupiter/api/Tag;' "$classes" | xargs grep -l gpu | sort |
    sed "s|^$classes/*||; s|\.class$||; s|/|.|g" | grep -E "${ONLY:-.}" | while read -r class; do
    case ${class##*.} in
      FusedTransformerGpuTest)
        for method in gradients_areThoseOfFloat32UpToRounding gradientsWithANarrowStream_areThoseOfFloat32UpToRounding; do
          halves 0 "$class" $method 5
        done
        halves 2 "$class" gradientsWithRecomputation_areTheSame 3 # finds the kernels of the others on disk
        echo "1 $class !.*#gradients.* -"
        ;;
      GraphForwardGpuTest)
        halves 1 "$class" logits_areThoseOfTheSameLaunches 2
        echo "3 $class !.*#logits_areThoseOfTheSameLaunches.* -"
        ;;
      FrozenTransformerGpuTest)
        halves 1 "$class" logits_areThoseOfFloat32UpToRounding 5
        for methods in losses logitsOfWeightsThatAreRead; do
          echo "2 $class .*#$methods.* -"
        done
        echo "3 $class !.*#(losses|logitsOfWeightsThatAreRead|logits_areThoseOfFloat32UpToRounding).* -"
        ;;
      GraphStepsGpuTest)
        for methods in aGo several draws_are drawsBy drawsOf guided; do
          echo "1 $class .*#$methods.* -"
        done
        echo "3 $class !.*#(aGo|several|draws_are|drawsBy|drawsOf|guided).* -"
        ;;
      HopperAttentionGpuTest) # a part for each width of heads, and for clusters with dropout and without
        for cases in 0..19 20..39 40..44 45..99; do
          echo "1 $class outputAndGradients_areThoseOfPlainLoops($class\$Case) $cases"
        done
        for cases in 0..35 36..51 52..99; do # narrow, wide, beyond 1,024 positions
          echo "2 $class outputAndGradientsOfLengths_areThoseOfPlainLoops($class\$Case) $cases"
        done
        halves 1 "$class" outputAndGradientsOfChosenQueries_areThoseOfPlainLoops 6
        echo "2 $class !.*#outputAndGradients.* -"
        ;;
      HopperAttentionNanGpuTest) # few heads, then the ring
        halves 2 "$class" nan_reachesWhatItReachesInPlainLoops 16
        echo "2 $class !.*#nan_reachesWhatItReachesInPlainLoops.* -"
        ;;
      HopperAttentionDropoutGpuTest) # tiles and whole heads, then the ring
        halves 2 "$class" keptProbabilities_areThoseOfPlainLoops 3
        echo "3 $class !.*#keptProbabilities_areThoseOfPlainLoops.* -"
        ;;
      FusedLengthsGpuTest) # with dropout, against the CPU
        echo "0 $class .*WithDropout.* -"
        echo "0 $class !.*WithDropout.* -"
        ;;
      FusedUNetGpuTest | MaskStepsGpuTest) echo "1 $class .* -" ;;
      HopperProductNormsGpuTest | RevealedMasksGpuTest | StepKernelsGpuTest) echo "2 $class .* -" ;;
      HopperConvolutionsGpuTest | HopperDditKernelsGpuTest | DditGpuTest) echo "2 $class .* -" ;;
      NcclGpuTest) echo "4 $class .* -" ;;
      *) echo "3 $class" ;; # small
    esac
  done | together | sort -s -k 1,1 | cut -d ' ' -f 2-
}

# Puts small classes together, some in a JVM, whose start takes as long as one of them.
together() {
  awk 'NF > 2 {print; next} {n = small++ % 8; of[n] = of[n] (of[n] == "" ? "" : ",") $2; rank = $1}
    END {for (n in of) print rank, of[n], ".*", "-"}'
}

one() { # CLASS[,CLASS...] METHODS CASES
  name=$(echo "$1" | sed 's|[a-z0-9.]*\.\([A-Z]\)|\1|g; s|GpuTest||g')
  [ "$2" = '.*' ] || name=$name-$(echo "${2%%(*}" | tr -cd A-Za-z)
  read -ra classes <<<"${1//,/ -c }"
  selected=(--include-methodname "$2" -c "${classes[@]}")
  case $2 in
    !*)
      name=${name%%-*}-others
      selected=(--exclude-methodname "${2#!}" -c "$1")
      ;;
  esac
  if [ "$3" != - ]; then
    name=$name-${3%%.*}
    selected=(--select-iteration "method:$1#$2[$3]")
  fi
  log=$out/$name.log
  begun=$(date +%s%N)
  timeout -k 5 "${LIMIT:-120}" "$java" -XX:+UseSerialGC -Xmx6g -Dmd4.runs="${RUNS:-3}" -cp "$path" \
    '-Djava.util.logging.config.class=io.github.md4.cli.screen.JdkLog$Configuration' \
    org.junit.platform.console.ConsoleLauncher execute --include-tag gpu --disable-banner --disable-ansi-colors \
    --details=testfeed "${selected[@]}" >"$log" 2>&1
  status=$?
  count() { grep -c ":: $1" "$log"; }
  printf '%6.1f s  %3d ok  %3d failed  %3d skipped  exit %d  %s\n' "$(($(date +%s%N) - begun))e-9" \
    "$(count SUCCESSFUL)" "$(count FAILED)" "$(count ABORTED)" $status "$name"
}
export -f one
export out path java LIMIT RUNS

# These watch the memory of the whole device, so that nobody may be beside them.
alone='NcclGpuTest'
begun=$(date +%s%N)
units | grep -v -E "$alone" | xargs -r -P "${JOBS:-20}" -n 3 bash -c 'one "$@"' one | tee "$out/summary.txt"
units | grep -E "$alone" | xargs -r -n 3 bash -c 'one "$@"' one | tee -a "$out/summary.txt"
printf 'total: %.1f s, %d JVMs, %d tests passed, %d failed, %d skipped\n' "$(($(date +%s%N) - begun))e-9" \
  "$(wc -l <"$out/summary.txt")" "$(awk '{n += $3} END {print n + 0}' "$out/summary.txt")" \
  "$(awk '{n += $5} END {print n + 0}' "$out/summary.txt")" "$(awk '{n += $7} END {print n + 0}' "$out/summary.txt")" |
  tee -a "$out/summary.txt"
grep -h -A 4 ':: FAILED' "$out"/*.log | cut -c 1-300
awk '/exit/ && ($5 > 0 || $10 != 0) {bad = 1} END {exit bad}' "$out/summary.txt"
