#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The table of Documentation/coverage.rst, made from what the tests print.

coverage.py RESULTS DOCUMENT    write it, from build/check/results.json of a full run

The test program "kinds" prints "# covers KIND: WORD..." for each kind of memory
whose tag it has found to hold. tests/run compares the document with that.
"""

import json
import re
import sys
from pathlib import Path

LINE = re.compile(r"^# covers (\w+):((?: \w+)*)$")
BEGIN, END = ".. The table begins.\n", ".. The table ends.\n"

COLUMNS = (("core", "own cores"), ("fork", "children's"), ("mremap", "moves"),
           ("shared", "others' cores"), ("swap", "swap, merging"))


def collect(programs: list[dict], series: tuple[str, ...]) -> dict[str, dict[str, set[str]]]:
    """For each kind what covers it, by kernel series."""
    kinds: dict[str, dict[str, set[str]]] = {}
    for program in programs:
        if program["program"] != "kinds" or program["where"] not in series:
            continue
        for result in program["results"]:
            for line in result["output"]:
                if result["status"] == "pass" and (match := LINE.match(line)):
                    kinds.setdefault(match[1], {})[program["where"]] = set(match[2].split())
    return kinds


def cell(word: str, by_series: dict[str, set[str]], series: tuple[str, ...]) -> str:
    """ "yes", "no", or the kernels where it is yes. """
    yes = [name for name in series if word in by_series.get(name, set())]
    if len(yes) == len(series):
        return "yes"
    return ", ".join(yes) or "no"


def table(kinds: dict[str, dict[str, set[str]]], series: tuple[str, ...]) -> str:
    rows = [["memory", *(title for _, title in COLUMNS)]]
    for kind in sorted(kinds):
        rows.append([kind.replace("_", " "),
                     *(cell(word, kinds[kind], series) for word, _ in COLUMNS)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    rule = "  ".join("=" * width for width in widths)
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip()
             for row in rows]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule]) + "\n"


def replaced(document: str, new: str) -> str:
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the document has no place for the table")
    return f"{before}{BEGIN}\n{new}\n{END}{after}"


def main() -> int:
    if len(sys.argv) != 3:
        print("usage: coverage.py RESULTS DOCUMENT", file=sys.stderr)
        return 2
    programs = json.loads(Path(sys.argv[1]).read_text())["programs"]
    series = tuple(dict.fromkeys(p["where"] for p in programs if p["program"] == "kinds"))
    kinds = collect(programs, series)
    if not kinds:
        print("coverage.py: the tests of kinds have not run", file=sys.stderr)
        return 1
    document = Path(sys.argv[2])
    document.write_text(replaced(document.read_text(), table(kinds, series)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
