"""The notebooks, run as Jupyter runs them: nothing in them fails, and what their text says of its run is so."""

import hashlib
import json
import re
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from proctor.authoring.assignment import load_assignment
from proctor.authoring.text import GOES_ON_TAG
from proctor.course import open_course

ROOT = Path(__file__).parent.parent
ASSIGNMENTS = open_course(ROOT).assignments
SLOW = {"training", "plot"}
# The notebook that takes least is run from end to end whatever is on record.
ALWAYS_RUN = "seq2seq"


def execute(notebook, folder, **options):
    """Run a notebook as Jupyter does; any error of a cell that is not tagged for it is raised."""
    NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}, **options).execute()


def strict(notebook):
    """A notebook in which no cell may fail, be it one of visible checks."""
    for cell in notebook.cells:
        cell.metadata.tags = [tag for tag in cell.metadata.get("tags", []) if tag != GOES_ON_TAG]
    return notebook


@pytest.fixture
def notebook(name, monkeypatch, tmp_path):
    """An assignment's notebook with the solutions in it."""
    # Threads that wait for each other while other tests hold the cores make training ten times slower.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    # What an earlier run has trained would be taken from there.
    monkeypatch.setenv("DLH_KEPT", str(tmp_path / "trained"))
    return strict(nbformat.read(load_assignment(open_course(ROOT), name).source_notebook, as_version=4))


def test_run_of_a_solved_notebook_fails_where_a_check_of_it_does(tmp_path):
    notebook = nbformat.read(load_assignment(open_course(ROOT), "seq2seq").source_notebook, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.id == "check_dataset"]
    execute(notebook, tmp_path)
    assert notebook.cells[0].outputs[0].ename == "NameError"
    with pytest.raises(CellExecutionError, match="NameError"):
        execute(strict(notebook), tmp_path)


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_solved_notebook_passes_its_visible_checks_without_training(name, notebook, tmp_path):
    """Data are prepared, but nothing is trained with what students write, and whatever shows a training may fail."""
    exercises = load_assignment(open_course(ROOT), name).exercises
    written = re.compile(rf"\b({'|'.join(word for exercise in exercises for word in exercise.names)})\b")
    kept = []
    for cell in notebook.cells:
        if not SLOW & set(cell.metadata.get("tags", [])):
            kept.append(cell)
        elif not written.search(cell.source):
            cell.metadata.tags = [*cell.metadata.tags, GOES_ON_TAG]
            kept.append(cell)
    last = max(number for number, cell in enumerate(kept) if "visible-check" in cell.metadata.get("tags", []))
    notebook.cells = kept[: last + 1]
    execute(notebook, tmp_path, timeout=300)


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_no_line_of_code_is_wider_than_a_notebook_shows(name):
    """Solved or blank: what is wider has to be scrolled to be read, and printed it is cut."""
    assignment = load_assignment(open_course(ROOT), name)
    for path in (assignment.source_notebook, assignment.release_notebook):
        cells = nbformat.read(path, as_version=4).cells
        lines = [line for cell in cells if cell.cell_type == "code" for line in cell.source.splitlines()]
        assert [line for line in lines if len(line) > 78] == []


def claims(name):
    """What an assignment's text says of its own run: says, value (an expression of the notebook's names), low, high."""
    file = ROOT / "tests" / "claims" / f"{name}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))["claim"] if file.is_file() else []


def run_of(notebook):
    """A digest of all that makes a run what it is: the notebook's code, and what it imports of the course."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    files = [path for path in sorted((ROOT / "packages/dlh/src/dlh").rglob("*")) if path.suffix in {".py", ".gz"}]
    return hashlib.sha256(repr((code, [path.read_bytes() for path in files])).encode()).hexdigest()


def values(notebook, expressions, folder):
    """What expressions are worth at the end of a whole run."""
    floats = ", ".join(f"float({expression})" for expression in expressions)
    notebook.cells.append(nbformat.v4.new_code_cell(f"import json\nprint(json.dumps([{floats}]))"))
    execute(notebook, folder, timeout=1200)
    return dict(zip(expressions, json.loads(notebook.cells[-1].outputs[0].text), strict=True))


@pytest.mark.prove
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_solved_notebook_runs_from_end_to_end(name, notebook, tmp_path, whole):
    """All that its text claims of this run holds.

    A run takes up to seven minutes. What the last one found is kept beside the claims, and as long as nothing has
    changed that the run is made of, the claims are held to that.
    """
    file = ROOT / "tests" / "claims" / f"{name}.json"
    kept = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {"run": "", "found": {}}
    own, run = claims(name), run_of(notebook)
    expressions = [claim["value"] for claim in own]
    if whole or name == ALWAYS_RUN or kept["run"] != run or not set(expressions) <= set(kept["found"]):
        kept = {"run": run, "found": values(notebook, expressions, tmp_path)}
    if whole:
        file.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    found = [(claim["says"], kept["found"][claim["value"]], claim["low"], claim["high"]) for claim in own]
    assert [(says, value) for says, value, low, high in found if not low <= value <= high] == []


@pytest.mark.parametrize("name", [name for name in ASSIGNMENTS if claims(name)])
def test_claims_are_what_the_text_says(name):
    """A claim that is no longer in the text holds nothing; a sentence that is changed needs its claim changed."""
    text = (ROOT / "source" / name / f"{name}.py").read_text(encoding="utf-8")
    text = " ".join(" ".join(line.removeprefix("# ") for line in text.splitlines()).split())
    assert [claim["says"] for claim in claims(name) if " ".join(claim["says"].split()) not in text] == []
