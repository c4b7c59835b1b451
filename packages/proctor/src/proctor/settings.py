"""Proctor's settings, read from the `c.Proctor` section of a course's `course_config.py`."""

import os
import re
from dataclasses import dataclass, field, fields
from pathlib import Path

from traitlets.config import Config, PyFileConfigLoader

# How many times its limit of time a submission may take by the clock, where it waits for others to leave a processor.
PATIENCE = 10
# A URL that stands in a string and in a link as it is. Of GitHub, a folder's own page; empty is none.
COURSE_URL = r"""(?!https?://(www\.)?github\.com/(?![^/]+/[^/]+/tree/[^/]))((https?|file)://[^\s"'\\(){}<>]+)?"""

# What nbgrader would lay elsewhere, where nobody here looks. Its other folders may have other names.
LAYOUT = {
    "source_directory": "source",
    "release_directory": "release",
    "directory_structure": os.path.join("{nbgrader_step}", "{student_id}", "{assignment_id}"),  # noqa: PTH118 - as nbgrader
}


class SettingsError(Exception):
    """A setting that cannot be used; the message says which and what it may be."""


@dataclass(frozen=True)
class Settings:
    """How submissions are run.

    Parameters
    ----------
    sandbox : "bubblewrap", "landlock" or "none", what submissions run in, and in nothing weaker
    cell_seconds, call_seconds, submission_seconds : float, limits of one cell of a notebook, of one call that a check
        makes, and of all that a submission does: of processor time, and of the clock without waiting for a processor
    own_cells_seconds : float, what all cells of a student's own may take, apart from the submission's time
    memory_gigabytes : float, address space of a host (not limited on a GPU, whose driver maps far more than it uses)
    scratch_megabytes : int, what a submission may write to its scratch folder, and to shared memory
    scratch_files : int, how many files and folders it may make there (not limited on a GPU, or without bubblewrap)
    packages : names of the packages that submissions may import: folders of the course, or installed
    name : str, what the course is called, as the name of a file; that of its folder if empty
    attempts_per_day : int, how many submissions of a student `proctor watch` grades in a day; 0 for all
    course_url : str, where students find the unpacked release on the web, a folder on GitHub as a browser shows it, or
        any folder that wheels can be fetched from; empty if nowhere
    """

    sandbox: str = "bubblewrap"
    packages: tuple[str, ...] = ()
    cell_seconds: float = 20
    call_seconds: float = 20
    submission_seconds: float = 180
    own_cells_seconds: float = 40
    memory_gigabytes: float = 6
    scratch_megabytes: int = 256
    scratch_files: int = 10_000
    name: str = ""
    # They decide over no verdict, so those on record stay.
    attempts_per_day: int = field(default=0, repr=False)
    course_url: str = field(default="", repr=False)

    def __post_init__(self):
        if self.sandbox not in ("bubblewrap", "landlock", "none"):
            raise SettingsError(
                f'c.Proctor.sandbox should be "bubblewrap", "landlock" or "none", but is {self.sandbox!r}'
            )
        if isinstance(self.packages, str) or not all(str(name).isidentifier() for name in self.packages):
            raise SettingsError(f"c.Proctor.packages should be a list of package names, but is {self.packages!r}")
        object.__setattr__(self, "packages", tuple(self.packages))
        if not isinstance(self.name, str) or not re.fullmatch(r"[\w.-]*", self.name):
            raise SettingsError(f"c.Proctor.name should be a name for a file, but is {self.name!r}")
        most = self.attempts_per_day
        if not isinstance(most, int) or isinstance(most, bool) or most < 0:
            raise SettingsError(f"c.Proctor.attempts_per_day should be a whole number, 0 for no bound, but is {most!r}")
        url = self.course_url
        if not isinstance(url, str) or not re.fullmatch(COURSE_URL, url):
            about = "https://github.com/<owner>/<repository>/tree/<branch> or another URL of a folder"
            raise SettingsError(f"c.Proctor.course_url should be {about}, but is {url!r}")
        for limit in fields(self)[2:-3]:
            value = getattr(self, limit.name)
            if not isinstance(value, (int, float)) or isinstance(value, bool) or value <= 0:
                raise SettingsError(f"c.Proctor.{limit.name} should be a positive number, but is {value!r}")


def load_config(file: Path) -> Config:
    """A `course_config.py`, as nbgrader reads it."""
    return PyFileConfigLoader(file.name, path=str(file.parent)).load_config()


def read_settings(config: Config) -> Settings:
    """Proctor's settings in a course's configuration.

    Raises
    ------
    SettingsError : for an unknown setting or a value that cannot be used, also of nbgrader's
    """
    for name, expected in LAYOUT.items():
        value = config.get("CourseDirectory", {}).get(name, expected)
        if value != expected:
            words = f"should be {expected!r}, or left out, but is {value!r}"
            raise SettingsError(f"course_config.py: c.CourseDirectory.{name} {words}")
    given = dict(config.get("Proctor", {}))
    known = {field.name for field in fields(Settings)}
    for name in given:
        if name not in known:
            raise SettingsError(f"course_config.py: c.Proctor has no setting {name!r}; there are {sorted(known)}")
    return Settings(**given)


def resolve_device(device: str) -> str:
    """"auto" is the GPU where there is one.

    Raises
    ------
    SettingsError : for "cuda" without a GPU
    """
    if device == "cpu" or (device == "auto" and not has_driver()):
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if device == "cuda":
        raise SettingsError("--device cuda: torch finds no GPU here; use --device cpu or auto")
    return "cpu"


def has_driver() -> bool:
    """Whether there may be a GPU; torch, which knows, takes a second to import."""
    return any(Path("/dev").glob("nvidia*"))
