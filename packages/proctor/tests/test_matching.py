"""A right answer is found wherever it stands."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from proctor.authoring.assignment import load_assignment
from proctor.course import open_course
from proctor.grading.grade import grade_intake
from proctor.grading.intake import NOT_THERE, rebuild
from proctor.proof.demo import cell


def without(notebook, *names):
    notebook.cells = [entry for entry in notebook.cells if entry.id not in names]


def codes(toy):
    return {exercise.id: exercise.code for exercise in toy.exercises}


def answer_in_a_cell_of_ones_own(notebook, toy):
    without(notebook, "total")
    notebook.cells.append(new_code_cell(codes(toy)["total"]))


def answer_before_the_template_which_is_left(notebook, toy):
    cell(notebook, "total").source = cell(nbformat.read(toy.release_notebook, 4), "total").source
    notebook.cells.insert(0, new_code_cell("import torch"))
    notebook.cells.insert(4, new_code_cell(codes(toy)["total"]))


def both_answers_in_the_first_cell(notebook, toy):
    cell(notebook, "double").source = "\n\n\n".join(codes(toy).values())
    without(notebook, "total")


def both_answers_in_the_first_cell_and_the_template_left(notebook, toy):
    cell(notebook, "double").source = "\n\n\n".join(codes(toy).values())
    cell(notebook, "total").source = cell(nbformat.read(toy.release_notebook, 4), "total").source


def both_answers_in_one_cell_of_ones_own(notebook, toy):
    without(notebook, "double", "total")
    notebook.cells.insert(3, new_code_cell("\n\n\n".join(codes(toy).values())))


def editor_dropped_ids_and_metadata(notebook, toy):
    for number, entry in enumerate(notebook.cells):
        entry.id, entry.metadata = f"x{number}", {}


def editor_dropped_ids_and_the_checks_were_deleted(notebook, toy):
    without(notebook, "check_double", "check_total")
    editor_dropped_ids_and_metadata(notebook, toy)


def answer_split_over_two_cells(notebook, toy):
    cell(notebook, "double").source = "import torch\n\n\ndef doubled(x):\n    return FACTOR * x"
    at = [entry.id for entry in notebook.cells].index("double") + 1
    notebook.cells.insert(at, new_code_cell("def double(x):\n    return doubled(x)"))


def in_place_of_double(notebook, *sources):
    at = [entry.id for entry in notebook.cells].index("double")
    notebook.cells[at : at + 1] = map(new_code_cell, sources)


def indented(code):
    return "\n".join(f"    {line}" for line in code.split("\n"))


def answer_that_is_tried_in_a_cell_of_ones_own(notebook, toy):
    in_place_of_double(notebook, f"try:\n{indented(codes(toy)['double'])}\nexcept OSError as error:\n    print(error)")


def answer_under_a_condition_in_a_cell_of_ones_own(notebook, toy):
    in_place_of_double(notebook, f"if torch.cuda.is_available():\n    pass\nelse:\n{indented(codes(toy)['double'])}")


def answer_imported_under_its_name(notebook, toy):
    in_place_of_double(
        notebook, "%%writefile mine.py\ndef twice(x):\n    return 2 * x", "from mine import twice as double"
    )


def answer_that_only_running_shows(notebook, toy):
    in_place_of_double(notebook, "globals()['double'] = lambda x: 2 * x")


def answer_in_the_cell_of_its_check(notebook, toy):
    check = cell(notebook, "check_double")
    check.source = f"import math\n\n\n{codes(toy)['double']}\n\n\n{check.source}"
    cell(notebook, "double").source = cell(nbformat.read(toy.release_notebook, 4), "double").source


def answer_in_a_cell_that_trains_above(notebook, toy):
    training = next(entry for entry in notebook.cells if "training" in entry.metadata.get("tags", []))
    training.source = f"{codes(toy)['total']}\n\n\n{training.source}"
    cell(notebook, "total").source = cell(nbformat.read(toy.release_notebook, 4), "total").source


def helper_in_a_cell_that_trains(notebook, toy):
    training = next(entry for entry in notebook.cells if "training" in entry.metadata.get("tags", []))
    training.source = f"def twice(x):\n    return SCALE * x\n\n\nSCALE = 2\n{training.source}"
    cell(notebook, "double").source = "def double(x):\n    return twice(x)"


def answer_between_fences_in_a_text(notebook, toy):
    at = [entry.id for entry in notebook.cells].index("double")
    source = f"My answer:\n\n```python\n{codes(toy)['double']}\n```\n\nIt doubles."
    notebook.cells[at] = new_markdown_cell(source, id="double")


FORMS = [
    answer_that_is_tried_in_a_cell_of_ones_own,
    answer_under_a_condition_in_a_cell_of_ones_own,
    answer_imported_under_its_name,
    answer_that_only_running_shows,
    answer_in_the_cell_of_its_check,
    answer_in_a_cell_that_trains_above,
    helper_in_a_cell_that_trains,
    answer_between_fences_in_a_text,
    answer_in_a_cell_of_ones_own,
    answer_before_the_template_which_is_left,
    both_answers_in_the_first_cell,
    both_answers_in_the_first_cell_and_the_template_left,
    both_answers_in_one_cell_of_ones_own,
    editor_dropped_ids_and_metadata,
    editor_dropped_ids_and_the_checks_were_deleted,
    answer_split_over_two_cells,
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_right_answers_earn_everything_wherever_they_stand(form, solved, toy):
    form(solved, toy)
    taken = rebuild(nbformat.from_dict(json.loads(json.dumps(solved))), toy)
    verdict = grade_intake(taken, toy, form.__name__, "cpu")
    assert verdict.points == 10, [check.message for exercise in verdict.exercises for check in exercise.checks]


def test_what_is_kept_of_a_changed_check_is_told_and_no_more_than_is_needed(solved, toy):
    answer_in_the_cell_of_its_check(solved, toy)
    cell(solved, "check_double").source += "\nunused = 3\ntotal = None"
    taken = rebuild(solved, toy)
    kept = next(entry.source for entry in taken.cells if entry.id == "check_double as changed")
    assert kept == codes(toy)["double"]
    assert taken.notes[-1] == "What only the changed cell `check_double` defines is kept: `double`."


def test_stub_is_put_back_where_nothing_defines_its_names(release, toy):
    without(release, "total")
    release.cells.append(new_code_cell("other = 1"))
    taken = rebuild(release, toy)
    assert [entry.id for entry in taken.cells][-2:] == ["total", "own-1"]
    assert any("`total` was deleted" in note for note in taken.notes)


@pytest.fixture(scope="module")
def with_words(written_course):
    """The toy course with a written answer."""
    return load_assignment(open_course(written_course), "toy")


def test_written_answer_between_its_neighbours_is_found(with_words):
    notebook = nbformat.read(with_words.release_notebook, 4)
    place = next(number for number, entry in enumerate(notebook.cells) if entry.id == "reflection")
    notebook.cells[place] = new_markdown_cell("Two is prime.")
    taken = rebuild(notebook, with_words)
    assert cell(taken.notebook, "reflection").source == "Two is prime."
    assert cell(taken.notebook, "reflection").metadata.nbgrader.grade_id == "reflection"


def test_written_answer_that_is_nowhere_goes_to_a_person(with_words):
    notebook = nbformat.read(with_words.release_notebook, 4)
    without(notebook, "reflection")
    taken = rebuild(notebook, with_words)
    assert NOT_THERE in cell(taken.notebook, "reflection").source
