#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""html_test.py REPORTS PICTURES: the HTML report in a real browser.

REPORTS is where the tests of formats have left pages; pictures for people go to PICTURES.
Speaks TAP.
"""

import os
import sys

from browser import Browser

tests = failed = 0


def ok(condition, text):
    global tests, failed
    tests += 1
    failed += not condition
    print(f"{'' if condition else 'not '}ok {tests} - {text}", flush=True)


class Report:
    """A page with the helpers that know its map."""

    def __init__(self, browser, path):
        self.browser, self.path = browser, path

    def open(self, **how):
        self.browser.open(self.path, **how)

    def run(self, script):
        return self.browser.run(f"(() => {{ const map = document.querySelector('.dump').addressMap;"
                                f" return {script}; }})()")

    def point(self, address):
        """Where an address is drawn, in the window."""
        return self.run(f"map.toPixel(map.place({address}n)) + "
                        "map.stage.getBoundingClientRect().left")

    def middle(self):
        box = self.run("(({ left, top, width, height }) => [left + width / 2, top + height / 3])"
                       "(map.stage.getBoundingClientRect())")
        return box[0], box[1]

    def says(self):
        return self.run("document.querySelector('.readout').textContent")

    def quiet(self):
        browser = self.browser
        asked = [url for url in browser.requests if url != "file://" + os.path.abspath(self.path)]
        if browser.complaints or asked:
            print("#", browser.complaints, asked)
        return not browser.complaints and not asked


def test_quiet(browser, reports):
    for name in ("good", "dirty", "unsealed", "nonsense", "hostile", "named"):
        report = Report(browser, f"{reports}/{name}.html")
        report.open()
        ok(report.quiet(), f"{name}: no complaint of the browser, nothing is loaded")
        ok(report.run("document.querySelectorAll('.map .stage svg *').length") > 0,
           f"{name}: there is a map")


def test_policy(browser, reports):
    """What the policy forbids is seen to be forbidden: the test before can fail."""
    with open(f"{reports}/good.html", encoding="ascii") as file:
        text = file.read()
    bad = text.replace("</h1>", "</h1><script>window.bad = 1</script>"
                                "<img src='https://example.invalid/x.png'>")
    path = f"{reports}/bad.html"
    with open(path, "w", encoding="ascii") as file:
        file.write(bad)
    report = Report(browser, path)
    report.open()
    ok(bad != text and len(browser.complaints) > 1 and report.run("typeof window.bad") ==
       "undefined", "a script that is not ours does not run, an image is not loaded")
    os.unlink(path)


def test_hostile(browser, reports):
    report = Report(browser, f"{reports}/hostile.html")
    report.open()
    ok(report.run("document.querySelectorAll('b, i, script:not(.data)').length") == 1,
       "hostile: names make no elements")
    ok("</script><b>]]>" in report.run("document.querySelector('.findings').innerText") and
       "\\x1b" in report.run("document.querySelector('.findings').innerText"),
       "hostile: they are shown as text")
    x = report.point(0x10010)
    browser.mouse("mouseMoved", x, report.middle()[1])
    ok("</script>\\x1b\\xff]]>" in report.says(), "hostile: and by the map")


def test_hover(browser, reports):
    report = Report(browser, f"{reports}/dirty.html")
    report.open()
    browser.run("document.querySelector('.stage').scrollIntoView({ block: 'center' })")
    _, y = report.middle()
    for address, word in ((0x11800, "registered, must be zero"), (0x12800, "registered"),
                          (0x23800, "not in the dump"), (0x41000, "not in the dump"),
                          (0x50a00, "0x50000 to 0x52fff, 12.0 KiB"), (0x10800, "/usr/lib/signd")):
        browser.mouse("mouseMoved", report.point(address), y)
        ok(word in report.says(), f"hover at {address:#x}: {word}")
    browser.mouse("mouseMoved", report.point(0x50900), y)
    ok("given secret" in report.says(), "hover over a finding: says what it is")
    browser.mouse("mouseMoved", report.point(0x13fff) + 8, y)
    ok("empty" in report.says(), "hover over a gap: empty")


def test_zoom(browser, reports):
    report = Report(browser, f"{reports}/dirty.html")
    report.open()
    browser.run("document.querySelector('.stage').scrollIntoView({ block: 'center' })")
    x, y = round(report.point(0x50900)), report.middle()[1]
    under = f"map.toX({x} - map.stage.getBoundingClientRect().left)"
    before, scroll = report.run(under), browser.run("scrollY")
    for _ in range(8):
        browser.mouse("mouseWheel", x, y, deltaX=0, deltaY=-240)
    zoom = report.run("map.view.zoom")
    ok(zoom > 50 and abs(report.run(under) - before) < 1e-6 and
       browser.run("scrollY") == scroll,
       f"wheel: zooms to {zoom:.0f} around the pointer, and the page stays")
    wide = report.point(0x50900 + 40) - report.point(0x50900)
    ok(wide > 5, f"a secret of 40 bytes is {wide:.0f} pixels wide then")
    left = report.run("map.view.left")
    browser.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
    browser.mouse("mouseMoved", x - 150, y, button="left", buttons=1)
    browser.mouse("mouseReleased", x - 150, y, button="left")
    ok(report.run("map.view.left") > left, "drag: moves")
    for _ in range(12):
        browser.mouse("mouseWheel", x, y, deltaX=0, deltaY=480)
    ok(report.run("map.view.zoom") == 1 and report.run("map.view.left") == 0,
       "wheel, the other way: all is shown, and no more than that")
    button = "[...document.querySelectorAll('.bar button')].find(b => b.title === '%s').click()"
    browser.run(button % "zoom in")
    browser.settle()
    ok(report.run("map.view.zoom") == 2, "buttons: in")
    browser.run(button % "show all")
    browser.settle()
    ok(report.run("map.view.zoom") == 1, "buttons: all")
    ok(report.quiet(), "and no complaint of the browser")


def test_keys(browser, reports):
    report = Report(browser, f"{reports}/dirty.html")
    report.open()
    nr = report.run("map.items.length")
    browser.run("document.querySelector('.stage').focus()")
    browser.key("n")
    first = report.run("map.selected")
    browser.key("n")
    ok(nr > 2 and report.run("map.selected") not in (-1, first) and
       browser.run("document.querySelectorAll('.findings .selected').length") == 1,
       "N: the next finding, one row is marked")
    browser.key("p")
    ok(report.run("map.selected") == first, "P: the one before")
    ok("finding" in report.says() and "0x10025" in report.says(), "to the byte")
    cursor = report.run("map.cursor")
    browser.key("ArrowRight")
    ok(report.run("map.cursor") > cursor, "arrow: the cursor moves")
    zoom = report.run("map.view.zoom")
    browser.key("+")
    ok(report.run("map.view.zoom") == 2 * zoom, "+: zooms")
    browser.key("0")
    ok(report.run("map.view.zoom") == 1, "0: shows all")
    browser.key("Tab", code="Tab", windowsVirtualKeyCode=9)
    ok(browser.run("document.activeElement.tagName") == "BUTTON", "Tab: leaves the map")
    row = "document.querySelectorAll('.findings tbody tr')[1]"
    browser.run(f"{row}.querySelector('button').focus()")
    browser.key("Enter", code="Enter", windowsVirtualKeyCode=13, text="\r")
    ok(report.run("map.selected") == 1 and browser.run(f"{row}.className").endswith("selected"),
       "Enter on a row: the map shows it")


def test_click(browser, reports):
    report = Report(browser, f"{reports}/dirty.html")
    report.open()
    browser.run("document.querySelector('.stage').scrollIntoView({ block: 'center' })")
    browser.click(report.point(0x50900), report.middle()[1])
    ok("given secret" in browser.run("document.querySelector('.findings .selected').innerText"),
       "a click on the map marks the row of the finding")


def lightness(browser, element):
    color = browser.run(f"getComputedStyle(document.querySelector('{element}')).backgroundColor")
    return sum(float(part) for part in color.strip("rgba()").split(",")[:3]) / 3


def test_looks(browser, reports, pictures):
    for name in ("dirty", "good", "hostile"):
        report = Report(browser, f"{reports}/{name}.html")
        for scheme in ("light", "dark"):
            for width in (1280, 390):
                report.open(width=width, scheme=scheme)
                if name == "dirty":
                    report.run("map.select(0, false)")
                    browser.settle()
                browser.picture(f"{pictures}/{name}-{scheme}-{width}.png")
                fits = browser.run("document.documentElement.scrollWidth <= innerWidth")
                paper = lightness(browser, ":root")
                ok(fits and (paper > 200) == (scheme == "light"),
                   f"{name}, {scheme}, {width} wide: fits, and is {scheme}")
        report.open(scheme="dark")
        browser.scheme("dark", media="print")
        ok(lightness(browser, ":root") == 255 and not browser.run(
            "[...document.querySelectorAll('button')].some(b => b.offsetParent)"),
           f"{name}: printed on white, without buttons")
        browser.print(f"{pictures}/{name}.pdf")
        browser.scheme("light")


def test_no_script(browser, reports):
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.call("Page.navigate", url="file://" + os.path.abspath(f"{reports}/dirty.html"))
    browser.call("DOM.enable")
    root = browser.call("DOM.getDocument", depth=-1)["root"]["nodeId"]
    rows = browser.call("DOM.querySelectorAll", nodeId=root, selector=".findings tbody tr")
    checks = browser.call("DOM.querySelectorAll", nodeId=root, selector=".checks tbody tr")
    ok(len(rows["nodeIds"]) == 4 and len(checks["nodeIds"]) == 8,
       "without scripts: all findings and checks are there")
    browser.call("Emulation.setScriptExecutionDisabled", value=False)


def main():
    reports, pictures = sys.argv[1:3]
    os.makedirs(pictures, exist_ok=True)
    browser = Browser()
    try:
        test_quiet(browser, reports)
        test_policy(browser, reports)
        test_hostile(browser, reports)
        test_hover(browser, reports)
        test_zoom(browser, reports)
        test_keys(browser, reports)
        test_click(browser, reports)
        test_looks(browser, reports, pictures)
        test_no_script(browser, reports)
    finally:
        browser.close()
    print(f"1..{tests}")
    sys.exit(bool(failed))


main()
