#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Measures training on several GPUs of this machine: speed, memory, losses, samples and a killed process.
#
#   mvn -Pcuda -Dmaven.test.skip=true package && scripts/bench/gpus.sh OUT
#
# Writes OUT/report.txt and what each part printed. Six to eight minutes on four H200. In the environment:
# GPUS, their number (all that nvidia-smi lists); PARTS, some of "speed losses samples killed" (all).
# A rehearsal on a CPU: DEVICE=cpu GPUS=2 scripts/bench/gpus.sh OUT
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -u
CDPATH='' cd "$(dirname "$0")/../.."
out=${1:?a folder is needed}
md4=${MD4:-bin/md4}
n=${GPUS:-$(nvidia-smi -L | wc -l)}
parts=${PARTS:-speed losses samples killed}
device=${DEVICE:+--device $DEVICE}
shards="--set parallel.shardOptimizer=true"
export NCCL_NVLS_ENABLE=${NCCL_NVLS_ENABLE:-0} # NVLink multicast
mkdir -p "$out"

bench="--config configs/owt-small.yaml --vocabulary 50257 --steps 40 --warm-up 6"
each=32
train="--config configs/quickstart.yaml --set training.batchSize=512 --set training.microBatch=512"
steps=200
if [ "${DEVICE:-}" = cpu ]; then
  bench="--config configs/quickstart.yaml --vocabulary 100 --steps 4 --warm-up 1"
  each=8
  train="--config configs/quickstart.yaml --set training.batchSize=32 --set training.microBatch=32"
  steps=40
fi
train="$train --set data.train=$out/data/train.bin --set data.evaluate=[$out/data/valid.bin]"
train="$train --set training.logEvery=1 --set evaluation.every=0 --set sampling.count=0"
train="$train --set training.learningRate.warmUp=20 --set training.steps=$steps"

say() { echo "$*" | tee -a "$out/report.txt"; }
# Words that run a command by so many processes.
by() { [ "$1" -gt 1 ] && echo "launch --processes $1 --"; }

# bench NAME PROCESSES OPTION...
bench() {
  local name=$1 w=$2
  shift 2
  # shellcheck disable=SC2046,SC2086
  timeout 120 "$md4" $(by "$w") bench train $device $bench --set training.batchSize=$((each * w)) \
    --set training.microBatch="$each" --json "$@" >"$out/bench-$name.json" 2>"$out/bench-$name.err"
  say "bench $name: exit $?, $(python3 - "$out/bench-$name.json" <<'P'
import json, sys
try:
    r = json.load(open(sys.argv[1]))
    print({k: r[k] for k in r if k in ('tokensPerSecond', 'milliseconds', 'parts', 'memory')})
except ValueError:
    print('nothing')
P
)"
}

speed() {
  bench 1 1
  # shellcheck disable=SC2086
  for ((w = 2; w <= n; w *= 2)); do
    bench $w $w
    bench $w-sharded $w $shards
  done
  bench "$n-float32" "$n" --set parallel.gradients=float32
  bench 1-again 1
  python3 - "$out" "$n" <<'P' | tee -a "$out/report.txt"
import json, statistics, sys
out, n = sys.argv[1], int(sys.argv[2])
def median(name):
    value = json.load(open(f'{out}/bench-{name}.json'))['tokensPerSecond']
    return value['median'] if isinstance(value, dict) else value
one = statistics.mean((median('1'), median('1-again')))
w = 2
while w <= n:
    print(f'{w} GPUs: {median(str(w)) / one / w:.3f} of {w} times one, sharded {median(f"{w}-sharded") / one / w:.3f}')
    w *= 2
P
}

# run NAME PROCESSES OPTION... : a training, its losses in OUT/NAME/metrics.jsonl
run() {
  local name=$1 w=$2
  shift 2
  # shellcheck disable=SC2046,SC2086
  timeout 200 "$md4" $(by "$w") train $device $train --set "run=$out/$name" "$@" >"$out/$name.out" 2>&1
  say "train $name: exit $?"
}

losses() {
  local f32="--set training.precision=float32"
  # shellcheck disable=SC2086
  {
    run one 1
    run one-repeated 1
    run all "$n"
    run all-sharded "$n" $shards
    run one-float32 1 $f32
    run all-float32 "$n" $f32
    run all-sharded-float32 "$n" $f32 $shards
  }
  python3 - "$out" <<'P' | tee -a "$out/report.txt"
import json, sys
def losses(name):
    rows = map(json.loads, open(f'{sys.argv[1]}/{name}/metrics.jsonl'))
    return {r['step']: r['bitsPerToken'] for r in rows if 'split' in r and r['split'] == 'train'}
for base, others in (('one', ('one-repeated', 'all', 'all-sharded')), ('one-float32', ('all-float32', 'all-sharded-float32'))):
    a = losses(base)
    for other in others:
        b = losses(other)
        gaps = [abs(a[s] - b[s]) for s in sorted(a) if s in b]
        quarter = max(1, len(gaps) // 4)
        print(f'{other} against {base}: {len(gaps)} losses, largest difference {max(gaps[:quarter]):.2g} in the first quarter, {max(gaps):.2g} in all')
P
}

samples() {
  # shellcheck disable=SC2046,SC2086
  for w in 1 "$n"; do
    timeout 200 "$md4" $(by "$w") sample "$out/one" $device --count 512 --json >"$out/samples-$w.jsonl" 2>"$out/samples-$w.err"
    say "samples by $w: exit $?, $(wc -l <"$out/samples-$w.jsonl") lines"
    timeout 200 "$md4" $(by "$w") evaluate "$out/one" $device --data "$out/data/test.bin" --json >"$out/evaluate-$w.json" 2>"$out/evaluate-$w.err"
  done
  say "samples that differ: $(diff "$out/samples-1.jsonl" "$out/samples-$n.jsonl" | grep -c '^<') of 512"
  say "scores: $(cmp "$out/evaluate-1.json" "$out/evaluate-$n.json" && echo the same)"
}

killed() {
  # shellcheck disable=SC2086
  "$md4" launch --processes "$n" -- train $device $train --set "run=$out/killed" \
    --set training.steps=1000000 --set training.learningRate.decay=constant \
    --set checkpoints.every=20 >"$out/killed.out" 2>&1 &
  local launcher=$! victim start
  for ((i = 0; i < 600; i++)); do
    ls "$out"/killed/checkpoints/step-* >/dev/null 2>&1 && break
    sleep 0.1
  done
  sleep 1
  victim=$(pgrep -P "$launcher" | sort -n | tail -1)
  start=$(date +%s%N)
  kill -KILL "$victim"
  wait "$launcher"
  say "killed: launcher's exit $? after $((($(date +%s%N) - start) / 1000000)) ms: $(grep -h "is gone\|signal 9" "$out/killed.out" | head -2 | tr '\n' ';')"
  local last
  last=$(ls "$out/killed/checkpoints" | sed 's/step-//' | sort -n | tail -1)
  # shellcheck disable=SC2086
  "$md4" launch --processes "$n" -- train $device $train --set "run=$out/killed" --resume \
    --set training.learningRate.decay=constant --set training.steps=$((last + 20)) >"$out/resumed.out" 2>&1
  say "resumed at $last: exit $?, $(tail -1 "$out/killed/metrics.jsonl")"
}

: >"$out/report.txt"
say "$(date -u +%F) $(git rev-parse --short HEAD 2>/dev/null) $n GPUs: $(nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null | sort | uniq -c | tr -s ' ' | tr '\n' ';')"
"$md4" data quickstart --out "$out/data" --replace >/dev/null || exit 1
for part in $parts; do
  say "== $part"
  $part
done
