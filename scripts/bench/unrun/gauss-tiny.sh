#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# APP is a folder with classes and lib, MD4 the command, R a folder for results; run from the root of a checkout.
# seconds: 350; alone
# text8-tiny: ten systems by three seeds, JOBS at a time; of each training, losses on test, and (first seed) samples;
# in order of seeds: any cut leaves whole seeds. What is in $RUNS or $R is not made again.
#   WHOLE=345   seconds for everything     JOBS=10     DONE="md4-42 ..."   made elsewhere: not made here
#   SETS=       more words for baselines.sh (rehearsals)
whole=${WHOLE:-345}
begun=$(date +%s)
export R CONFIG=text8-tiny EVERY=${EVERY:-200} CURVE_CHUNKS=${CURVE_CHUNKS:-512} HELD_OUT=test PASSES=2 BATCH=512
export RUNS=${RUNS:-$HOME/runs-tiny} OUT=$R SAMPLE_STEPS=${SAMPLE_STEPS:-256} OMP_NUM_THREADS=${OMP_NUM_THREADS:-2}
export DONE="${DONE:-}" DATA MD4 UNTIL=$((begun + whole - ${REST:-6})) BEGUN=$begun
export JAVA_OPTS="${JAVA_OPTS:-} -XX:ParallelGCThreads=2"
export SETS="--set checkpoints.every=0 --set evaluation.weights=[raw] ${SETS:-}"
kinds="gaussian genmd4 md4 sedd d3pm-uniform d3pm-absorbing any-order ctmc-absorbing maskgit autoregressive"
seeds=${SEEDS:-42 43 44}
mkdir -p "$R" "$RUNS"
for f in "$R"/*.csv.xz; do [ ! -e "$f" ] || xz -dk -f "$f"; done
cat >"$R/item.sh" <<'END'
kind=$1 seed=$2 first=$3
name=text8-tiny-$kind-$seed
case " $DONE " in *" $kind-$seed "*) exit 0 ;; esac
[ ! -e "$R/$name.csv.xz" ] || exit 0
left() { echo $((UNTIL - $(date +%s))); }
part() { # stage, seconds at most
  s=$(date +%s)
  t=$(left)
  [ "$t" -gt "$2" ] && t=$2
  [ "$t" -gt 3 ] || return 1
  KINDS=$kind SEEDS=$seed JOBS=1 timeout -k 2 "$t" scripts/baselines.sh "$DATA/text8" "$1" $SETS >>"$R/$name.$1.log" 2>&1
  rc=$?
  echo "$kind $seed $1 rc $rc $(($(date +%s) - s)) s, at $(($(date +%s) - BEGUN))"
  return $rc
}
[ -e "$RUNS/$name/model" ] || [ "$(left)" -gt "${LEAST:-40}" ] || exit 0
part train ${TRAIN_LIMIT:-150} || exit 0
cp "$RUNS/$name/metrics.jsonl" "$R/$name.metrics.jsonl"
part losses 90 && xz -k -3 "$R/$name.csv"
[ "$seed" != "$first" ] || [ -e "$R/$name-samples.txt" ] || part samples 60
exit 0
END
for seed in $seeds; do
  for kind in $kinds; do
    echo "$kind $seed ${seeds%% *}"
  done
done | xargs -P "${JOBS:-10}" -L 1 sh "$R/item.sh"
# Table and curves need no GPU: they are made elsewhere, of csv.xz and metrics.jsonl.
rm -f "$R"/*.csv.part "$R"/*.csv "$R/item.sh"
ls "$R"/*.csv.xz | wc -l
du -sh "$R"
