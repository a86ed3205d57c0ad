#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# APP is a folder with classes and lib, MD4 the command, R a folder for results; run from the root of a checkout.
# seconds: 140; alone (timing)
# Sampling, ours and PyTorch's step in one run; start-up with an empty and a full cache of kernels. PyTorch was compiled by attn-tests2.
cache=${DJL_CACHE_DIR:-$HOME/.djl.ai}/md4/kernels
one() { # name limit words...
  n=$1; l=$2; shift 2
  s=$(date +%s.%N)
  timeout $l $MD4 bench sample --config configs/text8.yaml --precision bfloat16 --grid uniform --json "$@" > $R/$n.json 2> $R/$n.err; rc=$?
  e=$(date +%s.%N)
  printf '%-16s rc %d, process %s s, %s\n' $n $rc $(awk "BEGIN{printf \"%.2f\", $e-$s}") "$(grep -oE '"(networkCalls|millisecondsACall|seconds|peakBytes)":[0-9.eE+]+' $R/$n.json | tr '\n' ' ')"
  head -c 300 $R/$n.err
}
peer() { timeout $1 $PYTHON scripts/bench/torch_sample.py --batch $2 --length $3 --vocabulary $4 --mode $5 --windows 5 --steps $6 2>&1 | tail -1; }
big="--set model.length=1024 --vocabulary 50257"
rm -rf "$cache"
one cold-64-256 30 --steps 64 --count 64 --batch-size 64
echo "kernels: $(ls $cache | wc -l) files, $(du -sk $cache | cut -f1) KiB"
one b64-256-T64 20 --steps 64 --count 128 --batch-size 64
one b64-256-T1000 20 --steps 1000 --count 64 --batch-size 64
one b1-256-T1000 20 --steps 1000 --count 2 --batch-size 1
one b1-256-T64 20 --steps 64 --count 4 --batch-size 1
one b64-1024-T64 30 --steps 64 --count 64 --batch-size 64 $big
one b64-1024-T1000 45 --steps 1000 --count 64 --batch-size 64 $big
one b1-1024-T1000 20 --steps 1000 --count 1 --batch-size 1 $big
lt=${LT:?names a newer cuBLASLt}
if [ -n "$lt" ] && grep -q frozen $APP/classes/io/github/md4/core/internal/torch/TunedProducts.class; then
  export MD4_CUBLASLT=$lt
  one lt13-64-256-T64 20 --steps 64 --count 128 --batch-size 64
  one lt13-64-1024-T64 30 --steps 64 --count 64 --batch-size 64 $big
  unset MD4_CUBLASLT
fi
nvidia-smi --query-gpu=clocks.sm,power.draw,temperature.gpu --format=csv,noheader
peer 40 64 256 27 default 30
peer 40 64 1024 50257 default 8
peer 25 1 256 27 reduce-overhead 50
peer 25 1 1024 50257 reduce-overhead 50
