"""From an author's files to the students': the notebooks, the release, the zip.

    source/<a>/<a>.py + solutions/<a>.py  ->  source/<a>/<a>.ipynb  ->  release/<a>/<a>.ipynb

The second step is nbgrader's own generate_assignment, which also tells gradebook.db of the assignment. It runs
in a copy, so neither source/ nor release/ changes before all has been checked. A rebuild changes no byte.
"""

import argparse
import ast
import json
import os
import re
import shutil
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat

from proctor.assignment import (
    BEGIN,
    CHECK_TAG,
    END,
    MARKER_PHRASES,
    BuildError,
    Cell,
    CourseError,
    Errors,
    Text,
    find_root,
    list_assignments,
)
from proctor.settings import load_config

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
STAFF_HEADER = "# For the staff"
CACHES = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "*.pyc")

STUDENT_README = """\
# {title}

Needs Python 3.11 or later. In this folder:

    python -m venv .venv
    . .venv/bin/activate            (Windows: .venv\\Scripts\\activate)
    python -m pip install -r requirements.txt
    jupyter lab

Then open a notebook: {notebooks}.

Leave the notebooks in this folder, beside {packages}: a notebook imports what lies next to it.
Write your answers where a cell says `# your code here`. Hand in the notebook itself, under its own name.
"""


def build_course(root: Path, names: list[str] | None = None) -> list[Path]:
    """Build the notebooks of assignments, for their authors (source) and for their students (release).

    Parameters
    ----------
    root : the course
    names : the assignments; by default all

    Returns
    -------
    written : list of Path, the files that changed

    Raises
    ------
    CourseError : where there is no such assignment
    BuildError : with all that is wrong; then neither source nor release has changed
    """
    root = Path(root).resolve()
    names = list(dict.fromkeys(names or list_assignments(root)))
    if not names:
        raise CourseError(f"no assignment in {root}: an assignment is a text source/<name>/<name>.py")
    texts = [Text.read(root, name) for name in names]
    errors = [error for text in texts for error in [*text.errors, *check_graders(text), *check_repeats(text)]]
    if errors:
        raise BuildError(errors)
    built: dict[Path, bytes] = {}
    with tempfile.TemporaryDirectory(prefix="build-") as staging:
        for text in texts:
            built |= _build(text, Path(staging).resolve())
    stale = [
        path
        for name in names
        for path in (root / "release" / name).rglob("*")
        if path.is_file() and path not in built and ".ipynb_checkpoints" not in path.parts
    ]
    for path in stale:
        path.unlink()
    written = [path for path, content in built.items() if not path.is_file() or path.read_bytes() != content]
    for path in written:
        path.parent.mkdir(parents=True, exist_ok=True)
        replacement = path.with_name(path.name + ".new")
        replacement.write_bytes(built[path])
        replacement.replace(path)
    return written


def _build(text: Text, staging: Path) -> dict[Path, bytes]:
    """The content of every file of an assignment that is built, by its path in the course."""
    source = staging / "source" / text.name
    shutil.copytree(text.file.parent, source, ignore=shutil.ignore_patterns("*.ipynb", ".ipynb_checkpoints"))
    notebook = nbformat.writes(make_notebook(text)) + "\n"
    (source / f"{text.name}.ipynb").write_bytes(notebook.encode())
    generate_release(text, staging)
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
    built = {text.assignment.source_notebook: notebook.encode()}
    return built | {text.root / path: content for path, content in release.items()}


def make_notebook(text: Text) -> nbformat.NotebookNode:
    """The notebook of a text that has no errors: solutions put in, nbgrader's metadata and stable cell ids."""
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": dict(KERNEL), "language_info": {"name": "python"}},
        nbformat_minor=5,
    )
    for number, cell in enumerate(text.cells, 1):
        if cell.markdown:
            made = nbformat.v4.new_markdown_cell(text.prose(cell))
        else:
            made = nbformat.v4.new_code_cell(text.code(cell))
        made.id = cell.grade_id or f"{text.name}-{number}"
        made.metadata = nbformat.from_dict(cell_metadata(text, cell))
        notebook.cells.append(made)
    nbformat.validate(notebook)
    return notebook


def cell_metadata(text: Text, cell: Cell) -> dict:
    """A cell's metadata: its tags, and nbgrader's where it is graded or a solution."""
    tags = [CHECK_TAG] if "check" in cell.options else cell.options.get("tags", [])
    metadata = {"tags": tags} if tags else {}
    if cell.grade_id is None:
        return metadata
    written, check = "written" in cell.options, "check" in cell.options
    metadata["nbgrader"] = {
        "schema_version": 3,
        "grade_id": cell.grade_id,
        "grade": written or check,
        "solution": not check,
        "locked": check,
        "task": False,
    }
    if written or check:
        exercise = cell.options["check"] if check else cell.grade_id
        metadata["nbgrader"]["points"] = text.exercises[exercise].points
    return metadata


def check_graders(text: Text) -> Errors:
    """What is wrong with an assignment's graders: each exercise needs checks, whose points add up to its own."""
    errors = Errors(text.root)
    graders = text.assignment.graders
    exercises = {e.id: e for e in text.exercises.values() if not e.written}
    lines = {cell.options["exercise"]: cell.line for cell in text.cells if "exercise" in cell.options}
    for name, exercise in exercises.items():
        file = graders / f"test_{name}.py"
        if not file.is_file():
            where = file.relative_to(text.root).as_posix()
            errors.add(text.file, lines[name], f"the exercise `{name}` has no checks; write them in {where}")
            continue
        checks = read_checks(file, errors)
        if checks is None:
            continue
        total = sum(checks.values())
        if not checks:
            errors.add(file, 1, f"the exercise `{name}` has no checks here; a check is a function test_<what>")
        elif abs(total - exercise.points) > 1e-9:
            where = f"{text.file.relative_to(text.root).as_posix()}:{lines[name]}"
            message = f"these checks have {total:g} points, but the exercise `{name}` has {exercise.points:g} ({where})"
            errors.add(file, 1, message)
    for file in sorted(graders.glob("test_*.py")):
        name = file.stem.removeprefix("test_")
        if name not in exercises:
            errors.add(file, 1, f"checks of an exercise `{name}` that source/{text.name}/{text.name}.py does not have")
    return errors


def read_checks(file: Path, errors: Errors) -> dict[str, float] | None:
    """The points of each check in a file, read from its syntax tree; None where it is no valid Python."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except SyntaxError as error:
        errors.add(file, error.lineno or 1, f"no valid Python: {error.msg}")
        return None
    checks: dict[str, float] = {}
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if not isinstance(node, functions) or not node.name.startswith("test_"):
            continue
        marks = [d for d in node.decorator_list if ast.unparse(d).startswith("pytest.mark.points")]
        values = [ast.literal_eval(mark.args[0]) for mark in marks if _has_one_number(mark)]
        if len(marks) != 1 or len(values) != 1:
            errors.add(file, node.lineno, f"the check `{node.name}` should have one @pytest.mark.points(<number>)")
        if node.name in checks:
            errors.add(file, node.lineno, f"the check `{node.name}` is defined a second time")
        checks[node.name] = sum(values)
    return checks


def _has_one_number(mark: ast.expr) -> bool:
    if not isinstance(mark, ast.Call) or len(mark.args) != 1 or mark.keywords:
        return False
    value = mark.args[0]
    return isinstance(value, ast.Constant) and type(value.value) in (int, float)


def solution_lines(text: Text) -> dict[str, str]:
    """The lines that give a solution away, with `file:line` of each.

    Lines of one or two words, such as `else:` or `model.eval()`, tell nothing; nor do lines that the solutions
    module has outside its regions as well.
    """
    given = "\n".join(without_solutions("\n".join(text.solutions.lines)))
    found: dict[str, str] = {}
    for region in [*text.solutions.regions, *text.regions]:
        file = region.file.relative_to(text.root).as_posix()
        for number, line in enumerate(region.lines, region.begin + 1):
            if len(re.findall(r"[^\W\d]\w*", line)) >= 3 and not _contains(given, line.strip()):
                found.setdefault(line.strip(), f"{file}:{number}")
    return found


def _contains(text: str, line: str) -> bool:
    return line in text and re.search(rf"(?<![\w.]){re.escape(line)}(?!\w)", text) is not None


def check_repeats(text: Text) -> list[str]:
    """Where the author's own text says what students should find out."""
    errors = Errors(text.root)
    inside = {n for region in text.regions for n in range(region.begin, region.end + 1)}
    secrets = solution_lines(text)
    for cell in text.cells:
        for number, line in enumerate(cell.source.split("\n"), cell.line + 1):
            for secret, where in secrets.items():
                if number not in inside and _contains(line, secret):
                    errors.add(text.file, number, f"`{secret}` is a solution line ({where}); write it another way")
    return errors


def find_leaks(secrets: dict[str, str], files: dict[Path, bytes]) -> list[str]:
    """The solution lines and markers in what students get, `file:line` being where the line belongs."""
    errors = []
    for path, content in files.items():
        try:
            content = content.decode()
        except UnicodeDecodeError:
            continue  # pictures and compressed data
        texts = _strings(json.loads(content)) if path.suffix == ".ipynb" else [content]
        for text in texts:
            errors += [
                f"{where}: the solution line `{s}` is in {path.as_posix()}"
                for s, where in secrets.items()
                if _contains(text, s)
            ]
            errors += [f"{path.as_posix()}:1: a marker `{m}` is left" for m in MARKER_PHRASES if m in text]
    return errors


def _strings(value) -> Iterator[str]:
    """All strings in JSON, a cell's lines joined."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and all(isinstance(item, str) for item in value):
        yield "".join(value)
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


def check_released_code(text: Text, release: dict[Path, bytes]) -> list[str]:
    """Where a solution cell loses more than its solution, or is no valid Python without it."""
    errors = []
    cells = {cell.grade_id: cell for cell in text.cells if "exercise" in cell.options}
    path = text.assignment.release_notebook.relative_to(text.root)
    notebook = nbformat.reads(release[path].decode(), as_version=4)
    for made in notebook.cells:
        if made.id not in cells:
            continue
        where = f"{text.file.relative_to(text.root).as_posix()}:{cells[made.id].line}"
        given = without_solutions(text.code(cells[made.id]))
        lost = [line for line in given if line not in made.source.split("\n")]
        if lost:
            errors.append(f"{where}: nbgrader takes `{lost[0].strip()}` out of `{made.id}`, which is no solution")
        try:
            ast.parse(made.source)
        except SyntaxError as error:
            errors.append(
                f"{where}: the exercise `{made.id}` without its solution is no valid Python ({error.msg}): "
                f"`{BEGIN}` and `{END}` should be indented as the lines between them"
            )
    return errors


def without_solutions(code: str) -> list[str]:
    """The lines of well-marked code outside its solution regions, but for blank ones."""
    parts = re.split(rf"(?m)^ *(?:{BEGIN}|{END}) *$", code)
    return [line for part in parts[::2] for line in part.split("\n") if line.strip()]


def course_directory(root: Path):
    """nbgrader's `CourseDirectory` of the course at `root`: its folders, and its gradebook's `db_url`."""
    # nbgrader takes seconds to import, which readers of this module's other functions need not wait for.
    from nbgrader.coursedir import CourseDirectory

    coursedir = CourseDirectory(config=load_config(root))
    coursedir.root = str(root)
    coursedir.db_url = str(coursedir.db_url)  # the default follows root, which may move
    return coursedir


def generate_release(text: Text, staging: Path) -> None:
    """Run nbgrader's generate_assignment in a copy of the course, for the course's own gradebook.

    Raises
    ------
    BuildError : with nbgrader's reason
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.utils import capture_log

    coursedir = course_directory(text.root)
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


def release_zip(root: Path, path: Path | None = None) -> Path:
    """Pack what a student gets: the release, the packages it imports, requirements and a README; nothing else.

    Parameters
    ----------
    root : the course, built
    path : the zip file; by default dist/<the project's name>.zip

    Returns
    -------
    path : where it is now; the same course gives the same bytes

    Raises
    ------
    BuildError : where something is missing, or holds a line of a solution
    """
    root = Path(root).resolve()
    if path is None:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        path = root / "dist" / f"{project['name']}.zip"
    files = student_files(root, title=path.stem)
    errors = []
    texts = [Text.read(root, name) for name in list_assignments(root)]
    # What one assignment gives to everybody is no secret of another.
    given = "\n".join(line for text in texts for line in without_solutions("\n".join(text.solutions.lines)))
    for text in texts:
        secrets = {line: where for line, where in solution_lines(text).items() if not _contains(given, line)}
        errors += text.errors or find_leaks(secrets, files)
    if errors:
        raise BuildError(errors)
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{path.stem}/{name.as_posix()}", date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o100644 << 16  # the same on every system
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=9)
    return path


def student_files(root: Path, title: str) -> dict[Path, bytes]:
    """What a student gets, by its path in the unpacked folder, where notebooks and packages lie side by side."""
    files: dict[Path, bytes] = {}
    notebooks = []
    for name in list_assignments(root):
        notebooks.append(f"{name}.ipynb")
        if not (root / "release" / name / f"{name}.ipynb").is_file():
            raise BuildError([f"source/{name}/{name}.py:1: release/{name}/{name}.ipynb is not built; build it first"])
        for file, content in _files_in(root / "release" / name):
            if files.setdefault(file, content) != content:
                raise BuildError([f"release/{name}/{file.as_posix()}:1: another assignment has such a file, too"])
    packages = list(load_config(root).get("Proctor", {}).get("packages", []))
    for package in packages:
        files |= {Path(package) / file: content for file, content in _files_in(root / package)}
    requirements = (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    staff = [n for n, line in enumerate(requirements) if line.startswith(STAFF_HEADER)]
    if not staff:
        message = f"no line `{STAFF_HEADER}`, which should part the students' packages from the staff's"
        raise BuildError([f"requirements.txt:1: {message}"])
    lines = [line for line in requirements[: staff[0]] if line.strip() and not line.startswith("#")]
    files[Path("requirements.txt")] = ("\n".join(lines) + "\n").encode()
    readme = STUDENT_README.format(
        title=title.replace("-", " ").capitalize(),
        notebooks=", ".join(f"`{notebook}`" for notebook in notebooks),
        packages=" and ".join(f"`{package}/`" for package in packages),
    )
    files[Path("README.md")] = readme.encode()
    return files


def _files_in(folder: Path) -> list[tuple[Path, bytes]]:
    """The files of a folder but for caches, by their path in it."""
    found = []
    for directory, folders, names in os.walk(folder):
        ignored = CACHES(directory, [*folders, *names])
        folders[:] = sorted(set(folders) - ignored)
        for name in sorted(set(names) - ignored):
            file = Path(directory) / name
            found.append((file.relative_to(folder), file.read_bytes()))
    return found


def main(argv: list[str] | None = None) -> int:
    """Command line of the build: 0 when built, 2 with one line for each thing to put right."""
    parser = argparse.ArgumentParser(prog="proctor build", description="Build the notebooks of the course.")
    parser.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="by default all")
    parser.add_argument("--zip", action="store_true", help="also pack what students get into dist/")
    arguments = parser.parse_args(argv)
    try:
        root = find_root(Path.cwd())
        written = build_course(root, arguments.assignments)
        if arguments.zip:
            written.append(release_zip(root))
    except (BuildError, CourseError) as error:
        print(error, file=sys.stderr)
        return 2
    for path in written:
        print(f"wrote {path.relative_to(root)}")
    if not written:
        print("nothing has changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
