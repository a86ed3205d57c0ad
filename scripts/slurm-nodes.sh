#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Trains under Slurm on all GPUs of one or several nodes, one process a GPU, over as many jobs as it takes.
#
#   sbatch --nodes=2 --time=4:00:00 scripts/slurm-nodes.sh CONFIG [OPTION...]     options are md4 train's
#
# It ends, is put into the queue again and is cancelled as scripts/slurm.sh says. A process that dies ends
# the others, and all go on from the last checkpoint by themselves (scripts/supervise.sh). Where one has
# ended for good, or is stuck, Slurm ends the others after a minute (--wait).
#SBATCH --job-name=md4
#SBATCH --ntasks-per-node=8
#SBATCH --gres=gpu:8
#SBATCH --cpus-per-task=8
#SBATCH --signal=B:USR1@180
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=md4-%j.log
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -u
cd "${MD4_HOME:-${SLURM_SUBMIT_DIR:-.}}" || exit 1
# Since 22.05 srun does not take over the number of processors by itself.
export MD4_SRUN="srun --label --wait=60 --cpus-per-task=${SLURM_CPUS_PER_TASK:-1}"
exec scripts/slurm.sh "$@"
