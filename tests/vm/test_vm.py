#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Test of the test machine: whatever goes wrong in it is a failure. Prints TAP.

Boots Debian's 6.12 with the programs in selfcheck/; $B has what make built.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tap
import vm

SERIES = "6.12"
BUILD = Path(os.environ.get("B", "build"))

# What the results of each program have to be when they run in one machine.
PROGRAMS = {
    "crash": "pass fail",
    "fail": "fail pass",
    "forge": "fail",
    "pass": "pass pass",
    "silent": "fail",
    "skip": "skip",
    "slow": "fail",
    "status": "pass fail",
    "todo": "fail",
}

# Programs that take the machine with them, and a part of the reason it has to give.
FATAL = {
    "panic": "the machine ended while running panic, without the final token",
    "vanish": "the machine ended while running vanish, without the final token",
    "freeze": "was silent for 9 s while running freeze",
}

# A name that the guest does not have, besides one that it has.
MISSING = "pass,absent"

FIRST_TEST_LIMIT = 15.0


class Checks:
    """Named facts, printed as TAP."""

    def __init__(self) -> None:
        self.results: list[tuple[str, bool]] = []

    def check(self, name: str, good: bool, why: str = "") -> None:
        self.results.append((name, good))
        if not good and why:
            print(f"# {why}")
        print(f"{'ok' if good else 'not ok'} {len(self.results)} {name}", flush=True)

    def finish(self) -> int:
        print(f"1..{len(self.results)}")
        return 0 if all(good for _, good in self.results) else 1


def spec_for(work: Path, programs: str, directory: str = "tests") -> vm.Spec:
    spec = vm.spec_for(BUILD, SERIES, work, programs, directory, "selfcheck")
    spec.name = programs
    spec.program_limit = 4
    spec.limit = 300.0
    spec.memory = 512
    spec.environment["VM_MODULE"] = "no"
    return spec


def statuses(reports: list[tap.Report], program: str) -> str:
    return ", ".join(" ".join(result.status for result in report.results)
                     for report in reports if report.program == program)


def qemu_results(reports: list[tap.Report]) -> dict[str, tap.Result]:
    return {result.name: result for report in reports if report.program == "qemu"
            for result in report.results}


def check_programs(checks: Checks, spec: vm.Spec, reports: list[tap.Report]) -> None:
    for program, expected in PROGRAMS.items():
        got = statuses(reports, program)
        checks.check(f"{program}: {expected}", got == expected, f"{program}: {got}")
    checks.check("programs that fail leave the machine in order",
                 statuses(reports, "qemu") == "pass pass"
                 and statuses(reports, vm.MACHINE) == "pass",
                 str(qemu_results(reports)))
    left = spec.work / "out/left"
    checks.check("the guest's /out comes to the host",
                 left.exists() and left.read_text() == "left by pass\n")
    cores = list((spec.work / "out").glob("core.crash.*"))
    checks.check("a core comes to the host",
                 len(cores) == 1 and cores[0].read_bytes()[:4] == b"\x7fELF", str(cores))
    slow = [report.seconds for report in reports if report.program == "slow"]
    checks.check("a program that does not end is ended", 3.9 < slow[0] < 30.0, str(slow))


def check_positive(checks: Checks, reports: list[tap.Report], guest: vm.Guest) -> None:
    bad = [result for report in reports for result in report.results
           if result.status != tap.PASS]
    checks.check("a machine in which all is well passes", not bad, str(bad))
    checks.check("the final token was said", guest.done)
    first, cpu = guest.first_test, guest.first_test_cpu
    if first is not None:
        print(f"# first test {first:.1f} s after QEMU's start; {cpu:.1f} s of processor time")
    # The clock also shows what else this system is doing.
    checks.check(f"the first test begins within {FIRST_TEST_LIMIT:.0f} s of processor time",
                 first is not None and 0 < cpu < FIRST_TEST_LIMIT)


def check_fatal(checks: Checks, program: str, reports: list[tap.Report], guest: vm.Guest) -> None:
    result = qemu_results(reports)["the machine went through"]
    checks.check(f"{program}: the machine failed, and says why",
                 result.status == tap.FAIL and FATAL[program] in result.reason, str(result))
    checks.check(f"{program}: its program failed", statuses(reports, program) == "fail")
    checks.check(f"{program}: the guest's own checks failed",
                 statuses(reports, vm.MACHINE) == "fail")
    checks.check(f"{program}: no final token", not guest.done)


def running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def check_interrupt(checks: Checks, work: Path, number: signal.Signals) -> None:
    """Whatever ends the harness ends QEMU."""
    folder = work / number.name
    command = [sys.executable, str(Path(vm.__file__)), SERIES, "--build", str(BUILD),
               "--work", str(folder), "--stage", "selfcheck", "--test", "slow", "--no-module"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        pid_file = folder / "qemu.pid"
        end = time.monotonic() + 60
        while time.monotonic() < end and not (pid_file.exists() and pid_file.read_text()):
            time.sleep(0.02)
        pid = int(pid_file.read_text())
        alive = running(pid)
        process.send_signal(number)
        status = process.wait()
    while running(pid) and time.monotonic() < end:
        time.sleep(0.02)
    checks.check(f"{number.name} ends QEMU as well", alive and status != 0 and not running(pid),
                 f"alive {alive}, status {status}, still running {running(pid)}")


def main() -> int:
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="kredact-vm.") as tmp:
        work = Path(tmp)
        # By itself, since it is timed.
        check_positive(checks, *vm.run(spec_for(work / "pass", "pass")))

        names = [",".join(PROGRAMS), "splat", MISSING, *FATAL]
        specs = {name: spec_for(work / str(index), name) for index, name in enumerate(names)}
        specs["words"] = spec_for(work / "words", "words", "machines/words")
        specs["freeze"].grace = 5.0
        specs[MISSING].tests.append("absent")
        with ThreadPoolExecutor(max_workers=2) as pool:
            runs = dict(zip(specs, pool.map(vm.run, specs.values())))

        check_programs(checks, specs[names[0]], runs[names[0]][0])
        checks.check("splat: a program that passes, in a kernel that complains",
                     statuses(runs["splat"][0], "splat") == "pass"
                     and statuses(runs["splat"][0], "qemu") == "pass fail")
        checks.check("words: a machine with settings of its own",
                     vm.machines(BUILD, "selfcheck") == [("selfcheck", "tests"),
                                                         ("selfcheck", "machines/words")]
                     and vm.spec_for(BUILD, SERIES, work, None, "machines/words",
                                     "selfcheck").program_limit == 7
                     and statuses(runs["words"][0], "words") == "pass pass"
                     and statuses(runs["words"][0], vm.MACHINE) == "pass")
        for program in FATAL:
            check_fatal(checks, program, *runs[program])
        checks.check("panic: the kernel's log says so",
                     qemu_results(runs["panic"][0])["the kernel's log is clean"].status
                     == tap.FAIL)
        checks.check("a program that never ran failed",
                     statuses(runs[MISSING][0], "absent") == "fail")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            check_interrupt(checks, work, number)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
