#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""reports.py FORMAT FILE [WORD...]: reads a report as its readers do, and looks for words in it.

Says what is wrong; exit status 1 if anything is.
"""

import html.parser
import json
import sys
import xml.etree.ElementTree

TAGS = set("html head meta title style body main article header p h1 h2 dl div dt dd section span "
           "table thead tbody tr th td strong script".split())
VOID = {"meta"}


def strings(value):
    """All names and values in JSON."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)
    else:
        yield str(value)


class Page(html.parser.HTMLParser):
    """The texts and tags of a page, and what must not be in one of ours."""

    def __init__(self):
        super().__init__()
        self.open, self.texts, self.scripts, self.data, self.wrong = [], [], [], [], []
        self.policy = ""

    def handle_starttag(self, tag, attributes):
        if tag not in TAGS:
            self.wrong.append(f"a tag <{tag}>")
        for name, value in attributes:
            if name.startswith("on") or name in ("src", "href", "style", "action", "srcset"):
                self.wrong.append(f"an attribute {name}={value}")
        attributes = dict(attributes)
        if attributes.get("http-equiv") == "Content-Security-Policy":
            self.policy = attributes["content"]
        if tag == "script":
            (self.data if attributes.get("type") == "application/json" else self.scripts).append("")
            self.is_data = attributes.get("type") == "application/json"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> ends nothing")

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            kind = self.data if self.is_data else self.scripts
            kind[-1] += data
        elif self.open and self.open[-1] != "style":
            self.texts.append(data)


def read_html(text):
    page = Page()
    page.feed(text)
    page.close()
    wrong = page.wrong + [f"<{tag}> does not end" for tag in page.open]
    if len(page.scripts) != 1 or len(page.data) != 1:
        wrong.append(f"{len(page.scripts)} scripts and {len(page.data)} pieces of data")
    if "default-src 'none'" not in page.policy or "unsafe" in page.policy:
        wrong.append("the policy: " + page.policy)
    data = json.loads(page.data[0])
    for segment in data["segments"]:
        if int(segment["start"], 16) < 0 or segment["size"] < segment["dumped"]:
            wrong.append(f"a segment {segment}")
    return wrong, "\n".join([*page.texts, *strings(data)])


def read_junit(text):
    root = xml.etree.ElementTree.fromstring(text)
    wrong = []
    for suite in root:
        kinds = [child.tag for case in suite for child in case]
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            if int(suite.get(name)) != kinds.count(tag):
                wrong.append(f"{name} is {suite.get(name)}, not {kinds.count(tag)}")
        if int(suite.get("tests")) != len(suite):
            wrong.append("tests")
    texts = [part for part in root.itertext()]
    texts += [value for element in root.iter() for value in element.attrib.values()]
    return wrong, "\n".join(texts)


def read_sarif(text):
    report, wrong = json.loads(text), []
    for run in report["runs"]:
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        if len(set(rules)) != len(rules):
            wrong.append("a rule is there twice")
        for result in run["results"]:
            if rules[result["ruleIndex"]] != result["ruleId"]:
                wrong.append("a wrong rule")
            region = result["locations"][0]["physicalLocation"]["region"]
            if region["byteOffset"] + region["byteLength"] > run["artifacts"][0]["length"]:
                wrong.append("a place beyond the file")
    return wrong, "\n".join(strings(report))


def read_json(text):
    return [], "\n".join(strings(json.loads(text)))


def main():
    readers = {"html": read_html, "junit": read_junit, "sarif": read_sarif, "json": read_json,
               "text": lambda text: ([], text)}
    with open(sys.argv[2], "rb") as file:
        raw = file.read()
    wrong, text = readers[sys.argv[1]](raw.decode("ascii"))
    if any(byte < 32 and byte not in b"\n\t" for byte in raw):
        wrong.append("a control character")
    wrong += [f"lacks {word}" for word in sys.argv[3:] if word not in text]
    for line in wrong:
        print(line)
    return bool(wrong)


sys.exit(main())
