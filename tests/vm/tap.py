# SPDX-License-Identifier: GPL-2.0
"""Read the Test Anything Protocol, strictly.

A program that breaks the protocol has a failed test, named for what it broke:
there is no way to print nothing, or less than was promised, and pass.
"""

import re
from dataclasses import dataclass, field

PASS, FAIL, SKIP = "pass", "fail", "skip"

# What kselftest programs return when all of their tests were skipped.
EXIT_SKIP = "exit 4"

PLAN = re.compile(r"^1\.\.(\d+)\s*(?:#\s*SKIP\S*\s*(.*))?$", re.IGNORECASE)
POINT = re.compile(r"^(not ok|ok)\s+(\d+)\s*(?:-\s+)?(.*?)\s*(?:#\s*(SKIP|TODO|XFAIL|XPASS)\b\s*(.*))?$",
                   re.IGNORECASE)
# What a person or a runner could take for a plan or a result, and is none.
ALMOST = re.compile(r"^\s*(1\.\.\d|(not )?ok\b(?! *[:,.]))")
BAIL = re.compile(r"^Bail out!\s*(.*)$", re.IGNORECASE)


@dataclass
class Result:
    """One test of a program."""

    name: str
    status: str
    reason: str = ""
    output: list[str] = field(default_factory=list)


@dataclass
class Report:
    """All tests of one program."""

    where: str
    program: str
    seconds: float
    results: list[Result]

    def count(self, status: str) -> int:
        return sum(result.status == status for result in self.results)


def parse(lines: list[str], ending: str) -> list[Result]:
    """Results in the output of a program that ended so: "exit 0", "signal 11", ..."""
    results: list[Result] = []
    errors: list[str] = []
    pending: list[str] = []
    plan: int | None = None
    plan_skip: str | None = None
    points = 0

    for line in lines:
        if match := PLAN.match(line):
            if plan is not None:
                errors.append("a second plan")
            plan = int(match[1])
            if plan == 0 and "#" in line:
                plan_skip = match[2] or "no reason given"
        elif match := POINT.match(line):
            points += 1
            if int(match[2]) != points:
                errors.append(f"test {match[2]} where test {points} was due")
            results.append(_point(match, pending))
            pending = []
        elif match := BAIL.match(line):
            errors.append(f"it bailed out: {match[1]}")
        elif line.startswith("TAP version ") or not line.strip():
            continue
        else:
            if ALMOST.match(line):
                errors.append(f"neither a plan nor a result: {line.strip()}")
            pending.append(line)

    if plan is None:
        errors.append("no plan")
    elif plan == 0 and plan_skip is None:
        errors.append("a plan of no tests")
    elif plan != points:
        errors.append(f"{plan} tests were planned, {points} reported")
    if plan_skip is not None and plan == 0 and not points:
        results.append(Result("all", SKIP, plan_skip))

    if ending != "exit 0" and not _ended_well(ending, results):
        errors.append(f"it ended with {ending}")
    if errors:
        results.append(Result("protocol", FAIL, "; ".join(errors), pending))
    elif results and results[-1].status == FAIL:
        results[-1].output += pending
    return results


def _point(match: re.Match, output: list[str]) -> Result:
    name = match[3] or f"test {match[2]}"
    directive, reason = (match[4] or "").upper(), match[5] or ""
    passed = match[1].lower() == "ok"
    if directive == "SKIP" and passed:
        return Result(name, SKIP, reason or "no reason given", output)
    if directive:
        # A test that is known to fail fails.
        return Result(name, FAIL, f"{directive} {reason}".strip(), output)
    return Result(name, PASS if passed else FAIL, "", output)


def _ended_well(ending: str, results: list[Result]) -> bool:
    """Whether an ending other than "exit 0" says no more than the results do."""
    if any(result.status == FAIL for result in results):
        return ending == "exit 1"
    return ending == EXIT_SKIP and bool(results) and all(r.status == SKIP for r in results)
