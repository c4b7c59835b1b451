"""What students get, as one zip: the release, the packages that it imports, requirements, and what to read."""

import errno
import os
import re
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from proctor.authoring.assignment import read_text
from proctor.authoring.errors import BuildError
from proctor.authoring.guide import guide_name
from proctor.authoring.installing import is_distribution, make_wheel, wheel_name
from proctor.authoring.leaks import find_leaks, solution_lines
from proctor.authoring.lint import check_text
from proctor.authoring.needed import package_files, split_folder, told, with_named
from proctor.course import Course

STAFF_HEADER = "# For the staff"
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


def release_zip(
    course: Course,
    path: Path | None = None,
    names: list[str] | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Path:
    """Pack what a student gets, and nothing else.

    Parameters
    ----------
    course : Course, built
    path : the zip file; by default dist/<the course's name>.zip
    names : the assignments; by default all
    say : called with a line that tells what of the folders was left out, where something was

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
    left_out: list[Path] = []
    files = student_files(course, names, path.stem, left_out)
    errors = []
    for text in texts:
        wrong = check_text(text) if text.name in names else []
        # What one assignment gives to everybody is no secret of another.
        errors += wrong or find_leaks(solution_lines(text, others=texts), files)
    if errors:
        raise BuildError(errors)
    write_zip(path, {Path(path.stem) / name: content for name, content in files.items()})
    if left_out:
        say(told(left_out))
    return path


def write_zip(path: Path, files: dict[Path, bytes], mode: int = 0o644, programs: Iterable[str] = ()) -> None:
    """Write a zip, whole or not at all; the same files make the same bytes, on every system.

    Parameters
    ----------
    files : by their path in it
    mode : of the zip itself
    programs : the names of those that can be run
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.is_file():
        raise IsADirectoryError(errno.EISDIR, "it is not a file", str(path))
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.touch(mode)
        with zipfile.ZipFile(unfinished, "w") as archive:
            for file, content in sorted(files.items()):
                entry = zipfile.ZipInfo(file.as_posix(), date_time=(1980, 1, 1, 0, 0, 0))
                entry.create_system = 3
                entry.external_attr = (0o100755 if file.name in programs else 0o100644) << 16
                archive.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=9)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def student_files(
    course: Course, names: list[str], title: str, left_out: list[Path] | None = None
) -> dict[Path, bytes]:
    """What a student gets, by its path in the unpacked folder, where notebooks and packages lie side by side.

    Parameters
    ----------
    left_out : gets what lies in the same folders, and is not for students, by its path in the course
    """
    root, left_out = course.root, [] if left_out is None else left_out
    files: dict[Path, bytes] = {}
    for name in names:
        if not (root / "release" / name / f"{name}.ipynb").is_file():
            raise BuildError([f"source/{name}/{name}.py:1: release/{name}/{name}.ipynb is not built; build it first"])
        folder = root / "release" / name
        kept, never = split_folder(folder)
        first = [Path(file) for file in (f"{name}.ipynb", guide_name(name)) if Path(file) in kept]
        found = with_named(folder, first, kept)
        left_out += [Path("release", name) / file for file in sorted({*kept, *never} - {*found})]
        for file in found:
            content = (folder / file).read_bytes()
            if files.setdefault(file, content) != content:
                raise BuildError([f"release/{name}/{file.as_posix()}:1: another assignment has such a file, too"])
    packages = course.settings.packages
    for package in packages:
        folder = course.package(package)
        found, others = package_files(folder)
        files |= {Path(package) / file: (folder / file).read_bytes() for file in found}
        left_out += [Path(package) / file for file in others]
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
