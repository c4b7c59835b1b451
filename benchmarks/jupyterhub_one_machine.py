"""A JupyterHub on this machine alone, to try docs/jupyterhub.md on it: two students and whoever grades, once round.

    python benchmarks/jupyterhub_one_machine.py /opt/jupyter --pictures trial

As root, with the course's Python, on a machine where three users may be made and removed again (hub-teacher, hub-ann,
hub-bob). /opt/jupyter is made as the page says. The hub's settings are those of docs/jupyterhub/, with the folders,
ports and names of the trial in their place. All that a student does goes through the hub: ann sits at JupyterLab in
Chromium, where there is one, and clicks; bob asks for what a browser would ask for. What must not be possible is
tried as well. Prints a line for each step, and stops with one at the first that does not hold.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from secrets import token_urlsafe

import requests

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "packages/proctor/tests"))

from browser import CHROMIUM, Tab  # noqa: E402
from test_exchange import as_user, known, run  # noqa: E402

TEACHER, ANN, BOB, GROUP = "hub-teacher", "hub-ann", "hub-bob", "hub-students"
COURSE, ASSIGNMENT, PORT = "dl4h", "seq2seq", 18765
HUB = f"http://127.0.0.1:{PORT}"
SOLVED = ROOT / f"source/{ASSIGNMENT}/{ASSIGNMENT}.ipynb"
PATIENCE = 1200  # seconds, for a server to start on a busy machine
STARTED = time.monotonic()


def main():
    """Make the users and the hub, go once round, remove them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("environment", type=Path, help="the folder of the students' environment, such as /opt/jupyter")
    parser.add_argument("--pictures", type=Path, help="a folder for pictures of what ann sees in Chromium")
    options = parser.parse_args()
    environment = options.environment.resolve()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    try:
        look_at_machine(environment)
        with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
            folder = Path(name)
            folder.chmod(0o755)
            try_hub(environment, folder, stack, options.pictures)
    except (AssertionError, subprocess.CalledProcessError) as error:
        sys.exit(f"does not hold: {error}")
    say("all of it held, and all of it was removed")


def try_hub(environment, folder, stack, pictures):
    """The trial itself; what it makes, the stack removes."""
    passwords = make_users(stack)
    look_at_environment(environment, folder / "dlh")
    exchange = make_exchange(folder)
    course = make_course(exchange)
    stack.enter_context(running_hub(environment, folder, exchange))
    say(f"the hub answers, its settings are the page's; {', '.join(passwords)} have accounts of the machine")
    for user, password in ((TEACHER, passwords[TEACHER]), (ANN, "wrong")):
        assert not ByRequests(user).log_in(password), f"{user} logged in"
    say("whoever grades cannot log in to the hub, nor can a student with another password")
    ann = InChromium(ANN, stack, folder) if CHROMIUM else ByRequests(ANN)
    bob = ByRequests(BOB)
    go_round(course, exchange, folder / "hub", ann, bob, passwords)
    if pictures and CHROMIUM:
        ann.take_pictures(pictures)


def say(what):
    print(f"{time.monotonic() - STARTED:5.0f} s  {what}", flush=True)


def look_at_machine(environment):
    """What the trial needs before it makes anything."""
    assert os.geteuid() == 0, "the trial makes users and starts a hub, and needs root: sudo"
    for program in ("useradd", "userdel", "groupadd", "chpasswd", "setpriv", "unshare", "node"):
        assert shutil.which(program), f"the trial needs the program {program}, which is not on the PATH"
    for part in ("bin/jupyterhub", "bin/jupyterhub-singleuser", "node_modules/.bin/configurable-http-proxy"):
        made = "make it as docs/jupyterhub.md says, under The hub's environment"
        assert (environment / part).exists(), f"{environment / part} is not there: {made}"
    for user in (TEACHER, ANN, BOB):
        assert not known(user), f"{user} has an account already, and the trial would remove it: userdel --remove {user}"
    for port in range(PORT, PORT + 3):
        with socket.socket() as one:
            assert one.connect_ex(("127.0.0.1", port)), f"something answers on port {port} already, perhaps a hub"


def make_users(stack):
    """Whoever grades, and two students in their group, all with homes that nobody else may enter. Gives passwords."""
    subprocess.run(["groupadd", "--force", GROUP], check=True)
    stack.callback(subprocess.run, ["groupdel", GROUP], check=True)
    passwords = {}
    for name in (TEACHER, ANN, BOB):
        passwords[name] = token_urlsafe(12)
        groups = [] if name == TEACHER else ["--groups", GROUP]
        subprocess.run(["useradd", "--create-home", "--key", "HOME_MODE=0700", *groups, name], check=True)
        remove = ["userdel", "--force", "--remove", name]
        stack.callback(subprocess.run, remove, check=True, stderr=subprocess.DEVNULL)
        subprocess.run(["chpasswd"], input=f"{name}:{passwords[name]}", text=True, check=True)
    return passwords


def make_exchange(folder):
    """The exchange, with the rights that the page gives it."""
    exchange = folder / "exchange"
    subprocess.run(["install", "-d", "-m", "1777", exchange], check=True)
    subprocess.run(["install", "-d", "-o", TEACHER, "-g", TEACHER, "-m", "755", exchange / COURSE], check=True)
    return exchange


def make_course(exchange):
    """A copy of the course in the home of whoever grades."""
    course = Path("~" + TEACHER).expanduser() / "course"
    course.mkdir()
    archive = subprocess.run(["git", "-C", ROOT, "archive", "HEAD"], stdout=subprocess.PIPE, check=True).stdout
    subprocess.run(["tar", "-x", "-C", course], input=archive, check=True)
    with (course / "course_config.py").open("a") as config:
        config.write(f"\nc.CourseDirectory.course_id = {COURSE!r}\nc.Exchange.root = {str(exchange)!r}\n")
    subprocess.run(["chown", "-R", f"{TEACHER}:{TEACHER}", course], check=True)
    return course


@contextlib.contextmanager
def running_hub(environment, folder, exchange):
    """The hub with the page's settings; the end of its log is printed where something does not hold."""
    settings = folder / "settings"
    settings.mkdir()
    text = (ROOT / "docs/jupyterhub/nbgrader_config.py").read_text().replace("/srv/nbgrader/exchange", str(exchange))
    (settings / "nbgrader_config.py").write_text(text)
    text = (ROOT / "docs/jupyterhub/jupyterhub_config.py").read_text()
    for here, there in (
        ("/opt/jupyter", str(environment)), ('{"students"}', repr({GROUP})), ('{"grader"}', repr({TEACHER})),
        ("127.0.0.1:8000", f"127.0.0.1:{PORT}"), ("/srv/dlh", str(folder / "dlh")),
    ):  # fmt: skip
        assert here in text, f"docs/jupyterhub/jupyterhub_config.py has no {here}"
        text = text.replace(here, there)
    text += f'\nc.Spawner.environment["JUPYTER_CONFIG_PATH"] = {str(settings)!r}\nc.JupyterHub.hub_port = {PORT + 1}\n'
    text += f'c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{PORT + 2}"\nc.Spawner.http_timeout = {PATIENCE}\n'
    text += f"c.Spawner.start_timeout = {PATIENCE}\n"
    state = folder / "hub"
    state.mkdir(mode=0o700)
    (state / "jupyterhub_config.py").write_text(text)
    with (state / "log").open("w") as log:
        hub = subprocess.Popen([environment / "bin/jupyterhub"], cwd=state, stdout=log, stderr=log)
    try:
        wait_for(lambda: hub.poll() is not None or requests.get(f"{HUB}/hub/api").ok, "the hub")
        assert hub.poll() is None, f"the hub ended with status {hub.returncode}; its log is above"
        yield
    except BaseException:
        print((state / "log").read_text()[-6000:], file=sys.stderr)
        raise
    finally:
        hub.terminate()
        hub.wait()


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
        say(f"wrote assignment_list.png and feedback.png into {folder}")


def labelled(selector, label):
    """JavaScript for the first element of a selector that has a text and nothing else."""
    return f"[...document.querySelectorAll({selector!r})].find(one => one.innerText.trim() === {label!r})"


def as_student(user, *command):
    """A command by a student: whether it succeeded, and what it printed."""
    # What setpriv itself starts is looked up with root's rights; what that starts is not.
    ran = subprocess.run(
        ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--reset-env", "env", *command],
        cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    return ran.returncode == 0, ran.stdout


def look_at_environment(environment, data):
    """Students' kernels find what notebooks import, and nothing that grades; ECGs are made once for all of them."""
    python = environment / "bin/python"
    done, told = as_student(ANN, python, "-c", "print()")
    assert done, f"students cannot run {python} ({python.resolve()}): make it with a Python that everybody may run"
    done, told = as_student(ANN, python, "-c", "import dlh.plots.seq2seq, minisom, torch; print(torch.__version__)")
    assert done, f"students cannot import what notebooks import: {told.strip().splitlines()[-1]}"
    for module in ("proctor", "solutions", "graders"):
        found = as_student(ANN, python, "-c", f"import {module}")[0]
        assert not found, f"students can import {module} in {environment}: of the course, only dlh belongs there"
    say(f"students' kernels have dlh, minisom and torch {told.split()[-1]}, and none of proctor, solutions, graders")
    data.mkdir()
    ecg = [f"DLH_DATA={data}", python, "-m", "dlh.data", "ecg"]
    subprocess.run(["env", *ecg], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, told = as_student(ANN, *ecg)
    assert f"{data}/simulated" in told, f"students do not use the ECGs in {data}: {told.strip()}"
    say("the simulated ECGs were made once, and students read them")


def go_round(course, exchange, state, ann, bob, passwords):
    """Release, fetch, submit, collect, grade, return, hand in again; and what must not be possible."""

    def teach(*commands):
        return "".join(run(course, command, by=as_user(TEACHER)) for command in commands)

    teach(f"generate_assignment {ASSIGNMENT} --force", f"release_assignment {ASSIGNMENT}")
    say("whoever grades released the assignment")
    for student in (ann, bob):
        assert student.log_in(passwords[student.user]), f"{student.user} cannot log in"
        student.start_server()
        assert [*student.listed()] == ["released"], f"{student.user} sees {student.listed()}"
        student.press("fetch")
        assert "fetched" in student.listed(), f"{student.user} fetched, and sees {student.listed()}"
        say(f"{student.user}, {student.how}, logged in, has a server, saw the assignment and fetched it")
    path = f"{ASSIGNMENT}/{ASSIGNMENT}.ipynb"
    found = bob.call("POST", "assignments/validate", {"path": path})["value"]["failed"][0]["error"]
    assert "not implemented yet" in found, f"Validate says of what was not answered: {found}"
    say("Validate ran the notebook in hub-bob's server, and says that it is not implemented yet")
    assert ann.sees(bob.server + "/lab") == bob.sees(ann.server + "/lab") == 403, "another's server is open"
    refuse_strangers(course, exchange, state)

    ann.save(SOLVED)
    for student in (ann, bob):
        student.press("submit")
        assert "submitted" in student.listed(), f"{student.user} submitted, and sees {student.listed()}"
    say("hub-ann saved the solutions and submitted, hub-bob submitted what he had fetched")
    log = teach(f"collect {ASSIGNMENT} --update", f"autograde {ASSIGNMENT}")
    say("collected and graded: " + "; ".join(line.split("] ")[-1] for line in log.splitlines() if " points" in line))
    teach(f"generate_feedback {ASSIGNMENT}", f"release_feedback {ASSIGNMENT}")
    for student, points in ((ann, 100), (bob, 0)):
        assert f"{ASSIGNMENT}: {points} of 100 points" in student.feedback()[-1], f"{student.user} has another page"
    say("each fetched their own page")
    assert not as_student(ANN, "ls", exchange / COURSE / "feedback")[0], "a student can list the pages of feedback"
    bob.save(SOLVED)
    bob.press("submit")
    watch(course, BOB)
    first, second = bob.feedback()
    assert f"{ASSIGNMENT}: 0 of 100 points" in first and "100 of 100 points" in second, "bob has other pages"
    say("hub-bob handed in again; proctor watch graded it, and he fetched the new page, 100 of 100 points")
    forge(exchange, teach, bob)


def watch(course, student):
    """Run `proctor watch` until it has graded somebody's work, and end it as Ctrl-C does."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [*as_user(TEACHER), sys.executable, "-m", "proctor.cli", "watch", ASSIGNMENT]
    with subprocess.Popen(
        command, cwd=course, env=os.environ | {"HOME": str(course), "PATH": path}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as ran:  # fmt: skip
        told = []
        for line in ran.stdout:
            told.append(line)
            if student in line and "points" in line:
                ran.send_signal(signal.SIGINT)
    assert ran.returncode == 0 and any(student in line for line in told), "proctor watch says: " + "".join(told)


def refuse_strangers(course, exchange, state):
    """What one student tries with the course's folders, the hub's and the exchange."""
    tried = {
        "read the course": ["ls", course],
        "read the hub's folder": ["ls", state],
        "see who has handed in": ["ls", exchange / COURSE / "inbound"],
        "change what was released": ["touch", exchange / COURSE / f"outbound/{ASSIGNMENT}/{ASSIGNMENT}.ipynb"],
        "put the course's exchange aside": ["mv", exchange / COURSE, exchange / "aside"],
        "read another's home": ["ls", Path("~" + BOB).expanduser()],
    }
    for what, command in tried.items():
        done, _ = as_student(ANN, *command)
        assert not done, f"a student can {what}"
    say("a student cannot reach another's server, nor " + ", ".join(tried))


def forge(exchange, teach, bob):
    """A submission in another's name is not collected, and a line says whose it is."""
    inbound = exchange / COURSE / "inbound"
    work = inbound / f"{BOB}+{ASSIGNMENT}+2099-01-01 00:00:00.000000 UTC+forged"
    assert as_student(ANN, "mkdir", work)[0], "a student cannot hand in"
    assert as_student(ANN, "cp", ROOT / f"release/{ASSIGNMENT}/{ASSIGNMENT}.ipynb", work)[0]
    log = teach(f"collect {ASSIGNMENT} --update")
    (line,) = [line for line in log.splitlines() if "forged" in line]
    assert "is left out" in line and f"belongs to {ANN}" in line, line
    assert len(bob.listed()["submitted"]["submissions"]) == 2
    say("work in hub-bob's name by hub-ann was left out: " + line.split("] ")[-1].replace(str(work), work.name))


if __name__ == "__main__":
    main()
