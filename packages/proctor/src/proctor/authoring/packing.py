"""A course's grader for another platform, as one zip: the engine and one assignment, with all that grading it needs."""

import hashlib
import hmac
import json
import sys
import zipfile
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

import proctor
from proctor.authoring.assignment import Assignment
from proctor.authoring.errors import BuildError
from proctor.authoring.release_zip import files_in, student_requirements
from proctor.course import CONFIG, SECRET

TEMPLATES = Path(__file__).parent / "templates"
GRADESCOPE = ("setup.sh", "run_autograder")
LOCK = "requirements.lock"

# The engine as it is installed here, so that the sources of its repository need not be at hand.
ENGINE = """\
[build-system]
requires = ["setuptools>=68"]
build-backend = "setuptools.build_meta"

[project]
name = "proctor"
version = {version}
dependencies = {dependencies}

[tool.setuptools.package-data]
proctor = ["**/*"]
"""


def pack(assignment: Assignment, path: Path | None = None) -> Path:
    """Write Gradescope's `autograder.zip` for an assignment; the same files make the same bytes.

    Parameters
    ----------
    path : Path, where to; dist/gradescope/<assignment>/autograder.zip in the course if None

    Raises
    ------
    BuildError : where the assignment is not built, or has nothing that is graded by checks
    course.SecretError : where the course's secret can neither be read nor be made
    """
    name = assignment.name
    if all(exercise.written for exercise in assignment.exercises):
        raise BuildError([f"source/{name}/{name}.py:1: all its answers are marked by hand; there is nothing to pack"])
    if not assignment.release_notebook.is_file():
        raise BuildError([f"source/{name}/{name}.py:1: release/{name}/{name}.ipynb is not built; build it first"])
    path = path or assignment.root / "dist" / "gradescope" / name / "autograder.zip"
    files = {Path("engine") / file: content for file, content in engine_files().items()}
    files |= {Path("course") / file: content for file, content in course_files(assignment).items()}
    for script in GRADESCOPE:
        text = (TEMPLATES / script).read_text(encoding="utf-8")
        files[Path(script)] = text.replace("@PYTHON@", f"{sys.version_info.major}.{sys.version_info.minor}").encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    # It holds solutions and a secret.
    path.touch(mode=0o600)
    with zipfile.ZipFile(path, "w") as archive:
        for file, content in sorted(files.items()):
            entry = zipfile.ZipInfo(file.as_posix(), date_time=(1980, 1, 1, 0, 0, 0))
            mode = 0o755 if file.name in GRADESCOPE else 0o644
            entry.create_system, entry.external_attr = 3, (0o100000 | mode) << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return path


def engine_files() -> dict[Path, bytes]:
    """The engine, for pip to install, by path in its folder."""
    about = metadata.distribution("proctor")
    needed = [requirement for requirement in about.requires or [] if "extra ==" not in requirement]
    # A list of texts is written alike in JSON and TOML.
    project = ENGINE.format(version=json.dumps(about.version), dependencies=json.dumps(needed))
    own = {Path("src/proctor") / file: content for file, content in files_in(Path(proctor.__file__).parent)}
    return {Path("pyproject.toml"): project.encode(), **own}


def course_files(assignment: Assignment) -> dict[Path, bytes]:
    """A course of one assignment, without class, gradebook and other assignments, by path in its folder."""
    root, name, course = assignment.root, assignment.name, assignment.course
    others = {f"{other}.py" for other in course.assignments} - {f"{name}.py"}
    shared = [file for folder in ("solutions", "graders") for file in sorted((root / folder).glob("*.py"))]
    paths = [file for file in shared if file.parent.name == "graders" or file.name not in others]
    paths += [root / "source" / name / f"{name}.py", assignment.release_notebook]
    paths += [file for file in (root / LOCK,) if file.is_file()]
    files = {path.relative_to(root): path.read_bytes() for path in paths}
    files |= {Path("graders") / name / file: content for file, content in files_in(assignment.graders)}
    for package in course.settings.packages:
        files |= {Path(package) / file: content for file, content in files_in(course.package(package))}
    asked = student_requirements(root) if (root / "requirements.txt").is_file() else ""
    files[Path("requirements.txt")] = asked.encode()
    files[Path(CONFIG)] = _settings(course).encode()
    files[Path(SECRET)] = _secret(course, name).encode()
    return files


def _settings(course):
    """The engine's settings alone: the rest is of the class, and may hold the password of its gradebook."""
    values = [f"c.Proctor.{name} = {value!r}\n" for name, value in asdict(course.settings).items()]
    return "".join(["c = get_config()\n\n", *values])


def _secret(course, name):
    """A secret of the zip's own: the same in each zip of the assignment, and nothing that tells the course's."""
    return hmac.new(course.secret, f"gradescope/{name}".encode(), hashlib.sha256).hexdigest()
