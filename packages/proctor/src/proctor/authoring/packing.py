"""A course's grader for another platform, as one zip: the engine and one assignment, with all that grading it needs."""

import hashlib
import hmac
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

import proctor
from proctor.authoring.assignment import Assignment
from proctor.authoring.errors import BuildError
from proctor.authoring.needed import needed_modules, package_files, split_folder, told, with_named
from proctor.authoring.release_zip import student_requirements, write_zip
from proctor.authoring.released import past_file
from proctor.course import CONFIG, SECRET

TEMPLATES = Path(__file__).parent / "templates"
GRADESCOPE = ("setup.sh", "run_autograder")
LOCK = "requirements.lock"
# Beside the checks: what pytest loads by itself, and what a failure is compared with.
COLLECTED = ("__init__.py", "conftest.py", "mistakes.py")
# What proves the checks, which no grading needs: every assignment has it.
PROOF = ("alternatives.py", "equivalent.toml")

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


def pack(assignment: Assignment, path: Path | None = None, say: Callable[[str], None] = lambda line: None) -> Path:
    """Write Gradescope's `autograder.zip` for an assignment; the same files make the same bytes.

    Parameters
    ----------
    path : Path, where to; dist/gradescope/<assignment>/autograder.zip in the course if None
    say : called with a line that tells what of the course's folders was left out, where something was

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
    needed, left_out = course_files(assignment)
    files |= {Path("course") / file: content for file, content in needed.items()}
    for script in GRADESCOPE:
        text = (TEMPLATES / script).read_text(encoding="utf-8")
        files[Path(script)] = text.replace("@PYTHON@", f"{sys.version_info.major}.{sys.version_info.minor}").encode()
    # It holds solutions and a secret.
    write_zip(path, files, mode=0o600, programs=GRADESCOPE)
    if left_out:
        say(told(left_out))
    return path


def engine_files() -> dict[Path, bytes]:
    """The engine, for pip to install, by path in its folder."""
    about = metadata.distribution("proctor")
    needed = [requirement for requirement in about.requires or [] if "extra ==" not in requirement]
    # A list of texts is written alike in JSON and TOML.
    project = ENGINE.format(version=json.dumps(about.version), dependencies=json.dumps(needed))
    folder = Path(proctor.__file__).parent
    kept = [file for file in split_folder(folder)[0] if file.suffix == ".py" or "templates" in file.parts]
    own = {Path("src/proctor") / file: (folder / file).read_bytes() for file in kept}
    return {Path("pyproject.toml"): project.encode(), **own}


def course_files(assignment: Assignment) -> tuple[dict[Path, bytes], list[Path]]:
    """A course of one assignment, without class, gradebook and other assignments, by path in its folder.

    Returns
    -------
    files, left_out : what grading needs; what lies beside it in the same folders, and is not packed
    """
    root, name, course = assignment.root, assignment.name, assignment.course
    paths, left_out = _graders(assignment)
    paths += [Path("source", name, f"{name}.py"), assignment.release_notebook.relative_to(root)]
    paths += [Path(LOCK)] if (root / LOCK).is_file() else []
    files = {path: (root / path).read_bytes() for path in paths}
    for package in course.settings.packages:
        folder = course.package(package)
        found, others = package_files(folder)
        files |= {Path(package) / file: (folder / file).read_bytes() for file in found}
        left_out += [Path(package) / file for file in others]
    asked = student_requirements(root) if (root / "requirements.txt").is_file() else ""
    files[Path("requirements.txt")] = asked.encode()
    files[Path(CONFIG)] = _settings(course).encode()
    files[Path(SECRET)] = _secret(course, name).encode()
    return files, left_out


def _graders(assignment):
    """Of solutions/ and graders/, what the checks of an assignment are, import and read; and the rest, by path."""
    root, name = assignment.root, assignment.name
    others = {other for other in assignment.course.assignments if other != name}
    parts = [Path("solutions"), Path("graders"), Path("graders", name)]
    kept, left_out = {}, set()
    for part in parts:
        inside, never = split_folder(root / part)
        foreign = {name, *others} if part == Path("graders") else {*others, *(f"{other}.py" for other in others)}
        if part != parts[-1]:
            inside, never = ([file for file in files if file.parts[0] not in foreign] for files in (inside, never))
        kept[part] = inside
        left_out |= {part / file for file in never}
    first = [Path("solutions", f"{name}.py")]
    first += [parts[2] / file for file in kept[parts[2]] if file.match("test_*.py") or file.name in COLLECTED]
    first += [Path("graders", file) for file in kept[parts[1]] if file == Path("conftest.py")]
    modules = needed_modules(root, first)
    texts = [(file.name, (root / file).read_text("utf-8", "replace")) for file in modules]
    found = {*modules, past_file(Path(), name)} if past_file(root, name).is_file() else {*modules}
    for part, inside in kept.items():
        own = [file.relative_to(part) for file in found if file.is_relative_to(part)]
        found |= {part / file for file in with_named(root / part, own, inside, texts)}
        left_out |= {part / file for file in inside}
    return sorted(found), sorted(path for path in left_out - found if path.name not in PROOF)


def _settings(course):
    """The engine's settings alone: the rest is of the class, and may hold the password of its gradebook."""
    values = [f"c.Proctor.{name} = {value!r}\n" for name, value in asdict(course.settings).items()]
    return "".join(["c = get_config()\n\n", *values])


def _secret(course, name):
    """A secret of the zip's own: the same in each zip of the assignment, and nothing that tells the course's."""
    return hmac.new(course.secret, f"gradescope/{name}".encode(), hashlib.sha256).hexdigest()
