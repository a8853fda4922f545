#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Boot a kernel in QEMU and follow the tests that run in it.

The guest reports on a serial port of its own, and says a token at the very end.
Its console goes to a file, which is searched for splats afterwards. Silence,
too long a run, a machine that ends before the token, a line that nobody
expects, a test that never ran: each makes the run fail, with a reason.

QEMU emulates the processor. KREDACT_KVM=1 in the environment asks for KVM.
"""

import argparse
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import logscan
import tap

# The name of what the guest checks by itself, reported like a test program.
MACHINE = "machine"

# Seconds until the kernel has booted and the guest's runner speaks.
BOOT_LIMIT = 180.0

# Seconds of silence that the guest gets on top of the limit of one program.
GRACE = 30.0

Progress = Callable[[tap.Report], None]


@dataclass
class Spec:
    """What to boot, and for how long. Paths are of this system, times in seconds."""

    name: str
    kernel: Path            # folder made by tests/vm/fetch
    initramfs: Path
    disk: Path              # the root disk; the machine gets a copy
    work: Path              # folder for this run: console.log, out/
    tests: list[str]        # programs that have to run
    memory: int = 1024      # MiB
    icount: bool = False    # one processor, whose clock counts its instructions
    program_limit: int = 120
    limit: float = 3600.0
    boot_limit: float = BOOT_LIMIT
    grace: float = GRACE
    crash: bool = False     # the kernel is made to crash, and a capture kernel goes on
    environment: dict[str, str] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)  # further ones for QEMU

    @property
    def console(self) -> Path:
        return self.work / "console.log"


class ProtocolError(Exception):
    """The guest did something that a sound one does not do."""


class Cancelled(Exception):
    """The run was ended by stop_all()."""


live: set[subprocess.Popen] = set()
cancelled = threading.Event()


class Guest:
    """The guest's side of the status channel, line by line."""

    def __init__(self, spec: Spec, token: str, progress: Progress) -> None:
        self.spec = spec
        self.token = token
        self.progress = progress
        self.reports: list[tap.Report] = []
        self.running: str | None = None
        self.lines: list[str] = []
        self.booted = False
        self.done = False
        self.start = time.monotonic()
        self.pid = 0
        # Seconds to the first test: of the clock, and of the processors' time.
        self.first_test: float | None = None
        self.first_test_cpu = 0.0

    def line(self, text: str) -> None:
        kind, _, rest = text.partition(" ")
        name, _, body = rest.partition(" ")
        handler = getattr(self, f"_on_{kind}", None)
        if self.done or handler is None:
            raise ProtocolError(f"an unexpected line on the status channel: {text!r}")
        handler(name, body)

    def patience(self) -> float:
        """How long the guest may be silent now."""
        if not self.booted:
            return self.spec.boot_limit
        return self.spec.grace + (self.spec.program_limit if self.running else 0)

    def doing(self) -> str:
        if self.done:
            return "shutting down"
        if not self.booted:
            return "booting"
        return f"running {self.running}" if self.running else "between two programs"

    def _expect(self, condition: bool, what: str) -> None:
        if not condition:
            raise ProtocolError(f"{what} while {self.doing()}")

    def _on_boot(self, release: str, _body: str) -> None:
        expected = (self.spec.kernel / "release").read_text().strip()
        self._expect(not self.booted, "a second boot")
        self._expect(release == expected, f"kernel {release} instead of {expected}")
        self.booted = True

    def _on_run(self, name: str, _body: str) -> None:
        self._expect(self.booted and self.running is None, f"a start of {name}")
        self._expect(all(name != report.program for report in self.reports),
                     f"a second start of {name}")
        self._expect(name == MACHINE or name in self.spec.tests, f"an unknown program {name}")
        if self.first_test is None:
            self.first_test = time.monotonic() - self.start
            self.first_test_cpu = cpu_time(self.pid)
        self.running = name
        self.lines = []

    def _on_tap(self, name: str, body: str) -> None:
        self._expect(name == self.running, f"a line of {name}")
        self.lines.append(body)

    def _on_end(self, name: str, body: str) -> None:
        self._expect(name == self.running, f"an end of {name}")
        ending, _, milliseconds = body.rpartition(" ")
        report = tap.Report(self.spec.name, name, int(milliseconds) / 1000,
                            tap.parse(self.lines, ending))
        self.running = None
        self.reports.append(report)
        self.progress(report)

    def _on_done(self, token: str, programs: str) -> None:
        ran = len([report for report in self.reports if report.program != MACHINE])
        self._expect(self.running is None, "the end")
        self._expect(token == self.token, "a wrong token")
        self._expect(programs == str(ran), f"a count of {programs} programs instead of {ran}")
        self.done = True


def cpu_time(pid: int) -> float:
    """Seconds of processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def accelerator() -> list[str]:
    if os.environ.get("KREDACT_KVM") == "1":
        return ["-accel", "kvm", "-cpu", "host"]
    # One thread for all virtual processors: with several, QEMU before 8.1 may keep a
    # translation of code that another processor is patching, and executes an INT3 that
    # is not there any more. Loading and unloading the module patches code all the time.
    return ["-accel", "tcg,thread=single", "-cpu", "max"]


def quoted(path: Path) -> str:
    """A path as the value of a suboption of QEMU."""
    return str(path).replace(",", ",,")


def command_line(spec: Spec, disk: Path, environment: dict[str, str]) -> list[str]:
    """QEMU's arguments that tests and the interactive shell have in common."""
    append = ["console=ttyS0", "secretmem.enable=1 oops=panic", "panic=-1", "panic_on_warn=0"]
    append += [f"{name}={value}" if value else name for name, value in environment.items()]
    if spec.icount:
        machine = ["-accel", "tcg,thread=single", "-cpu", "max", "-icount", "shift=0,sleep=off",
                   "-smp", "1"]
    else:
        machine = [*accelerator(), "-smp", "2"]
    # QEMU shall not outlive this program, however that ends.
    return ["setpriv", "--pdeathsig", "KILL", "--", "qemu-system-x86_64", *machine,
            "-m", f"{spec.memory}M", "-nodefaults", "-no-user-config", "-no-reboot",
            "-display", "none", "-kernel", str(spec.kernel / "vmlinuz"),
            "-initrd", str(spec.initramfs), "-append", " ".join(append),
            "-drive", f"file={quoted(disk)},format=raw,if=virtio,cache=unsafe,discard=unmap"]


def copy_disk(spec: Spec) -> Path:
    spec.work.mkdir(parents=True, exist_ok=True)
    disk = spec.work / "disk.img"
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", str(spec.disk), str(disk)],
                   check=True)
    return disk


def stop(process: subprocess.Popen) -> None:
    """End QEMU, at once. It leads a process group, so that Ctrl-C does not reach it first."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    process.wait()


def stop_all() -> None:
    """End all machines, also those that other threads have started or are about to."""
    cancelled.set()
    for process in list(live):
        stop(process)


def follow(process: subprocess.Popen, guest: Guest) -> None:
    """Read the status channel until QEMU closes it; raise ProtocolError on any trouble."""
    spec = guest.spec
    end = time.monotonic() + spec.limit
    heard = time.monotonic()
    rest = b""
    assert process.stdout is not None
    while not cancelled.is_set():
        now = time.monotonic()
        patience = guest.patience()
        wait = min(end, heard + patience) - now
        if wait <= 0:
            what = ("took longer than %d s" % spec.limit if now >= end
                    else "was silent for %d s" % patience)
            raise ProtocolError(f"the guest {what} while {guest.doing()}")
        if not select.select([process.stdout], [], [], wait)[0]:
            continue
        data = os.read(process.stdout.fileno(), 65536)
        if not data:
            break
        heard = time.monotonic()
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            guest.line(line.decode(errors="replace").rstrip("\r"))
    if not guest.done:
        raise ProtocolError(f"the machine ended while {guest.doing()}, without the final token")


def fetch_output(spec: Spec, disk: Path) -> None:
    """Copy the guest's /out to work/out. Works on a disk that was not unmounted."""
    debugfs = shutil.which("debugfs", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not debugfs:
        raise FileNotFoundError("debugfs is missing")
    subprocess.run([debugfs, "-R", f"rdump /out {spec.work}", str(disk)], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def machine_report(spec: Spec, seconds: float, error: str | None) -> tap.Report:
    """The machine itself as a test: it went through, and its kernel did not complain."""
    results = [tap.Result("the machine went through", tap.FAIL if error else tap.PASS,
                          error or "")]
    log = spec.console.read_text(errors="replace") if spec.console.exists() else ""
    splats = logscan.scan_crash(log) if spec.crash else logscan.scan(log)
    results.append(tap.Result("the kernel's log is clean", tap.FAIL if splats else tap.PASS,
                              f"{len(splats)} suspicious lines" if splats else "", splats))
    return tap.Report(spec.name, "qemu", seconds, results)


def missing_reports(spec: Spec, guest: Guest) -> list[tap.Report]:
    ran = {report.program for report in guest.reports}
    reports = []
    if not spec.tests:
        reports.append(tap.Report(spec.name, "stage", 0.0,
                                  [tap.Result("run", tap.FAIL, "there are no tests to run")]))
    for name in [*spec.tests, MACHINE]:
        if name in ran:
            continue
        how = "did not come to its end" if name == guest.running else "never ran"
        output = guest.lines if name == guest.running else []
        reports.append(tap.Report(spec.name, name, 0.0,
                                  [tap.Result("run", tap.FAIL, how, output)]))
    return reports


def run(spec: Spec, progress: Progress = lambda report: None) -> tuple[list[tap.Report], Guest]:
    """Boot, follow, clean up. The reports of all programs and of the machine itself."""
    shutil.rmtree(spec.work, ignore_errors=True)
    disk = copy_disk(spec)
    guest = Guest(spec, secrets.token_hex(8), progress)
    try:
        error = boot(spec, disk, guest)
        fetch_output(spec, disk)
    finally:
        disk.unlink()

    extra = missing_reports(spec, guest)
    extra.append(machine_report(spec, time.monotonic() - guest.start, error))
    for report in extra:
        progress(report)
    return guest.reports + extra, guest


def boot(spec: Spec, disk: Path, guest: Guest) -> str | None:
    """Run the machine to its end. What went wrong with it, if anything did."""
    environment = {"VM_TOKEN": guest.token, "VM_TIMEOUT": str(spec.program_limit),
                   **spec.environment}
    arguments = command_line(spec, disk, environment) + spec.arguments + [
        "-chardev", f"file,id=console,path={quoted(spec.console)}", "-serial", "chardev:console",
        "-chardev", "stdio,id=status,signal=off", "-serial", "chardev:status"]
    qemu_log = spec.work / "qemu.log"

    error = None
    with open(qemu_log, "wb") as log, subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
            start_new_session=True) as process:
        live.add(process)
        guest.pid = process.pid
        try:
            (spec.work / "qemu.pid").write_text(f"{process.pid}\n")
            follow(process, guest)
        except (ProtocolError, ValueError) as problem:
            error = str(problem)
        finally:
            stop(process)
            live.discard(process)
    if cancelled.is_set():
        raise Cancelled
    if not guest.booted:
        error = f"{error}; {qemu_log.read_text(errors='replace').strip()}"
    return error


def shell(spec: Spec) -> int:
    """An interactive shell on the console."""
    disk = copy_disk(spec)
    arguments = command_line(spec, disk, {"quiet": "", "VM_SHELL": "yes", **spec.environment}) + [
        "-chardev", "stdio,id=console,mux=on,signal=off", "-serial", "chardev:console",
        "-mon", "chardev=console"]
    print("Booting; Ctrl-A X ends the machine.", flush=True)
    try:
        status = subprocess.run(arguments, check=False).returncode
        fetch_output(spec, disk)
    finally:
        disk.unlink()
    print(f"What was in /out is in {spec.work / 'out'} now.")
    return status


def programs_in(folder: Path) -> list[str]:
    """Names of the test programs in a folder; a file "helpers" names those that are none."""
    helpers = folder / "helpers"
    no_tests = helpers.read_text().split() if helpers.exists() else []
    return sorted(path.name for path in folder.iterdir()
                  if path.is_file() and os.access(path, os.X_OK) and path.name not in no_tests)


def apply_settings(spec: Spec, settings: Path) -> None:
    """What a file "settings" next to programs asks for, line by line."""
    for line in settings.read_text().splitlines():
        name, _, value = line.partition("=")
        if name == "timeout":
            spec.program_limit = int(value)
        elif name == "module":
            spec.environment["VM_MODULE"] = value
        elif name == "crash":
            spec.crash = value == "yes"
        elif name == "init":
            spec.environment["VM_INIT"] = value
        elif name == "cmdline":
            for word in value.split():
                parameter, _, setting = word.partition("=")
                spec.environment[parameter] = setting
        elif line:
            raise ValueError(f"{settings}: {line!r} is no setting")


def machines(build: Path, series: str) -> list[tuple[str, str]]:
    """Stages and folders of programs in them, each for a machine of its own: see spec_for()."""
    return [(series, "tests")] + sorted(
        (stage, f"machines/{folder.name}") for stage in (series, f"{series}-systemd")
        for folder in (build / "stage" / stage / "kredact/machines").glob("*"))


def spec_for(build: Path, series: str, work: Path, test: str | None = None,
             directory: str = "tests", stage: str | None = None) -> Spec:
    """A machine of a kernel series, with the stage that make has assembled for it.

    It runs the programs in the guest's folder /kredact/DIRECTORY. A file
    "settings" there may hold "timeout=SECONDS", as in the kernel's selftests,
    "module=no", "crash=yes", "init=PROGRAM" for another PID 1, and "cmdline=WORDS"
    for the kernel's command line.
    """
    stage = stage or series
    folder = build / "stage" / stage / "kredact" / directory
    tests = programs_in(folder)
    environment = {"VM_DIR": directory}
    if test is not None:
        tests = [name for name in tests if name in test.split(",")]
        environment["VM_TEST"] = test
    name = series if directory == "tests" else f"{series}/{Path(directory).name}"
    spec = Spec(name, build / "kernels" / series, build / "vm" / f"{series}.cpio",
                build / "vm" / f"{stage}.img", work, tests, environment=environment)
    if (folder / "settings").exists():
        apply_settings(spec, folder / "settings")
    return spec


def assignment(text: str) -> tuple[str, str]:
    """NAME=VALUE for the guest's environment: a word of the kernel's command line."""
    name, equals, value = text.partition("=")
    if not name or not equals or not f"{name}{value}".isprintable() or set(text) & set(' "'):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE without blanks")
    return name, value


def print_report(report: tap.Report, verbose: bool = False) -> None:
    for result in report.results:
        print(f"{result.status:4} {report.program}: {result.name}"
              + (f" ({result.reason})" if result.reason else ""))
        if verbose or result.status == tap.FAIL:
            for line in result.output:
                print(f"       {line}")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description="boot a test machine")
    parser.add_argument("series", help="kernel series, as 6.12")
    parser.add_argument("--build", type=Path, default=Path("build"))
    parser.add_argument("--work", type=Path, help="folder for the log and the guest's /out")
    parser.add_argument("--test", metavar="NAME,...", help="run these programs only")
    parser.add_argument("--dir", default="tests", help="run what is in /kredact/DIR")
    parser.add_argument("--stage", help="the root disk, if not the one of the series")
    parser.add_argument("--no-module", action="store_true", help="do without kredact.ko")
    parser.add_argument("--verbose", action="store_true", help="show what passing tests say")
    parser.add_argument("--shell", action="store_true", help="an interactive shell")
    parser.add_argument("--memory", type=int, default=1024, metavar="MIB")
    parser.add_argument("--icount", action="store_true",
                        help="one processor, whose clock counts instructions")
    parser.add_argument("--limit", type=float, default=1800.0, metavar="SECONDS")
    parser.add_argument("--env", type=assignment, action="append", default=[],
                        metavar="NAME=VALUE", help="for the programs in the guest")
    parser.add_argument("--program-limit", type=int, metavar="SECONDS",
                        help="what one program may take")
    args = parser.parse_args()

    # Both, also when started in the background of a script.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    work = args.work or args.build / "vm" / f"run-{args.series}-{os.getpid()}"
    spec = spec_for(args.build, args.series, work, args.test, args.dir, args.stage)
    if args.no_module:
        spec.environment["VM_MODULE"] = "no"
    spec.memory, spec.icount, spec.limit = args.memory, args.icount, args.limit
    if args.icount:
        spec.environment["KREDACT_ICOUNT"] = "yes"
    spec.environment.update(args.env)
    spec.program_limit = args.program_limit or spec.program_limit
    try:
        if args.shell:
            return shell(spec)
        reports, guest = run(spec, lambda report: print_report(report, args.verbose))
    except KeyboardInterrupt:
        return 130
    if guest.first_test is not None:
        print(f"first test {guest.first_test:.1f} s after the start; log in {spec.console}")
    failed = sum(report.count(tap.FAIL) for report in reports)
    return 1 if failed or not spec.tests else 0


if __name__ == "__main__":
    sys.exit(main())
