#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Trains under Slurm on all GPUs of one or several nodes, one process a GPU.
#
#   sbatch --nodes=2 --time=4:00:00 scripts/slurm-nodes.sh CONFIG [OPTION...]     options are md4 train's
#
# Three minutes before its time is over Slurm sends SIGTERM to all processes; they save one step and end
# with 130. A process that dies ends the others, and all go on from the last checkpoint by themselves
# (scripts/supervise.sh). Submit it again to go on.
#SBATCH --job-name=md4
#SBATCH --ntasks-per-node=8
#SBATCH --gres=gpu:8
#SBATCH --cpus-per-task=8
#SBATCH --signal=TERM@180
#SBATCH --open-mode=append
#SBATCH --output=md4-%j.log
set -u
cd "${MD4_HOME:-${SLURM_SUBMIT_DIR:-.}}" || exit 1
exec srun --label scripts/supervise.sh "$@"
