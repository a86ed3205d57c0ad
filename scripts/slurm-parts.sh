#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Computes the parts of a command by an array of Slurm jobs, for md4 merge.
#
#   sbatch --array=1-8 scripts/slurm-parts.sh FOLDER COMMAND [OPTION...]     as evaluate RUN --data FILE.bin
#   md4 merge FOLDER/part-*
#SBATCH --job-name=md4-part
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=8
#SBATCH --output=md4-%A-%a.log
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
cd "${MD4_HOME:-${SLURM_SUBMIT_DIR:-.}}"
folder=$1
shift
mkdir -p "$folder"
exec "${MD4:-bin/md4}" "$@" --part "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" \
  --part-out "$folder/part-$SLURM_ARRAY_TASK_ID"
