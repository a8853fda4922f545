# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# For the scripts that have perf sample a process. They have $DIR, and ok of guest-lib.sh.

# Each is 5 ms of the processor's time. The function that is looked for takes a fixed amount of
# work, and on a machine whose host is busy some samples are late, but few are lost.
SAMPLES=10

# sampled TO HOW OPTION...: perf finds the function that takes its time, in TO.data
sampled()
{
	to=$1
	how=$2
	shift 2
	perf record -q -N -e cpu-clock -c 5000000 "$@" -o "$to.data" /kredact/tests/observed "$how" \
		>"$to.out" 2>"$to.err"
	perf report -q --stdio -n -s symbol -i "$to.data" --no-children -g none \
		>"$to.report" 2>>"$to.err"
	# Of all functions it has the most samples, and enough of them.
	first=$(grep -m 1 '%' "$to.report")
	echo "$first" | awk -v least=$SAMPLES '{ exit !($2 >= least && $4 == "hot_function") }' &&
		return 0
	comment <"$to.err"
	head -n 12 "$to.report" | comment
	return 1
}
