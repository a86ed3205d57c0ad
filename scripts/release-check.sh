#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checks what mvn -Prelease would stage: builds the commit twice, in two folders, and compares every jar bit for bit; then
# lists, with japicmp, what has changed for callers since the last tag, if there is one. No tests. About two minutes.
#
#   scripts/release-check.sh [COMMIT]     instead of the last tag, another commit to compare the API with
#
# Exit code 1 if a jar differs. The lists are in md4-*/target/japicmp of the folder that is named at the end.
[ -z "${ZSH_VERSION:-}" ] || exec sh "$0" "$@" # zsh leaves variables unsplit
case ${1:-} in -h | --help) sed -n '3,$ { /^#/!q; s/^# //p; s/^#$//p; }' "$0" && exit ;; esac
set -eu
CDPATH='' cd "$(dirname "$0")/.."
base=${1:-$(git describe --tags --abbrev=0 2>/dev/null || true)}
work=$(mktemp -d)

# checkout COMMIT FOLDER: the files of a commit
checkout() {
  mkdir -p "$2"
  git archive "$1" | tar -x -C "$2"
}

# build FOLDER [OPTION ...]: jars, sources and javadoc of its modules
build() {
  folder=$1
  shift
  (cd "$folder" && mvn -B -ntp -q -Dstyle.color=never -Prelease -Dmaven.test.skip "$@" package)
}

checkout HEAD "$work/first"
checkout HEAD "$work/second/folder"
build "$work/first"
build "$work/second/folder"
bad=0
for jar in "$work"/first/md4-*/target/md4-*.jar; do
  other=$work/second/folder/${jar#"$work/first/"}
  if cmp -s "$jar" "$other"; then
    printf 'same       %9d  %s\n' "$(wc -c <"$jar")" "$(basename "$jar")"
  else
    printf 'DIFFERENT  %9d  %s\n' "$(wc -c <"$jar")" "$(basename "$jar")"
    bad=1
  fi
done

if [ -n "$base" ]; then
  echo "API since $base:"
  checkout "$base" "$work/base"
  (cd "$work/base" && mvn -B -ntp -q -Dstyle.color=never -DskipTests -Dmaven.test.skip package)
  mkdir "$work/api"
  for module in core train sample; do
    cp "$(ls "$work/base/md4-$module/target/md4-$module"-*.jar | grep -v 'sources\|javadoc\|tests\|tiny' | head -1)" "$work/api/md4-$module.jar"
  done
  (cd "$work/first" && mvn -B -ntp -q -Dstyle.color=never -Dmaven.test.skip "-Dapi.base=$work/api" verify)
  for module in core train sample; do
    report=$work/first/md4-$module/target/japicmp/api.diff
    printf '%s  %s types changed, new or gone, %s lines of the list break callers\n' "md4-$module" \
      "$(grep -c '^[-+*]\{3\}' "$report")" "$(grep -c '^[[:space:]]*[-+*]\{3\}!' "$report")"
  done
else
  echo "There is no tag yet: the API is compared with nothing."
fi
echo "Folder: $work"
exit $bad
