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
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from secrets import token_urlsafe

import requests

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "packages/proctor/tests"))

from jupyterhub_students import ASSIGNMENT, COURSE, HUB, PATIENCE, PORT, ByRequests, InChromium, wait_for  # noqa: E402

from browser import CHROMIUM  # noqa: E402
from test_exchange import as_user, known, run  # noqa: E402

TEACHER, ANN, BOB, GROUP = "hub-teacher", "hub-ann", "hub-bob", "hub-students"
SOLVED = ROOT / f"source/{ASSIGNMENT}/{ASSIGNMENT}.ipynb"
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
        say(f"wrote assignment_list.png and feedback.png into {pictures}")


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
    # Accounts are removed at the end, and nothing may run in them then.
    text += f"c.Spawner.start_timeout = {PATIENCE}\nc.JupyterHub.cleanup_servers = True\n"
    state = folder / "hub"
    state.mkdir(mode=0o700)
    (state / "jupyterhub_config.py").write_text(text)
    with contextlib.ExitStack() as stack:
        try:
            start_hub(environment, state, stack)
            yield
        except BaseException:
            print((state / "log").read_text()[-6000:], file=sys.stderr)
            raise


def start_hub(environment, state, stack):
    """Start the hub, and wait until it answers: three tries, as a busy machine may start its proxy too late."""
    for _ in range(3):
        with (state / "log").open("w") as log:
            hub = subprocess.Popen([environment / "bin/jupyterhub"], cwd=state, stdout=log, stderr=log)
        stack.callback(hub.wait)
        stack.callback(hub.terminate)
        for address in (f"http://127.0.0.1:{PORT + 1}/hub/api", f"{HUB}/hub/api"):
            wait_for(partial(answers, hub, address), "the hub")
        if hub.poll() is None:
            return
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int((state / "jupyterhub-proxy.pid").read_text()), signal.SIGTERM)
    raise AssertionError(f"the hub ended with status {hub.returncode}, three times; its log is above")


def answers(hub, address):
    """Whether the hub answers there, or has ended."""
    return hub.poll() is not None or requests.get(address).ok


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
    assert "Finish exercise" in found, f"Validate says of what was not answered: {found}"
    say("Validate ran the notebook in hub-bob's server, and says which exercise to finish first")
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
