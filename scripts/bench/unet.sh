#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The training step of CIFAR-10's UNet on one GPU, in one go of some three minutes: ours in both layouts of its maps,
# then PyTorch's in both, eager and with compiled blocks. A JSON object a line: images a second, milliseconds a step,
# memory; at the end the ratios of ours to theirs, the faster layout of each.
#
#   scripts/bench/unet.sh [BATCH]
#
# In the environment: MD4, the command; PYTHON; LAYERS, ResBlocks on the way down (32); STEPS (20), ours that are
# measured; LAYOUTS; MODES of torch_unet.py, eager and blocks unless given (compiled as a whole takes minutes more);
# MD4_FLAGS and TORCH_FLAGS, more words for each.
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
here=$(dirname "$0")
batch=${1:-128}
layers=${LAYERS:-32}
steps=${STEPS:-20}
layouts=${LAYOUTS:-"channels-last channels-first"}
md4=${MD4:-$here/../../bin/md4}
python=${PYTHON:-python3}
config=$here/../../configs/cifar10.yaml
found=$(mktemp)
trap 'rm -f "$found"' EXIT

# What one bench prints, with how much memory was in use; one that fails ends nothing.
bench() {
  "$here/measured.sh" "$@" | "$python" -c '
import json, re, sys
text = sys.stdin.read()
memory = re.search(r"memory: (\d+) MiB", text)
for line in text.splitlines():
    if line.startswith("{"):
        found = json.loads(line)
        if "tokensPerSecond" in found:
            config, step = found["config"], found["millisecondsAStep"]
            found = {
                "code": "md4, " + config["code"],
                "layout": config["layout"],
                "batchSize": config["batchSize"],
                "parameters": found["parameters"],
                "imagesPerSecond": round(found["tokensPerSecond"]["median"] / config["length"], 2),
                "millisecondsAStep": round(step["median"], 3),
                "fastest": round(step["min"], 3),
                "slowest": round(step["max"], 3),
                "partMilliseconds": found["partMilliseconds"],
                "gapMilliseconds": found["gapMilliseconds"],
                "shareOfCeiling": found["shareOfCeiling"],
            }
        print(json.dumps({**found, "mostMiB": memory and int(memory[1])}), flush=True)' | tee -a "$found"
}

for layout in $layouts; do
  # shellcheck disable=SC2086
  bench "md4, $layout" "$md4" bench train --config "$config" --layout "$layout" --set training.batchSize="$batch" \
    --set training.microBatch="$batch" --set model.network.layers="$layers" --steps "$steps" --warm-up 6 --json \
    ${MD4_FLAGS:-}
done
for layout in $layouts; do
  for mode in ${MODES:-eager blocks}; do
    # shellcheck disable=SC2086
    bench "PyTorch, $layout" "$python" "$here/torch_unet.py" --batch "$batch" --layout "$layout" --modes "$mode" \
      --layers "$layers" ${TORCH_FLAGS:-}
  done
done
"$python" - "$found" <<"END"
import json, sys

fastest = {}
for line in open(sys.argv[1]):
    found = json.loads(line)
    kind = "md4" if found["code"].startswith("md4") else found["code"].split(", ")[1]
    fastest[kind] = max(fastest.get(kind, 0), found["imagesPerSecond"])
ours = fastest.pop("md4", None)
ratios = {kind: round(ours / speed, 3) for kind, speed in fastest.items()} if ours else {}
print(json.dumps({"imagesPerSecond": {"md4": ours, **fastest}, "ratios": ratios}))
END
