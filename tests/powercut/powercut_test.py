#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Cut the power of a machine at random instants, and look at what is left.

The machine has a disk behind QEMU's blklogwrites, which records all writes and flushes.
It runs its load once, to the end; each cut is an instant of that record (writelog.py).
The file system that a cut leaves is repaired and read here, without mounting it.
The loads that leave out a step have to be caught.

Speaks TAP. KREDACT_CUTS: cuts for each load; KREDACT_SEED: the same cuts again; KREDACT_SECONDS
and KREDACT_CHAIN: how long each load runs; KREDACT_KERNEL: 6.1.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "vm"))

# pylint: disable=wrong-import-position
import tap          # noqa: E402
import vm           # noqa: E402
from promises import check_chain, check_keep # noqa: E402
from writelog import Crashes, KEEPS, WriteLog   # noqa: E402

BUILD = Path(os.environ.get("B", HERE.parent.parent / "build"))
SERIES = os.environ.get("KREDACT_KERNEL", "6.12")
CUTS = int(os.environ.get("KREDACT_CUTS", "20"))
SEED = int(os.environ.get("KREDACT_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)

# The file system, and the disk, which has room for marks behind it.
FS_MIB = 192
DISK_MIB = FS_MIB + 1

# A control is caught by one of so many cuts: where a cut shows it in one of ten, it is
# missed once in 40,000 runs.
CONTROL_CUTS = 100
MOST_LINES = 40

CONTROLS = ("data", "line", "link", "folder", "order")
Check = Callable[[Path, list[str]], list[str]]


class Tap:
    """Results, one after the other."""

    def __init__(self) -> None:
        self.number = 0
        self.failed = 0

    def ok(self, what: str, good: bool, lines: list[str] | None = None) -> None:
        self.number += 1
        self.failed += not good
        for line in lines or []:
            print(f"# {line}")
        print(f"{'ok' if good else 'not ok'} {self.number} {what}", flush=True)


def tool(name: str) -> str:
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise FileNotFoundError(f"{name} is missing")
    return path


def make_disk(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(DISK_MIB << 20)
    subprocess.run([tool("mke2fs"), "-q", "-t", "ext4", "-b", "4096", "-E",
                    "root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0", str(path),
                    f"{FS_MIB}M"], check=True, stdout=subprocess.DEVNULL)


def boot(work: Path, disk: Path, log: Path) -> list[tap.Report]:
    """Run the load in a machine; its disk is the second one."""
    spec = vm.spec_for(BUILD, SERIES, work / "vm", None, "powercut", f"{SERIES}-systemd")
    for name in ("KREDACT_SECONDS", "KREDACT_CHAIN"):
        if name in os.environ:
            spec.environment[name] = os.environ[name]
    spec.arguments = [
        "-blockdev", f"driver=file,node-name=cut-disk,filename={vm.quoted(disk)},"
                     "cache.no-flush=on",
        "-blockdev", f"driver=file,node-name=cut-log,filename={vm.quoted(log)},"
                     "cache.no-flush=on",
        "-blockdev", "driver=blklogwrites,node-name=cut,file=cut-disk,log=cut-log",
        # After the root disk, in the order in which the kernel looks.
        "-device", "virtio-blk-pci,drive=cut,write-cache=on,addr=0x1e"]
    return vm.run(spec)[0]


def read_marks(log: WriteLog) -> list[tuple[int, str]]:
    """What programs had been promised, and where in the log."""
    return [(entry.index, log.data(entry).rstrip(b"\0").decode()) for entry in log.entries
            if entry.offset >= FS_MIB << 20 and entry.length]


def repair(image: Path, folders: list[str], into: Path) -> str | None:
    """Do what a boot does, and copy what is there then. What was wrong, if that is not usual."""
    check = subprocess.run([tool("e2fsck"), "-f", "-p", str(image)], capture_output=True,
                           text=True, check=False)
    if check.returncode > 1:
        return f"the file system is broken: {check.stdout.strip()}"
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir()
    for folder in folders:
        subprocess.run([tool("debugfs"), "-R", f"rdump /{folder} {into}", str(image)],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return None


def choose(marks: list[tuple[int, str]], load: str, rng: random.Random, cuts: int) -> list[int]:
    """Instants while a load ran."""
    begin = next(index for index, text in marks if text == f"{load} begin")
    end = next(index for index, text in marks if text == f"{load} end")
    return [rng.randrange(begin + 1, end + 2) for _ in range(cuts)]


class Trial:
    """Cuts of one run of the machine, and what they left."""

    def __init__(self, log: WriteLog, start: Path, work: Path, rng: random.Random) -> None:
        self.crashes = Crashes(log, start, work, rng)
        self.marks = read_marks(log)
        self.left = work / "left"
        self.rng = rng
        self.broken: list[str] = []

    def instants(self, load: str, cuts: int) -> list[int]:
        """Some while a load ran, in order."""
        begin = next(index for index, text in self.marks if text == f"{load} begin")
        end = next(index for index, text in self.marks if text == f"{load} end")
        return sorted(self.rng.randrange(begin + 1, end + 2) for _ in range(cuts))

    def cut(self, at: int, checks: dict[str, Check]) -> dict[str, list[str]]:
        """What is wrong with what loads have stored, by their names."""
        image, lost = self.crashes.cut(at, self.rng.choice(KEEPS))
        if why := repair(image, list(checks), self.left):
            self.broken.append(f"cut at {at} ({lost}): {why}")
            return {}
        wrong = {}
        for name, check in checks.items():
            said = [text.partition(" ")[2] for index, text in self.marks
                    if index < at and text.startswith(f"{name} ")]
            if found := check(self.left / name, said):
                wrong[name] = [f"cut at {at} ({lost}):"] + [f"  {line}" for line in found]
        return wrong


def cut_load(results: Tap, trial: Trial, name: str, check: Check) -> None:
    """What has to hold, whenever the power fails."""
    found = [trial.cut(at, {name: check}) for at in trial.instants(name, CUTS)]
    lines = [line for wrong in found for line in wrong.get(name, [])]
    results.ok(f"{name}: after each of {CUTS} cuts, all that was promised is there", not lines,
               lines[:MOST_LINES])


def cut_control(results: Tap, trial: Trial, name: str, check: Check) -> None:
    """A load that leaves out a step: it has to be caught by one of the cuts."""
    for number, at in enumerate(trial.instants(name, CONTROL_CUTS), 1):
        if wrong := trial.cut(at, {name: check}):
            results.ok(f"control: {name} is caught, by cut {number}", True, wrong[name][:3])
            return
    results.ok(f"control: {name} is caught by one of {CONTROL_CUTS} cuts", False)


def spoil_dump(folder: Path) -> None:
    path = next(path for path in (folder / "lib/debugging").glob("core.*.zst"))
    path.write_bytes(path.read_bytes()[:-1])


def spoil_line(folder: Path) -> None:
    """One line less, or a whole segment if the open one has just begun."""
    path = max((folder / "log").glob("*.jsonl"), key=lambda path: path.stat().st_size)
    lines = path.read_bytes().splitlines(keepends=True)
    if len(lines) > 2:
        path.write_bytes(b"".join(lines[:1] + lines[2:]))
    else:
        max((folder / "log").glob("*.jsonl.zst")).unlink()


def spoil_attestation(folder: Path) -> None:
    next(path for path in (folder / "lib/debugging").glob("core.*.intoto.jsonl")).unlink()


def check_checker(results: Tap, trial: Trial) -> None:
    """What the loads' own controls do not show: that the real checks see what is wrong."""
    end = next(index for index, text in trial.marks if text == "chain end")
    said = [text.partition(" ")[2] for _, text in trial.marks if text.startswith("chain ")]
    for what, spoil in (("a dump that is cut short", spoil_dump),
                        ("a line that is missing", spoil_line),
                        ("an attestation that is missing", spoil_attestation)):
        trial.cut(end + 1, {"chain": lambda *_: []})
        spoil(trial.left / "chain")
        found = check_chain(trial.left / "chain", said)
        results.ok(f"control: {what} is seen", bool(found), found[:3])
    trial.cut(end + 1, {"chain": lambda *_: []})
    found = check_chain(trial.left / "chain", [*said, "line 1000000 none", "gated none"])
    results.ok("control: what was promised and is not there is seen", len(found) == 2, found)


def main() -> int:
    results = Tap()
    rng = random.Random(SEED)
    print(f"# KREDACT_SEED={SEED} repeats the cuts, not the load")
    with tempfile.TemporaryDirectory(prefix="powercut.", dir=BUILD) as folder:
        work = Path(folder)
        disk, start, log_file = work / "disk.img", work / "start.img", work / "log"
        make_disk(disk)
        shutil.copyfile(disk, start)
        log_file.touch()
        for report in boot(work, disk, log_file):
            bad = [result for result in report.results if result.status != tap.PASS]
            results.ok(f"the machine: {report.program}", not bad,
                       [f"{result.name}: {result.reason}" for result in bad] +
                       [line for result in bad for line in result.output])
        if not results.failed:
            trial = Trial(WriteLog(log_file), start, work, rng)
            cut_load(results, trial, "keep", check_keep)
            for step in CONTROLS:
                cut_control(results, trial, f"without-{step}", check_keep)
            cut_load(results, trial, "chain", check_chain)
            check_checker(results, trial)
            results.ok("after each cut, the file system is repaired", not trial.broken,
                       trial.broken)
    print(f"1..{results.number}")
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
