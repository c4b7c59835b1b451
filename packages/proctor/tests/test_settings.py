"""Settings: those of the course, and those that are refused."""

import pytest

from proctor.course import open_course
from proctor.settings import Settings, SettingsError


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('c.Proctor.sandbox = "docker"', 'should be "bubblewrap", "landlock" or "none", but is \'docker\''),
        ("c.Proctor.cell_secs = 3", "no setting 'cell_secs'"),
        ("c.Proctor.cell_seconds = 0", "cell_seconds should be a positive number, but is 0"),
        ('c.Proctor.memory_gigabytes = "6"', "memory_gigabytes should be a positive number"),
        ('c.Proctor.packages = "toylib"', "should be a list of package names"),
        ('c.Proctor.packages = ["../graders"]', "should be a list of package names"),
    ],
)
def test_setting_that_cannot_be_used_is_refused(tmp_path, line, words):
    (tmp_path / "course_config.py").write_text(f"c = get_config()\n{line}\n")
    with pytest.raises(SettingsError, match=words.replace("(", r"\(")):
        open_course(tmp_path)


def test_settings_are_those_of_the_course(toy_course):
    settings = open_course(toy_course).settings
    assert settings == Settings(packages=["toylib"], cell_seconds=3, call_seconds=3)
