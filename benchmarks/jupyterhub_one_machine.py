"""A JupyterHub on this machine alone, to try docs/jupyterhub.md on it: two students and whoever grades, once round.

    python benchmarks/jupyterhub_one_machine.py /opt/jupyter --picture assignment_list.png

As root, with the course's Python, on a machine where three users may be made and removed again (hub-teacher, hub-ann,
hub-bob). /opt/jupyter is made as the page says. The hub's settings are those of docs/jupyterhub/, with the folders,
port and names of the trial in their place. All that a student does goes through the hub, as their browser would do it:
the form of the login, the list of assignments, fetch, save, submit, fetch the feedback. What must not be possible is
tried as well. Prints a line for each step, and stops at the first that does not hold.
"""

import argparse
import contextlib
import re
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "packages/proctor/tests"))

from browser import Tab  # noqa: E402
from test_exchange import as_user, run  # noqa: E402

TEACHER, ANN, BOB, GROUP = "hub-teacher", "hub-ann", "hub-bob", "hub-students"
COURSE, ASSIGNMENT, PORT = "dl4h", "seq2seq", 18765
PATIENCE = 1200  # seconds, for a server to start on a busy machine


def main():
    """Make the users and the hub, go once round, remove them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("environment", type=Path, help="the folder of the students' environment, such as /opt/jupyter")
    parser.add_argument("--picture", type=Path, help="a file for a picture of the list of assignments, in Chromium")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        subprocess.run(["groupadd", GROUP], check=True)
        stack.callback(subprocess.run, ["groupdel", GROUP])
        passwords = {user: stack.enter_context(user_of_machine(user)) for user in (TEACHER, ANN, BOB)}
        exchange = make_exchange(folder)
        course = make_course(exchange)
        stack.enter_context(running_hub(options.environment, folder, exchange))
        look_at_environment(options.environment)
        go_round(course, exchange, passwords)
        if options.picture:
            take_picture(options.picture, folder / "profile", passwords[ANN])
    say("all of it held")


def say(what):
    print(what, flush=True)


@contextlib.contextmanager
def user_of_machine(name):
    """A user with a home that nobody else may enter; students are in their group. Gives the password."""
    password = secrets.token_urlsafe(12)
    groups = [] if name == TEACHER else ["--groups", GROUP]
    subprocess.run(["useradd", "--create-home", "--key", "HOME_MODE=0700", *groups, name], check=True)
    try:
        subprocess.run(["chpasswd"], input=f"{name}:{password}", text=True, check=True)
        yield password
    finally:
        subprocess.run(["userdel", "--force", "--remove", name], check=True, stderr=subprocess.DEVNULL)


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
    """The hub with the page's settings; its log is printed where something does not hold."""
    settings = folder / "settings"
    settings.mkdir()
    text = (ROOT / "docs/jupyterhub/nbgrader_config.py").read_text().replace("/srv/nbgrader/exchange", str(exchange))
    (settings / "nbgrader_config.py").write_text(text)
    text = (ROOT / "docs/jupyterhub/jupyterhub_config.py").read_text()
    for here, there in (
        ("/opt/jupyter", str(environment)), ('{"students"}', repr({GROUP})), ('{"grader"}', repr({TEACHER})),
        ("127.0.0.1:8000", f"127.0.0.1:{PORT}"), ("/srv/dlh", str(folder / "dlh")),
    ):  # fmt: skip
        assert here in text, here
        text = text.replace(here, there)
    text += f'\nc.Spawner.environment["JUPYTER_CONFIG_PATH"] = {str(settings)!r}\nc.JupyterHub.hub_port = {PORT + 1}\n'
    text += f'c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{PORT + 2}"\nc.Spawner.http_timeout = {PATIENCE}\n'
    text += f"c.Spawner.start_timeout = {PATIENCE}\nc.Spawner.args = ['--LabApp.expose_app_in_browser=True']\n"
    state = folder / "hub"
    state.mkdir(mode=0o700)
    (state / "jupyterhub_config.py").write_text(text)
    with (state / "log").open("w") as log:
        hub = subprocess.Popen([environment / "bin/jupyterhub"], cwd=state, stdout=log, stderr=log)
    try:
        wait_for(lambda: hub.poll() is not None or requests.get(f"http://127.0.0.1:{PORT}/hub/api").ok, "the hub")
        assert hub.poll() is None, "the hub ended"
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
        time.sleep(1)


class Browser:
    """What a user's browser does with the hub."""

    def __init__(self, user):
        self.user, self.session = user, requests.Session()
        self.server = f"http://127.0.0.1:{PORT}/user/{user}"

    def log_in(self, password):
        """Fill in the form; gives whether that led in."""
        login = f"http://127.0.0.1:{PORT}/hub/login"
        self.session.get(login)
        form = {"username": self.user, "password": password, "_xsrf": self.session.cookies["_xsrf"]}
        return self.session.post(login, data=form, allow_redirects=False).status_code == 302

    def start_server(self):
        self.session.get(f"http://127.0.0.1:{PORT}/hub/spawn/{self.user}")
        wait_for(lambda: self.session.get(f"{self.server}/lab").url.split("?")[0] == f"{self.server}/lab", "a server")

    def call(self, method, path, **parameters):
        """What the server answers, as JSON."""
        token = {c.path: c.value for c in self.session.cookies if c.name == "_xsrf"}[f"/user/{self.user}/"]
        reply = self.session.request(method, f"{self.server}/{path}", headers={"X-XSRFToken": token}, **parameters)
        assert reply.ok, (reply.status_code, reply.text)
        return reply.json()

    def listed(self):
        """The list of assignments: what is released, fetched and submitted, by status."""
        reply = self.call("GET", "assignments", params={"course_id": COURSE})
        assert reply["success"], reply
        return {one["status"]: one for one in reply["value"]}

    def press(self, action):
        """Press a button of the list: fetch, submit, fetch_feedback."""
        about = {"course_id": COURSE, "assignment_id": ASSIGNMENT}
        reply = self.call("POST", f"assignments/{action}", data=about)
        assert reply["success"], reply

    def save(self, notebook):
        """Save a notebook in the place of the one that was fetched."""
        path = f"api/contents/{ASSIGNMENT}/{ASSIGNMENT}.ipynb"
        assert self.call("GET", path)["type"] == "notebook"
        self.call("PUT", path, json={"type": "file", "format": "text", "content": notebook.read_text()})


def as_student(user, *command):
    """A command by a student: whether it succeeded, and what it printed."""
    ran = subprocess.run(
        ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--reset-env", *command],
        cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    return ran.returncode == 0, ran.stdout


def look_at_environment(environment):
    """Students' kernels find what notebooks import, and nothing that grades."""
    python = environment / "bin/python"
    done, told = as_student(ANN, python, "-c", "import dlh.plots.seq2seq, minisom, torch; print(torch.__version__)")
    assert done, told
    for module in ("proctor", "solutions", "graders"):
        assert not as_student(ANN, python, "-c", f"import {module}")[0], f"{module} is in {environment}"
    say(f"students' kernels have dlh, minisom and torch {told.split()[-1]}, and none of proctor, solutions, graders")


def go_round(course, exchange, passwords):
    """Release, fetch, submit, collect, grade, return, hand in again; and what must not be possible."""

    def teach(*commands):
        return "".join(run(course, command, by=as_user(TEACHER)) for command in commands)

    assert not Browser(TEACHER).log_in(passwords[TEACHER])
    assert not Browser(ANN).log_in("wrong")
    say("whoever grades cannot log in to the hub, nor can a student with another password")
    teach(f"generate_assignment {ASSIGNMENT} --force", f"release_assignment {ASSIGNMENT}")
    ann, bob = Browser(ANN), Browser(BOB)
    for student in (ann, bob):
        assert student.log_in(passwords[student.user])
        student.start_server()
        assert [*student.listed()] == ["released"]
        student.press("fetch")
        assert "fetched" in student.listed()
    assert ann.session.get(f"{bob.server}/lab").status_code == 403
    say("both students see the assignment and fetched it; neither reaches the other's server")
    refuse_strangers(course, exchange)

    ann.save(ROOT / f"source/{ASSIGNMENT}/{ASSIGNMENT}.ipynb")
    for student in (ann, bob):
        student.press("submit")
        assert "submitted" in student.listed()
    log = teach(f"collect {ASSIGNMENT} --update", f"autograde {ASSIGNMENT}")
    say("collected and graded: " + "; ".join(line for line in log.splitlines() if " points" in line))
    give_back = (f"generate_feedback {ASSIGNMENT}", f"release_feedback {ASSIGNMENT}")
    teach(*give_back)
    assert "100 of 100 points" in feedback(ann)[-1]
    assert f"{ASSIGNMENT}: 0 of 100 points" in feedback(bob)[-1]
    bob.save(ROOT / f"source/{ASSIGNMENT}/{ASSIGNMENT}.ipynb")
    bob.press("submit")
    teach(f"collect {ASSIGNMENT} --update", f"autograde {ASSIGNMENT}", *give_back)
    first, second = feedback(bob)
    assert f"{ASSIGNMENT}: 0 of 100 points" in first and "100 of 100 points" in second
    say("each fetched their own page; who handed in again has both, and 100 of 100 points")
    forge(exchange, teach)


def feedback(student):
    """Fetch the feedback; the pages as the server serves them, newest last."""
    student.press("fetch_feedback")
    submissions = sorted(student.listed()["submitted"]["submissions"], key=lambda one: one["timestamp"])
    folders = [one["local_feedback_path"] for one in submissions if one["has_local_feedback"]]
    return [student.call("GET", f"api/contents/{folder}/{ASSIGNMENT}.html")["content"] for folder in folders]


def refuse_strangers(course, exchange):
    """What one student tries with the course's folders and the exchange."""
    tried = {
        "read the course": ["ls", course],
        "see who has handed in": ["ls", exchange / COURSE / "inbound"],
        "change what was released": ["touch", exchange / COURSE / f"outbound/{ASSIGNMENT}/{ASSIGNMENT}.ipynb"],
        "put the course's exchange aside": ["mv", exchange / COURSE, exchange / "aside"],
        "read another's home": ["ls", Path("~" + BOB).expanduser()],
    }
    for what, command in tried.items():
        done, _ = as_student(ANN, *command)
        assert not done, f"a student can {what}"
    say("a student cannot " + ", ".join(tried))


def forge(exchange, teach):
    """What comes of a submission in another's name: nbgrader collects it and says so, and the page's line lists it."""
    inbound = exchange / COURSE / "inbound"
    work = f"{BOB}+{ASSIGNMENT}+2099-01-01 00:00:00.000000 UTC+forged"
    line = re.search(r"find /srv/.*", (ROOT / "docs/jupyterhub.md").read_text())[0]
    look = [*as_user(TEACHER), "sh", "-c", line.replace("/srv/nbgrader/exchange/dl4h/inbound", str(inbound))]
    assert subprocess.run(look, stdout=subprocess.PIPE, text=True, check=True).stdout == ""
    assert as_student(ANN, "mkdir", inbound / work)[0]
    assert as_student(ANN, "cp", ROOT / f"release/{ASSIGNMENT}/{ASSIGNMENT}.ipynb", inbound / work)[0]
    log = teach(f"collect {ASSIGNMENT} --update")
    assert f"claims to be submitted by {BOB} but is owned by {ANN}" in log and "cheating attempt" in log
    assert subprocess.run(look, stdout=subprocess.PIPE, text=True, check=True).stdout == f"{ANN}+{work}\n"
    say("work in another's name was collected, with a warning that says whose it is; the page's line finds it")


def take_picture(path, profile, password):
    """The list of assignments in a student's JupyterLab."""

    def shown(expression):
        script = f"(() => {{ try {{ return Boolean({expression}) }} catch {{ return false }} }})()"
        wait_for(lambda: tab.value(script), expression)

    with Tab(f"http://127.0.0.1:{PORT}/hub/login?next=/user/{ANN}/lab", profile, 1200, 700) as tab:
        shown("document.querySelector('#username_input')")
        for name, value in (("username", ANN), ("password", password)):
            tab.value(f"document.querySelector('#{name}_input').value = {value!r}")
        tab.value("document.querySelector('#login_submit').click()")
        shown("jupyterapp.commands.hasCommand('nbgrader:open-assignment-list')")
        tab.value("jupyterapp.commands.execute('nbgrader:open-assignment-list').then(() => 1)")
        shown(f"document.querySelector('#nbgrader-assignment-list').innerText.includes('{ASSIGNMENT}')")
        tab.picture(path)
    say(f"wrote {path}")


if __name__ == "__main__":
    main()
