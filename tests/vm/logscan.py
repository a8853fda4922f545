#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Find splats in the console log of a test machine.

logscan.py LOG

Prints what it found; exit status 0 if the log is clean. A log that is empty or
does not begin with a kernel's banner is not clean: nothing was looked at.
"""

import re
import sys
from pathlib import Path

BANNER = re.compile(r"^\[ *0\.0+\] Linux version \d")

# What a test says before it makes the kernel crash.
CRASH = "kredact-test: this kernel is made to crash"

# What the kernel says when it has found something wrong with itself.
DENY = re.compile("|".join((
    r"\bBUG:",
    r"\bBUG at\b",
    r"\bBUG \S+ \((Not t|T)ainted",             # SLUB
    r"\bWARNING:",
    r"\bOops\b",
    r"\bKernel panic\b",
    r"-+\[ cut here \]-+",
    r"---\[ end trace",
    r"\bCall Trace:",
    r"\bRIP: ",
    r"\bgeneral protection\b",
    r"\bunable to handle\b",
    r"\bdouble fault\b",
    r"\bdivide error\b",
    r"\binvalid opcode\b",
    r"\bstack segment\b",
    r"\bkernel stack (is corrupted|overflow)",
    r"\bINFO: task .* blocked\b",
    r"\bINFO: .*stall",                         # RCU
    r"\bdetected (expedited )?stalls?\b",
    r"\bself-detected stall\b",
    r"\b(soft|hard) ?lockup\b",
    r"\bpossible (circular|recursive|irq lock|unsafe)",
    r"\b(inconsistent lock state|bad unlock balance|held lock freed)\b",
    r"\bsuspicious RCU usage\b",
    r"\btrying to register non-static key\b",
    r"\bsleeping function called\b",
    r"\bscheduling while atomic\b",
    r"\bKASAN\b",
    r"\bKCSAN\b",
    r"\bKFENCE\b.*\bin\b",
    r"\bUBSAN\b",
    r"\bODEBUG\b",
    r"\bunreferenced object\b",
    r"\bnew suspected memory leaks\b",
    r"\brefcount_t:",
    r"\blist_(add|del) corruption\b",
    r"\bBad page (state|map)\b",
    r"\bBad rss-counter\b",
    r"\bslab .*\b(corrupted|overwritten)\b",
    r"\bpage allocation failure\b",
    r"\bunchecked MSR access\b",
    r"\bftrace (bug|failed to modify)\b",
    r"\bUnable to unregister\b",
    r"\bEXT4-fs error\b",
)), re.IGNORECASE)

# Lines that look like one of the above and are none. Tests crash on purpose,
# and the kernel then says by which trap.
ALLOW = re.compile("|".join((
    r"^traps: .{1,15}\[\d+\] (general protection fault|trap [a-z ]+) ip:[0-9a-f]+ sp:[0-9a-f]+ "
    r"error:[0-9a-f]+( in \S+\[[0-9a-f,+]+\])?$",
    # the debug kernel, which says at boot that it watches
    r"^kasan: KernelAddressSanitizer initialized",
    # of the emulated machine, whose timer may be late where this system is busy
    r"^\.\.MP-BIOS bug: 8254 timer not connected to IO-APIC$",
    # the disk of a kernel that crashed, where its capture kernel saves the dump
    r"^EXT4-fs \(vda\): warning: mounting unchecked fs, running e2fsck is recommended$",
    # the kernel's own options, on its command line
    r"^(Kernel command|Command) line: ",
)))

STAMP = re.compile(r"^(<\d+>)?\[ *\d+\.\d+\](\[ *[TC]\d+\])? ")


def scan(text: str) -> list[str]:
    """What is wrong with a log, as lines for a person; empty if nothing is."""
    lines = text.replace("\r", "").split("\n")
    if not text.strip():
        return ["the log is empty"]
    # Firmware may have written before the kernel does.
    if not any(BANNER.match(line) for line in lines[:50]):
        return ["the log does not begin with a kernel's banner"]

    found = []
    for number, line in enumerate(lines, 1):
        message = STAMP.sub("", line, count=1)
        if DENY.search(message) and not ALLOW.match(message):
            found.append(f"line {number}: {line.strip()}")
    return found


def scan_crash(text: str) -> list[str]:
    """Likewise, where the kernel was made to crash: what it said of that is left out.

    The crash goes from the marker of the test to the banner of the capture kernel.
    """
    lines = text.replace("\r", "").split("\n")
    crashes = [number for number, line in enumerate(lines) if CRASH in line]
    if len(crashes) != 1:
        return [f"{len(crashes)} crashes are announced instead of one"]
    banners = [number for number, line in enumerate(lines)
               if number > crashes[0] and BANNER.match(line)]
    if len(banners) != 1:
        return [f"{len(banners)} kernels were started after the crash instead of one"]
    return scan("\n".join(lines[:crashes[0]])) + scan("\n".join(lines[banners[0]:]))


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: logscan.py LOG", file=sys.stderr)
        return 2
    found = scan(Path(sys.argv[1]).read_text(encoding="utf-8", errors="replace"))
    print("\n".join(found) if found else "clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
