"""One click for students: wheels of what notebooks import, the cell that installs one, and links that open Colab.

A text asks for that with `# %% install=<package>`, above whose lines the code is put. Wheels are made of packages
that lie in the course as distributions, packages/<package>/pyproject.toml; `c.Proctor.course_url` says where students
find them.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from proctor.authoring.errors import BuildError
from proctor.course import Course

GITHUB = re.compile(r"https://github\.com/([^/]+/[^/]+)/tree/(.+)")
# The oldest time that a zip can tell: the same files make the same wheel.
EPOCH = "315532800"
LEFT_OUT = shutil.ignore_patterns("build", "*.egg-info", "__pycache__", ".ipynb_checkpoints", "*.pyc")

CELL = """\
# This notebook imports `{package}`. Where that is missing, as on Colab, it is
# installed first; where it is there, nothing is done.
import importlib.util

if importlib.util.find_spec("{package}") is None:
    import subprocess
    import sys
    from pathlib import Path

    beside = sorted(map(str, Path().glob("{distribution}-*.whl")))
{found}
    pip = [sys.executable, "-m", "pip", "install", "--quiet"]
    if subprocess.run([*pip, wheel]).returncode:
        raise ModuleNotFoundError(
            f"`{package}` could not be installed from {{wheel}}: above, pip says"
            " why. Put that right, and run this cell again"
        )
    importlib.invalidate_caches()"""

FROM_COURSE = """\
    course = "{course}"
    wheel = beside[-1] if beside else f"{{course}}/{wheel}\""""

FROM_BESIDE = """\
    if not beside:
        raise ModuleNotFoundError(
            "`{package}` is missing: put its folder or"
            " `{distribution}-*.whl`, both in the course's zip,"
            " beside this notebook, and run this cell again"
        )
    wheel = beside[-1]"""


def install_code(course: Course, package: str) -> str:
    """The code of the cell that installs a package where it is missing: from beside the notebook, or the course's URL.

    Raises
    ------
    BuildError : where no wheel can be made of the package
    """
    wheel = wheel_name(course, package)
    url = GITHUB.sub(r"https://github.com/\1/raw/\2", course.settings.course_url.rstrip("/"))
    words = {"package": package, "distribution": wheel.partition("-")[0], "wheel": wheel, "course": url}
    return CELL.format(found=(FROM_COURSE if url else FROM_BESIDE).format(**words), **words)


def with_colab_link(course: Course, name: str, prose: str) -> str:
    """A notebook's first prose with a link below its title that opens it in Colab, where the course is on GitHub.

    Colab has the notebook alone, so links to pages in docs/ lead to GitHub.
    """
    place = GITHUB.fullmatch(course.settings.course_url.rstrip("/"))
    if place is None:
        return prose
    repository, folder = place.groups()
    link = f"https://colab.research.google.com/github/{repository}/blob/{folder}/{name}.ipynb"
    prose = prose.replace("](docs/", f"](https://github.com/{repository}/blob/{folder}/docs/")
    title, _, rest = prose.partition("\n") if prose.startswith("#") else ("", "", prose)
    return f"{title}\n\n[Open in Colab]({link})\n\n{rest.lstrip()}".strip()


def is_distribution(course: Course, package: str) -> bool:
    """Whether a wheel can be made of a package."""
    return _project(course, package).is_file()


def wheel_name(course: Course, package: str) -> str:
    """The name of a package's wheel, a file.

    Raises
    ------
    BuildError : where there is no packages/<package>/pyproject.toml with a name and a version
    """
    file = _project(course, package)
    where = file.relative_to(course.root).as_posix()
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
        return f"{re.sub(r'[-_.]+', '_', project['name']).lower()}-{project['version']}-py3-none-any.whl"
    except FileNotFoundError as error:
        raise BuildError([f"{where}:1: there is no such file; install={package} needs one"]) from error
    except (KeyError, TypeError, AttributeError, tomllib.TOMLDecodeError) as error:
        raise BuildError([f"{where}:1: a wheel's name needs [project] with a name and a version ({error})"]) from error


def make_wheel(course: Course, package: str) -> bytes:
    """A package as a wheel, a file for pip to install; the same files make the same bytes. It takes seconds.

    Raises
    ------
    BuildError : where it is no distribution of plain Python, with pip's reason
    """
    name, project = wheel_name(course, package), _project(course, package)
    with tempfile.TemporaryDirectory(prefix="wheel-") as folder:
        copy, made = Path(folder, "project"), Path(folder, "made")
        # setuptools writes into the folder that it packs.
        shutil.copytree(project.parent, copy, ignore=LEFT_OUT)
        for path in copy.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH}
        done = subprocess.run(
            [*pip, "-w", str(made), str(copy)], env=environment, capture_output=True, text=True, check=False
        )
        if not (made / name).is_file():
            said = done.stderr.strip().splitlines() or [f"it made {[path.name for path in made.glob('*')]}"]
            where = project.relative_to(course.root).as_posix()
            raise BuildError([f"{where}:1: pip makes no {name} of it: {said[-1].strip()}"])
        return (made / name).read_bytes()


def _project(course: Course, package: str) -> Path:
    return course.root / "packages" / package / "pyproject.toml"
