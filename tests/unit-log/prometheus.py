#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Alerts and dashboard for Prometheus, against what kredact-logd writes.

Installed as BUILD/tests/unit-log/prometheus_test, and run from the top of the tree. promtool
checks the rules, and fires them on series that are made up here.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(__file__).resolve().parents[2]
PROMTOOL = BUILD / "prometheus/usr/bin/promtool"
RULES = pathlib.Path("packaging/prometheus/kredact-log.rules.yml").resolve()
DASHBOARD = pathlib.Path("packaging/prometheus/kredact-log.dashboard.json")
METRIC = re.compile(r"kredact_log_[a-z_]+")

FIRED = """
rule_files: [ {rules} ]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: kredact_log_lost_total{{instance="a"}}
        values: '0 0 0 {lost} {lost} {lost}'
      - series: kredact_log_write_failing{{instance="a"}}
        values: '0 0 0 0 0 0'
      - series: kredact_log_timestamp_seconds{{instance="a"}}
        values: '{times}'
      - series: kredact_log_signs{{instance="a"}}
        values: '1 1 1 1 1 1'
    alert_rule_test:
      - eval_time: 5m
        alertname: KredactLogLost
        exp_alerts: [ {lost_alert} ]
      - eval_time: 5m
        alertname: KredactLogSilent
        exp_alerts: [ {silent_alert} ]
"""

LOST = """{ exp_labels: { severity: critical, instance: a }, exp_annotations: {
  summary: "a: kredact's audit log cannot be written", description: "Lines were refused; who sends
  them fails closed: dumps stay in the quarantine. Is the disk full?" } }"""
SILENT = """{ exp_labels: { severity: critical, instance: a }, exp_annotations: {
  summary: "a: kredact-logd does not run", description: "It has not written its metrics for two
  minutes." } }"""

TESTS = 0
FAILED = 0


def ok(good, what):
    """A result, as TAP has it."""
    global TESTS, FAILED
    TESTS += 1
    FAILED += not good
    print(f"{'' if good else 'not '}ok {TESTS} - {what}", flush=True)


def promtool(*args, text=None):
    """Status and output of promtool."""
    done = subprocess.run([PROMTOOL, *args], input=text, capture_output=True, text=True,
                          check=False)
    return done.returncode, done.stdout + done.stderr


def metrics():
    """What kredact-logd writes."""
    with tempfile.TemporaryDirectory() as folder:
        conf = pathlib.Path(folder, "conf")
        out = pathlib.Path(folder, "log.prom")
        conf.write_text(f'dir = "{folder}";\nsocket = "{folder}/s";\nmetrics = "{out}";\n'
                        'audit = { events = [ "none.none" ]; };\n', encoding="utf-8")
        with subprocess.Popen([BUILD / "bin/kredact-logd", "--config", conf]) as logd:
            for _ in range(500):
                if out.exists():
                    break
                time.sleep(0.02)
            logd.terminate()
        return out.read_text(encoding="utf-8")


def fire(**values):
    """Does promtool say that alerts fire as is expected?"""
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        file.write(FIRED.format(rules=RULES, **values))
        file.flush()
        status, text = promtool("test", "rules", file.name)
    if status:
        print("# " + text.replace("\n", "\n# "))
    return status == 0


def main():
    status, text = promtool("check", "rules", str(RULES))
    ok(status == 0 and "5 rules found" in text, "promtool takes the rules")
    fresh, old = "0 60 120 180 240 300", "0 0 0 0 0 0"
    ok(fire(lost=3, times=fresh, lost_alert=LOST, silent_alert=""), "lost lines fire an alert")
    ok(fire(lost=0, times=fresh, lost_alert="", silent_alert=""), "and none, none")
    ok(fire(lost=0, times=old, lost_alert="", silent_alert=SILENT), "silence fires one")
    ok(not fire(lost=0, times=fresh, lost_alert=LOST, silent_alert=""),
       "an alert that does not fire would be missed")
    text = metrics()
    status, said = promtool("check", "metrics", text=text)
    ok(status == 0 and "kredact_log_last_seq" in text, f"promtool takes the metrics {said}")
    ok(promtool("check", "metrics", text=text + "x{ 1\n")[0] != 0, "and not any text")
    written = set(METRIC.findall(text))
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    shown = set()
    for panel in board["panels"]:
        for target in panel["targets"]:
            shown |= set(METRIC.findall(target["expr"]))
    ruled = set()
    for line in RULES.read_text(encoding="utf-8").splitlines():
        if "expr:" in line:
            ruled |= set(METRIC.findall(line))
    ok(len(written) >= 10 and shown and ruled and shown | ruled <= written,
       f"all {len(shown | ruled)} metrics that are asked for are written")
    ids = [panel["id"] for panel in board["panels"]]
    ok(len(ids) == len(set(ids)) >= 5 and board["uid"] == "kredact-log" and
       all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in board["panels"]),
       "the dashboard has panels, each once, within the page")
    print(f"1..{TESTS}")
    return FAILED != 0


if __name__ == "__main__":
    sys.exit(main())
