#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Test of the TAP reader: what passes, and everything that must not. Prints TAP."""

import sys

import tap

# What it is, output, ending, the statuses of the results
CASES = [
    ("passes", "TAP version 13\n1..2\nok 1 a\nok 2 - b", "exit 0", "pass pass"),
    ("plan at the end", "ok 1 a\n1..1", "exit 0", "pass"),
    ("diagnostics", "1..1\n#  RUN  a ...\nok 1 a\n# Totals: pass:1", "exit 0", "pass"),
    ("prose", "1..1\nok, let us see\nok 1 a", "exit 0", "pass"),
    ("a hash in a name", "1..1\nok 1 a #1", "exit 0", "pass"),
    ("a failure", "1..2\nok 1 a\nnot ok 2 b", "exit 1", "pass fail"),
    ("a failure, and success as exit status", "1..1\nnot ok 1 a", "exit 0", "fail"),
    ("skip", "1..2\nok 1 a\nok 2 b # SKIP no such thing", "exit 0", "pass skip"),
    ("skip, kselftest's way", "1..1\nok 1 # SKIP no such thing", "exit 4", "skip"),
    ("all skipped", "1..0 # SKIP needs 6.12", "exit 4", "skip"),
    ("a failure that calls itself a skip", "1..1\nnot ok 1 a # SKIP", "exit 0", "fail"),
    ("todo", "1..1\nnot ok 1 a # TODO later", "exit 0", "fail"),
    ("todo that passes", "1..1\nok 1 a # TODO later", "exit 0", "fail"),
    ("an expected failure", "1..1\nok 1 # XFAIL known", "exit 0", "fail"),
    ("nothing", "", "exit 0", "fail"),
    ("no plan", "ok 1 a", "exit 0", "pass fail"),
    ("an empty plan", "1..0", "exit 0", "fail"),
    ("an empty plan, and results", "1..0 # SKIP\nok 1 a", "exit 0", "pass fail"),
    ("two plans", "1..1\n1..1\nok 1 a", "exit 0", "pass fail"),
    ("a result is missing", "1..2\nok 1 a", "exit 0", "pass fail"),
    ("a result too many", "1..1\nok 1 a\nok 2 b", "exit 0", "pass pass fail"),
    ("a wrong order", "1..2\nok 2 b\nok 1 a", "exit 0", "pass pass fail"),
    ("the same number twice", "1..2\nok 1 a\nok 1 b", "exit 0", "pass pass fail"),
    ("a nested plan", "1..1\n    1..2\nok 1 a", "exit 0", "pass fail"),
    ("a nested result", "1..1\n    not ok 1 x\nok 1 a", "exit 0", "pass fail"),
    ("a result without a number", "1..1\nok a\nok 1 a", "exit 0", "pass fail"),
    ("bails out", "1..1\nok 1 a\nBail out! no memory", "exit 0", "pass fail"),
    ("exit status", "1..1\nok 1 a", "exit 3", "pass fail"),
    ("kselftest's skip although a test passed", "1..1\nok 1 a", "exit 4", "pass fail"),
    ("a signal", "1..1\nok 1 a", "signal 11", "pass fail"),
    ("a signal after a failure", "1..1\nnot ok 1 a", "signal 11", "fail fail"),
    ("out of time", "1..1\nok 1 a", "timeout 120", "pass fail"),
]


def main() -> int:
    print(f"1..{len(CASES) + 1}")
    failed = False
    for number, (name, output, ending, expected) in enumerate(CASES, 1):
        statuses = " ".join(r.status for r in tap.parse(output.split("\n"), ending))
        if statuses != expected:
            print(f"# {output!r}: {statuses!r} instead of {expected!r}")
            failed = True
        print(f"{'ok' if statuses == expected else 'not ok'} {number} {name}")

    # Diagnostics go with the result that they precede, as kselftest prints them.
    results = tap.parse("1..2\n# of a\nok 1 a\n# of b\nnot ok 2 b\n# more".split("\n"), "exit 1")
    good = [r.output for r in results] == [["# of a"], ["# of b", "# more"]]
    print(f"{'ok' if good else 'not ok'} {len(CASES) + 1} diagnostics stay with their test")
    return 1 if failed or not good else 0


if __name__ == "__main__":
    sys.exit(main())
