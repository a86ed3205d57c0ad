#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# APP is a folder with classes and lib, MD4 the command, R a folder for results; run from the root of a checkout.
# seconds: 240; alone (timing). Some 110 s where dist-images-compile.sh ran before it on the same machine.
# CIFAR-10's UNet, batch 128, and ImageNet 64's UViT, batch 64: ours and PyTorch compiled as a whole, channels last, cudnn.benchmark.
# PyTorch's two are compiled side by side first and wait; then ours and theirs by turns.
R=${R:-./out-images}; mkdir -p $R; rm -f $R/*.ready $R/*.go
cat > $R/wait_unet.py <<'END'
"""torch_unet.py, which waits after its warm-up until R/NAME.go is there, its unused memory given back."""
import os, pathlib, sys, time
sys.path.insert(0, "scripts/bench")
import torch, torch_unet
folder, name = pathlib.Path(os.environ["R"]), os.environ["NAME"]
wait, waited = torch_unet.wait, []
def first(o):
    wait(o)
    if waited:
        return
    waited.append(True)
    torch.cuda.empty_cache()
    (folder / (name + ".ready")).write_text("ready")
    if os.environ.get("COMPILE_ONLY"):
        os._exit(0)
    while not (folder / (name + ".go")).exists():
        time.sleep(0.05)
torch_unet.wait = first
torch_unet.main()
END
nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null
began=$(date +%s); pids=
torch() { # NAME words
  n=$1; shift
  R=$R NAME=$n timeout 300 ${PYTHON:-python3} $R/wait_unet.py --modes compiled --layout channels-last "$@" > $R/torch-$n.txt 2>&1 &
  pids="$pids $n:$!"
}
torch unet --batch 128 --steps 10
torch uvit --network uvit --batch 64 --height 64 --width 256 --layers 24 --middle 12 --steps 3 --warm-up 4
for p in $pids; do
  while [ ! -e $R/${p%:*}.ready ] && kill -0 ${p#*:} 2>/dev/null && [ $(($(date +%s) - began)) -lt ${COMPILE:-150} ]; do sleep 0.2; done
done
echo "compiled: $(cd $R; ls *.ready 2>/dev/null | tr '\n' ' ') after $(($(date +%s) - began)) s"
[ -n "${COMPILE_ONLY:-}" ] && { wait; exit 0; }
ours() { # NAME words
  n=$1; shift
  timeout 60 $MD4 bench train --layout channels-last "$@" > $R/ours-$n.txt 2>&1
  echo "ours $n rc $?: $(grep -E '^(images/s|tokens/s|step|memory|code|gap)' $R/ours-$n.txt | tr -s ' \n' ' ')"
}
theirs() { # NAME
  p=$(echo "$pids" | tr ' ' '\n' | grep "^$1:"); p=${p#*:}
  [ -e $R/$1.ready ] || { echo "torch $1: not compiled: $(tail -n 2 $R/torch-$1.txt | tr '\n' ' ' | cut -c1-300)"; kill $p 2>/dev/null; return; }
  touch $R/$1.go; wait $p
  echo "torch $1 rc $?: $(tail -n 1 $R/torch-$1.txt)"
}
ours unet --config configs/cifar10.yaml --set training.batchSize=128 --set training.microBatch=128 --set model.network.layers=32 --steps 50 --warm-up 6
theirs unet
ours uvit --config configs/imagenet64.yaml --set training.batchSize=64 --set training.microBatch=64 --steps 15 --warm-up 4
theirs uvit
for n in unet uvit; do
  o=$(sed -n 's/^images\/s *\([0-9,.]*\).*/\1/p' $R/ours-$n.txt | tr -d , | head -n 1); t=$(sed -n 's/.*"imagesPerSecond": \([0-9.]*\).*/\1/p' $R/torch-$n.txt | tail -n 1)
  echo "ratio $n: $o / $t = $(awk "BEGIN{print (\"$o\"+0 && \"$t\"+0) ? sprintf(\"%.3f\", $o / $t) : \"-\"}" 2>/dev/null)"
done
rm -f $R/*.ready $R/*.go $R/wait_unet.py
echo "seconds: $(($(date +%s) - began))"
