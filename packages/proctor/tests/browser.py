"""What a page says in Chromium."""

import json
import re
import shutil
import subprocess
from html import unescape

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
