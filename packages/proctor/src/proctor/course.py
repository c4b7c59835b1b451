"""A course: its folder, its settings, its secret, and where nbgrader keeps what belongs to it.

A command opens it once and hands it on.
"""

import contextlib
import importlib.machinery
import os
import secrets
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from traitlets.config import Config

from proctor.settings import Settings, SettingsError, load_config, read_settings

CONFIG = "course_config.py"
NBGRADER_CONFIG = "nbgrader_config.py"
SECRET = ".proctor_secret"
# What only trusted processes may import: their names are never to be found in a host.
TRUSTED = ("graders", "solutions")
# In a path, nbgrader takes these for a pattern, pytest for a test's parameters, SQLAlchemy or Python for its end.
NOT_IN_A_PATH = "[]*?:"


_on_path: list[str] = []


class CourseError(Exception):
    """There is no course here, or no such assignment in it; the message is one line."""


class SecretError(Exception):
    """The course's secret can neither be read nor be made; the message says why."""


@dataclass(frozen=True)
class Course:
    """One course, as a command found it.

    Parameters
    ----------
    root : Path, its folder
    settings : Settings, proctor's own
    config : all of its `course_config.py`, as nbgrader reads it
    """

    root: Path
    settings: Settings
    config: Config = field(compare=False, repr=False)

    @property
    def name(self) -> str:
        """What it is called, as the name of a file."""
        return self.settings.name or self.root.name

    @property
    def submitted(self) -> Path:
        """Where nbgrader collects submissions."""
        return self.root / self.config.get("CourseDirectory", {}).get("submitted_directory", "submitted")

    @property
    def assignments(self) -> list[str]:
        """The names of its assignments: those with a text source/<name>/<name>.py."""
        return sorted(path.stem for path in self.root.glob("source/*/*.py") if path.stem == path.parent.name)

    @property
    def directory(self):
        """nbgrader's `CourseDirectory`: its folders, and its gradebook's `db_url`."""
        # nbgrader takes seconds to import, which a command that writes no grades need not wait for.
        from nbgrader.coursedir import CourseDirectory

        directory = CourseDirectory(config=self.config)
        directory.root = str(self.root)
        directory.db_url = str(directory.db_url)  # the default follows root, which may move
        return directory

    @property
    def secret(self) -> bytes:
        """What the inputs of graded checks are drawn from, made where there is none yet.

        Raises
        ------
        SecretError : where it is damaged, or cannot be read or written
        """
        path = self.root / SECRET
        try:
            with contextlib.suppress(FileExistsError):
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                os.write(descriptor, secrets.token_hex().encode())
                os.close(descriptor)
            secret = path.read_bytes().strip()
        except OSError as error:
            raise SecretError(f"{path} cannot be read or made: {error.strerror}") from error
        if len(secret) < 64:
            raise SecretError(f"{path} is damaged: bring back the one that this class was graded with, or delete it")
        return secret

    def package(self, name: str) -> Path:
        """The folder of a package that students import.

        Raises
        ------
        SettingsError : where it is neither in the course nor installed
        """
        for folder in (self.root / name, self.root / "packages" / name / "src" / name):
            if folder.is_dir():
                return folder
        # Not on the path that `trust` adds, where another course's may lie.
        installed = [folder for folder in sys.path if folder not in _on_path]
        spec = importlib.machinery.PathFinder.find_spec(name, installed)
        if spec is None or not spec.submodule_search_locations:
            places = f"{name}/ and packages/{name}/src/{name}/ are not there, and it is not installed"
            raise SettingsError(f'c.Proctor.packages names "{name}", but {places}')
        return Path(spec.submodule_search_locations[0])

    @property
    def import_folders(self) -> list[Path]:
        """Where Python finds the packages that students import."""
        return list(dict.fromkeys(self.package(name).parent for name in self.settings.packages))


def find_root(start: Path) -> Path:
    """The nearest directory at or above `start` that is a course: one that has a course_config.py.

    Raises
    ------
    CourseError : where there is none
    """
    start = Path(start).resolve()
    for directory in (start, *start.parents):
        if (directory / CONFIG).is_file():
            return directory
    raise CourseError(f"no course at {start} or above it; a course is a directory with a {CONFIG}")


def open_course(start: Path) -> Course:
    """Open the course that `start` belongs to.

    Raises
    ------
    CourseError : where there is none, or in a folder that cannot be used, or its course_config.py stops
    SettingsError : for a setting that cannot be used
    """
    root = find_root(start)
    if {*NOT_IN_A_PATH} & {*str(root.relative_to(root.anchor))}:
        words = f"rename what has any of {' '.join(NOT_IN_A_PATH)} in its name"
        raise CourseError(f"{root} cannot be a course's folder: {words}")
    try:
        config = load_config(root / CONFIG)
    except Exception as error:
        raise CourseError(told(error, root, root / CONFIG)) from error
    elsewhere = config.get("CourseDirectory", {}).get("root") or root
    if (root / elsewhere).resolve() != root:
        # As in a copy of a course: nbgrader would grade the other one.
        words = f"{elsewhere!r}, but this course lies in {str(root)!r}; leave the line out, and each is its own"
        raise SettingsError(f"{CONFIG}: c.CourseDirectory.root is {words}")
    return Course(root, read_settings(config), config)


def require_settings(course: Course) -> None:
    """Refuse a course whose settings nbgrader would not read: it would run students' code itself, unprotected.

    Raises
    ------
    CourseError : with what to write, and where
    """
    file = course.root / NBGRADER_CONFIG
    fault = "there is no such file"
    if file.is_file():
        try:
            config = load_config(file)
        except Exception as error:
            raise CourseError(told(error, course.root, file)) from error
        # It may say more, and other things, but for what stands between students' code and nbgrader's own kernel.
        loaded = all(set(values) <= set(config.get(section, {})) for section, values in course.config.items())
        if loaded and repr(config.get("Autograde")) == repr(course.config.get("Autograde")):
            return
        fault = f"it does not load {CONFIG}"
    raise CourseError(
        f"{NBGRADER_CONFIG}:1: {fault}, so nbgrader would run students' code itself, unprotected; "
        f'write into it: load_subconfig("{CONFIG}")'
    )


def told(error: BaseException, root: Path, file: Path) -> str:
    """What stopped a file of the course, in one line: `file:line: what`, the line being the last one in the course."""
    places = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((Path(error.filename), error.lineno))
    own = [(path, line) for path, line in places if path.is_relative_to(root)]
    path, line = own[-1] if own else (file, 1)
    words = " ".join(str(error.msg if isinstance(error, SyntaxError) else error).split())
    return f"{path.relative_to(root).as_posix()}:{line}: {type(error).__name__}: {words}"


def counted(number: float, word: str) -> str:
    """So many of something, as people say it: 1 point, 2 points."""
    return f"{number:.10g} {word}{'s' * (number != 1)}"


def trust(course: Course) -> None:
    """Have this process, which runs no student code, import the course's solutions, checks and packages."""
    # What is installed is on the path already.
    own = [folder for folder in course.import_folders if folder.is_relative_to(course.root)]
    folders = [str(course.root), *map(str, own)]
    if folders == _on_path:
        return
    sys.path[:] = [*folders, *(folder for folder in sys.path if folder not in _on_path)]
    _on_path[:] = folders
    forget_modules()


def forget_modules() -> None:
    """Have what only trusted processes import be imported anew: it has changed, or is another course's."""
    for name in list(sys.modules):
        if name.partition(".")[0] in TRUSTED:
            del sys.modules[name]
    importlib.invalidate_caches()
