"""Settings: those of the course, and those that are refused; the device."""

import sys

import pytest
import torch

from proctor import settings
from proctor.authoring.build import build_course
from proctor.course import CourseError, open_course, trust
from proctor.settings import Settings, SettingsError
from shapes import change


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('c.Proctor.sandbox = "docker"', 'should be "bubblewrap", "landlock" or "none", but is \'docker\''),
        ("c.Proctor.cell_secs = 3", "no setting 'cell_secs'"),
        ("c.Proctor.cell_seconds = 0", "cell_seconds should be a positive number, but is 0"),
        ('c.Proctor.memory_gigabytes = "6"', "memory_gigabytes should be a positive number"),
        ('c.Proctor.packages = "toylib"', "should be a list of package names"),
        ('c.Proctor.packages = ["../graders"]', "should be a list of package names"),
        ('c.Proctor.course_url = "uni/course"', "course_url should be https://github.com/<owner>/<repository>/tree/"),
        ('c.Proctor.course_url = "https://github.com/uni/course"', "tree/<branch> or another URL of a folder, but is"),
        ("c.Proctor.course_url = 'https://uni.example/\"'", "course_url should be"),
        ("c.Proctor.course_url = None", "course_url should be"),
        ('c.CourseDirectory.release_directory = "out"', "release_directory should be 'release', or left out, but"),
        ('c.CourseDirectory.source_directory = "src"', "source_directory should be 'source'"),
        ('c.CourseDirectory.directory_structure = "{student_id}"', "directory_structure should be"),
        ('c.CourseDirectory.root = "/srv/first"', "root is '/srv/first', but .*; leave the line out"),
    ],
)
def test_setting_that_cannot_be_used_is_refused(tmp_path, line, words):
    (tmp_path / "course_config.py").write_text(f"c = get_config()\n{line}\n")
    with pytest.raises(SettingsError, match=words.replace("(", r"\(")):
        open_course(tmp_path)


@pytest.mark.parametrize("name", ["DL [2026]", "DL: 2026", "really?", "*"])
def test_folder_of_a_name_that_would_be_misread_is_refused(tmp_path, name):
    course = tmp_path / name / "course"
    course.mkdir(parents=True)
    (course / "course_config.py").write_text("c = get_config()\n")
    with pytest.raises(CourseError, match="rename what has any of .* in its name") as refused:
        open_course(course)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("line", ["root = '.'", "root = str(Path(__file__).parent)", "submitted_directory = 'in'"])
def test_setting_of_nbgraders_that_can_be_followed_is_taken(tmp_path, line):
    text = f"from pathlib import Path\nc = get_config()\nc.CourseDirectory.{line}\n"
    (tmp_path / "course_config.py").write_text(text)
    assert open_course(tmp_path).root == tmp_path


def test_settings_are_those_of_the_course(toy_course):
    settings = open_course(toy_course).settings
    assert settings == Settings(packages=["toylib"])


def test_package_that_is_installed_is_found_however_often_a_course_is_trusted(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.path", [*sys.path])
    (tmp_path / "course_config.py").write_text('c = get_config()\nc.Proctor.packages = ["nbformat"]\n')
    course = open_course(tmp_path)
    for _ in range(3):
        trust(course)
        assert course.package("nbformat").name == "nbformat"


def test_gpu_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for driver in (False, True):
        monkeypatch.setattr(settings, "has_driver", lambda driver=driver: driver)
        assert settings.resolve_device("auto") == "cpu"
    with pytest.raises(settings.SettingsError, match="--device cpu"):
        settings.resolve_device("cuda")


def test_gpu_is_taken_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(settings, "has_driver", lambda: True)
    assert [settings.resolve_device(device) for device in ("auto", "cuda", "cpu")] == ["cuda", "cuda", "cpu"]


@pytest.mark.parametrize("content", [None, "", "# load_subconfig('course_config.py')\n", "c = get_config()\n"])
def test_settings_that_nbgrader_would_not_read_are_refused(course, content):
    file = course / "nbgrader_config.py"
    file.unlink() if content is None else file.write_text(content)
    with pytest.raises(CourseError) as refused:
        build_course(open_course(course))
    assert 'write into it: load_subconfig("course_config.py")' in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not (course / "release").exists()


def test_settings_that_nbgrader_reads_may_say_more(course):
    with (course / "nbgrader_config.py").open("a") as file:
        file.write('c = get_config()\nc.Exchange.root = "/tmp/exchange"\nc.CourseDirectory.course_id = "shapes"\n')
    build_course(open_course(course))


def test_package_that_is_nowhere_is_refused(course):
    change(course, "course_config.py", '["toylib"]', '["toylab"]')
    with pytest.raises(SettingsError, match='names "toylab", but .* not installed') as refused:
        build_course(open_course(course))
    assert "\n" not in str(refused.value)
