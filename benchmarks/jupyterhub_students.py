"""A student at the hub of jupyterhub_one_machine.py: at JupyterLab in Chromium, or what a browser would ask for."""

import contextlib
import json
import sys
import time
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "packages/proctor/tests"))

from browser import Tab  # noqa: E402

COURSE, ASSIGNMENT, PORT = "dl4h", "seq2seq", 18765
HUB = f"http://127.0.0.1:{PORT}"
PATIENCE = 1200  # seconds, for a server to start on a busy machine


def wait_for(holds, what):
    """Wait until something holds."""
    ends = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(requests.ConnectionError):
            if holds():
                return
        assert time.monotonic() < ends, f"{what} did not come within {PATIENCE} s"
        time.sleep(0.5)


class Student:
    """A student at the hub. What asks the server, and what presses the buttons of the list, is below."""

    def listed(self):
        """The list of assignments: what is released, fetched and submitted, by status."""
        reply = self.call("GET", f"assignments?course_id={COURSE}")
        assert reply["success"], reply["value"]
        return {one["status"]: one for one in reply["value"]}

    def save(self, notebook):
        """Save a notebook in the place of the one that was fetched."""
        path = f"api/contents/{ASSIGNMENT}/{ASSIGNMENT}.ipynb"
        assert self.call("GET", path)["type"] == "notebook", f"{self.user} has fetched no notebook"
        self.call("PUT", path, {"type": "file", "format": "text", "content": notebook.read_text(encoding="utf-8")})

    def feedback(self):
        """Fetch the feedback; the pages as the server serves them, newest last."""
        self.press("fetch_feedback")
        submissions = sorted(self.listed()["submitted"]["submissions"], key=lambda one: one["timestamp"])
        folders = [one["local_feedback_path"] for one in submissions if one["has_local_feedback"]]
        return [self.call("GET", f"api/contents/{folder}/{ASSIGNMENT}.html")["content"] for folder in folders]


class ByRequests(Student):
    """A student whose browser is a few lines of Python."""

    how = "by requests"

    def __init__(self, user):
        self.user, self.server, self.session = user, f"{HUB}/user/{user}", requests.Session()

    def log_in(self, password):
        """Fill in the form; gives whether that led in."""
        self.session.get(f"{HUB}/hub/login")
        form = {"username": self.user, "password": password, "_xsrf": self._cookie("/hub/")}
        return self.session.post(f"{HUB}/hub/login", data=form, allow_redirects=False).status_code == 302

    def _cookie(self, path):
        return next(one.value for one in self.session.cookies if one.name == "_xsrf" and one.path == path)

    def start_server(self):
        """As the hub's page of progress does: ask for a server, and read what becomes of it."""
        self.session.get(f"{HUB}/hub/spawn/{self.user}")
        told, address = "nothing", f"{HUB}/hub/api/users/{self.user}/server/progress"
        with self.session.get(address, params={"_xsrf": self._cookie("/hub/")}, stream=True) as reply:
            for line in reply.iter_lines(decode_unicode=True):
                if line.startswith("data:"):
                    told = json.loads(line.removeprefix("data:"))
        assert told != "nothing" and told.get("ready"), f"{self.user} has no server: {told}"
        self.session.get(f"{self.server}/lab")

    def call(self, method, path, body=None):
        """What the server answers, as JSON."""
        headers = {"X-XSRFToken": self._cookie(f"/user/{self.user}/")}
        reply = self.session.request(method, f"{self.server}/{path}", headers=headers, json=body)
        assert reply.ok, f"{self.user}'s server answers {method} {path} with {reply.status_code}: {reply.text}"
        return reply.json()

    def press(self, action):
        """Press a button of the list: fetch, submit, fetch_feedback."""
        reply = self.call("POST", f"assignments/{action}", {"course_id": COURSE, "assignment_id": ASSIGNMENT})
        assert reply["success"], reply["value"]

    def sees(self, address):
        """The status of an address, such as another's server."""
        return self.session.get(address).status_code


class InChromium(Student):
    """A student who sits at JupyterLab and clicks."""

    how = "in Chromium"
    BUTTONS = {
        "fetch": ("released", "Fetch"),
        "submit": ("fetched", "Submit"),
        "fetch_feedback": ("submitted", "Fetch Feedback"),
    }

    def __init__(self, user, stack, folder):
        self.user, self.server = user, f"{HUB}/user/{user}"
        self.tab = stack.enter_context(Tab(f"{HUB}/hub/login", folder / "profile", 1200, 800))

    def shown(self, expression):
        """Wait until the page is so far that an expression is true."""
        script = f"(() => {{ try {{ return Boolean({expression}) }} catch {{ return false }} }})()"
        wait_for(lambda: self.tab.value(script), expression)

    def click(self, element, times=1):
        """Move the mouse over an element, and click."""
        self.shown(element)
        where = f"(box => [box.x + box.width / 2, box.y + box.height / 2])(({element}).getBoundingClientRect())"
        x, y = self.tab.value(where)
        self.tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for count in range(1, times + 1):
            for kind in ("mousePressed", "mouseReleased"):
                self.tab.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=count)

    def log_in(self, password):
        self.shown("document.querySelector('#password_input')")
        for name, value in (("username", self.user), ("password", password)):
            self.click(f"document.querySelector('#{name}_input')")
            self.tab.press(*value)
        self.click("document.querySelector('#login_submit')")
        self.shown("!document.querySelector('#login_submit')")
        return True

    def start_server(self):
        """Wait for JupyterLab, and open the list of assignments from its menu."""
        self.shown("location.pathname.includes('/lab') && document.querySelector('.jp-Launcher-body')")
        self.click(labelled(".lm-MenuBar-itemLabel", "Nbgrader"))
        self.click(labelled(".lm-Menu-itemLabel", "Assignment List"))
        self.shown(f"document.querySelector('#nbgrader-assignment-list').innerText.includes('{ASSIGNMENT}')")

    def call(self, method, path, body=None):
        """What the server answers to a script in the page, as JSON."""
        about = {"method": method} | ({"body": json.dumps(body)} if body else {})
        token = "{'X-XSRFToken': document.cookie.match(/_xsrf=([^;]*)/)[1], 'Content-Type': 'application/json'}"
        ask = f"fetch({self.server + '/' + path!r}, {{...{json.dumps(about)}, headers: {token}}})"
        status, text = self.tab.value(ask + ".then(async reply => [reply.status, await reply.text()])")
        assert status < 400, f"{self.user}'s server answers {method} {path} with {status}: {text}"
        return json.loads(text)

    def press(self, action):
        """Press a button of the list, and wait until the list is there again."""
        part, label = self.BUTTONS[action]
        self.click("document.querySelector('#refresh_assignments_list')")
        button = labelled(f"#{part}_assignments_list button:not([disabled])", label)
        self.shown(button)
        self.tab.value(f"({button}).dataset.pressed = 1")
        self.click(button)
        self.shown("!document.querySelector('[data-pressed]:disabled')")
        dialog = self.tab.value("document.querySelector('.jp-Dialog')?.innerText")
        assert not dialog, f"{self.user} pressed {label}, and a dialog says: {dialog}"

    def sees(self, address):
        return self.tab.value(f"fetch({address!r}).then(reply => reply.status)")

    def take_pictures(self, folder):
        """The list of assignments, and the page of feedback that is opened from it."""
        folder.mkdir(parents=True, exist_ok=True)
        self.tab.picture(folder / "assignment_list.png")
        self.click(labelled("#submitted_assignments_list a", "(view feedback)"))
        self.click(f"document.querySelector('.jp-DirListing-item[title*=\"{ASSIGNMENT}.html\"]')", times=2)
        self.shown("document.querySelector('.jp-HTMLViewer iframe').src.startsWith('blob:')")
        time.sleep(2)  # It is painted in a frame that no script sees into.
        self.tab.picture(folder / "feedback.png")


def labelled(selector, label):
    """JavaScript for the first element of a selector that has a text and nothing else."""
    return f"[...document.querySelectorAll({selector!r})].find(one => one.innerText.trim() === {label!r})"
