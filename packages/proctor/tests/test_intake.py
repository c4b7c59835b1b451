"""Intake: whatever is handed in becomes the release notebook with the student's answers, or is refused in one line."""

import io
import json
import random
from copy import deepcopy
from dataclasses import replace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell

from proctor.grading import intake
from proctor.grading.intake import read_submission, rebuild
from proctor.grading.reading import Unreadable
from proctor.proof.demo import cell
from shapes import given
from submissions import PNG, shown, sources

GIVEN = given("import torch\nfrom toylib import FACTOR")
TRAINING = given('raise RuntimeError("a training cell ran while grading")')


def test_answers_run_in_the_release_order_and_nothing_else_does(hand_in, solved, toy):
    taken = hand_in(solved)
    assert list(sources(taken)) == [GIVEN, "double", "total"]
    assert sources(taken)["double"] == toy.exercises[0].code
    assert taken.notes == []
    assert taken.refused == ""


def test_training_and_checks_never_run_whatever_the_students_copy_claims(hand_in, solved):
    for entry in solved.cells:
        entry.metadata.tags = []
    training = cell(solved, TRAINING)
    training.source = "print('my own training')"
    cell(solved, "check_double").metadata.nbgrader = {"grade": False, "solution": True, "locked": False}
    cell(solved, "double").metadata.tags = ["training", "skip-execution"]
    taken = hand_in(solved)
    assert list(sources(taken)) == [GIVEN, "double", "total"]
    assert shown(taken, TRAINING).source == "print('my own training')"


def test_nothing_of_the_students_metadata_counts(hand_in, solved, toy):
    expected = rebuild(deepcopy(solved), toy).notebook
    solved.metadata = {"kernelspec": {"name": "evil", "display_name": "x", "language": "x"}, "celltoolbar": "Grade"}
    for entry in solved.cells:
        about = entry.metadata.get("nbgrader", {})
        entry.metadata = {"nbgrader": about | {"points": 1000, "schema_version": 0, "grade": True}, "tags": ["x"]}
    taken = hand_in(solved)
    assert [entry.metadata for entry in taken.notebook.cells] == [entry.metadata for entry in expected.cells]
    assert taken.notebook.metadata == expected.metadata


def test_deleted_cells_are_put_back_and_told(hand_in, solved):
    solved.cells = [entry for entry in solved.cells if entry.id not in ("double", "check_double")]
    taken = hand_in(solved)
    assert "NotImplementedError" in sources(taken)["double"]
    assert shown(taken, "check_double").source.startswith("assert double")
    assert [note for note in taken.notes if "was deleted" in note] == [
        "The cell `double` was deleted; it was put back as it was released.",
        "The cell `check_double` was deleted; it was put back as it was released.",
    ]


def test_notebook_of_another_assignment_is_told_in_one_sentence(hand_in):
    stranger = nbformat.v4.new_notebook(cells=[new_code_cell("import torch\nfrom toylib import FACTOR", id=GIVEN)])
    for notebook in (stranger, nbformat.v4.new_notebook()):
        taken = hand_in(notebook)
        assert taken.notes == ["None of the cells that are graded is in this notebook. Is it another assignment's?"]
        assert "NotImplementedError" in sources(taken)["double"]


def test_edited_check_is_put_back_and_told(hand_in, solved):
    cell(solved, "check_double").source = "4"
    taken = hand_in(solved)
    assert shown(taken, "check_double").source.startswith("assert double")
    assert taken.notes == ["The cell `check_double` was changed; it was put back as it was released."]


def test_second_copy_of_an_answer_runs_after_the_first_and_is_told(hand_in, solved):
    again = deepcopy(cell(solved, "double"))
    again.source = "again = 1"
    solved.cells.insert(6, again)
    taken = hand_in(solved)
    assert list(sources(taken)) == [GIVEN, "double", "own-1", "total"]
    assert taken.notes == ["The cell `double` is there twice; the second one ran as a cell of the student's own."]
    assert len({entry.id for entry in taken.notebook.cells}) == len(taken.notebook.cells)


def test_own_cells_stay_where_they_were(hand_in, solved):
    solved.cells.insert(0, new_code_cell("import math", id="first"))
    at = solved.cells.index(cell(solved, "double"))
    solved.cells.insert(at, new_markdown_cell("My idea", id="idea"))
    solved.cells.insert(at + 2, new_code_cell("helper = 1", id="helper"))
    solved.cells.append(new_raw_cell("raw words", id="raw"))
    taken = hand_in(solved)
    assert list(sources(taken)) == ["own-1", GIVEN, "double", "own-3", "total"]
    order = [entry.id for entry in taken.notebook.cells]
    assert order[0] == "own-1"
    assert order[order.index("double") - 1] == "own-2"
    assert order[order.index("double") + 1] == "own-3"
    assert order[-1] == "own-4"
    assert shown(taken, "own-2").source == "My idea"
    assert shown(taken, "own-4").cell_type == "markdown"


def test_import_added_to_a_given_cell_runs_after_the_given_cell(hand_in, solved):
    given = cell(solved, GIVEN)
    given.source = "import math\n" + given.source
    taken = hand_in(solved)
    assert list(sources(taken)) == [GIVEN, f"{GIVEN} as changed", "double", "total"]
    assert sources(taken)[f"{GIVEN} as changed"].startswith("import math")
    assert shown(taken, GIVEN).source.startswith("import math")


def test_given_cell_that_was_broken_still_runs_as_it_was_released(hand_in, solved):
    cell(solved, GIVEN).source = "import torhc"
    taken = hand_in(solved)
    assert sources(taken)[GIVEN] == "import torch\nfrom toylib import FACTOR"


def test_answer_turned_into_text_runs_as_code_again(hand_in, solved, toy):
    target = cell(solved, "double")
    target.cell_type = "markdown"
    del target["outputs"], target["execution_count"]
    taken = hand_in(solved)
    assert sources(taken)["double"] == toy.exercises[0].code
    assert shown(taken, "double").cell_type == "code"


def without_ids(notebook):
    notebook.nbformat_minor = 4
    for entry in notebook.cells:
        del entry["id"]
    return notebook


def test_notebook_without_cell_ids_is_matched_by_grade_id_and_text(hand_in, solved):
    taken = hand_in(without_ids(solved))
    assert list(sources(taken)) == [GIVEN, "double", "total"]
    assert not any(entry.id.startswith("own-") for entry in taken.notebook.cells)


def test_ids_that_colab_moves_to_the_metadata_are_found(hand_in, solved):
    ids = [entry.id for entry in solved.cells]
    for entry, name in zip(without_ids(solved).cells, ids, strict=True):
        entry.metadata = {"id": name, "outputId": "123", "colab": {"base_uri": "https://localhost"}}
    solved.cells[1].source += "\nimport math"
    taken = hand_in(solved)
    assert list(sources(taken)) == [GIVEN, f"{GIVEN} as changed", "double", "total"]
    assert not any(entry.id.startswith("own-") for entry in taken.notebook.cells)


def test_blank_intake_is_the_release_with_the_reason(toy, release):
    taken = intake.blank(toy, "It is not a notebook.")
    assert taken.refused == "It is not a notebook."
    assert taken.cells == []
    assert [entry.source for entry in taken.notebook.cells] == [entry.source for entry in release.cells]


JUNK = [None, 0, -1, 10**30, True, "", "x", [], [1], ["a", 1], {}, {"a": 1}, [[]], "\ud800", {"text/plain": [1]}]


def mutate(value, draw, depth=0):
    """The value with something in it exchanged, lost or doubled."""
    if depth > 5 or (depth and draw.random() < 0.15) or not isinstance(value, (dict, list)) or not value:
        return draw.choice(JUNK)
    if isinstance(value, dict):
        key = draw.choice(sorted(value))
        if draw.random() < 0.15:
            return {name: item for name, item in value.items() if name != key}
        return value | {key: mutate(value[key], draw, depth + 1)}
    at = draw.randrange(len(value))
    if draw.random() < 0.15:
        return value[:at] + [value[at]] * 2 + value[at:]
    return value[:at] + [mutate(value[at], draw, depth + 1)] + value[at + 1 :]


def test_damaged_notebook_is_rebuilt_or_refused_and_nothing_else(toy, solved, tmp_path):
    cell(solved, "double").outputs = [
        new_output("stream", text="one\ntwo"),
        new_output("error", ename="E", evalue="v", traceback=["t"]),
        new_output("display_data", {"image/png": PNG, "text/html": "<b>"}),
    ]
    solved.cells.append(new_markdown_cell("![a](attachment:a.png)", attachments={"a.png": {"image/png": PNG}}))
    plain = json.loads(nbformat.writes(solved))
    draw = random.Random(3)
    path, refused = tmp_path / "toy.ipynb", 0
    tries = 600
    for _ in range(tries):
        damaged = plain
        for _ in range(draw.randint(1, 3)):
            damaged = mutate(damaged, draw)
        path.write_text(json.dumps(damaged))
        try:
            taken = read_submission(path, toy)
        except Unreadable as error:
            refused += 1
            assert "\n" not in str(error)
            continue
        nbformat.validate(taken.notebook)
        nbformat.write(taken.notebook, io.StringIO())
        nbformat.writes(taken.notebook).encode("utf-8")
        grade_ids = [entry.metadata.nbgrader.grade_id for entry in taken.notebook.cells if "nbgrader" in entry.metadata]
        assert grade_ids == ["double", "check_double", "total", "check_total"]
    assert 0 < refused < tries


@pytest.mark.parametrize("error", [RecursionError, ValueError, MemoryError, KeyError, UnicodeError])
def test_whatever_goes_wrong_in_one_submission_is_its_refusal(hand_in, release, monkeypatch, error):
    def breaks(*arguments):
        raise error("as no one foresaw")

    monkeypatch.setattr(intake, "safe_markdown", breaks)
    release.cells.append(new_markdown_cell("words"))
    with pytest.raises(Unreadable, match=f"could not be taken in: {error.__name__}"):
        hand_in(release)


def test_notebook_that_no_memory_is_left_for_is_refused_by_every_command(toy, release, tmp_path, monkeypatch):
    def breaks(*arguments):
        raise MemoryError

    (tmp_path / "toy.ipynb").write_text(json.dumps(release))
    # The release itself is read once, while there is memory.
    intake.released_notebook(toy)
    for name in ("read_notebook", "candidates", "names_in", "rebuild"):
        with monkeypatch.context() as context:
            context.setattr(intake, name, breaks)
            taken = intake.take_in(tmp_path / "toy.ipynb", toy)
        assert taken.refused == "toy.ipynb could not be taken in: MemoryError. Nothing could be graded."


def test_what_ended_a_class_once_is_an_ordinary_submission(hand_in, solved):
    solved.cells += [
        new_code_cell("%%time\n" * 1100),
        new_code_cell("%%time\n" * 15_000 + "x = ("),
        new_markdown_cell("[x](&#" + "9" * 5000 + ";)"),
        new_markdown_cell("[x]: &#x" + "f" * 5000 + ";"),
    ]
    taken = hand_in(solved)
    assert not taken.refused
    assert sources(taken)["double"] == cell(solved, "double").source


def test_release_that_is_not_built_is_told(toy, tmp_path):
    with pytest.raises(Unreadable, match="run `proctor build`"):
        intake.blank(replace(toy, course=replace(toy.course, root=tmp_path)), "reason")
