"""What docs/jupyterhub.md has a hub installed from: the course's own bounds, names that exist, nothing that grades."""

import configparser
import importlib.util
import inspect
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from traitlets.config import PyFileConfigLoader

from dlh.data import ecg
from proctor.grading.inbound import TO_TELL

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs/jupyterhub"
PAGE = (ROOT / "docs/jupyterhub.md").read_text(encoding="utf-8")
DOCKERFILE = (FOLDER / "Dockerfile").read_text(encoding="utf-8")


def required(path):
    """The requirements of a file by name, but for packages of the course's own and options."""
    lines = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return {one.name: one for one in map(Requirement, (line for line in lines if line and not line.startswith("-")))}


def settings(name):
    return PyFileConfigLoader(name, str(FOLDER)).load_config()


def test_students_servers_have_the_versions_that_the_course_is_tested_with():
    course, hub = required(ROOT / "requirements.txt"), required(FOLDER / "requirements.txt")
    assert {"torch", "minisom", "nbgrader"} <= {*hub}
    shared = {*course} & {*hub}
    assert {name: str(hub[name]) for name in shared} == {name: str(course[name]) for name in shared}
    assert {*hub} - {*course} == {"jupyterhub", "jupyterlab", "notebook"}


def test_the_grading_account_and_the_hub_meet_in_one_exchange():
    hub = settings("nbgrader_config.py")
    course_id, root = hub.CourseDirectory.course_id, hub.Exchange.root
    assert f'c.CourseDirectory.course_id = "{course_id}"\n' in PAGE and f'c.Exchange.root = "{root}"\n' in PAGE
    assert f"install -d -m 1777 {root}\n" in PAGE
    (grader,) = settings("jupyterhub_config.py").Authenticator.blocked_users
    assert f"install -d -m 755 -o {grader} -g {grader} {root}/{course_id}\n" in PAGE


def test_validate_waits_for_cells_that_train():
    """Whole notebooks say that they take up to five minutes."""
    assert settings("nbgrader_config.py").Execute.timeout >= 300


@pytest.mark.parametrize("kind", ["server extension", "labextension"])
def test_what_is_switched_off_is_what_nbgrader_calls_it_on_the_page_and_in_the_image(kind):
    loop = re.search(rf"for extension in ([^;]+); do\n +sudo ./jupyter {kind} disable", PAGE)[1].split()
    image = re.findall(rf"jupyter {kind} disable .*[.:]([\w-]+)", DOCKERFILE)
    assert loop == image and "formgrader" in loop
    if kind == "server extension":
        assert all(importlib.util.find_spec(f"nbgrader.server_extensions.{name}") for name in image)
        assert "assignment_list" not in image


def test_the_image_sees_nothing_of_the_course_but_what_students_import():
    build = re.search(r"docker build -f (\S+) --build-context settings=(\S+) -t dl4h (\S+)\n", DOCKERFILE)
    assert build.groups() == ("docs/jupyterhub/Dockerfile", "docs/jupyterhub", "packages/dlh")
    assert f"    {build[0]}" in PAGE
    assert {path.name for path in (ROOT / build[3]).iterdir()} >= {"pyproject.toml", "src"}
    for name in re.findall(r"/settings/([\w.]+)|--from=settings ([\w.]+)", DOCKERFILE):
        assert (FOLDER / (name[0] or name[1])).is_file()


def test_the_ecgs_that_are_made_for_everybody_are_those_that_the_assignment_looks_for():
    release = (ROOT / "release/ecg_lstm/ecg_lstm.ipynb").read_text(encoding="utf-8")
    (asked,) = re.findall(r"ecg\.default_directory\((.*?)\)", release)
    (number,) = re.findall(r'"RECORDINGS = (\d+)', release)
    assert asked == "n=RECORDINGS"
    assert inspect.signature(ecg.default_directory).parameters["n"].default == int(number)
    assert "sudo DLH_DATA=/srv/dlh /opt/jupyter/bin/python -m dlh.data ecg\n" in PAGE
    assert settings("jupyterhub_config.py").Spawner.environment["DLH_DATA"] == "/srv/dlh"


def test_students_terminals_find_nbgrader_and_the_python_of_their_servers():
    spawner = settings("jupyterhub_config.py").Spawner
    assert spawner.environment["PATH"].split(":")[0] == str(Path(spawner.cmd[0]).parent)
    # Without a shell of its own, Jupyter starts one that logs in, and /etc/profile sets another PATH.
    assert spawner.args == ["--ServerApp.terminado_settings=shell_command=['/bin/bash']"]


def test_a_restart_of_the_hub_leaves_students_servers_running():
    service = configparser.ConfigParser()
    service.read(FOLDER / "jupyterhub.service")
    about, hub = service["Service"], settings("jupyterhub_config.py")
    assert not hub.JupyterHub.cleanup_servers and about["KillMode"] == "process"
    started = f"cd {about['WorkingDirectory']} && {about['ExecStart']}'"
    assert started in PAGE and f" -t {about['WorkingDirectory']} docs/jupyterhub/jupyterhub_config.py" in PAGE
    assert Path(about["ExecStart"]).parent == Path(hub.Spawner.cmd[0]).parent


def test_who_hands_in_no_notebook_is_told():
    assert settings("nbgrader_config.py").ExchangeSubmit.strict


def test_what_collect_tells_is_in_the_pages_table():
    rows = PAGE.partition("## When something does not work")[2].partition("\n## ")[0]
    assert all(words in rows for words in (*TO_TELL, "may not be changed"))
