"""The release of this course: the notebooks are what the build makes, and nothing leaves that should not."""

import json
import os
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from proctor.authoring.build import build_course
from proctor.authoring.release_zip import release_zip, student_files
from proctor.course import open_course

ROOT = Path(__file__).parents[1]


def contents(*folders: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory):
    """A copy of this course, built anew from its texts, where no gradebook is and no `alembic` on the PATH."""
    root = tmp_path_factory.mktemp("rebuilt") / "course"
    for folder in ("source", "solutions", "graders", "docs", "packages/dlh"):
        shutil.copytree(
            ROOT / folder, root / folder, ignore=shutil.ignore_patterns("*.ipynb", "__pycache__", ".ipynb_checkpoints")
        )
    for file in ("course_config.py", "nbgrader_config.py", "requirements.txt"):
        shutil.copy(ROOT / file, root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", os.defpath)
        build_course(open_course(root))
    return root


def test_committed_notebooks_are_what_the_build_makes(rebuilt):
    def notebooks(root):
        return {
            file.relative_to(root): file.read_bytes()
            for name in open_course(root).assignments
            for folder in ("source", "release")
            for file in [root / folder / name / f"{name}{ending}" for ending in (".ipynb", ".guide.json")]
        }

    assert notebooks(rebuilt)
    assert notebooks(ROOT) == notebooks(rebuilt), "run `make build` and commit what it writes"
    before = contents(rebuilt / "source", rebuilt / "release")
    assert build_course(open_course(rebuilt)) == []
    assert contents(rebuilt / "source", rebuilt / "release") == before


def test_every_exercise_in_code_has_three_hints():
    guides = [json.loads(file.read_bytes()) for file in ROOT.glob("release/*/*.guide.json")]
    assert len(guides) == len(open_course(ROOT).assignments)
    exercises = [exercise for guide in guides for exercise in guide["exercises"]]
    assert [exercise["id"] for exercise in exercises if len(exercise["hints"]) != 3] == []


def lines_between_markers(*paths: Path) -> set[str]:
    """Every line between markers that no module has elsewhere, read without the build's own parser.

    Lines of one or two words (`else:`, `loss.backward()`) are in every notebook there is.
    """
    texts = [path.read_text(encoding="utf-8") for path in paths]
    modules = [re.split(r"(?m)^ *### (?:BEGIN|END) SOLUTION *$", text) for text in texts]
    given = {line.strip() for parts in modules for part in parts[::2] for line in part.split("\n")}
    inside = {line.strip() for parts in modules for part in parts[1::2] for line in part.split("\n")}
    return {line for line in inside - given if len(re.findall(r"[A-Za-z_]\w*", line)) > 2}


def released_lines(content: bytes, name: str) -> set[str]:
    if name.endswith(".ipynb"):
        notebook = json.loads(content)
        return {line.strip() for cell in notebook["cells"] for line in cell["source"]}
    return {line.strip() for line in content.decode(errors="replace").split("\n")}


def test_no_solution_line_leaves(rebuilt, tmp_path):
    path = release_zip(open_course(rebuilt), tmp_path / "students.zip")
    secrets = lines_between_markers(*(rebuilt / f"solutions/{a}.py" for a in open_course(rebuilt).assignments))
    assert len(secrets) > 20
    with zipfile.ZipFile(path) as archive:
        given = {f"zip/{name}": archive.read(name) for name in archive.namelist()}
    given |= {file.as_posix(): content for file, content in contents(rebuilt / "release").items()}
    for name, content in given.items():
        lines = released_lines(content, name)
        assert not lines & secrets, name
        assert not [line for line in lines if re.search(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)", line)], name


def test_no_hint_holds_a_solution_line_of_any_assignment():
    """However it is spaced, and within a sentence, too."""
    secrets = {re.sub(r"\s", "", line) for line in lines_between_markers(*ROOT.glob("solutions/*.py"))}
    guides = [json.loads(file.read_bytes()) for file in ROOT.glob("release/*/*.guide.json")]
    hints = [hint for guide in guides for exercise in guide["exercises"] for hint in exercise["hints"]]
    assert len(secrets) > 20
    assert len(hints) > 20
    bare = [re.sub(r"[\s`]", "", hint) for hint in hints]
    assert [(secret, hint) for secret in secrets for hint in bare if secret in hint] == []


def test_nothing_of_the_staff_leaves(rebuilt):
    """No file of solutions/, graders/ or packages/proctor/ is among what students get, by name or by content."""
    staff = contents(ROOT / "solutions", ROOT / "graders", ROOT / "packages/proctor")
    staff = {path: content for path, content in staff.items() if content.strip() and path.suffix == ".py"}
    files = student_files(open_course(rebuilt), open_course(rebuilt).assignments, "students")
    assert {path.parts[0] for path in files} <= {
        "README.md", "requirements.txt", "dlh", "dlh-0.1.0-py3-none-any.whl", "docs",
        *(f"{a}{ending}" for a in open_course(rebuilt).assignments for ending in (".ipynb", ".guide.json")),
        *(path.name for path in rebuilt.glob("source/*/*") if path.is_dir()),
    }  # fmt: skip
    assert not [path for path in files if path.suffix == ".py" and path.parts[0] != "dlh"]
    docs = {path.name for path in files if path.parts[0] == "docs" and path.suffix == ".md"}
    pages = {"students.md", "course_map.md", "glossary.md"}
    assert docs == pages | {path.name for path in (ROOT / "docs").glob("data_card_*.md")}
    released = contents(rebuilt / "release")
    for path, content in {**files, **released}.items():
        assert content not in staff.values(), path
    assert not [path for path in released if path.suffix == ".py"]
    imported = re.compile(rb"\b(from|import) (solutions|graders|proctor)\b")
    assert not [path for path, content in files.items() if imported.search(content)]
