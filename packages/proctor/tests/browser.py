"""What a page says in Chromium, whether it can be read, and what it does when somebody types."""

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


# Of each text that is there once all is unfolded, the contrast of its colour to what is painted behind it (WCAG 2).
AUDIT = """<script>addEventListener("load", () => {
  document.querySelectorAll("details").forEach(one => one.open = true)
  const parse = text => {
    const numbers = text.match(/[\\d.]+/g).map(Number)
    return text.startsWith("color(") ? [...numbers.slice(0, 3).map(x => 255 * x), numbers[3] ?? 1] : numbers
  }
  const light = color => {
    const [r, g, b] = color.map(x => x / 255).map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const behind = node => {
    if (!node) return [255, 255, 255]
    const [r, g, b, a = 1] = parse(getComputedStyle(node).backgroundColor)
    return a === 1 ? [r, g, b] : behind(node.parentElement).map((x, i) => a * [r, g, b][i] + (1 - a) * x)
  }
  const faint = [], overflow = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  let texts = 0
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement
    if (!walker.currentNode.data.trim() || ["STYLE", "SCRIPT"].includes(node.tagName)) continue
    texts += 1
    const pair = [parse(getComputedStyle(node).color), behind(node)].map(light).sort((a, b) => b - a)
    if ((pair[0] + 0.05) / (pair[1] + 0.05) < 4.5) faint.push(walker.currentNode.data)
  }
  for (const node of document.querySelectorAll("main *, header *"))
    if (node.getBoundingClientRect().right > innerWidth + 1) overflow.push(node.outerHTML.slice(0, 80))
  const dark = matchMedia("(prefers-color-scheme: dark)").matches
  parent.postMessage({faint, overflow, texts, dark, width: innerWidth}, "*")
})</script>"""
AROUND = """<!DOCTYPE html><meta charset="utf-8"><script>
addEventListener("message", event => document.body.textContent = JSON.stringify(event.data))
</script><body><iframe src="page.html" style="width: {}px; height: 900px; border: 0"></iframe>"""


def audit_page(folder, page, width, dark):
    """Whether a page can be read at a width, in pixels: what is too wide, what is too faint, how many texts."""
    folder.mkdir()
    (folder / "page.html").write_text(page.replace("<head>", f"<head>{AUDIT}", 1), encoding="utf-8")
    (folder / "around.html").write_text(AROUND.replace("{}", str(width)), encoding="utf-8")
    scheme = ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] if dark else []
    return _told(folder, "around.html", *scheme)


def open_page(folder, page):
    """What a browser that reaches this machine alone shows of a page: {"pictures": how many, "text": str}."""
    folder.mkdir()
    (folder / "page.html").write_text(page.replace("<head>", f"<head>{COUNT}", 1), encoding="utf-8")
    return _told(folder, "page.html")


def _told(folder, name, *options):
    """What the body of a page is in the end, as JSON."""
    ran = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update",
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
         f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=5000", "--dump-dom", *options,
         (folder / name).as_uri()],
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
