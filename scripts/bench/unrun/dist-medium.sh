#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# APP is a folder with classes and lib, MD4 the command, R a folder for results; run from the root of a checkout.
# seconds: 200; alone (timing). 150 s where dist-compile.sh ran before it on the same machine.
# Ours and the strongest PyTorch in one run on one card. PyTorch's four steps are compiled side by side first and wait; then ours, one
# after another; then theirs, one after another.
# ONLY="a b": these torch names alone. MEDIUM_FIRST: rows come in the order of what matters, so a cut leaves the first ones.
R=${R:-./out-medium}; mkdir -p $R
rm -f $R/*.ready $R/*.go $R/all.go
cat > $R/wait_torch.py <<'END'
"""torch_step.py, which waits after its warm-up until R/NAME.go is there, its unused memory given back."""
import os, pathlib, sys, time
sys.path.insert(0, "scripts/bench")
import torch, torch_step
folder, name = pathlib.Path(os.environ["R"]), os.environ["NAME"]
kernels = torch_step.attention_kernels
def wait(run):
    names = kernels(run)
    torch.cuda.synchronize(); torch.cuda.empty_cache(); torch.cuda.reset_peak_memory_stats()
    (folder / (name + ".ready")).write_text("ready")
    if os.environ.get("COMPILE_ONLY"):
        os._exit(0)
    while not (folder / (name + ".go")).exists():
        time.sleep(0.05)
    for _ in range(3):
        run()
    torch.cuda.synchronize()
    return names
torch_step.attention_kernels = wait
torch_step.main()
END
owt="--set model.length=1024 --set model.network.embedding=inside --set training.batchSize=32 --set training.microBatch=32 --vocabulary 50257"
off="--set model.network.dropout=0 --set model.network.attentionDropout=0 --set training.emaRate=0 --set training.residual=bfloat16"
drop="--set model.network.dropout=0.05 --set model.network.attentionDropout=0.05 --set training.emaRate=0 --set training.residual=bfloat16"
medium="--set model.network.layers=24 --set model.network.heads=16 --set model.network.keyValueHeads=16"
lt=${LT:?names a newer cuBLASLt}
nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null; echo "cuBLASLt: $lt"
began=$(date +%s)
torch() { # NAME words: in the background
  n=$1; shift
  case " ${ONLY:-medium small small-drop text8-drop} " in *" $n "*) ;; *) return;; esac
  R=$R NAME=$n timeout 240 ${PYTHON:-python3} $R/wait_torch.py --strongest "$@" > $R/torch-$n.txt 2>&1 &
  pids="$pids $n:$!"
}
pids=
torch medium --batch 32 --length 1024 --vocabulary 50257 --layers 24 --width 1024 --steps 8
torch small --batch 32 --length 1024 --vocabulary 50257 --steps 12
torch small-drop --batch 32 --length 1024 --vocabulary 50257 --steps 12 --dropout 0.05
torch text8-drop --batch 512 --length 256 --vocabulary 27 --steps 5 --dropout 0.05
for p in $pids; do # all compiled, failed, or too late
  while [ ! -e $R/${p%:*}.ready ] && kill -0 ${p#*:} 2>/dev/null && [ $(($(date +%s) - began)) -lt ${COMPILE:-100} ]; do sleep 0.2; done
done
echo "compiled: $(cd $R; ls *.ready 2>/dev/null | tr '\n' ' ') after $(($(date +%s) - began)) s"
[ -n "${COMPILE_ONLY:-}" ] && { wait; exit 0; }
ours() { # NAME LIBRARY steps words
  n=$1 l=$2 s=$3; shift 3
  MD4_CUBLASLT=$l timeout 45 $MD4 bench train --config configs/text8.yaml --steps $s "$@" > $R/ours-$n.txt 2>&1
  echo "ours $n rc $?: $(grep -E '^(tokens/s|memory|code)' $R/ours-$n.txt | tr -s ' \n' ' ')"
}
theirs() { # NAME
  p=$(echo "$pids" | tr ' ' '\n' | grep "^$1:"); p=${p#*:}
  [ -e $R/$1.ready ] || { echo "torch $1: not compiled: $(tail -n 2 $R/torch-$1.txt | tr '\n' ' ' | cut -c1-300)"; kill $p 2>/dev/null; return; }
  touch $R/$1.go; wait $p
  echo "torch $1 rc $?: $(grep -o 'vocabulary.*' $R/torch-$1.txt | tail -n 1)"
}
each="medium small small-drop text8-drop"
ours medium "$lt" 40 $owt $off $medium --warm-up 6
theirs medium
ours small "$lt" 60 $owt $off
theirs small
ours small-drop "$lt" 60 $owt $drop
theirs small-drop
ours text8-drop "$lt" 25 $drop
theirs text8-drop
ours medium-own "" 30 $owt $off $medium --warm-up 6
ours small-own "" 40 $owt $off
for n in $each; do
  o=$(sed -n 's/^tokens\/s *\([0-9,]*\).*/\1/p' $R/ours-$n.txt | tr -d , | head -n 1); t=$(sed -n 's/.*: \([0-9,]*\) tokens\/s.*/\1/p' $R/torch-$n.txt | tr -d , | tail -n 1)
  echo "ratio $n: $o / $t = $(awk "BEGIN{print (\"$o\"+0 && \"$t\"+0) ? sprintf(\"%.3f\", $o / $t) : \"-\"}" 2>/dev/null)"
done
rm -f $R/*.ready $R/*.go $R/wait_torch.py
echo "seconds: $(($(date +%s) - began))"
