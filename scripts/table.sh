#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One table of the paper from a trained model, the published numbers beside it; docs/reproduce.md has
# what each needs.
#
#   scripts/table.sh text8 RUN DATA            test.bin of text8 in DATA
#   scripts/table.sh owt RUN DATA              valid.bin of OpenWebText in DATA
#   scripts/table.sh zero-shot RUN DATA        folders lambada, wikitext2, ptb, wikitext103, lm1b in DATA
#   scripts/table.sh discretisation RUN DATA   the same
#
# RUN is a run, a checkpoint or a model. PASSES (4) is how often each sequence is scored; MORE holds
# further options of md4 evaluate, as --precision bfloat16.
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
table=$1
run=$2
data=$3
md4=${MD4:-$(dirname "$0")/../bin/md4}
passes=${PASSES:-4}
more=${MORE:-}

# shellcheck disable=SC2086
case $table in
  text8)
    echo "published: MD4 at most 1.37, GenMD4 at most 1.34, SEDD at most 1.39 bits per character"
    "$md4" evaluate --model "$run" --data "$data/test.bin" --passes "$passes" $more
    ;;
  owt)
    echo "published, perplexity: MD4 small at most 22.13, GenMD4 small 21.80, MD4 medium 16.64"
    "$md4" evaluate --model "$run" --data "$data/valid.bin" --passes "$passes" $more
    ;;
  zero-shot)
    echo "published, MD4 medium: LAMBADA 44.12, WikiText2 25.84, PTB 66.07, WikiText103 25.84, 1BW 51.45"
    "$md4" evaluate --model "$run" --suite zero-shot --data-dir "$data" --passes "$passes" $more
    ;;
  discretisation)
    echo "published, MD4 small, T = 100, 1000, 10000 and infinity:"
    echo "  LAMBADA 49.8 48.5 48.4 48.4; WikiText2 36.1 35.0 34.9 34.9; PTB 105.2 102.5 102.4 102.3"
    echo "  1BW 70.3 68.4 68.2 68.1; WikiText103 36.1 35.0 34.9 35.9, of which the first three copy WikiText2"
    "$md4" evaluate --model "$run" --suite zero-shot --data-dir "$data" --passes "$passes" \
      --steps 100,1000,10000,inf $more
    ;;
  *)
    echo "table: a table is text8, owt, zero-shot or discretisation: $table" >&2
    exit 2
    ;;
esac
