"""What students get, as one zip: the release, the packages that it imports, requirements, and what to read."""

import os
import re
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path

from proctor.authoring.assignment import read_text
from proctor.authoring.errors import BuildError
from proctor.authoring.installing import is_distribution, make_wheel, wheel_name
from proctor.authoring.leaks import find_leaks, solution_lines
from proctor.authoring.lint import check_text
from proctor.course import Course

STAFF_HEADER = "# For the staff"
CACHES = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "*.pyc")
PICTURE = re.compile(r"!\[[^\]]*\]\(([\w.-]+)\)")

STUDENT_README = """\
# {title}

Needs Python 3.11 or later. In this folder:

    python -m venv .venv
    . .venv/bin/activate            (Windows: .venv\\Scripts\\activate)
    python -m pip install -r requirements.txt
    jupyter lab

On Linux without a GPU, this line in place of the third spares gigabytes of CUDA:

    python -m pip install -r requirements.txt --extra-index-url https://download.pytorch.org/whl/cpu

Then open a notebook: {notebooks}.

{beside}Write your answers where a cell says `# your code here`. Hand in the notebook itself, under its own name.
{reading}"""
GUIDE, CARDS = Path("docs/students.md"), "docs/data_card_*.md"
MAP, GLOSSARY = Path("docs/course_map.md"), Path("docs/glossary.md")


def release_zip(course: Course, path: Path | None = None, names: list[str] | None = None) -> Path:
    """Pack what a student gets, and nothing else.

    Parameters
    ----------
    course : Course, built
    path : the zip file; by default dist/<the course's name>.zip
    names : the assignments; by default all

    Returns
    -------
    path : where it is now; the same course gives the same bytes

    Raises
    ------
    CourseError : where there is no such assignment
    SettingsError : where a package that students import is nowhere
    BuildError : where something is missing, or holds a line of a solution, be it of an assignment left out
    """
    path = path or course.root / "dist" / f"{course.name}.zip"
    names = list(dict.fromkeys(names or course.assignments))
    texts = [read_text(course, name) for name in dict.fromkeys([*names, *course.assignments])]
    files = student_files(course, names, title=path.stem)
    errors = []
    for text in texts:
        wrong = check_text(text) if text.name in names else []
        # What one assignment gives to everybody is no secret of another.
        errors += wrong or find_leaks(solution_lines(text, others=texts), files)
    if errors:
        raise BuildError(errors)
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{path.stem}/{name.as_posix()}", date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o100644 << 16  # the same on every system
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=9)
    return path


def student_files(course: Course, names: list[str], title: str) -> dict[Path, bytes]:
    """What a student gets, by its path in the unpacked folder, where notebooks and packages lie side by side."""
    root = course.root
    files: dict[Path, bytes] = {}
    for name in names:
        if not (root / "release" / name / f"{name}.ipynb").is_file():
            raise BuildError([f"source/{name}/{name}.py:1: release/{name}/{name}.ipynb is not built; build it first"])
        for file, content in files_in(root / "release" / name):
            if files.setdefault(file, content) != content:
                raise BuildError([f"release/{name}/{file.as_posix()}:1: another assignment has such a file, too"])
    packages = course.settings.packages
    for package in packages:
        files |= {Path(package) / file: content for file, content in files_in(course.package(package))}
        if is_distribution(course, package):
            files[Path(wheel_name(course, package))] = make_wheel(course, package)
    docs = student_docs(root)
    files |= docs
    files[Path("requirements.txt")] = student_requirements(root).encode()
    files[Path("README.md")] = student_readme(title, names, packages, docs).encode()
    return files


def student_docs(root: Path) -> dict[Path, bytes]:
    """What students read, with the pictures that it shows, by its path in the course: their guide, the course map, the
    glossary, the data cards."""
    pages = [root / GUIDE, root / MAP, root / GLOSSARY, *sorted(root.glob(CARDS))]
    pages = [page for page in pages if page.is_file()]
    shown = [page.with_name(name) for page in pages for name in PICTURE.findall(page.read_text(encoding="utf-8"))]
    return {file.relative_to(root): file.read_bytes() for file in (*pages, *shown) if file.is_file()}


def student_requirements(root: Path) -> str:
    """The lines of requirements.txt above the staff's, without comments."""
    file = root / "requirements.txt"
    if not file.is_file():
        raise BuildError(["requirements.txt:1: there is no such file: it says what students install"])
    requirements = file.read_text(encoding="utf-8").splitlines()
    staff = [n for n, line in enumerate(requirements) if line.startswith(STAFF_HEADER)]
    if not staff:
        message = f"no line `{STAFF_HEADER}`, which should part the students' packages from the staff's"
        raise BuildError([f"requirements.txt:1: {message}"])
    lines = [line for line in requirements[: staff[0]] if line.strip() and not line.startswith("#")]
    return "\n".join(lines) + "\n"


def student_readme(title: str, names: list[str], packages: Iterable[str], docs: Iterable[Path]) -> str:
    """The README.md in the unpacked folder, which tells of no more than what is in it."""
    notebooks = ", ".join(f"`{name}.ipynb`" for name in names)
    folders = " and ".join(f"`{package}/`" for package in packages)
    beside = f"Leave the notebooks in this folder, beside {folders}: a notebook imports what lies next to it.\n"
    links = {path: f"[{path.as_posix()}]({path.as_posix()})" for path in docs}
    cards = "".join(f"- {link}\n" for path, link in links.items() if path.match(CARDS))
    reading = f"\nHow to work, and how your work is graded, is in {links[GUIDE]}.\n" if GUIDE in links else ""
    reading += f"\nWhich skill comes back in which notebook is in {links[MAP]}.\n" if MAP in links else ""
    reading += f"\nWhat a word means here is in {links[GLOSSARY]}.\n" if GLOSSARY in links else ""
    reading += f"\nWhere the data come from and what is in them:\n\n{cards}" if cards else ""
    return STUDENT_README.format(
        title=title.replace("-", " ").capitalize(),
        notebooks=notebooks,
        beside=beside if folders else "",
        reading=reading,
    )


def files_in(folder: Path) -> list[tuple[Path, bytes]]:
    """The files of a folder but for caches, by their path in it."""
    found = []
    for directory, folders, names in os.walk(folder):
        ignored = CACHES(directory, [*folders, *names])
        folders[:] = sorted(set(folders) - ignored)
        for name in sorted(set(names) - ignored):
            file = Path(directory) / name
            found.append((file.relative_to(folder), file.read_bytes()))
    return found
