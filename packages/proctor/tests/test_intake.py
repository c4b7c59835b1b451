"""Intake: whatever is handed in becomes the release notebook with the student's answers, or is refused in one line."""

import ast
import base64
import html
import io
import json
import os
import random
import re
import time
from copy import deepcopy
from dataclasses import replace
from html.parser import HTMLParser

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown import markdown2html
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell

from proctor.grading import intake, reading
from proctor.grading.harmless import safe_markdown
from proctor.grading.intake import plain_python, read_submission, rebuild
from proctor.grading.reading import Unreadable, read_notebook, read_program
from proctor.proof.demo import cell
from shapes import given
from submissions import PNG

GIVEN = given("import torch\nfrom toylib import FACTOR")
TRAINING = given('raise RuntimeError("a training cell ran while grading")')


def sources(taken) -> dict:
    """What runs, by cell id."""
    return {entry.id: entry.source for entry in taken.cells}


def shown(taken, cell_id):
    return cell(taken.notebook, cell_id)


@pytest.fixture
def hand_in(toy, tmp_path):
    """Takes in a notebook by way of a file, as a student hands it in."""

    def hand_in(notebook, name="toy.ipynb", change=lambda text: text):
        path = tmp_path / name
        text = notebook if isinstance(notebook, str) else json.dumps(notebook)
        path.write_bytes(change(text).encode("utf-8"))
        return read_submission(path, toy)

    return hand_in


# What runs


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


# Forms of the file


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


def test_notebook_of_format_3_is_read(hand_in, solved, toy):
    old = nbformat.convert(deepcopy(solved), 3)
    taken = hand_in(nbformat.writes(old, version=3))
    assert sources(taken)["double"] == toy.exercises[0].code
    assert sources(taken)["total"] == toy.exercises[1].code


def test_byte_order_mark_and_windows_line_ends_are_read(hand_in, solved, toy):
    assert sources(hand_in(solved, change=lambda text: "\ufeff" + text))["double"] == toy.exercises[0].code
    for entry in solved.cells:
        entry.source = entry.source.replace("\n", "\r\n")
    solved.cells.append(new_code_cell("x = 1\r\n%matplotlib inline\r\ny = 2", id="mine"))
    taken = hand_in(solved)
    for source in sources(taken).values():
        ast.parse(plain_python(source))
    assert sources(taken)["own-1"] == "x = 1\n%matplotlib inline\ny = 2"


def test_plain_python_file_is_read_cell_by_cell(hand_in):
    taken = hand_in("import torch\n\n# %%\ndef double(x):\n    return 2 * x\n", name="mine.py")
    assert [entry.source for entry in taken.cells] == ["import torch", "def double(x):\n    return 2 * x"]
    assert taken.notebook is None


@pytest.mark.parametrize("mark", ["# %%", "# +"])
@pytest.mark.parametrize("remark", ["# + {a}, {b}", "# %% {1}, {2}", "# + {},{},", "#+ {x} {y}", "# %% [raw] {0}, {1}"])
def test_remark_that_looks_like_options_of_a_cell_costs_nothing(hand_in, mark, remark):
    answer = "def double(x):\n    return 2 * x"
    taken = hand_in(f"import torch\n\n{mark}\n{answer}\n\n{remark}\ny = 1\n", name="mine.py")
    assert any(answer in entry.source for entry in taken.cells)


REFUSED = {
    "empty": ("", "toy.ipynb is empty"),
    "blank": ("\ufeff \n", "toy.ipynb is empty"),
    "words": ("I could not get Jupyter to run.", "not valid JSON"),
    "truncated": ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type"', "not valid JSON"),
    "deep": ("[" * 100_000, "not valid JSON"),
    "another JSON": ('{"cells": []}', "no `nbformat`"),
    "a list": ("[1, 2]", "no `nbformat`"),
    "a text": ('"notebook"', "no `nbformat`"),
    "no cells": ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "is not a notebook"),
    "cells of text": ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": "x"}', "is not a notebook"),
    "cells of nothing": ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [null]}', "is not a notebook"),
    "from the future": ('{"nbformat": 99, "nbformat_minor": 0, "metadata": {}, "cells": []}', "is not a notebook"),
    "page": ("<!DOCTYPE html>\n<html>", "it is a web page; hand in the notebook itself"),
    "PDF": ("%PDF-1.7\n%", "it is a PDF; hand in the notebook itself"),
    "pointer": ("version https://git-lfs.github.com/spec/v1\noid sha256:0", "hand in what `git lfs pull` brings"),
    "merge": ('{"nbformat": 4,\n<<<<<<< HEAD\n"cells": []\n=======\n"cells": []\n>>>>>>> b\n}', "a merge of Git was"),
    "no numbers": ('{"nbformat": "four", "cells": []}', "is not a notebook"),
    "cell without type": (
        '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"source": "x", "metadata": {}}]}',
        "is not a notebook",
    ),
}


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_notebook_is_refused_in_one_line(hand_in, text, words):
    with pytest.raises(Unreadable, match=words) as error:
        hand_in(text)
    assert "\n" not in str(error.value)
    assert "toy.ipynb" in str(error.value)


def test_file_that_is_not_there_or_not_text_is_refused(toy, tmp_path):
    with pytest.raises(Unreadable, match="is not there"):
        read_submission(tmp_path / "none.ipynb", toy)
    with pytest.raises(Unreadable, match="is not there, or is not a file"):
        read_submission(tmp_path, toy)
    (tmp_path / "toy.ipynb").write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(Unreadable, match="not text in UTF-8"):
        read_submission(tmp_path / "toy.ipynb", toy)


def test_only_a_regular_file_is_opened(toy, tmp_path):
    target = tmp_path / "other.ipynb"
    target.write_text("{}")
    (tmp_path / "link").mkdir()
    (tmp_path / "link/toy.ipynb").symlink_to(target)
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe/toy.ipynb")
    for folder, words in (("link", "toy.ipynb is a link, not a file"), ("pipe", "is not a file")):
        with pytest.raises(Unreadable, match=words):
            read_submission(tmp_path / folder / "toy.ipynb", toy)
    for name in ("link", "pipe"):
        with pytest.raises(OSError):
            reading._open_file(tmp_path / name / "toy.ipynb", os.O_RDONLY)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_very_many_values_are_counted_in_any_encoding(tmp_path, monkeypatch, encoding):
    """In UTF-16, a quote behind a backslash has a byte of its own between the two."""
    monkeypatch.setattr(reading.json, "loads", None)
    text = '{"nbformat": 4, "a": "\\"", "b": [' + "{}," * 130_000 + '0], "cells": []}'
    (tmp_path / "toy.ipynb").write_bytes(text.encode(encoding))
    with pytest.raises(Unreadable, match="holds more than 1000000 values"):
        read_notebook(tmp_path / "toy.ipynb")


@pytest.mark.parametrize("encoding", ["punycode", "unicode_escape", "utf-7", "idna", "zlib", "rot13", "no such"])
def test_program_in_no_encoding_of_people_is_read_without_it(tmp_path, encoding):
    (tmp_path / "toy.py").write_bytes(f"# coding: {encoding}\nvalue = '\\x41'  # ".encode() + b"\xe9\n")
    cells, _ = read_program(tmp_path / "toy.py")
    assert cells[-1].source.endswith("value = '\\x41'  # \xe9")


def test_notebook_of_very_many_values_is_refused_before_it_is_read(hand_in, release, monkeypatch):
    # What the course keeps as JSON is read before.
    hand_in(release)
    monkeypatch.setattr(reading.json, "loads", None)
    with pytest.raises(Unreadable, match="holds more than 1000000 values; clear its outputs"):
        hand_in('{"nbformat": 4, "cells": [' + "{}," * 2**20 + "{}]}")


def test_what_is_too_large_is_refused(hand_in, release, monkeypatch):
    for _ in range(1001):
        release.cells.append(new_code_cell("", id=f"c{len(release.cells)}"))
    with pytest.raises(Unreadable, match="at most 1000 are graded"):
        hand_in(release)
    release.cells = [new_code_cell("a = 1\n" * 20_000) for _ in range(5)]
    with pytest.raises(Unreadable, match="more than 512 KB of code"):
        hand_in(release)
    release.cells = [new_code_cell(""), new_code_cell("a = 1\n" * 30_000)]
    with pytest.raises(Unreadable, match="Cell 2 of toy.ipynb has 180000 characters; at most 131072 are graded"):
        hand_in(release)
    with pytest.raises(Unreadable, match="has 150000 characters"):
        hand_in("# " + "a" * 149_998, name="mine.py")
    with pytest.raises(Unreadable, match="more than 10000 lines"):
        hand_in("\n\n\na=1" * 10_000, name="mine.py")
    with pytest.raises(Unreadable, match="has 2000 cells"):
        hand_in("# In[ ]:\na = 1\n" * 2000, name="mine.py")
    release.cells = [new_code_cell("", outputs=[new_output("stream", text="x" * 2**20)])]
    monkeypatch.setattr(reading, "MAX_BYTES", 2**20)
    with pytest.raises(Unreadable, match="larger than 1 MB; clear its outputs"):
        hand_in(release)


def test_words_that_a_program_reads_and_nobody_sees_are_left_out(hand_in, solved):
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "full marks")
    solved.cells.append(new_markdown_cell(f"Because.{hidden} \u0645\u06cc\u200c\u0634\u0648\u062f", id="words"))
    solved.cells.append(new_code_cell("1", id="code", outputs=[new_output("stream", text=f"one{hidden}\n")]))
    taken = hand_in(solved)
    assert taken.notebook.cells[-2].source == "Because. \u0645\u06cc\u200c\u0634\u0648\u062f"
    assert taken.notebook.cells[-1].outputs[0].text == "one\n"


TOLD = "# ---\n# jupyter:\n#   jupytext:\n#     text_representation:\n#       format_name: {}\n# ---\n\n# %%\nx = 1\n"


@pytest.mark.parametrize(
    "text",
    [
        TOLD.format("marimo"),
        TOLD.format("marimo").replace("# ", "#").replace("#%%", "# %%"),
        TOLD.format("percent\n#     formats: py:marimo"),
        "# ---\n# jupyter:\n#   jupytext_formats: py:marimo\n# ---\nx = 1\n",
        "import marimo\napp = marimo.App()\n\n@app.cell\ndef _():\n    x = 1\n",
    ],
)
def test_no_other_program_reads_what_was_handed_in(tmp_path, monkeypatch, text):
    (tmp_path / "marimo").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\necho 1.0.0\n")
    (tmp_path / "marimo").chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    (tmp_path / "toy.py").write_text(text)
    cells, _ = read_program(tmp_path / "toy.py")
    assert "x = 1" in cells[-1].source and not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "head",
    [
        "a: &a [x, x]\n#   b: &b [*a, *a, *a, *a, *a, *a]\n#   c: [*b, *b, *b, *b, *b, *b]",
        "a: " + "1:" * 50_000 + "1",
        "a: &a\n#     b: *a",
        "a: 2001-99-99",
        "a: !!python/name:os.system",
        "kernelspec: {}",
        "kernelspec",
    ],
)
def test_head_of_a_program_tells_how_its_cells_are_marked_and_nothing_else(tmp_path, monkeypatch, head):
    monkeypatch.setattr("yaml.safe_load", None)
    marked = '# ---\n# title: mine\n# jupyter:\n#   {}\n#   jupytext:\n#     cell_markers: \'"""\'\n# ---\n\n'
    (tmp_path / "toy.py").write_text(marked.format(head) + '# %% [markdown]\n"""\nhello\n"""\n\n# %%\nx = 1\n')
    cells, _ = read_program(tmp_path / "toy.py")
    assert [cell.source for cell in cells] == ["---\ntitle: mine\n---", "hello", "x = 1"]


def test_blank_lines_of_a_program_are_not_a_cell_each(tmp_path):
    (tmp_path / "toy.py").write_text("# %%\nx = 1\n" + " \n" * 9000 + "# %%\ny = 2\n")
    assert [cell.source.strip() for cell in read_program(tmp_path / "toy.py")[0]] == ["x = 1", "y = 2"]
    (tmp_path / "toy.py").write_text("\n" * 9000 + "y = 2\n")
    assert len(read_program(tmp_path / "toy.py")[0]) < 50


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


# Outputs


def outputs_of(hand_in, solved, *outputs):
    cell(solved, "double").outputs = list(outputs)
    return shown(hand_in(solved), "double").outputs


def test_picture_and_text_are_kept_and_whatever_could_run_is_dropped(hand_in, solved):
    bundle = {
        "image/png": PNG,
        "text/plain": "<Figure>",
        "text/html": "<script>alert(1)</script>",
        "image/svg+xml": "<svg onload='alert(1)'/>",
        "application/javascript": "alert(1)",
        "application/vnd.jupyter.widget-view+json": {"model_id": "x"},
    }
    display = new_output("display_data", bundle, metadata={"x": "<script>"})
    html = new_output("display_data", {"text/html": "<script>alert(1)</script>"})
    kept = outputs_of(hand_in, solved, display, html, new_output("stream", text="printed"))
    assert kept == [
        new_output("display_data", {"image/png": PNG, "text/plain": "<Figure>"}),
        new_output("stream", name="stdout", text="printed"),
    ]


def test_number_that_a_student_leaves_as_a_result_becomes_plain_text(hand_in, solved):
    kept = outputs_of(hand_in, solved, new_output("execute_result", {"text/plain": "100"}, execution_count=1))
    assert kept == [new_output("stream", name="stdout", text="100")]


def test_error_is_kept_as_its_last_line(hand_in, solved):
    kept = outputs_of(hand_in, solved, new_output("error", ename="ValueError", evalue="bad", traceback=["\x1b[31m"]))
    assert kept == [new_output("stream", name="stdout", text="ValueError: bad")]


def test_picture_that_is_none_is_dropped(hand_in, solved):
    enormous = base64.b64encode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + 2 * (60_000).to_bytes(4, "big") + b"\0" * 9)
    for data in ('x" onerror="alert(1)', "<svg/>", "", "A" * 100, "iVBORw", enormous.decode(), "=" * 40):
        assert outputs_of(hand_in, solved, new_output("display_data", {"image/png": data})) == []


def test_text_is_bounded_however_many_outputs_it_comes_in(hand_in, solved):
    for outputs in (
        [new_output("stream", text="x" * 1_000_000)],
        [new_output("stream", text="x" * 999) for _ in range(1000)],
    ):
        kept = outputs_of(hand_in, solved, *outputs)
        text = "".join(output.text for output in kept)
        assert 10_000 <= len(text) < 10_100
        assert text.endswith(" ... (the rest was cut)")


def test_pictures_are_bounded(hand_in, solved):
    picture = PNG[:32] + "A" * (2**20 - 32)
    kept = outputs_of(hand_in, solved, *[new_output("display_data", {"image/png": picture}) for _ in range(5)])
    assert len(kept) == 3 and "a figure is not shown: those of a cell may take 2 MB together" in kept[-1].text


def test_control_characters_are_dropped(hand_in, solved):
    text = "\x1b[31mred\x1b[0m a\x00b\x08c\x7f\u0085 \ud800 tab\tstays"
    kept = outputs_of(hand_in, solved, new_output("stream", text=text))
    assert kept[0].text == "red a b c   ? tab\tstays"


def test_half_characters_in_code_and_text_can_be_written(hand_in, solved):
    solved.cells.append(new_code_cell("x = '\ud83d'", id="mine"))
    solved.cells.append(new_markdown_cell("half \ud83d", id="words"))
    taken = hand_in(solved)
    nbformat.writes(taken.notebook).encode("utf-8")
    assert sources(taken)["own-1"] == "x = '?'"


# Text


DANGEROUS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<img src='`' onerror='alert(1)' alt='`'>",
    "\\`<script>alert(1)</script>`",
    "$<script>alert(1)</script>$",
    "$$\n<img src=x onerror=alert(1)>\n$$",
    "```\n</code></pre><script>alert(1)</script>\n",
    "<b onclick=alert(1)>x</b>",
    "<b/onclick=alert(1)>x</b>",
    "<details open ontoggle=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<style>@import url(//evil.example)</style>",
    "<!--><script>alert(1)</script>-->",
    "<<script>alert(1)//<</script>",
    "[x](javascript:alert(1))",
    "[x](JaVa&#115;cript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x]( javascript\\:alert(1))",
    "[x](\n  javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](< javascript:alert(1)>)",
    "[x](\n<\njavascript:alert(1)>)",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "> [x][1]\n\n> [1]: javascript:alert(1)",
    "[x][1]\n\n[1]:\njavascript:alert(1)",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    "$\\href{javascript:alert(1)}{x}$",
    "$\\mmlToken{mi}[href='javascript:alert(1)']{x}$",
    "$\\style{position:fixed}{x}$",
]


class Reader(HTMLParser):
    """Reads HTML as a browser does, and refuses what would run something."""

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "style", "iframe", "svg", "object", "embed"), self.rawdata
        for name, value in attrs:
            assert not name.startswith("on"), self.rawdata
            if name in ("href", "src"):
                assert not re.match(r"(\s|%20)*(javascript:|vbscript:|data:t)", value or "", re.IGNORECASE)


@pytest.mark.parametrize("source", DANGEROUS)
def test_text_that_would_run_something_runs_nothing(source):
    rendered = markdown2html(safe_markdown(source))
    Reader().feed(rendered)
    assert "\\href" not in rendered
    assert "\\mmlToken" not in rendered


def spellings(character):
    """A character as markdown and browsers know it by other means."""
    number = ord(character)
    numbers = [f"#{number}", f"#000{number}", f"#x{number:x}", f"#X{number:X}", f"#x0000{number:x}"]
    names = {"\\": ["bsol"], "$": ["dollar"], "{": ["lbrace", "lcub"]}.get(character, [])
    once = [f"&{name};" for name in numbers + names] + [f"&{name}" for name in numbers[:2]]
    twice = [f"{amp}{one[1:]}" for one in once[::2] for amp in ("&amp;", "&#38;", "&#x26;", "&amp", "&amp;amp;")]
    return [*once, *twice, f"\0{character}", f"{character}\0"]


def decoded(text):
    for _ in range(4):
        text = html.unescape(text).replace("\0", "")
    return text


@pytest.mark.parametrize("command", ["\\href", "\\mmlToken", "\\cssId"])
def test_formula_that_would_link_is_found_in_any_spelling(command):
    formula = f"${command}{{javascript:alert(1)}}{{x}}$"
    for place in range(len(command) + 2):
        for spelling in spellings(formula[place]):
            source = formula[:place] + spelling + formula[place + 1 :]
            assert command not in decoded(safe_markdown(source)), source
            assert command not in decoded(markdown2html(safe_markdown(source))), source
    everything = "".join(f"&#{ord(character)};" for character in formula)
    assert command not in decoded(safe_markdown(everything))
    assert command not in decoded(markdown2html(safe_markdown(f"a \\{everything}")))


KEPT = [
    "AT&T, &lt;b&gt; &amp;lt; &copy; &#169; &nbsp; &alpha &; &#; &#x; &#xzz; a&b=1&c=2 & x",
    "$\\displaystyle \\textstyle x \\classes \\hrefs$",
    "For $i < n$ and $a_1 < a_2$.",
    "> A quote\n> of two lines\n>\n>> within a quote",
    "x & y, 3 > 2, `x -> y`",
    "H<sub>2</sub>O<br/><b>bold</b>",
    "[a link](https://example.org/a?b=1:2 'title'), <https://example.org>, [mail](mailto:a@b.org), [part](#part)",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "`array[0]: float` and x[1]: y",
]


@pytest.mark.parametrize("source", KEPT)
def test_harmless_text_stays_as_it_is(source):
    assert safe_markdown(source) == source


def test_formula_without_spaces_still_reads_as_the_formula():
    assert "$i&lt; n$" in markdown2html(safe_markdown("for $i<n$"))


@pytest.mark.parametrize("source", ["\n" * 300_000 + "<b>", "<" * 300_000, "](" * 200_000, "[" * 300_000, " " * 10**6])
def test_text_that_is_hard_to_read_takes_no_time(source):
    start = time.monotonic()
    safe_markdown(source)
    assert time.monotonic() - start < 5


def test_picture_pasted_into_text_is_kept_and_a_lost_one_leads_nowhere(hand_in, solved):
    source = "![mine](attachment:mine.png) ![lost](attachment:lost.png) ![bad](attachment:bad.svg)"
    attachments = {"mine.png": {"image/png": PNG}, "bad.svg": {"image/svg+xml": "<svg onload='alert(1)'/>"}}
    solved.cells.append(new_markdown_cell(source, id="mine", attachments=attachments))
    kept = shown(hand_in(solved), "own-1")
    assert kept.attachments == {"picture-1": {"image/png": PNG}}
    assert kept.source.startswith("![mine](attachment:picture-1) The picture lost.png is not shown: it did not come")
    assert "The picture bad.svg is not shown: it is image/svg+xml, not PNG, JPEG or GIF;" in kept.source


HUGE = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (20_000).to_bytes(4, "big") * 2 + bytes(60)).decode()
LOST = {
    "too many pixels": ({"image/png": HUGE}, "it is too large (0.0 MB); at most 18 MB"),
    "of another kind": ({"image/webp": PNG}, "it is image/webp, not PNG"),
    "damaged": ({"image/png": "%%%"}, "it cannot be read as a picture"),
    "not there": (None, "it did not come with the notebook"),
}


@pytest.mark.parametrize("case", LOST)
@pytest.mark.parametrize("source", ["Look: ![p](attachment:p.png)", 'Look: <img src="attachment:p.png">'])
def test_picture_that_cannot_be_shown_says_so_in_its_place_and_above_all(hand_in, solved, source, case):
    data, words = LOST[case]
    if data is None and "<img" in source:
        pytest.skip("nothing tells of it")
    attachments = {"p.png": data} if data else {}
    solved.cells.append(new_markdown_cell(source, attachments=attachments))
    taken = hand_in(solved)
    assert f"The picture p.png is not shown: {words}" in shown(taken, "own-1").source
    assert [note for note in taken.notes if words in note]


def test_large_photograph_is_shown(hand_in, solved):
    picture = PNG[:32] + "A" * (6 * 2**20 - 32)
    solved.cells.append(new_markdown_cell("![p](attachment:p.png)", attachments={"p.png": {"image/png": picture}}))
    assert shown(hand_in(solved), "own-1").attachments == {"picture-1": {"image/png": picture}}


NAMES = ["my%20figure.png", "my figure.png", "a.png!!", "bild-\u00e4.png", "\ud83d.png", "a/../b", "'"]


@pytest.mark.parametrize("name", NAMES)
def test_picture_is_shown_whatever_its_name(hand_in, solved, name):
    source = f"![mine](attachment:{name.replace(' ', '%20')} 'mine')"
    solved.cells.append(new_markdown_cell(source, attachments={name: {"image/png": PNG}}))
    kept = shown(hand_in(solved), "own-1")
    page = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[kept]))[0]
    assert (f"data:image/png;base64,{PNG}" in page) == ("\ud83d" not in name)


def test_picture_that_stands_in_the_text_is_kept_and_does_not_count_as_text(hand_in, solved):
    picture = PNG[:32] + "A" * 10**6
    source = f"Mine: ![x](data:image/png;base64,{picture}) and ![y](data:image/svg+xml;base64,AAAA)"
    solved.cells.append(new_markdown_cell(source))
    kept = shown(hand_in(solved), "own-1")
    assert kept.source == "Mine: ![x](attachment:picture-1) and ! [y](#data:image/svg+xml;base64,AAAA)"
    assert kept.attachments == {"picture-1": {"image/png": picture}}


FETCHING = [
    "![x](https://evil.example/a.png)",
    "![x](//evil.example/a.png)",
    "![x](/hub/logout)",
    "![x](../../api/shutdown)",
    "![x](figures/circle.png)",
    "![x](<https://evil.example/a b.png>)",
    "![x][1]\n\n[1]: https://evil.example/a.png",
    "![x]\n\n[x]: https://evil.example/a.png",
    "![x][]\n\n[X]: /hub/logout",
    "\\\\![x](https://evil.example/a.png)",
    "![![a](attachment:a.png)](https://evil.example/a.png)",
    "![a [b] c](https://evil.example/a.png)",
    "[![x](https://evil.example/a.png)](https://example.org)",
    "!\n[x](https://evil.example/a.png)",
    "<img src='https://evil.example/a.png'>",
    "<link rel=stylesheet href=https://evil.example/a.css>",
    "<b style='background: url(https://evil.example)'>x</b>",
    "<meta http-equiv=refresh content='0; url=https://evil.example'>",
    "<form action=https://evil.example><input type=submit>",
    "<video src=https://evil.example poster=//evil.example>",
    "<svg><image href='https://evil.example/a.png'/></svg>",
    "<base href=https://evil.example>",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
]


class Fetching(HTMLParser):
    """Collects what a browser would fetch by itself when it shows some HTML."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        if tag != "a":
            self.found += [(tag, *pair) for pair in attrs if pair[0] in ("src", "href", "style", "action", "content")]


@pytest.mark.parametrize("source", FETCHING)
def test_text_fetches_nothing_by_itself(source):
    raw, safe = Fetching(), Fetching()
    raw.feed(markdown2html(source.replace("attachment:", "#")))
    safe.feed(markdown2html(safe_markdown(source, {"a.png": "picture-1"}).replace("attachment:", "#")))
    assert [entry for entry in safe.found if entry[2] != "#picture-1"] == []
    assert raw.found or source.startswith("!\n")


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
    for name in ("read_notebook", "candidates", "names_in", "rebuild"):
        with monkeypatch.context() as context:
            context.setattr(intake, name, breaks)
            taken = intake.take_in(tmp_path / "toy.ipynb", toy)
        assert taken.refused == "toy.ipynb could not be taken in: MemoryError. Nothing could be graded."


def test_outputs_are_bounded_in_number_in_a_cell_and_in_length_in_all_cells(hand_in, solved):
    cell(solved, "double").outputs = [new_output("stream", text="x")] * 5000
    solved.cells += [new_code_cell("", outputs=[new_output("stream", text="x" * 9000)]) for _ in range(200)]
    solved.cells.append(new_code_cell("", outputs=[new_output("display_data", {"image/png": PNG})]))
    taken = hand_in(solved)
    assert len(shown(taken, "double").outputs) == 201
    texts = [output.get("text", "") for entry in taken.notebook.cells for output in entry.get("outputs", [])]
    assert 400_000 < sum(map(len, texts)) < 600_000
    assert any("image/png" in output.get("data", {}) for output in shown(taken, "own-201").outputs)


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


def test_reading_does_not_change_the_release(toy, release):
    read_notebook(toy.release_notebook).cells.clear()
    assert len(read_notebook(toy.release_notebook).cells) == len(release.cells)
