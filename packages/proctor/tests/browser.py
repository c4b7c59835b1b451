"""What a page says in Chromium, and what it does when somebody types."""

import base64
import json
import re
import shutil
import subprocess
import time
from html import unescape
from urllib.request import urlopen

from websocket import create_connection

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)
COUNT = """<script>addEventListener("load", () => document.body.innerHTML = JSON.stringify(
  {pictures: [...document.images].filter(image => image.naturalWidth).length, text: document.body.innerText}))
</script>"""


def open_page(folder, page):
    """What a browser that reaches this machine alone shows of a page: {"pictures": how many, "text": str}."""
    folder.mkdir()
    (folder / "page.html").write_text(page.replace("<head>", f"<head>{COUNT}", 1), encoding="utf-8")
    ran = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update",
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
         f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=5000", "--dump-dom",
         (folder / "page.html").as_uri()],
        capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    return json.loads(re.search(r"<body[^>]*>(.*)</body>", unescape(ran.stdout), re.DOTALL)[1])


class Tab:
    """A page open in Chromium, which a test types into and reads; `with Tab(address, folder) as tab`."""

    def __init__(self, address, folder, width=1400, height=1000):
        command = [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0",
            "--remote-allow-origins=*", f"--window-size={width},{height}", f"--user-data-dir={folder}"
        ]  # fmt: skip
        self.process = subprocess.Popen([*command, address], stderr=subprocess.PIPE, text=True)
        port = next(re.search(r"ws://127.0.0.1:(\d+)/", line)[1] for line in self.process.stderr if "ws://" in line)
        with urlopen(f"http://127.0.0.1:{port}/json") as tabs:
            own = next(tab for tab in json.load(tabs) if tab["type"] == "page")
        self.socket = create_connection(own["webSocketDebuggerUrl"], timeout=30)
        self.sent = 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.socket.close()
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def call(self, method, **parameters):
        """Call a method of Chromium's own protocol."""
        self.sent += 1
        self.socket.send(json.dumps({"id": self.sent, "method": method, "params": parameters}))
        while (reply := json.loads(self.socket.recv())).get("id") != self.sent:
            pass
        return reply["result"]

    def value(self, expression):
        """What an expression of JavaScript gives, as JSON has it."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait_for(self, expression):
        """Wait until an expression of JavaScript is true, which it may stumble over before that."""
        ends = time.monotonic() + 30
        while not self.value(f"(() => {{ try {{ return Boolean({expression}) }} catch {{ return false }} }})()"):
            assert time.monotonic() < ends, f"{expression}: {self.value('document.body.innerText')}"
            time.sleep(0.02)

    def press(self, *keys):
        """Press keys one after the other: a character each, or a name such as Enter."""
        for key in keys:
            text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
            about = {"key": key, "windowsVirtualKeyCode": {"Enter": 13, "Escape": 27}.get(key, 0)}
            self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **about)
            self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    def picture(self, path):
        """Write a picture of the page into a file."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))
