#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compares what md4 plan says of a training with what the training then takes: the time on the clock, and the most
# memory; on a CPU what was resident (VmHWM of /proc/PID/status), on a GPU all that was in use there (nvidia-smi). The
# data of the config must be there.
#
#   scripts/bench/plan.sh CONFIG [OPTION ...]      options are those of md4 train
#
# Beside it stands what a fixed loop took before the plan, between and after the run: where these differ, the machine was
# another one when the run came.
#
# In the environment: MD4, the command (bin/md4); DEVICE (cpu), or gpu:N; SECONDS_OF_TRIAL (20); RUN, the folder of the
# run, removed first (runs/plan-check); PLAN, a file for the plan in JSON.
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu

md4=${MD4:-bin/md4}
run=${RUN:-runs/plan-check}
device=${DEVICE:-cpu}
said=$(mktemp)
pid=
# nvidia-smi counts all GPUs, CUDA those that CUDA_VISIBLE_DEVICES lets it see.
gpu=${device#gpu:}
case ${CUDA_VISIBLE_DEVICES:-} in
  [0-9]*) [ "$device" = cpu ] || gpu=$(echo "$CUDA_VISIBLE_DEVICES" | cut -d , -f $((gpu + 1))) ;;
esac
trap 'rm -f "$said" "$said.out" "$said.most"; [ -z "$pid" ] || kill "$pid" 2>/dev/null || true' EXIT
trap 'exit 1' TERM
set -- --config "$@" --set "run=$run" --device "$device"

# The MiB in use so far: on a CPU the most of the process $1, on a GPU those of now.
used() {
  case $device in
    gpu*) nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits -i "$gpu" ;;
    *) sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$1/status" 2>/dev/null | awk '{ printf "%d\n", $1 / 1024 }' ;;
  esac
}

# The milliseconds of a fixed loop.
loop() {
  loop_begin=$(date +%s%N)
  awk 'BEGIN { for (i = 0; i < 3000000; i++) sum += i }'
  echo $((($(date +%s%N) - loop_begin) / 1000000))
}

before=$(loop)
"$md4" plan "$@" --seconds "${SECONDS_OF_TRIAL:-20}" --json >"$said"
[ -z "${PLAN:-}" ] || cp "$said" "$PLAN"
between=$(loop)
rm -rf "$run"
begin=$(date +%s.%N)
"$md4" train "$@" >"$said.out" 2>&1 &
pid=$!
# Looking costs a core that the training may need; on a CPU the system itself keeps the most.
case $device in
  gpu*) pause=0.1 ;;
  *) pause=0.4 ;;
esac
(
  most=0
  while kill -0 $pid 2>/dev/null; do
    now=$(used $pid || true)
    [ "${now:-0}" -le "$most" ] || { most=$now; echo "$most" >"$said.most"; }
    sleep $pause
  done
) &
watch=$!
wait $pid || { cat "$said.out"; exit 1; }
pid=
end=$(date +%s.%N)
wait $watch
after=$(loop)
most=$(cat "$said.most")
number() { sed -n "s/.*\"$1\":\([0-9.E]*\).*/\1/p" "$said"; }
bytes=$(sed -n 's/.*"memory":{"device":"[^"]*","bytes":\([0-9]*\).*/\1/p' "$said")
seconds=$(sed -n 's/.*"trialExamples":[0-9]*,"seconds":\([0-9.E]*\).*/\1/p' "$said")
examples=$(number trialExamples)
awk -v config="$2" -v bytes="$bytes" -v had="$most" -v seconds="$seconds" -v begin="$begin" -v end="$end" -v examples="$examples" \
  -v loops="$before, $between, $after" 'BEGIN {
  mib = bytes / 1048576; taken = end - begin
  printf "%s: memory %.0f planned, %.0f MiB taken (%+.1f%%); time %.1f planned, %.1f s taken (%+.1f%%); examples of a tried step: %d; loop %s ms\n",
    config, mib, had, 100 * (mib / had - 1), seconds, taken, 100 * (seconds / taken - 1), examples, loops
}'
