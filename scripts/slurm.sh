#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Trains under Slurm, over as many jobs as it takes: submit it once, from the project's folder.
#
#   sbatch --time=4:00:00 scripts/slurm.sh CONFIG [OPTION...]       options are md4 train's
#
# Three minutes before its time is over Slurm sends SIGUSR1; the training saves its step and ends with
# 130, and the job is put into the queue again. A job that is preempted is put there by Slurm itself
# (--requeue); one that is cancelled saves, and is not. Whatever ends a run ends the job with its code.
# MD4_SRUN stands before the training; scripts/slurm-nodes.sh starts one on each GPU by it.
#SBATCH --job-name=md4
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=16
#SBATCH --signal=B:USR1@180
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=md4-%j.log
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -u
cd "${MD4_HOME:-${SLURM_SUBMIT_DIR:-.}}" || exit 1

is_time_over=
# The script is a copy in a folder of Slurm's: what it calls is found from here.
if [ -n "${MD4_SRUN:-}" ]; then
  # srun would end its tasks at once; and a cancelled job's tasks hear of it themselves.
  trap 'is_time_over=yes; scancel --signal=TERM "$SLURM_JOB_ID"' USR1
  trap : TERM
else
  trap 'is_time_over=yes; kill -TERM "$child"' USR1
  trap 'kill -TERM "$child"' TERM
fi

# shellcheck disable=SC2086
${MD4_SRUN:-} scripts/supervise.sh "$@" &
child=$!
# A signal ends a wait with a code of its own; where the child has ended meanwhile, its code is still to be had.
while :; do
  wait "$child"
  code=$?
  kill -0 "$child" 2>/dev/null || break
done
if [ "$code" -gt 128 ]; then
  wait "$child" 2>/dev/null
  last=$?
  [ "$last" -eq 127 ] || code=$last # 127: it was had already
fi
if [ -n "$is_time_over" ] && [ "$code" -eq 130 ]; then
  echo "slurm: the time is over and the step saved; job $SLURM_JOB_ID goes into the queue again" >&2
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
