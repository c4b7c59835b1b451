"""A cell runs in a host as a notebook's kernel ran it."""

import pytest
from nbformat.v4 import new_code_cell

from proctor.checks.plain import plain_python
from proctor.grading.grade import grade_intake
from proctor.grading.intake import rebuild
from proctor.proof.demo import cell

# What the cell of a right answer may hold beside it; `{}` is the answer.
FORMS = {
    "pip over several lines": "!pip install \\\n    torch \\\n    numpy\n{}",
    "help before": "?nn.Conv2d\n{}",
    "help behind": "{}\n\ndouble??",
    "timed": "%%time\n{}",
    "timed and captured": "%%time\n%%capture\n{}",
    "a timed line that defines": "{}\n\n%time y = double(torch.ones(2))\nassert y.sum() == 4",
    "await": "import asyncio\n\nawait asyncio.sleep(0)\n{}",
    "output of a command": "files = !ls\nassert list(files) == []\n{}",
    "matplotlib": "%matplotlib inline\n{}",
    "as exported": "get_ipython().run_line_magic('matplotlib', 'inline')\nget_ipython().system('ls')\n{}",
    "timed with options": "{}\n\n%timeit -n 1 -r1 double(torch.ones(2))\n%prun -q -l 5 double(torch.ones(2))",
    "captured under a name": "%%capture printed --no-stderr\n{}",
    "display that is updated": "handle = display('x', display_id='a')\nhandle.update('y')\ndisplay({{}}, raw=True)\n{}",
    "compiled": "@torch.compile\n{}",
    "the ends of lines of Windows": "{}",
}


@pytest.mark.parametrize("form", FORMS)
def test_right_answer_in_any_form_that_a_kernel_takes_earns_everything(form, toy, solved):
    code = FORMS[form].format(toy.exercises[0].code)
    cell(solved, "double").source = code.replace("\n", "\r\n") if "Windows" in form else code
    verdict = grade_intake(rebuild(solved, toy), toy, form, "cpu")
    assert verdict.points == 10, [check.message for check in verdict.exercises[0].checks]
    assert verdict.notes == []


@pytest.mark.parametrize(
    "cells",
    [
        ["%%writefile answers.py\n{code}", "from answers import double"],
        ["%%writefile answers.py\n{code}", "%run answers.py"],
        ["%%writefile 'my answers.py'\n{code}", "%run -i 'my answers'"],
        ["with open('mine.py', 'w') as file:\n    file.write({code!r})", "import mine\ndouble = mine.double"],
    ],
)
def test_file_that_a_cell_writes_can_be_run_and_imported(cells, toy, solved):
    code = "FACTOR = 2\n" + cell(solved, "double").source
    cell(solved, "double").source = "\n".join(cells[1:])
    solved.cells.insert(0, new_code_cell(cells[0].format(code=code)))
    verdict = grade_intake(rebuild(solved, toy), toy, "ann", "cpu")
    assert verdict.points == 10, verdict.notes


def test_name_that_captures_a_cell_is_there(toy, solved):
    solved.cells.insert(0, new_code_cell("%%capture printed\nprint(3)"))
    cell(solved, "double").source = f"printed.show()\nassert printed.stdout == ''\n{toy.exercises[0].code}"
    assert grade_intake(rebuild(solved, toy), toy, "ann", "cpu").points == 10


# What works where students work, and not here: each stops its cell.
ELSEWHERE = {
    "a folder of Colab's": "from google.colab import drive\ndrive.mount('/content/drive')",
    "a package that is not here": "import einops_that_is_not_here as einops",
    "a file": "import pandas as pd\nframe = pd.read_csv('data.csv')",
    "a question": "name = input('Your name? ')\ncount = int(input('How many? '))",
    "another process": "import subprocess, sys\nsubprocess.check_call([sys.executable, '-m', 'pip', 'install', 'x'])",
    "a window": "import matplotlib\nmatplotlib.use('TkAgg')\nimport matplotlib.pyplot as plt\nplt.plot([1])",
    "a loop that runs": "import asyncio\nloop = asyncio.get_running_loop()",
    "what a kernel remembers": "print(In[-1], Out)",
    "training in the same cell": "def train():\n    raise RuntimeError('too long')\n\n\ntrain()",
    "two of them": "import not_here_either\nscale = 1\nfrom google.colab import files",
}


@pytest.mark.parametrize("place", ["double", "own"])
@pytest.mark.parametrize("cause", ELSEWHERE)
def test_answer_below_what_does_not_work_here_counts(cause, place, toy, solved):
    code = f"{ELSEWHERE[cause]}\n\n\n{{}}"
    if place == "double":
        cell(solved, "double").source = code.format(toy.exercises[0].code)
    else:
        solved.cells.insert(0, new_code_cell(code.format("def twice(x):\n    return 2 * x")))
        cell(solved, "double").source = "def double(x):\n    return twice(x)"
    verdict = grade_intake(rebuild(solved, toy), toy, "ann", "cpu")
    assert verdict.points == 10, [check.message for check in verdict.exercises[0].checks]
    assert ("stopped" in " ".join(verdict.notes)) == (place == "own")


def test_below_what_stopped_a_cell_nothing_runs_but_what_it_defines(toy, solved):
    cell(solved, "double").source = f"1 / 0\nprint(undefined)\nFACTOR = len('abc')\n{toy.exercises[0].code}"
    assert grade_intake(rebuild(solved, toy), toy, "ann", "cpu").points == 10


def test_what_one_cell_takes_from_the_future_holds_in_the_next(toy, solved):
    solved.cells.insert(0, new_code_cell("from __future__ import annotations"))
    cell(solved, "double").source = toy.exercises[0].code.replace("(x)", "(x: NotThere)", 1)
    assert grade_intake(rebuild(solved, toy), toy, "ann", "cpu").points == 10


def test_breakpoint_that_was_forgotten_stops_nothing(toy, solved):
    cell(solved, "double").source = toy.exercises[0].code.replace("return", "breakpoint()\n    return", 1)
    assert grade_intake(rebuild(solved, toy), toy, "ann", "cpu").points == 10


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def total(x, function):\n    open('scores.csv')", "there is no file but what its own code has written"),
        ("def total(x, function):\n    import pdb; pdb.set_trace()", "Nobody is there to debug"),
        ("def total(x, function)\n    return 1", "Submissions are graded with Python 3."),
        ("def total(x, function):\n\u00a0   return 1", "It came with what was pasted, from a text or a page"),
        ("def total(x, function):\n    return “1”", "It came with what was pasted, from a text or a page"),
    ],
)
def test_what_is_different_here_is_said_in_words(code, words, toy, solved):
    cell(solved, "total").source = code
    verdict = grade_intake(rebuild(solved, toy), toy, "ann", "cpu")
    assert any(words in check.message for check in verdict.exercises[1].checks), verdict.exercises[1]


def test_line_ends_of_windows_are_no_changed_check(toy, solved):
    for entry in solved.cells:
        entry.source = entry.source.replace("\n", "\r\n")
    solved.cells.append(new_code_cell("x = 1\r\n"))
    assert rebuild(solved, toy).notes == []


def test_magics_are_remarks_for_who_reads_the_code():
    assert plain_python("!pip install \\\n  torch\nx = 1") == "pass  # !pip install \\\n\nx = 1"
    assert plain_python("?nn.LSTM\nx = 1") == "pass  # ?nn.LSTM\nx = 1"
