#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Kills and stops trainings at random moments and checks that none loses or mixes anything. Takes
# about ten minutes on two cores, or SECONDS, of which each of four signals has its share; prints a
# table, and exits 1 if anything was lost.
#
#   scripts/torture.sh [SECONDS [DIR]]
#
# DIR is an empty or absent folder for data and runs; it is left there if a check fails. MD4 names
# the command, TORTURE_SEED the seed of the moments.
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -u
set -m # jobs of their own, so that SIGINT is not ignored in them

CDPATH='' cd "$(dirname "$0")/.." || exit 1
md4=${MD4:-bin/md4}
seconds=${1:-540}
folder=${2:-$(mktemp -d)}
RANDOM=${TORTURE_SEED:-1}
steps=600
begin=$SECONDS
mkdir -p "$folder"

declare -A trials failures
series="kill term int hup twice damaged data output"
for each in $series; do
  trials[$each]=0
  failures[$each]=0
done

# check SERIES WHAT CONDITION...: one trial.
check() {
  local name=$1 what=$2
  shift 2
  trials[$name]=$((trials[$name] + 1))
  if ! "$@"; then
    failures[$name]=$((failures[$name] + 1))
    echo "torture: $name: $what" >&2
  fi
}

cat > "$folder/config.yaml" <<CONFIG
version: 1
run: $folder/reference
data: {train: $folder/data/train.bin, evaluate: [$folder/data/valid.bin]}
model:
  length: 32
  network: {headWidth: 16, heads: 2, keyValueHeads: 2, layers: 2}
training:
  seed: 3
  steps: $steps
  batchSize: 8
  microBatch: 8
  precision: float32
  learningRate: {base: 3e-3, warmUp: 10, decay: cosine}
  logEvery: 10
evaluation: {every: 40, chunks: 32, batchSize: 32, keepBest: true}
sampling: {count: 1, steps: 16}
checkpoints: {every: 20, keepLast: 3, keepEvery: 0}
CONFIG

# train RUN OPTION...: a training on one thread, in the background; its process is $pid.
train() {
  local run=$1
  shift
  "$md4" train --device cpu --threads 1 --config "$folder/config.yaml" \
    --set "run=$folder/$run" "$@" > "$folder/out" 2> "$folder/err" &
  pid=$!
}

newest() {
  ls "$folder/$1/checkpoints" 2> /dev/null | sed -n 's/^step-//p' | sort -n | tail -1
}

weights() {
  sha256sum < "$folder/$1/model/model.safetensors" 2> /dev/null | cut -c1-64
}

pause() { # of 0 to 2 seconds
  sleep "$((RANDOM % 2)).$((RANDOM % 10))"
}

# moment RUN STEP: waits for a moment of a training: one in four while it starts, the others after a
# checkpoint later than STEP.
moment() {
  early=143 # what SIGTERM gives before Java listens; see docs/reliability.md
  if [ $((RANDOM % 4)) != 0 ]; then
    early=130
    while kill -0 "$pid" 2> /dev/null && [ "$(newest "$1")" = "$2" ]; do sleep 0.1; done
  fi
  pause
}

echo "torture: preparing" >&2
"$md4" data quickstart --out "$folder/data" > /dev/null || exit 1
train reference
wait -f "$pid" 2> /dev/null || { cat "$folder/err" >&2; exit 1; }
reference=$(weights reference)
evaluations=$(grep -c '"valid"' "$folder/reference/metrics.jsonl")

# finished SERIES RUN: a run that came through is the reference, bit for bit.
finished() {
  check "$1" "the model of $2 is not the reference" test "$(weights "$2")" = "$reference"
  check "$1" "metrics of $2 are not whole" \
    test "$(grep -c '"valid"' "$folder/$2/metrics.jsonl")" = "$evaluations"
  check "$1" "something is left of $2" \
    test -z "$(find "$folder/$2" -name '.tmp-*' -o -name '.old-*' -o -name '.del-*')"
}

# queued: the nanoseconds that the thread of $pid that waited most for a processor has waited; 0 where
# the system does not count them.
queued() {
  cat "/proc/$pid"/task/*/schedstat 2> /dev/null |
    awk '$2 > most { most = $2 } END { printf "%.0f", most }'
}

# end: waits until $pid has ended. Its exit code is $status; $late are the milliseconds that it took,
# less those in which it was stopped or waited for a processor, as on a loaded machine.
end() {
  local sent now last queue most=0 stopped=0
  sent=$(date +%s%N)
  last=$sent
  queue=$(queued)
  while grep -q '^State:.*[^Z] (' "/proc/$pid/status" 2> /dev/null; do
    sleep 0.1
    now=$(queued)
    [ "$now" -gt "$most" ] && most=$now
    now=$(date +%s%N)
    grep -q '^State:.*[Tt] (' "/proc/$pid/status" 2> /dev/null && stopped=$((stopped + now - last))
    last=$now
  done
  [ "$most" -gt "$queue" ] && stopped=$((stopped + most - queue))
  late=$((($(date +%s%N) - sent - stopped) / 1000000))
  wait -f "$pid" 2> /dev/null
  status=$?
}

# lives SERIES SIGNAL CODE: trainings of a run, each ended by the signal, until one finishes, then of
# another run; after this series' share of the time the last of them is left in peace.
lives() {
  local name=$1 signal=$2 code=$3 run=$1-$RANDOM until=$((SECONDS + share)) before after status late
  while [ "$SECONDS" -lt "$until" ]; do
    before=$(newest "$run")
    train "$run" --resume-or-start
    moment "$run" "$before"
    if ! kill -s "$signal" -- "-$pid" 2> /dev/null; then
      wait -f "$pid" 2> /dev/null
      check "$name" "exit code $?" test $? = 0
      finished "$name" "$run"
      run=$name-$RANDOM
      continue
    fi
    end
    if [ "$status" = 0 ]; then
      finished "$name" "$run"
      run=$name-$RANDOM
      continue
    fi
    case $signal-$status-$early in
      TERM-143-143 | HUP-129-143) status=130 ;;
    esac
    check "$name" "exit code $status" test "$status" = "$code"
    check "$name" "ended after $late ms, more than 5 s" test "$late" -le 5000
    after=$(newest "$run")
    check "$name" "went back from step ${before:-0} to ${after:-0}" \
      test "${after:-0}" -ge "${before:-0}"
  done
  train "$run" --resume-or-start
  wait -f "$pid" 2> /dev/null
  check "$name" "exit code $? of the last" test $? = 0
  finished "$name" "$run"
}

# one round of every series that is not a matter of moments
others() {
  local run=others-$RANDOM
  train "$run"
  local first=$pid
  until [ "$(newest "$run")" ]; do sleep 0.2; done
  train "$run" --resume
  wait -f "$pid" 2> /dev/null
  check twice "the second training was not refused" test $? = 3
  kill -s TERM -- "-$first"
  wait -f "$first" 2> /dev/null
  local last
  last=$folder/$run/checkpoints/step-$(newest "$run")
  head -c 100 "$last/optimizer.safetensors" > "$folder/cut"
  cp "$folder/cut" "$last/optimizer.safetensors"
  train "$run" --resume
  wait -f "$pid" 2> /dev/null
  check damaged "a damaged checkpoint was taken" test $? = 3
  train "$run" --resume=last-good
  wait -f "$pid" 2> /dev/null
  check damaged "last-good did not go on" test $? = 0
  check damaged "the model is not the reference" test "$(weights "$run")" = "$reference"

  mkdir "$folder/zeros"
  cp "$folder"/data/* "$folder/zeros"
  head -c "$(stat -c %s "$folder/data/train.bin")" /dev/zero > "$folder/zeros/train.bin"
  train zeroed --set "data.train=$folder/zeros/train.bin"
  wait -f "$pid" 2> /dev/null
  check data "zeros were trained on" test $? = 3
  check data "zeros have a checkpoint" test -z "$(newest zeroed)"
  rm -rf "$folder/zeros" "$folder/zeroed"

  local csv=$folder/result.csv
  echo old > "$csv"
  "$md4" evaluate --device cpu --model "$folder/reference" --data "$folder/data/valid.bin" \
    --passes 1000 --csv "$csv" > /dev/null 2>&1 &
  pid=$!
  # Before Java runs the program, a signal ends it as any other process; the engine is loaded later.
  until grep -q libtorch "/proc/$pid/maps" 2> /dev/null || ! kill -0 "$pid" 2> /dev/null; do
    sleep 0.2
  done
  pause
  kill -s TERM -- "-$pid"
  wait -f "$pid" 2> /dev/null
  check output "evaluate did not end with 130" test $? = 130
  check output "the old file is gone" test "$(cat "$csv")" = old
  "$md4" sample --device cpu --model "$folder/reference" --count 1000000000 --steps 8 \
    > "$folder/samples" 2> /dev/null &
  pid=$!
  until [ -s "$folder/samples" ] || ! kill -0 "$pid" 2> /dev/null; do sleep 0.2; done
  kill -s INT -- "-$pid"
  wait -f "$pid" 2> /dev/null
  check output "sample did not end with 130" test $? = 130
  check output "sample wrote nothing" test -s "$folder/samples"
}

others
share=$(((seconds - SECONDS + begin) / 4))
[ "$share" -lt 20 ] && share=20
lives kill KILL 137
lives term TERM 130
lives int INT 130
lives hup HUP 130

failed=0
printf '| %-8s | %-7s | %-8s |\n| --- | --- | --- |\n' series checks failures
for each in $series; do
  printf '| %-8s | %7d | %8d |\n' "$each" "${trials[$each]}" "${failures[$each]}"
  failed=$((failed + failures[$each]))
done
echo "$((SECONDS - begin)) seconds, seed ${TORTURE_SEED:-1}"
[ "$failed" = 0 ] && rm -rf "$folder"
[ "$failed" = 0 ]
