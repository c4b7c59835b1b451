"""Students' code as plain Python, without magics; and an answer that stands alone with what it needs of other cells."""

import time

import pytest

from proctor.checks import plain
from proctor.checks.cell import Cell
from proctor.checks.plain import plain_python, standing_alone, stays_as_it_is

MAGICS = {
    "%matplotlib inline\nx = 1": "pass  # %matplotlib inline\nx = 1",
    "!pip install numpy": "pass  # !pip install numpy",
    "if x:\n    !ls\n    y = 2": "if x:\n    pass  # !ls\n    y = 2",
    "files = !ls": "pass  # files = !ls",
    "a, b = %env": "pass  # a, b = %env",
    "torch.nn??": "pass  # torch.nn??",
    "%%time\nx = 1": "\nx = 1",
    "%%capture out\n%time x = 1\ny = 2": "\npass  # %time x = 1\ny = 2",
    "%%bash\nrm -rf /": "",
    "\n%%html\n<b>": "",
    "x = 5 %3\ny = '!'": "x = 5 %3\ny = '!'",
    "text = '''\n%matplotlib\n'''": "text = '''\n%matplotlib\n'''",
}


@pytest.mark.parametrize(("source", "expected"), MAGICS.items())
def test_magics_become_plain_python(source, expected):
    assert plain_python(source) == expected


def test_broken_code_stays_broken():
    assert plain_python("def f(:\n    pass") == "def f(:\n    pass"


@pytest.mark.parametrize(
    "source",
    [" " * 300_000 + "!", "a " * 200_000 + "!", "-" * 10**6, "(" * 10**6, "\0", "x" + ".x" * 10**5, "?" * 10**5],
    ids=["spaces", "words", "signs", "brackets", "null", "attributes", "questions"],
)
def test_code_that_is_hard_to_read_takes_no_time(source):
    start = time.process_time()
    plain_python(source)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("code", "own", "whole"),
    [
        ("def f(x):\n    return x", ["x = 1", "def g(): pass"], "def f(x):\n    return x"),
        ("%time\ndef f(x): return g(x)", ["g = len", "import h"], "g = len\n\n\npass  # %time\ndef f(x): return g(x)"),
        ("f = m.sin", ["import math as m\nprint(m)\ny = m.sin(1)"], "import math as m\n\n\nf = m.sin"),
        ("def f(): return g()", ["def h(): pass", "def g(): return h()", "h()"],
         "def h(): pass\n\n\ndef g(): return h()\n\n\ndef f(): return g()"),
        ("def f(:", ["def g(): pass"], ""),
        ("%%bash\nls", [], ""),
        ("", ["def f(): pass"], ""),
        ("def f(x, x): return x", [], ""),
        ("def f(): return g()\nreturn 1", ["def g(): pass"], ""),
        ("f = g", ["def g(x, x): pass", "def h():\n    x = 1\n    global x"], "f = g"),
        ("from __future__ import annotations\nf = g", ["g = 1"], ""),
        ("x = '\ud800'", [], ""),
        ("f = g", ["def g(:", "(" * 500, "%%bash"], "f = g"),
    ],
)  # fmt: skip
def test_answer_stands_alone_with_what_it_needs_of_other_cells(code, own, whole):
    assert standing_alone(code, own, MOST) == whole


MOST = 10**6
IN_TURN = "".join(f"{' ' * n}try: x()\n{' ' * n}finally:\n" for n in range(19)) + " " * 19 + "x()"
WAYS_OUT = "def f(x):\n try:\n" + "  if x: return 1\n" * 3000 + " finally:\n" + "  x()\n" * 3000


@pytest.mark.parametrize(
    ("code", "whole"),
    [
        (IN_TURN, IN_TURN),
        (WAYS_OUT, WAYS_OUT.strip("\n")),
        ("try: x()\nexcept* A: pass\nfinally: return 1", ""),
        ("try: x()\nfinally: y()", "try: x()\nfinally: y()"),
    ],
)
def test_what_a_compiler_writes_out_for_each_way_to_it_is_not_compiled(code, whole):
    assert standing_alone(code, [], MOST) == whole
    assert stays_as_it_is({"f"}, [Cell("a", code, own=True)], [], {}), "symbols alone are looked at"


def test_what_is_too_long_to_stand_alone_is_not_compiled(monkeypatch):
    code, own = "f = g", ["g = 1", "h = 2"]
    assert standing_alone(code, own, 13) == "g = 1\n\n\nf = g"
    monkeypatch.setattr(plain, "_compiles", None)
    assert standing_alone(code, own, 12) == ""


def test_definitions_of_which_each_needs_the_next_are_read_once(monkeypatch):
    read = []
    names = plain._names
    monkeypatch.setattr(plain, "_names", lambda code: read.append(code) or names(code))
    own = [f"def f{number}(): return f{number + 1}()" for number in range(200)]
    assert standing_alone("def total(x): return f0()", own, MOST).count("def ") == 201
    assert len(read) == 201
