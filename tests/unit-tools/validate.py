#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""validate.py SCHEMA FILE: says what is wrong with a JSON file; exit status 1 if anything is."""

import json
import sys

import jsonschema

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
with open(sys.argv[2], encoding="utf-8") as file:
    report = json.load(file)
validator = jsonschema.validators.validator_for(schema)
validator.check_schema(schema)
errors = sorted(validator(schema).iter_errors(report), key=lambda error: list(map(str, error.path)))
for error in errors:
    print("/".join(map(str, error.path)), error.message[:200])
sys.exit(bool(errors))
