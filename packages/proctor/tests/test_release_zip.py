"""The zip for students: what is in it, and what it refuses."""

import re
import shutil
import zipfile
from pathlib import Path

import pytest

from proctor.authoring.build import build_course, main
from proctor.authoring.errors import BuildError
from proctor.authoring.release_zip import release_zip
from proctor.course import CourseError, open_course
from proctor.settings import SettingsError
from shapes import AREA_CHECKS, change

SHOWN = "# %% [markdown]\n# ![A circle](figures/circle.svg)\n\n# %% include=TWO"


def test_zip_holds_what_students_get_and_is_reproducible(course):
    change(course, "source/shapes/shapes.py", "# %% include=TWO", SHOWN)
    build_course(open_course(course))
    path = release_zip(open_course(course))
    assert path == course / "dist/shapes-and-sizes.zip"
    first = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [
            f"shapes-and-sizes/{name}"
            for name in ("README.md", "figures/circle.svg", "requirements.txt", "shapes.ipynb", "toylib/__init__.py")
        ]
        assert archive.read("shapes-and-sizes/requirements.txt") == b"numpy>=1.26\ntqdm\n"
        assert b"`shapes.ipynb`" in archive.read("shapes-and-sizes/README.md")
    for file in course.rglob("*"):
        file.touch()
    assert release_zip(open_course(course)).read_bytes() == first


def test_zip_has_what_notebook_and_packages_name_and_says_what_it_leaves_out(course):
    change(course, "source/shapes/shapes.py", "# %% include=TWO", SHOWN.replace("A circle", "](gro%C3%9F%201.png) ![A"))
    build_course(open_course(course))
    strays = ("students.csv", ".env", "shapes.ipynb.bak", "solved.ipynb", ".ipynb_checkpoints/shapes.ipynb")
    for folder in ("release/shapes", "toylib"):
        for name in strays:
            (course / folder / name).parent.mkdir(exist_ok=True)
            (course / folder / name).write_text("{}")
    for name in ("release/shapes/groß 1.png", "toylib/sizes.json", "toylib/LICENSE", "toylib/deep.py"):
        (course / name).write_text("")
    (course / "toylib/__init__.py").write_text('SIZES = "sizes.json"\n')
    said = []
    files = unpacked(release_zip(open_course(course), say=said.append))
    assert set(files) == {
        "README.md", "figures/circle.svg", "groß 1.png", "requirements.txt", "shapes.ipynb",
        "toylib/__init__.py", "toylib/sizes.json", "toylib/LICENSE", "toylib/deep.py",
    }  # fmt: skip
    (line,) = said
    places = [f"{folder}/{name.partition(chr(47))[0]}" for folder in ("release/shapes", "toylib") for name in strays]
    assert all(place in line for place in places), line


def test_zip_with_a_solution_line_is_refused(course):
    build_course(open_course(course))
    (course / "toylib/__init__.py").write_text("result = pi * square\n", encoding="utf-8")
    with pytest.raises(BuildError, match="`result = pi \\* square` is in toylib/__init__.py"):
        release_zip(open_course(course))
    assert not (course / "dist").exists()


def test_zip_needs_a_build_and_parted_requirements(course):
    with pytest.raises(BuildError, match="is not built"):
        release_zip(open_course(course))
    build_course(open_course(course))
    (course / "requirements.txt").write_text("numpy\n", encoding="utf-8")
    with pytest.raises(BuildError, match="requirements.txt:1: no line"):
        release_zip(open_course(course))
    (course / "requirements.txt").unlink()
    with pytest.raises(BuildError, match="requirements.txt:1: there is no such file"):
        release_zip(open_course(course))


def unpacked(path: Path) -> dict[str, str]:
    """The files of a zip by their path in its folder."""
    with zipfile.ZipFile(path) as archive:
        return {name.partition("/")[2]: archive.read(name).decode() for name in archive.namelist()}


@pytest.fixture
def two(course):
    """The small course with a second assignment, `lines`, whose solution nothing else has."""
    solution = "def length(a, b):\n    ### BEGIN SOLUTION\n    return abs(b - a)\n    ### END SOLUTION\n"
    text = "# %% [markdown]\n# # Lines\n\n# %% exercise=length include=length points=5\n\n# %% check=length\nlength\n"
    files = {"source/lines/lines.py": text, "solutions/lines.py": solution, "graders/lines/test_length.py": AREA_CHECKS}
    for name, content in files.items():
        (course / name).parent.mkdir(exist_ok=True)
        (course / name).write_text(content, encoding="utf-8")
    return course


def test_zip_of_named_assignments_has_no_other(two, monkeypatch):
    build_course(open_course(two), ["shapes"])
    files = unpacked(release_zip(open_course(two), names=["shapes"]))  # lines is not even built
    assert "shapes.ipynb" in files
    assert not [name for name in files if "lines" in name]
    assert "lines" not in files["README.md"]
    with pytest.raises(BuildError, match="release/lines/lines.ipynb is not built"):
        release_zip(open_course(two))
    with pytest.raises(CourseError, match="no source/line/line.py .* lines, shapes"):
        release_zip(open_course(two), names=["line"])
    monkeypatch.chdir(two)
    assert main(["--zip", "lines"]) == 0
    files = unpacked(two / "dist/shapes-and-sizes.zip")
    assert [name for name in files if name.endswith(".ipynb")] == ["lines.ipynb"]
    assert "open a notebook: `lines.ipynb`." in files["README.md"]


def test_zip_gives_no_solution_of_an_assignment_left_out(two):
    build_course(open_course(two))
    (two / "toylib/__init__.py").write_text("def far(a, b):\n    return abs(b - a)\n", encoding="utf-8")
    with pytest.raises(BuildError, match="solutions/lines.py:3: .* is in toylib/__init__.py"):
        release_zip(open_course(two), names=["shapes"])


def test_what_is_wrong_with_an_assignment_left_out_stops_no_zip(two):
    build_course(open_course(two))
    change(two, "source/lines/lines.py", " points=5", "")
    assert release_zip(open_course(two), names=["shapes"]).is_file()
    with pytest.raises(BuildError, match="source/lines/lines.py:4: .* has no points"):
        release_zip(open_course(two))


def test_zip_has_the_students_docs_and_no_other(course):
    docs = {
        "students.md": "# For students\n\nThe data: [ECG](data_card_ecg.md). Staff: [guide](instructors.md).\n",
        "data_card_ecg.md": "![Two beats](ecg.svg)\n![Elsewhere](https://example.org/ecg.svg)\n",
        "ecg.svg": "<svg/>\n",
        "instructors.md": "# For instructors\n",
        "other.svg": "<svg/>\n",
    }
    (course / "docs").mkdir()
    for name, content in docs.items():
        (course / "docs" / name).write_text(content, encoding="utf-8")
    build_course(open_course(course))
    files = unpacked(release_zip(open_course(course)))
    assert {name for name in files if name.startswith("docs/")} == {
        "docs/data_card_ecg.md", "docs/ecg.svg", "docs/students.md",
    }  # fmt: skip
    assert files["docs/students.md"] == docs["students.md"]
    for link in re.findall(r"\]\((.*?)\)", files["README.md"]):
        assert link in files
    assert "docs/students.md" in files["README.md"]
    (course / "docs/data_card_ecg.md").write_text("Like `result = pi * square`.\n", encoding="utf-8")
    with pytest.raises(BuildError, match="is in docs/data_card_ecg.md"):
        release_zip(open_course(course))


def test_zip_is_called_as_the_folder_where_the_course_has_no_name(course):
    change(course, "course_config.py", 'c.Proctor.name = "shapes-and-sizes"\n', "")
    build_course(open_course(course))
    assert release_zip(open_course(course)) == course / "dist/course.zip"
    files = unpacked(course / "dist/course.zip")
    assert files["README.md"].startswith("# Course\n")
    assert "docs" not in files["README.md"]


@pytest.mark.parametrize("folder", ["packages/toylib/src/toylib", "../installed/toylib"])
def test_package_is_packed_from_wherever_it_is(course, folder, monkeypatch):
    (course / folder).parent.mkdir(parents=True)
    (course / "toylib").rename(course / folder)
    monkeypatch.syspath_prepend(course.parent / "installed")
    build_course(open_course(course))
    assert unpacked(release_zip(open_course(course)))["toylib/__init__.py"] == '"""Helpers."""\n'


def test_package_that_is_nowhere_is_told_in_one_line(course, monkeypatch, capsys):
    build_course(open_course(course))
    shutil.rmtree(course / "toylib")
    with pytest.raises(SettingsError, match="toylib") as refused:
        release_zip(open_course(course))
    assert "\n" not in str(refused.value)
    monkeypatch.chdir(course)
    assert main(["--zip"]) == 2
    assert capsys.readouterr().err == f"{refused.value}\n"


@pytest.mark.parametrize("place", ["dist", "dist/shapes-and-sizes.zip", "requirements.txt"])
def test_place_that_is_taken_is_told_in_one_line(course, place, capsys, monkeypatch):
    build_course(open_course(course))
    monkeypatch.chdir(course)
    path = course / place
    if place == "dist":
        path.touch()
    elif place == "requirements.txt":
        path.write_bytes(b"# Z\xfcrich\n")
    else:
        path.mkdir(parents=True)
    assert main(["--zip"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and ("dist" in told or "UTF-8" in told)
