# SPDX-License-Identifier: GPL-2.0
"""A headless Chromium, driven through its DevTools protocol over a pair of pipes."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

ARGUMENTS = ["--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu",
             "--disable-extensions", "--disable-background-networking", "--disable-sync",
             "--no-sandbox", "--hide-scrollbars", "--force-color-profile=srgb"]


class Browser:
    """One page; what it complains of is kept in `complaints`, what it asks for in `requests`."""

    def __init__(self, program="chromium"):
        self.home = tempfile.mkdtemp(prefix="kredact-html-")
        to_child, self.put = os.pipe()
        self.get, from_child = os.pipe()

        def pipes():
            # First out of the way of each other, then to where Chromium looks for them.
            high_in, high_out = os.dup(to_child), os.dup(from_child)
            os.dup2(high_in, 3)
            os.dup2(high_out, 4)

        self.child = subprocess.Popen(
            [program, *ARGUMENTS, f"--user-data-dir={self.home}", "about:blank"],
            preexec_fn=pipes, close_fds=False, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={**os.environ, "HOME": self.home})
        os.close(to_child)
        os.close(from_child)
        self.rest, self.last, self.session = b"", 0, None
        self.complaints, self.requests, self.events = [], [], set()
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"],
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.call(f"{domain}.enable")

    def close(self):
        self.child.terminate()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        os.close(self.put)
        os.close(self.get)
        shutil.rmtree(self.home, ignore_errors=True)

    def message(self, patience):
        while b"\0" not in self.rest:
            if not select.select([self.get], [], [], patience)[0]:
                return None
            part = os.read(self.get, 1 << 20)
            if not part:
                raise RuntimeError("chromium has ended")
            self.rest += part
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def note(self, message):
        method, params = message.get("method"), message.get("params", {})
        self.events.add(method)
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description",
                                                                    details["text"]))
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(f"console.{params['type']}")
        elif method == "Log.entryAdded":
            self.complaints.append(params["entry"]["text"])
        elif method == "Audits.issueAdded":
            self.complaints.append(params["issue"]["code"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def call(self, method, **params):
        self.last += 1
        message = {"id": self.last, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.put, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + 60
        while time.monotonic() < end:
            answer = self.message(end - time.monotonic())
            if answer and answer.get("id") == self.last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            if answer:
                self.note(answer)
        raise RuntimeError(f"{method}: no answer")

    def open(self, path, width=1280, height=900, scheme="light"):
        self.complaints, self.requests, self.events = [], [], set()
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)
        self.scheme(scheme)
        self.call("Page.navigate", url="file://" + os.path.abspath(path))
        end = time.monotonic() + 30
        while "Page.loadEventFired" not in self.events and time.monotonic() < end:
            message = self.message(1)
            if message:
                self.note(message)
        self.settle()

    def scheme(self, name, media=""):
        self.call("Emulation.setEmulatedMedia", media=media,
                  features=[{"name": "prefers-color-scheme", "value": name}])

    def settle(self):
        """Wait until what was asked for is drawn."""
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def run(self, script):
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True,
                           returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"]["exception"]["description"])
        return result["result"].get("value")

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)
        self.settle()

    def click(self, x, y):
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button="left", clickCount=1,
                       buttons=1 if kind == "mousePressed" else 0)

    def key(self, key, **more):
        text = {"text": key} if len(key) == 1 else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **text, **more)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, **more)
        self.settle()

    def picture(self, path, whole=True):
        data = self.call("Page.captureScreenshot", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as out:
            out.write(base64.b64decode(data))

    def print(self, path):
        data = self.call("Page.printToPDF", printBackground=True)["data"]
        with open(path, "wb") as out:
            out.write(base64.b64decode(data))
