#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The table of Documentation/copies.rst, made from what the tests print.

table.py collect RESULTS FOLDER     keep the figures of a run, a file for each program and kernel
table.py write FOLDER DOCUMENT      write the table from what is kept
table.py show FOLDER                print it

RESULTS is the results.json of tests/run. A program's figures replace those of an
earlier run on the same kernel.
"""

import json
import re
import sys
from pathlib import Path

LINE = re.compile(r"^# copies (\S+) (\S+) (\w+): (.*)$")
BEGIN, END = ".. The tables begin.\n", ".. The tables end.\n"
PLACES = (("stack", "stack"), ("below_stack", "below it"), ("heap", "heap"), ("freed", "freed"),
          ("static", "static"), ("mapped", "mapped"), ("registers", "registers"),
          ("notes", "notes"))
ORDER = ("openssl-rsa", "openssl-ec", "openssl-ed25519", "openssl-aes", "sodium", "gnutls",
         "gcrypt", "ssh-agent", "gpg-agent", "nginx")


def figures(lines: list[str]) -> dict:
    """What the lines of a program say: series, kind, name, number."""
    found: dict = {}
    for line in lines:
        if not (match := LINE.match(line)):
            continue
        _program, series, kind, rest = match.groups()
        if "=" in rest:
            found.setdefault(series, {})[kind] = {
                name: int(value) for name, value in (word.split("=") for word in rest.split())}
        else:
            found.setdefault(series, {})[kind] = int(rest)
    return found


def collect(results: Path, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    kept = 0
    for program in json.loads(results.read_text())["programs"]:
        lines = [line for result in program["results"] for line in result["output"]]
        found = figures(lines)
        if "registered" not in found:
            continue
        where = program["where"].partition("/")[0]
        found.update(program=program["program"], kernel=where, seconds=program["seconds"],
                     failed=sorted(r["name"] for r in program["results"]
                                   if r["status"] == "fail"))
        path = folder / f"{where}-{program['program']}.json"
        path.write_text(json.dumps(found, indent=1) + "\n")
        kept += 1
    print(f"{kept} programs' figures are in {folder}")
    return 0 if kept else 1


def grid(rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    rule = "  ".join("=" * width for width in widths)
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip()
             for row in rows]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule]) + "\n"


def per_core(number: int, crashes: int) -> str:
    """A mean; nothing at all is told from what rounds to it."""
    if not number:
        return "-"
    if not crashes:
        return "?"
    return f"{number / crashes:.2f}" if number * 200 >= crashes else "<0.01"


def tables(folder: Path) -> str:
    found = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    found.sort(key=lambda f: (ORDER.index(f["program"]), f["kernel"]))
    plain = [["program", "kernel", "cores", "with copies", "copies", "bytes",
              *(title for _, title in PLACES)]]
    hunted = [["program", "kernel", "crashes", "leaks", "copies zeroed", "bytes",
               *(title for _, title in PLACES), "register bytes"]]
    for entry in found:
        for series, table in (("unregistered", plain), ("registered", hunted)):
            sums, where = entry[series]["sums"], entry[series]["where"]
            nr = sums["crashes"]
            table.append([entry["program"], entry["kernel"], str(nr),
                          str(sums["with_copies" if table is plain else "leaks"]),
                          per_core(sums["copies"], nr), f"{sums['copy_bytes'] / max(nr, 1):.0f}",
                          *(per_core(where[name], nr) for name, _ in PLACES),
                          *([f"{sums['register_bytes'] / max(nr, 1):.0f}"]
                            if table is hunted else [])])
    return (f"Nothing registered:\n\n{grid(plain)}\n"
            f"Registered once, and hunted:\n\n{grid(hunted)}")


def write(folder: Path, document: Path) -> int:
    before, begin, rest = document.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        print(f"{document} has no place for the tables", file=sys.stderr)
        return 1
    document.write_text(f"{before}{BEGIN}\n{tables(folder)}\n{END}{after}")
    return 0


def main() -> int:
    words = sys.argv[1:]
    if len(words) == 3 and words[0] == "collect":
        return collect(Path(words[1]), Path(words[2]))
    if len(words) == 3 and words[0] == "write":
        return write(Path(words[1]), Path(words[2]))
    if len(words) == 2 and words[0] == "show":
        print(tables(Path(words[1])))
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
