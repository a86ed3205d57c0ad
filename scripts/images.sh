#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prepares the data beside the checkout, trains an image configuration, scores it, draws from it and compares what
# it draws with held-out images. docs/images.md says what to expect.
#
#   scripts/images.sh mnist-tiny|mnist|cifar10-short|imagenet32-short [--set KEY=VALUE ...]
#
# SHARED is the folder of data sets (default ../shared/data), COUNT how many images are drawn and compared.
set -eu
cd "$(dirname "$0")/.."
name=$1
shift
shared=${SHARED:-../shared/data}
md4=${MD4:-bin/md4}
count=${COUNT:-1000}
run=runs/$name
device=${DEVICE:-}

case $name in
  mnist*) set_name=mnist ;;
  cifar10*) set_name=cifar10 ;;
  imagenet32*) set_name=imagenet32 ;;
  *) echo "scripts/images.sh: no data known for $name" >&2; exit 2 ;;
esac
data=data/$set_name

if [ ! -e "$data/train.bin" ]; then
  case $set_name in
    mnist)
      "$md4" data images --out "$data" \
        --from "$shared/mnist/train-first20000-images-idx3-ubyte.xz" \
        --labels "$shared/mnist/train-first20000-labels-idx1-ubyte.xz" \
        --test "$shared/mnist/t10k-first3000-images-idx3-ubyte.xz" \
        --test-labels "$shared/mnist/t10k-first3000-labels-idx1-ubyte.xz"
      ;;
    cifar10)
      java scripts/CifarSheets.java "$shared/cifar10" data/cifar10-batches
      "$md4" data images --out "$data" --fractions 0.75,0.25 --from data/cifar10-batches/data_batch_*.bin
      ;;
    imagenet32)
      "$md4" data images --out "$data" \
        --from "$shared/imagenet32/train-50-per-class.tar.gz" \
        --test "$shared/imagenet32/val-10000.tar.gz" \
        --test-labels "$shared/imagenet32/val-labels.tsv.gz"
      ;;
  esac
fi
held=$data/test.bin
[ -e "$held" ] || held=$data/valid.bin

features=$shared/resnet20-cifar10/resnet20-cifar10.safetensors
if [ "$set_name" = mnist ]; then
  features=$data/classifier.safetensors
  [ -e "$features" ] || python3 scripts/mnist_classifier.py "$data" "$features"
fi

[ -e "$run/model" ] || "$md4" train --config "configs/$name.yaml" ${device:+--device "$device"} "$@"
for weights in raw ema; do
  "$md4" evaluate --model "$run" --data "$held" --weights $weights --batch-size 250 ${device:+--device "$device"}
done
"$md4" evaluate --model "$run" --data "$held" --steps 256 --batch-size 250 ${device:+--device "$device"}

"$md4" sample-images --model "$run" --count 100 --steps 256 --png "$run/grid.png" ${device:+--device "$device"}
"$md4" sample-images --model "$run" --count 9 --steps 256 --animate "$run/unmasking.png" \
  ${device:+--device "$device"}
STEPS=${STEPS:-"64 256"} COUNT=$count scripts/fid-sweep.sh "$run" "$held" "$features"
