"""Releases change: a notebook of an older one is graded in peace, and what is a student's own stays theirs."""

import json
from copy import deepcopy

import jupytext
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from proctor.authoring.released import plain_lines, read_past
from proctor.grading.grade import grade_intake
from proctor.grading.intake import NOT_ASKED, rebuild
from proctor.proof.demo import cell
from two_releases import ANSWERS


@pytest.fixture
def first(changed):
    """The first release, solved."""
    notebook = nbformat.read(changed.root / "first.ipynb", as_version=4)
    for name, answer in ANSWERS.items():
        cell(notebook, name).source = answer
    return notebook


def as_it_is(notebook):
    return notebook


def of_an_older_build(notebook):
    """As they were before cells were called by what they hold."""
    notebook.metadata.pop("proctor")
    for number, entry in enumerate(notebook.cells, 1):
        entry.id = entry.metadata.get("nbgrader", {}).get("grade_id", f"toy-{number}")
    return notebook


def called_by_an_editor(notebook):
    notebook.metadata = {}
    for number, entry in enumerate(notebook.cells):
        entry.id, entry.metadata = f"x{number}", {}
    return notebook


def from_colab(notebook):
    for entry in notebook.cells:
        entry.metadata["id"] = entry.pop("id")
    notebook.nbformat_minor = 0
    return notebook


def from_windows(notebook):
    for entry in notebook.cells:
        entry.source = entry.source.replace("\n", "  \r\n") + " \r\n\r\n"
    return notebook


def by_way_of(form):
    def convert(notebook):
        back = jupytext.reads(jupytext.writes(notebook, form), form)
        return nbformat.from_dict(json.loads(json.dumps(back)))

    convert.__name__ = form
    return convert


FORMS = [
    as_it_is,
    of_an_older_build,
    called_by_an_editor,
    from_colab,
    from_windows,
    by_way_of("py:percent"),
    by_way_of("md"),
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_old_notebook_earns_all_that_it_asked_for_and_one_calm_note(form, first, changed):
    notebook = form(first)
    taken = rebuild(notebook, changed)
    verdict = grade_intake(taken, changed, "ann", "cpu")
    assert {one.id: (one.points, one.status) for one in verdict.exercises} == {
        "summed": (6, "correct"), "double": (4, "correct"), "triple": (0, "missing"),
    }, [check.message for exercise in verdict.exercises for check in exercise.checks]  # fmt: skip
    [note] = verdict.notes
    assert "given cells have been corrected since" in note
    assert "it did not have `triple`, `question` yet, so nothing is implemented there" in note
    told = read_past(changed.root, "toy").told(0)
    assert note.startswith(f"This notebook {'is' if 'proctor' in notebook.metadata else 'looks like'} {told}: ")
    assert cell(taken.notebook, "thought").source.strip() == "Two is prime."
    assert NOT_ASKED in cell(taken.notebook, "question").source
    own = [plain_lines(entry.source) for entry in taken.notebook.cells if entry.id.startswith("own-")]
    assert own == ["HALF = 0.5", ANSWERS["negative"]]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_unchanged_notebook_of_the_present_release_has_no_note(form, changed):
    notebook = nbformat.read(changed.release_notebook, as_version=4)
    notebook = form(notebook)
    taken = rebuild(notebook, changed)
    assert taken.notes == []
    assert [entry.id for entry in taken.notebook.cells if entry.id.startswith("own-")] == []


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_old_notebook_with_nothing_done_is_not_taken_for_answers(form, changed):
    taken = rebuild(form(nbformat.read(changed.root / "first.ipynb", as_version=4)), changed)
    verdict = grade_intake(taken, changed, "ann", "cpu")
    assert {one.status for one in verdict.exercises} == {"missing"}
    assert len(verdict.notes) == 1
    assert cell(taken.notebook, "thought").source == "YOUR ANSWER HERE"
    assert "raise NotImplementedError" in cell(taken.notebook, "summed").source


@pytest.mark.parametrize("form", [as_it_is, of_an_older_build, from_colab], ids=lambda form: form.__name__)
def test_what_was_made_of_old_given_cells_is_kept_and_only_given_code_runs(form, first, changed):
    """Their ids say what they were, whatever has become of the text."""
    notebook = form(first)
    for entry in notebook.cells:
        if entry.source.startswith(("raise RuntimeError", "assert", "HALF")):
            entry.source += "\nMINE = 1"
    taken = rebuild(notebook, changed)
    ran = [entry.source for entry in taken.cells]
    assert not any("raise RuntimeError" in source or "assert" in source for source in ran)
    assert "HALF = 0.5\nLIMIT = 100\nMINE = 1" in ran
    shown = [entry.source for entry in taken.notebook.cells]
    assert 'raise RuntimeError("a figure was drawn while grading")\nMINE = 1' in shown
    assert [note for note in taken.notes if "was changed" in note] == [
        f"The cell `check_{name}` was changed; it was put back as it was released." for name in ("summed", "double")
    ]


@pytest.mark.parametrize("form", [as_it_is, of_an_older_build, by_way_of("py:percent")], ids=lambda form: form.__name__)
@pytest.mark.parametrize("which", ["first", "second"])
def test_training_cell_that_was_edited_does_not_run_and_a_copy_of_it_that_is_something_else_does(
    form, which, first, changed
):
    notebook = first if which == "first" else nbformat.read(changed.release_notebook, as_version=4)
    training = next(entry for entry in notebook.cells if "training" in entry.metadata.get("tags", []))
    training.source += "\nMORE = 1"
    notebook = form(notebook)
    if form.__name__ != "py:percent":  # which draws all ids anew
        notebook.cells.append(new_code_cell("MINE = 1", metadata={"tags": ["training"]}))
        assert "MINE = 1" in [cell.source for cell in rebuild(notebook, changed).cells]
    taken = rebuild(notebook, changed)
    assert not any("MORE" in cell.source for cell in taken.cells)
    assert any("MORE" in cell.source for cell in taken.notebook.cells)


def test_figure_of_an_old_release_is_shown_to_whoever_marks(first, changed):
    first.cells[-1].outputs = [new_output("stream", text="the figure")]
    taken = rebuild(first, changed)
    [shown] = [entry for entry in taken.notebook.cells if entry.get("outputs")]
    assert shown.outputs[0].text == "the figure"
    assert not any(entry.source == shown.source for entry in taken.cells)


def test_corrected_code_wins_over_what_the_old_release_gave(first, changed):
    code = "\n".join(entry.source for entry in rebuild(first, changed).cells)
    assert "LIMIT = 1000" in code
    assert "LIMIT = 100\n" not in code


@pytest.mark.parametrize(("before", "after"), [("", "\xa0"), ("", "\x0c \u2003"), ("  ", ""), ("\u3000", "\x1f")])
def test_given_code_is_known_whatever_space_is_around_it(before, after, first, changed):
    for entry in first.cells:
        if entry.source.startswith("HALF"):
            lines = entry.source.split("\n")
            entry.source = before + "\n".join(line + after for line in lines)
    taken = rebuild(first, changed)
    assert "HALF = 0.5" in [entry.source for entry in taken.cells]


def test_answer_to_a_renamed_exercise_that_stands_elsewhere_is_found(first, changed):
    first.cells = [entry for entry in first.cells if entry.id not in ("total", "check_total")]
    first.cells.append(new_code_cell(ANSWERS["total"] + "\n\n\nLAST = total(torch.ones(2), abs)"))
    verdict = grade_intake(rebuild(first, changed), changed, "ann", "cpu")
    assert verdict.exercises[0].points == 6


def test_what_a_student_adds_to_an_old_notebook_is_theirs(first, changed):
    first.cells.insert(1, new_markdown_cell("My idea"))
    first.cells.insert(2, new_code_cell("mine = 1"))
    taken = rebuild(first, changed)
    assert "mine = 1" in [entry.source for entry in taken.cells]
    assert "My idea" in [entry.source for entry in taken.notebook.cells]


def test_second_copy_of_a_template_does_not_undo_the_answer(first, changed):
    for notebook in (first, nbformat.read(changed.release_notebook, as_version=4)):
        untouched = nbformat.read(changed.root / "first.ipynb", as_version=4)
        untouched = cell(untouched if notebook is first else deepcopy(notebook), "double")
        cell(notebook, "double").source = "def double(x):\n    return 2 * x"
        notebook.cells.append(new_code_cell(untouched.source))
        ran = [entry.source for entry in rebuild(notebook, changed).cells]
        assert untouched.source not in ran


def test_cell_deleted_from_an_old_notebook_is_told_as_deleted(first, changed):
    first.cells = [entry for entry in first.cells if entry.id != "check_double"]
    notes = rebuild(first, changed).notes
    assert "The cell `check_double` was deleted; it was put back as it was released." in notes


@pytest.mark.parametrize("told", [None, "x", [], {}, {"release": None}, {"release": []}, {"release": "0" * 12}])
def test_release_that_a_student_makes_up_is_none(told, first, changed):
    first.metadata["proctor"] = told
    [note] = rebuild(first, changed).notes
    assert note.startswith(f"This notebook looks like {read_past(changed.root, 'toy').told(0)}: ")
