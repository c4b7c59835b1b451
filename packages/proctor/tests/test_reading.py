"""Reading: notebooks and programs in any form that people hand in are read; what is neither is refused in one line."""

import ast
import os
from copy import deepcopy

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_output

from proctor.checks.plain import plain_python
from proctor.grading import reading
from proctor.grading.intake import read_submission
from proctor.grading.reading import Unreadable, read_notebook, read_program
from submissions import sources


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


def test_reading_does_not_change_the_release(toy, release):
    read_notebook(toy.release_notebook).cells.clear()
    assert len(read_notebook(toy.release_notebook).cells) == len(release.cells)
