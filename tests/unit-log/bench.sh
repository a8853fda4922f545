#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh BUILD LINES: writes a log of LINES lines, says how large it is, and how long it
# takes to be asked and to be verified. BENCH_LOG: keeps the log in this folder.
set -eu
B=$1
LINES=$2
dir=${BENCH_LOG:-$(mktemp -d "${TMPDIR:-/tmp}/kredact-bench.XXXXXX")}
[ -n "${BENCH_LOG:-}" ] || trap 'rm -rf "$dir"' EXIT
kredact=$B/bin/kredact

seconds()
{
	what=$1
	shift
	start=$(date +%s.%N)
	"$@" >"$dir/out" || [ $? -eq 2 ]
	echo "$start $(date +%s.%N)" | awk -v what="$what" '{ printf "%-44s %8.3f s\n", what, $2 - $1 }'
}

bytes()
{
	find "$dir" -name "$1" -printf '%s\n' | awk -v what="$2" '
		{ sum += $1 } END { printf "%-44s %8.1f MB\n", what, sum / 1e6 }'
}

mkdir -p "$dir"
[ -e "$dir/segment-0000000001.jsonl.zst" ] || "$B/tests/unit-log/bench" "$dir" "$LINES"
bytes 'segment-*.zst' "compressed segments"
bytes 'segment-*.index' "indexes"
bytes 'segment-*.jsonl' "open segment"
for try in 1 2 3; do
	seconds "kredact report --label jwt-signing, try $try" \
		"$kredact" report --dir "$dir" --label jwt-signing
done
seconds "kredact report of a label that is not there" "$kredact" report --dir "$dir" --label nowhere
seconds "kredact report of one that is in 100,000 lines" "$kredact" report --dir "$dir" --label jwt-signing-1
seconds "kredact log --dump core.5000" "$kredact" log --dir "$dir" --dump core.5000
seconds "kredact log --person 1006 --limit 10" "$kredact" log --dir "$dir" --person 1006 --limit 10
seconds "kredact log verify" "$kredact" log verify --dir "$dir"
