"""One click: the cell that installs a package where it is missing, its wheel, and links that open Colab."""

import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from proctor.authoring.build import build_course
from proctor.authoring.errors import BuildError
from proctor.authoring.installing import install_code, make_wheel, with_colab_link
from proctor.authoring.release_zip import release_zip, student_files
from proctor.course import open_course
from shapes import cells, change

PROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "toy-lib"
version = "1.2"

[tool.setuptools]
package-dir = {"" = "src"}
packages = ["toylib"]
"""
GITHUB = "https://github.com/uni/course/tree/main/class"


@pytest.fixture
def distributed(course):
    """The small course, whose package is a distribution; its notebook's second cell installs it."""
    (course / "packages/toylib/src").mkdir(parents=True)
    (course / "toylib").rename(course / "packages/toylib/src/toylib")
    (course / "packages/toylib/pyproject.toml").write_text(PROJECT, encoding="utf-8")
    change(course, "source/shapes/shapes.py", "# %%\nfrom math", "# %% install=toylib\n\n# %%\nfrom math")
    return course


def at(course, url):
    course = open_course(course)
    return replace(course, settings=replace(course.settings, course_url=url))


def test_course_without_url_has_the_cell_and_no_link(distributed):
    build_course(open_course(distributed))
    notebook = list(cells(distributed / "release/shapes/shapes.ipynb").values())
    assert [cell.source for cell in notebook if "find_spec" in cell.source] == [
        install_code(open_course(distributed), "toylib")
    ]
    assert "find_spec" in notebook[1].source
    assert not [cell for cell in notebook if "colab.research" in cell.source or "://" in cell.source]


def test_course_on_github_is_opened_in_colab_and_installed_from_there(distributed):
    change(distributed, "course_config.py", "c.Proctor.name", f'c.Proctor.course_url = "{GITHUB}/"\nc.Proctor.name')
    build_course(open_course(distributed))
    title, install, *_ = cells(distributed / "release/shapes/shapes.ipynb").values()
    link = "https://colab.research.google.com/github/uni/course/blob/main/class/shapes.ipynb"
    assert title.source.startswith(f"# Shapes\n\n[Open in Colab]({link})\n\nWorth ")
    assert 'course = "https://github.com/uni/course/raw/main/class"' in install.source
    assert 'f"{course}/toy_lib-1.2-py3-none-any.whl"' in install.source


def test_course_elsewhere_is_installed_from_there_without_a_link(distributed):
    course = at(distributed, "https://uni.example/class")
    assert 'course = "https://uni.example/class"' in install_code(course, "toylib")
    assert with_colab_link(course, "shapes", "# Shapes\n\nText.") == "# Shapes\n\nText."


@pytest.mark.parametrize("prose", ["# Shapes", "# Shapes\nText.", "Text."])
def test_link_stands_below_the_title(course, prose):
    linked = with_colab_link(at(course, GITHUB), "shapes", prose)
    assert [part for part in linked.split("\n\n") if not part.startswith("[Open")] == prose.split("\n")


@pytest.mark.parametrize("beside", [True, pytest.param(False, marks=pytest.mark.prove)])
def test_cell_installs_what_is_missing_and_then_does_nothing(distributed, tmp_path, beside):
    """In a Python of its own, with the wheel beside the notebook or where the course's URL says."""
    work, shelf, target = (tmp_path / name for name in ("work", "shelf", "target"))
    for folder in (work, shelf, target):
        folder.mkdir()
    course = at(distributed, "" if beside else shelf.as_uri())
    (work if beside else shelf).joinpath("toy_lib-1.2-py3-none-any.whl").write_bytes(make_wheel(course, "toylib"))
    code = f"{install_code(course, 'toylib')}\nimport toylib\nprint(toylib.__file__)\n"

    def run():
        environment = {"PATH": "", "PIP_TARGET": str(target), "PYTHONPATH": str(target), "PIP_NO_INDEX": "1"}
        return subprocess.run([sys.executable, "-c", code], cwd=work, env=environment, capture_output=True, text=True)

    first = run()
    assert first.stdout.strip() == str(target / "toylib/__init__.py"), first.stderr
    for wheel in (*work.iterdir(), *shelf.iterdir()):
        wheel.unlink()
    assert run().stdout == first.stdout


def test_cell_says_what_to_do_where_pip_fails(distributed, tmp_path):
    (tmp_path / "toy_lib-1.2-py3-none-any.whl").write_bytes(b"not a wheel")
    command = [sys.executable, "-c", install_code(open_course(distributed), "toylib")]
    ran = subprocess.run(command, cwd=tmp_path, env={"PATH": ""}, capture_output=True, text=True)
    said = ran.stderr.splitlines()[-1]
    assert "could not be installed from toy_lib-1.2-py3-none-any.whl: above, pip says why" in said


def test_cell_says_what_to_do_where_there_is_no_wheel(distributed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Other tests' courses may be on the path.
    monkeypatch.setattr(sys, "path", [folder for folder in sys.path if not Path(folder, "toylib").is_dir()])
    monkeypatch.delitem(sys.modules, "toylib", raising=False)
    told = r"^`toylib` is missing: put its folder or `toy_lib-\*.whl`, .* beside this notebook, and run .* again$"
    with pytest.raises(ModuleNotFoundError, match=told):
        exec(install_code(open_course(distributed), "toylib"), {})


def test_zip_has_the_wheel_and_the_same_bytes_each_time(distributed):
    build_course(open_course(distributed))
    path = release_zip(open_course(distributed))
    with zipfile.ZipFile(path) as archive:
        assert "shapes-and-sizes/toy_lib-1.2-py3-none-any.whl" in archive.namelist()
    first = path.read_bytes()
    for file in distributed.rglob("*"):
        file.touch()
    assert release_zip(open_course(distributed)).read_bytes() == first
    assert not list(distributed.glob("packages/toylib/*build*"))


def test_package_that_is_no_distribution_has_no_wheel(course):
    build_course(open_course(course))
    assert not [path for path in student_files(open_course(course), ["shapes"], "students") if path.suffix == ".whl"]
    change(course, "source/shapes/shapes.py", "# %%\nfrom math", "# %% install=toylib\n\n# %%\nfrom math")
    with pytest.raises(BuildError, match=r"packages/toylib/pyproject.toml:1: there is no such file"):
        build_course(open_course(course))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('version = "1.2"\n', "", "needs .project. with a name and a version"),
        ("[project]", "[project", "needs .project. with a name and a version"),
        ("setuptools.build_meta", "nothing_of_the_kind", "pip makes no toy_lib-1.2-py3-none-any.whl of it"),
    ],
)
def test_distribution_that_makes_no_wheel_is_told_in_one_line(distributed, old, new, words):
    change(distributed, "packages/toylib/pyproject.toml", old, new)
    with pytest.raises(BuildError, match=words) as refused:
        make_wheel(open_course(distributed), "toylib")
    assert "\n" not in str(refused.value)


def test_lines_of_the_cell_that_installs_follow_what_the_build_writes(distributed):
    change(distributed, "source/shapes/shapes.py", "# %% install=toylib\n", "# %% install=toylib\nimport toylib\n")
    build_course(open_course(distributed))
    install = list(cells(distributed / "release/shapes/shapes.ipynb").values())[1]
    assert install.source == f"{install_code(open_course(distributed), 'toylib')}\n\nimport toylib"
