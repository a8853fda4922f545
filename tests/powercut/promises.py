# SPDX-License-Identifier: GPL-2.0
"""What has to hold of a file system after a power cut, whenever that was.

Each checker gets the folder that a load wrote to, as the cut left it, and the marks
that came before the cut: what the load had been promised by then. It returns what is
wrong, as lines for a person.
"""

import hashlib
import re
from pathlib import Path


def check_keep(folder: Path, marks: list[str]) -> list[str]:
    """What tests/powercut/keep.c stored: see there."""
    if "begin" not in marks:
        return []
    wrong = []
    log = (folder / "log").read_bytes().split(b"\n")
    lines = {line.decode() for line in log[:-1] if re.fullmatch(rb"line \d+", line)}
    for mark in marks:
        if mark.startswith("line ") and mark not in lines:
            wrong.append(f"{mark} was acknowledged and is not in the log")
        if mark.startswith("file ") and not (folder / mark.replace(" ", ".")).exists():
            wrong.append(f"{mark} was stored and is not there")
    for path in sorted(folder.glob("file.*")):
        if path.suffix == ".about":
            continue
        data = path.read_bytes()
        about = path.with_name(f"{path.name}.about")
        if len(data) < 32 or hashlib.sha256(data[32:]).digest() != data[:32]:
            wrong.append(f"{path.name} is incomplete")
        elif not about.exists():
            wrong.append(f"{path.name} has nothing that belongs to it")
        elif about.read_bytes() != data[:32]:
            wrong.append(f"{about.name} is not what belongs to {path.name}")
        if f"line {path.name.partition('.')[2]}" not in lines:
            wrong.append(f"{path.name} is there, and its line is not in the log")
    return wrong
