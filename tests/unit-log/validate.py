#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""validate.py SCHEMA DIR: is each line of the log in DIR of the schema?

Also tries lines that are not, since a schema may accept everything.
"""
import copy
import json
import pathlib
import subprocess
import sys

import jsonschema


def lines(folder):
    """Each line of each segment."""
    for path in sorted(pathlib.Path(folder).glob("segment-*.jsonl*")):
        if path.suffix == ".zst":
            text = subprocess.run(["zstd", "-dc", path], check=True,
                                  capture_output=True).stdout
        else:
            text = path.read_bytes()
        yield from text.decode().splitlines()


def main():
    schema = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    count, events, good = 0, set(), None
    for text in lines(sys.argv[2]):
        line = json.loads(text)
        for error in validator.iter_errors(line):
            print(f"{text}: {error.message}")
            return 1
        if line["event"] == "log.checkpoint":
            good = line
        events.add(line["event"])
        count += 1
    if not good or count < 100:
        print("too few lines")
        return 1
    for name in ("seq", "prev", "sender", "data", "boot_id"):
        bad = copy.deepcopy(good)
        del bad[name]
        if validator.is_valid(bad):
            print(f"a line without {name} is accepted")
            return 1
    for name, value in (("seq", 0), ("event", "x"), ("prev", "00"), ("more", 1),
                        ("data", {"log": 5})):
        bad = copy.deepcopy(good)
        bad[name] = value
        if validator.is_valid(bad):
            print(f"a line with {name} {value} is accepted")
            return 1
    print(f"{count} lines of {len(events)} events", end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
