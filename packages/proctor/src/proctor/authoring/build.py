"""From an author's files to the students': the notebooks and their release.

    source/<a>/<a>.py + solutions/<a>.py  ->  source/<a>/<a>.ipynb  ->  release/<a>/<a>.ipynb

The second step is nbgrader's own generate_assignment, which also tells gradebook.db of the assignment. It runs
in a copy, so neither source/ nor release/ changes before all has been checked. A rebuild changes no byte. What is
built for students stays on record in graders/<a>/released.json.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections import Counter
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import nbformat

from proctor.authoring.assignment import read_text
from proctor.authoring.errors import BuildError, about_file
from proctor.authoring.guide import check_hints, guide_name, hints_file, make_guide
from proctor.authoring.installing import install_code, with_colab_link
from proctor.authoring.leaks import check_released_code, check_repeats, find_leaks, solution_lines
from proctor.authoring.lint import check_former, check_graders, check_text
from proctor.authoring.needed import NEVER
from proctor.authoring.release_zip import release_zip
from proctor.authoring.released import (
    Past,
    past_file,
    read_past,
    release_digest,
    text_digest,
    today,
    write_past,
)
from proctor.authoring.text import CHECK_TAG, GOES_ON_TAG, Cell, Text
from proctor.course import Course, CourseError, open_course, require_settings
from proctor.settings import SettingsError

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def build_course(course: Course, names: list[str] | None = None) -> list[Path]:
    """Build the notebooks of assignments, for their authors (source) and for their students (release).

    Parameters
    ----------
    course : Course
    names : the assignments; by default all

    Returns
    -------
    written : list of Path, the files that changed

    Raises
    ------
    CourseError : where there is no such assignment, or nbgrader would not keep to the course's settings
    SettingsError : where a package that students import is nowhere
    BuildError : with all that is wrong; then neither source nor release has changed
    """
    require_settings(course)
    for package in course.settings.packages:
        course.package(package)
    names = list(dict.fromkeys(names or course.assignments))
    if not names:
        raise CourseError(f"no assignment in {course.root}: an assignment is a text source/<name>/<name>.py")
    texts = [read_text(course, name) for name in names]
    pasts = {text.name: known_releases(text) for text in texts}
    errors = [
        error
        for text in texts
        for error in (
            *check_text(text),
            *check_former(text, pasts[text.name].exercises),
            *check_graders(text),
            *check_repeats(text),
            *check_hints(text),
        )
    ]
    if errors:
        raise BuildError(errors)
    built: dict[Path, bytes] = {}
    with tempfile.TemporaryDirectory(prefix="build-") as staging:
        for text in texts:
            built |= _build(course, text, Path(staging).resolve(), pasts[text.name])
    return _put_in_place(course, names, built)


def _put_in_place(course: Course, names: list[str], built: dict[Path, bytes]) -> list[Path]:
    """Write what has changed, and delete what is no longer built; gives what was written."""
    stale = [
        path
        for name in names
        for path in (course.root / "release" / name).rglob("*")
        if path.is_file() and path not in built and ".ipynb_checkpoints" not in path.parts
    ]
    for path in stale:
        path.unlink()
    written = [path for path, content in built.items() if not path.is_file() or path.read_bytes() != content]
    for path in written:
        path.parent.mkdir(parents=True, exist_ok=True)
        replacement = path.with_name(path.name + ".new")
        try:
            replacement.write_bytes(built[path])
            replacement.replace(path)
        finally:
            replacement.unlink(missing_ok=True)
    return written


def known_releases(text: Text) -> Past:
    """The releases on record, and the one that lies in release/: it may be older than the record."""
    past, file = read_past(text.root, text.name), text.root / "release" / text.name / f"{text.name}.ipynb"
    try:
        return past.remember(nbformat.read(file, as_version=4)) if file.is_file() else past
    except (ValueError, AttributeError, nbformat.ValidationError):
        return past  # no notebook: it is about to be replaced by one


def _build(course: Course, text: Text, staging: Path, past: Past) -> dict[Path, bytes]:
    """The content of every file of an assignment that is built, by its path in the course."""
    source = staging / "source" / text.name
    shutil.copytree(text.file.parent, source, ignore=shutil.ignore_patterns("*.ipynb", guide_name(text.name), *NEVER))
    notebook = make_notebook(course, text)
    (source / f"{text.name}.ipynb").write_bytes(_written(notebook))
    guides = {text.file.with_name(guide_name(text.name)): make_guide(text)} if hints_file(text).is_file() else {}
    for path, content in guides.items():  # nbgrader lays what is beside a notebook beside its release
        (source / path.name).write_bytes(content)
    generate_release(course, text, staging)
    release = {path: path.read_bytes() for path in sorted((staging / "release").rglob("*")) if path.is_file()}
    release = {
        # On Windows, nbgrader ends a notebook's lines as Windows does.
        path.relative_to(staging): content.replace(b"\r\n", b"\n") if path.suffix == ".ipynb" else content
        for path, content in release.items()
        if path.is_relative_to(staging / "release" / text.name)
    }
    errors = [*check_released_code(text, release), *find_leaks(solution_lines(text), release)]
    if errors:
        raise BuildError(errors)
    file = Path("release") / text.name / f"{text.name}.ipynb"
    released = nbformat.reads(release[file].decode(), as_version=4)
    # In both, so that nbgrader's own generate_assignment says it as well.
    notebook.metadata["proctor"] = released.metadata["proctor"] = {"release": release_digest(released)}
    release[file] = _written(released)
    built = {text.file.with_suffix(".ipynb"): _written(notebook), **guides}
    built |= {text.root / path: content for path, content in release.items()}
    return built | {past_file(text.root, text.name): write_past(past.remember(released, today()))}


def _written(notebook: nbformat.NotebookNode) -> bytes:
    return (nbformat.writes(notebook) + "\n").encode()


def make_notebook(course: Course, text: Text) -> nbformat.NotebookNode:
    """The notebook of a text that has no errors: solutions put in, nbgrader's metadata and stable cell ids.

    A cell's id is its grade id, else made from its text: what is put in, moved or changed elsewhere does not touch it.
    """
    taken, begun = Counter(), False
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": dict(KERNEL), "language_info": {"name": "python"}},
        nbformat_minor=5,
    )
    for cell in text.cells:
        if cell.markdown:
            prose = text.prose(cell)
            made = nbformat.v4.new_markdown_cell(prose if notebook.cells else with_colab_link(course, text.name, prose))
        else:
            code = text.code(cell)
            if cell.installs:
                code = f"{install_code(course, cell.installs)}\n\n{code}".rstrip()
            made = nbformat.v4.new_code_cell(code)
        content_id = f"{'text' if cell.markdown else 'code'}-{text_digest(made.source)}"
        taken[content_id] += 1
        again = f"-{taken[content_id]}" if taken[content_id] > 1 else ""
        made.id = cell.grade_id or content_id + again
        begun = begun or "exercise" in cell.options
        made.metadata = nbformat.from_dict(cell_metadata(text, cell, goes_on=begun and not cell.markdown))
        notebook.cells.append(made)
    nbformat.validate(notebook)
    return notebook


def cell_metadata(text: Text, cell: Cell, goes_on: bool) -> dict:
    """A cell's metadata: its tags, and nbgrader's where it is graded or a solution.

    From the first exercise on, an error is not to keep a student from the cells below: the notebook `goes_on`.
    """
    tags = [CHECK_TAG] if "check" in cell.options else cell.options.get("tags", [])
    tags = [*tags, GOES_ON_TAG] if goes_on else tags
    metadata = {"tags": tags} if tags else {}
    if cell.grade_id is None:
        return metadata
    check = "check" in cell.options
    metadata["nbgrader"] = {
        "schema_version": 3,
        "grade_id": cell.grade_id,
        "grade": cell.written or check,
        "solution": not check,
        "locked": check,
        "task": False,
    }
    if cell.written or check:
        metadata["nbgrader"]["points"] = text.points(cell.options["check"] if check else cell.exercise)
    return metadata


def generate_release(course: Course, text: Text, staging: Path) -> None:
    """Run nbgrader's generate_assignment in a copy of the course, for the course's own gradebook.

    Raises
    ------
    BuildError : with nbgrader's reason
    """
    # nbgrader takes seconds to import, which readers of this module's other functions need not wait for.
    from nbgrader.converters import GenerateAssignment
    from nbgrader.utils import capture_log

    coursedir = course.directory
    if not coursedir.course_id and not coursedir.db_url.startswith("sqlite"):
        # SQLite lets nbgrader refer to a course that it has not written down; others do not.
        raise BuildError(["course_config.py: c.CourseDirectory.db_url needs a c.CourseDirectory.course_id beside it"])
    coursedir.root = str(staging)
    coursedir.assignment_id = text.name
    with scripts_on_path():
        result = capture_log(GenerateAssignment(coursedir=coursedir, config=coursedir.config))
    if not result["success"]:
        lines = [line for line in (result.get("log", "") + result["error"]).splitlines() if "Error: " in line]
        reason = lines[0].partition("Error: ")[2] if lines else result["error"].strip().splitlines()[-1]
        if "Cannot add or remove cells" in reason:
            reason += " (docs/instructors.md, A new release, says what to do)"
        raise BuildError([f"source/{text.name}/{text.name}.py:1: nbgrader generate_assignment says: {reason}"])


@contextmanager
def scripts_on_path():
    """nbgrader calls `alembic` by name when it makes a gradebook: it lies beside the Python that runs this."""
    path = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), path])
    try:
        yield
    finally:
        os.environ["PATH"] = path


def main(argv: list[str] | None = None) -> int:
    """Command line of the build: 0 when built, 2 with one line for each thing to put right."""
    parser = argparse.ArgumentParser(prog="proctor build", description="Build the notebooks of the course.")
    parser.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="by default all")
    parser.add_argument("--zip", action="store_true", help="also pack what students get of them into dist/")
    arguments = parser.parse_args(argv)
    try:
        course = open_course(Path.cwd())
        written = build_course(course, arguments.assignments)
        if arguments.zip:
            say = partial(print, file=sys.stderr)
            written.append(release_zip(course, names=arguments.assignments, say=say))
    except (BuildError, CourseError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 2
    except (OSError, UnicodeDecodeError) as error:
        print(about_file(error), file=sys.stderr)
        return 2
    for path in written:
        print(f"wrote {path.relative_to(course.root)}")
    if not written:
        print("nothing has changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
