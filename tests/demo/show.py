#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Show the demonstration's two cores: the verifier's reports, backtraces, counts.

show.py BUILD
    shows once more what "make demo" has left in BUILD/demo.

Two reports stand side by side where the terminal has 160 columns, else one
below the other. Exit status 0 if the key is in the core without kredact, is not
in the registered memory of the one with it, and gdb reads both equally well;
else 1.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

SIDES = ("without", "with")
TITLES = {"without": "WITHOUT KREDACT", "with": "WITH KREDACT"}
ESCAPE = re.compile(r"\033\[[0-9;]*m")
SIDE_BY_SIDE = 160

# Where each thread's stack begins, outermost.
STARTS = ("clone3", "__clone3", "clone", "_start", "__libc_start_main", "main")


@dataclass
class Demonstration:
    """What there is to show."""

    out: Path           # cores and logs that came out of the machine
    keys: Path          # the service's keys, their secret numbers, the seal key
    verify: Path        # kredact-verify
    corefind: Path      # an independent search
    service: Path       # the program that crashed

    def core(self, side: str) -> Path:
        return self.out / f"{side}.core"

    def secrets(self) -> list[Path]:
        """Of the service's two keys; others lie beside them, for tests of libraries."""
        return sorted(path for path in (self.keys / "secret").glob("*.bin")
                      if path.name.startswith(("rsa-", "ec-")))


@dataclass
class Found:
    """What corefind saw in one core."""

    copies: dict[str, int] = field(default_factory=dict)
    inside: int = 0                     # of them, in pages that the seal names
    seal: tuple[int, ...] | None = None  # ranges, bytes, absent, nonzero

    @property
    def places(self) -> int:
        return sum(self.copies.values())

    @property
    def components(self) -> int:
        return sum(1 for nr in self.copies.values() if nr)


@dataclass
class Thread:
    """One thread of a core, as gdb saw it."""

    frames: list[str]
    functions: list[str]

    @property
    def whole(self) -> bool:
        return bool(self.functions) and self.functions[-1] in STARTS


class Screen:
    """Output that knows how wide it may be and whether it may be in colour."""

    def __init__(self) -> None:
        terminal = sys.stdout.isatty()
        self.colour = terminal and "NO_COLOR" not in os.environ
        self.width = shutil.get_terminal_size((80, 24)).columns if terminal else 80

    def paint(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def title(self, text: str) -> None:
        print()
        print(self.paint("1", f"== {text} ".ljust(min(self.width, 100), "=")))

    def columns(self, sides: dict[str, list[str]]) -> None:
        if self.width < SIDE_BY_SIDE:
            for side in SIDES:
                print("\n" + self.paint("1;7", f" {TITLES[side]} ") + "\n")
                print("\n".join(sides[side]))
            return
        half = (self.width - 3) // 2
        rows = {side: [self.paint("1;7", f" {TITLES[side]} "), ""] +
                [part for line in sides[side] for part in fold(line, half)] for side in SIDES}
        print()
        for i in range(max(len(lines) for lines in rows.values())):
            left, right = (rows[side][i] if i < len(rows[side]) else "" for side in SIDES)
            print(f"{pad(left, half)} {self.paint('2', '|')} {right}")


def pad(text: str, width: int) -> str:
    """Fill up to a width on the screen, where escape sequences have none."""
    return text + " " * (width - len(ESCAPE.sub("", text)))


def fold(text: str, width: int) -> list[str]:
    """Cut a line into pieces that fit; colour goes on into the next piece."""
    pieces, piece, used, active = [], "", 0, ""
    for part in re.split(r"(\033\[[0-9;]*m)", text):
        if ESCAPE.fullmatch(part):
            active = "" if part == "\033[0m" else part
            piece += part
            continue
        while used + len(part) > width:
            cut = width - used
            pieces.append(piece + part[:cut] + ("\033[0m" if active else ""))
            part, piece, used = part[cut:], active + "    ", 4
        piece += part
        used += len(part)
    return pieces + [piece]


def verify(demo: Demonstration, side: str, colour: bool) -> tuple[int, list[str]]:
    arguments = [str(demo.verify), "--color=always" if colour else "--color=never",
                 "--key", str(demo.keys / "seal.key")]
    for secret in demo.secrets():
        arguments += ["--secret", str(secret)]
    result = subprocess.run([*arguments, str(demo.core(side))], text=True, capture_output=True,
                            check=False)
    text = result.stdout + result.stderr
    for path in (f"{demo.keys}/secret/", f"{demo.out}/"):
        text = text.replace(path, "")
    return result.returncode, text.splitlines()


def find(demo: Demonstration, side: str) -> Found:
    result = subprocess.run([str(demo.corefind), str(demo.core(side)),
                             *(str(secret) for secret in demo.secrets())],
                            text=True, capture_output=True, check=True)
    found = Found()
    for line in result.stdout.splitlines():
        name, *numbers = line.split()
        if name == "seal":
            found.seal = tuple(int(number) for number in numbers)
            continue
        found.copies[name] = int(numbers[0]) + int(numbers[1])
        if numbers[2] != "-":
            found.inside += int(numbers[2])
    return found


def threads(demo: Demonstration, side: str) -> list[Thread]:
    """All threads of a core; the one that crashed first."""
    result = subprocess.run(
        ["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off",
         "-iex", "set auto-load safe-path /", "-ex", "set width 0",
         "-ex", "set print frame-arguments none", "-ex", "set print address off",
         "-ex", "thread apply all -ascending backtrace", str(demo.service),
         str(demo.core(side))],
        text=True, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    found: list[Thread] = []
    for line in result.stdout.splitlines():
        if line.startswith("Thread "):
            found.append(Thread([], []))
        frame = re.match(r"#\d+ +(?:0x[0-9a-f]+ in )?(\S+)", line)
        if frame and found:
            found[-1].frames.append(re.sub(r" at (\S*/)?(\S+)$", r" at \2", line))
            found[-1].functions.append(frame[1])
    return found


def summary(screen: Screen, codes: dict[str, int], found: dict[str, Found],
            stacks: dict[str, list[Thread]]) -> bool:
    """One line per expectation: whether it was met, and the counts."""
    fine = True

    def expect(met: bool, text: str) -> None:
        nonlocal fine
        fine = fine and met
        print(f"  {screen.paint('32', 'ok  ') if met else screen.paint('1;31', 'FAIL')} {text}")

    without, with_ = found["without"], found["with"]
    total = len(without.copies)
    ranges, size, _absent, nonzero = with_.seal or (0, 0, 0, 0)
    expect(total == 7 and without.components == total,
           f"without kredact: {without.components} of {total} secret numbers of the two keys are "
           f"in the core, in {without.places} places")
    expect(total == len(with_.copies) and with_.inside == 0,
           f"with kredact: {with_.components} of {len(with_.copies)} are in the core, in "
           f"{with_.places} places, {with_.inside} of them in registered memory")
    if with_.places:
        print("       (OpenSSL has a copy of the EC key on the stack for some microseconds of "
              "each ECDSA\n        signature; kredact does not hunt for copies yet)")
    expect(with_.seal is not None and ranges > 0 and nonzero == 0,
           f"with kredact: the seal names {ranges} ranges of {size} bytes; "
           f"{nonzero} bytes of their pages are not zero")
    expect(codes["without"] == 1, f"kredact-verify on the core without: exit status "
           f"{codes['without']} (1: key material found)")
    expect(codes["with"] == (1 if with_.places else 0),
           f"kredact-verify on the core with: exit status {codes['with']} (0: clean)")
    for side in SIDES:
        whole = sum(1 for thread in stacks[side] if thread.whole)
        crashed = stacks[side] and stacks[side][0].functions[:1] == ["parse_request"]
        expect(len(stacks[side]) == 5 and whole == len(stacks[side]) and bool(crashed),
               f"{side} kredact: gdb unwinds {whole} of {len(stacks[side])} threads to their "
               f"start; the first is in {(stacks[side][0].functions or ['?'])[0]}"
               if stacks[side] else f"{side} kredact: gdb shows no thread")
    same = (bool(stacks["with"]) and bool(stacks["without"]) and
            stacks["with"][0].functions == stacks["without"][0].functions)
    expect(same, "the thread that crashed has the same backtrace in both cores")
    return fine


def words(demo: Demonstration, side: str) -> list[str]:
    """What the service and its load said."""
    path = demo.out / f"{side}.log"
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return [line for line in lines if line.startswith(("signer:", "load:"))]


def show(demo: Demonstration) -> int:
    screen = Screen()
    missing = [str(demo.core(side)) for side in SIDES if not demo.core(side).is_file()]
    if missing or not demo.secrets():
        print(f"show: there is no {' and no '.join(missing) or demo.keys / 'secret'}",
              file=sys.stderr)
        return 1

    reports = {side: verify(demo, side, screen.colour) for side in SIDES}
    found = {side: find(demo, side) for side in SIDES}
    stacks = {side: threads(demo, side) for side in SIDES}

    screen.title("What the service and its clients said")
    screen.columns({side: words(demo, side) for side in SIDES})
    screen.title("What kredact-verify says of the core")
    screen.columns({side: reports[side][1] for side in SIDES})
    screen.title("What gdb shows of the thread that crashed")
    screen.columns({side: stacks[side][0].frames if stacks[side] else [] for side in SIDES})
    screen.title("What was seen")
    codes = {side: reports[side][0] for side in SIDES}
    return 0 if summary(screen, codes, found, stacks) else 1


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: show.py BUILD", file=sys.stderr)
        return 2
    build = Path(sys.argv[1])
    return show(Demonstration(build / "demo/machine/out", build / "demo/keys",
                              build / "bin/kredact-verify", build / "tests/demo/corefind",
                              build / "tests/demo/signer"))


if __name__ == "__main__":
    sys.exit(main())
