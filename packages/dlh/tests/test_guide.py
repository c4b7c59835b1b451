"""Tests of the help beside a notebook: hints in steps, and which exercise is to be finished first."""

import hashlib
import json

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from dlh.guide import guide

STUB = 'raise NotImplementedError("not implemented yet")'
LOOKS = "numbers = [7]\nnumbers[1]"
CHECK_OF_SUMS = "assert total([rows]) == 2, 'both'"
CHECK, DRAWS, USES = "assert Double()(2) == 4, 'two, doubled'", "numbers = [7]\nnumbers[Double()(1)]", "Double()(1) / 0"
EXERCISES = [
    {"id": "double", "number": "2.1", "title": "Twice", "names": ["Double"], "hints": ["Look.", "A number.", "Add."]},
    {"id": "total", "number": "2.2", "title": "Sums", "names": ["total", "mean"], "hints": []},
]
NEEDS = {"pairs": ["double"], "report": ["double", "total"]}
UNFINISHED = f"""
class Double:
    def __call__(self, x):
        {STUB}

def total(values):
    def add():
        {STUB}
    return add()

def mean(values):
    return values + misspelt
"""
DOUBLE = "class Double:\n    def __call__(self, x):\n        return x + x"
TOTAL = "def total(values): return sum(values)\ndef mean(values): return report"
FIRST = ' hint("double") tells where to begin.'


def digest(cell):
    """As the build writes it."""
    return hashlib.sha256(cell.encode()).hexdigest()[:12]


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A folder with the file that lies beside the notebook `sums`, in which one works."""
    given, checks = {digest(cell): ["double"] for cell in (DRAWS, USES, LOOKS)}, {digest(CHECK): "double"}
    checks[digest(CHECK_OF_SUMS)] = "total"
    guide = {"exercises": EXERCISES, "needs": NEEDS, "given": given, "checks": checks}
    (tmp_path / "sums.guide.json").write_text(json.dumps(guide))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def shell():
    """IPython, as a notebook's kernel has it."""
    yield InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}), colors="nocolor")
    InteractiveShell.clear_instance()


MISSING = [
    ("a method", [UNFINISHED], "Double()(1)",
     "Finish exercise 2.1 (Twice) first: `Double.__call__` still raises NotImplementedError." + FIRST),
    ("a cell that stopped, under a decorator", ["import functools\nkept = functools.cache",
     UNFINISHED.replace("def total", "@kept\ndef total"), DOUBLE], "print(report)",
     "Finish exercise 2.2 (Sums) first: `report` is made with it, in a cell above."),
    ("a function within one", [UNFINISHED], "[total(n) for n in [[1]]]",
     "Finish exercise 2.2 (Sums) first: `total.add` still raises NotImplementedError."),
    ("a cell that did not run", [], "assert Double()(1) == 2",
     "Run the cell of exercise 2.1 (Twice) first: it defines `Double`."),
    ("a cell that stopped", [UNFINISHED], "sorted(pairs)",
     "Finish exercise 2.1 (Twice) first: `pairs` is made with it, in a cell above." + FIRST),
    ("within a given function", [UNFINISHED, "def show(): return pairs"], "show()",
     "Finish exercise 2.1 (Twice) first: `pairs` is made with it, in a cell above." + FIRST),
    ("the first that is unfinished", [UNFINISHED, DOUBLE], "print(report)",
     "Finish exercise 2.2 (Sums) first: `report` is made with it, in a cell above."),
    ("all are finished", [UNFINISHED, DOUBLE, TOTAL], "print(report)",
     "Run the cells from exercise 2.2 (Sums) on first: one of them defines `report`."),
]  # fmt: skip


@pytest.mark.parametrize(("before", "cell", "line"), [pytest.param(*case[1:], id=case[0]) for case in MISSING])
def test_missing_exercise_is_told_in_one_line(course, shell, capsys, before, cell, line):
    for code in ['from dlh.guide import guide\nhint = guide("sums")', *before]:
        shell.run_cell(code).raise_error()
    capsys.readouterr()
    result = shell.run_cell(cell)
    assert isinstance(result.error_in_exec, (NameError, NotImplementedError))
    assert capsys.readouterr().out.strip() == line


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("mean(1)", "name 'misspelt' is not defined"),
        ("print(dubble)", "name 'dubble' is not defined"),
        (TOTAL + "\nmean(1)", "name 'report' is not defined"),
        ("raise NotImplementedError('mine')", "NotImplementedError: mine"),
        ("1 / 0", "ZeroDivisionError"),
        ("import json\njson.loads('{')", "JSONDecodeError"),
    ],
)
def test_other_errors_are_shown_as_ever(course, shell, capsys, cell, said):
    for code in ['from dlh.guide import guide\nhint = guide("sums")', UNFINISHED]:
        shell.run_cell(code).raise_error()
    shell.run_cell(cell)
    shown = capsys.readouterr().out
    assert "Traceback (most recent call last)" in shown and said in shown and "first:" not in shown


ON_DOUBLE = "def total(values): return sum(map(Double(), values))\ndef mean(values): return 0"
# What is there is the wrong thing, or one of an earlier cell; what the cell needs is not finished.
ODD = "class Double:\n    def __call__(self, x):\n        return 3\n    def more(self):\n        " + STUB
GOES_ON = [
    ("it is not finished", [ODD], DRAWS,
     "Finish exercise 2.1 (Twice) first: this cell goes on with it." + FIRST),
    ("its checks have failed", [DOUBLE.replace("x + x", "x + 3"), CHECK], DRAWS,
     "Finish exercise 2.1 (Twice) first: this cell goes on with it, and the checks have failed (two, doubled)."
     + FIRST),
    ("with other space at its ends", [ODD], "\r\n" + DRAWS.replace("\n", "  \r\n"),
     "Finish exercise 2.1 (Twice) first: this cell goes on with it." + FIRST),
    ("what it made is not there, and its checks have failed", [DOUBLE.replace("x + x", "x"), CHECK], "pairs",
     "Finish exercise 2.1 (Twice) first: `pairs` is made with it, in a cell above, and the checks have failed"
     " (two, doubled)." + FIRST),
    ("nothing above has been run", [], LOOKS,
     "Run the cells from exercise 2.1 (Twice) on first: this cell goes on with it."),
    ("its cell is no Python", [DOUBLE.replace(":", "")], DRAWS,
     "Mend the cell of exercise 2.1 (Twice) first, which stops (SyntaxError: expected ':', line 1): it defines"
     " `Double`."),
    ("the cells of data have not been run", [DOUBLE, ON_DOUBLE], CHECK_OF_SUMS,
     "Run the cells above first: one of them defines `rows`."),
]  # fmt: skip


@pytest.mark.parametrize(("before", "cell", "line"), [pytest.param(*case[1:], id=case[0]) for case in GOES_ON])
def test_given_cell_that_goes_on_with_something_unfinished_says_so_in_one_line(
    course, shell, capsys, before, cell, line
):
    for code in ['from dlh.guide import guide\nhint = guide("sums")', *before]:
        shell.run_cell(code)
    capsys.readouterr()
    assert shell.run_cell(cell).error_in_exec
    assert capsys.readouterr().out.strip() == line


@pytest.mark.parametrize(
    ("before", "cell", "said"),
    [
        ([DOUBLE, CHECK], USES, "ZeroDivisionError"),
        ([DOUBLE], USES, "ZeroDivisionError"),
        # A cell of the student's own, and one of checks, are about what the student wrote.
        ([ODD], "Double()(1) / 0  # mine", "ZeroDivisionError"),
        ([ODD], CHECK, "AssertionError"),
        # Finished, with the line that says otherwise left behind.
        ([DOUBLE + "\n        " + STUB, CHECK], USES, "ZeroDivisionError"),
    ],
)
def test_errors_of_another_cause_are_shown_as_ever(course, shell, capsys, before, cell, said):
    for code in ['from dlh.guide import guide\nhint = guide("sums")', *before]:
        shell.run_cell(code)
    capsys.readouterr()
    shell.run_cell(cell)
    shown = capsys.readouterr().out
    assert "Traceback (most recent call last)" in shown and said in shown and "first:" not in shown


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (DOUBLE.replace("return", ""), None),  # a plain difference says it itself
        ("class Double:\n    def __call__(self, x):\n        return len(None)", "is a `return` missing?"),
        ("class Double:\n    def __call__(self, x):\n        return [x].shape", "A list stands where a tensor is"),
        ("class Double:\n    def __call__(self, x):\n        first, second = 0.5", "Fewer results come back"),
        ("class Double:\n    def __call__(self, x):\n        first, second = 1, 2, 3", "More results come back"),
        ("class Double:\n    def __call__(self, x):\n        raise RuntimeError('Sizes of tensors must match')",
         "Two shapes do not fit"),
        ("class Double:\n    def __call__(self, x):\n        raise RuntimeError('odd')", ""),
    ],
)  # fmt: skip
def test_error_of_a_check_ends_with_what_mostly_is_behind_it(course, shell, capsys, code, said):
    for cell in ['from dlh.guide import guide\nhint = guide("sums")', code]:
        shell.run_cell(cell)
    capsys.readouterr()
    shell.run_cell(CHECK)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("AssertionError") if said is None else said in last
    assert (said is None) != last.endswith('hint("double") tells where to look again.')


WITH_LAYERS = """
class Double:
    layer = lambda self: 0,
    def __init__(self): self.fc1 = 1
    def __call__(self, x):
        return """
FAULTS = [
    ("self.fc", "`Double` has no `fc`: is it misspelt, here or in `__init__`, or is `self.` missing there? It"
                " has `fc1`."),
    ("result", "Nothing is called `result` there: is it misspelt"),
    ("[result for _ in [0] if result] or (result := 2)", "Nothing is called `result` there: is it misspelt"),
    ("self.layer(x)", "look for a comma at the end of a line."),
    ("float((1,))", "look for a comma at the end of a line."),
    ("float([1])", "A list stands where a number is expected."),
    ("float('30%')", "A string stands where a number is expected."),
    ("{'one': 1}['One']", "The dictionary has no key 'One'"),
    ("{7: 1}[8]", "The dictionary has no key 8"),
    ("0 <= '0.5'", "Text stands where a number is expected: are there quotes around it?"),
    ("1 + '0.5'", "Text stands where a number is expected"),
    ("[1, 2] / 2", "A list stands where a number, a tensor or an array is expected"),
    ("list('ab')[:, 0]", "A list stands where a tensor, an array or a dictionary is expected"),
    ("[][0]", "is a loop one too long, or an `append` missing?"),
    ("1.5.item()", "A float stands where a tensor is expected"),
    ("5.0 .__int__().shape", "An int stands where a tensor is expected"),
    ("int(2)(x)", "An int is called as if it were a function: is an operator missing before the bracket"),
    ("(lambda: 1)(x)", "More is passed than is taken: is `self` missing"),
    ("(lambda a, b, c: 1)(x)", "'b' and 'c' must be passed, too"),
    ("(lambda a: 1)(b=x)", "No argument is called `b` there"),
    ("type('Layer', (), {})(1)", "`Layer` has no `__init__`: is it misspelt (two underscores on each side)"),
    ("x / 0", "What is divided by is 0 there"),
    ("__import__('torch').ones(2) @ __import__('torch').nn.Linear(2, 2)", "A Tensor and a Linear meet there"),
    ("__import__('torch').ones(2) @ __import__('torch').ones(2).double()", "Numbers of two kinds meet"),
    ("__import__('torch').softmax(__import__('torch').ones(2))", '"dim" must be passed, too'),
    ("__import__('torch').ones(2).sum(1.5)", "One argument is missing, such as `dim`, or of another kind"),
    ("__import__('torch').stack([])", "Nothing was collected"),
    ("__import__('torch').stack([__import__('torch').ones(n) for n in (2, 3)])", "Two shapes do not fit"),
    ("float(__import__('torch').ones(2))", "Several numbers stand where one is expected"),
    ("float(__import__('numpy').ones(2))", "Several numbers stand where one is expected"),
    ("__import__('torch').nn.Linear(2, 2).weight.mul_(2)", "A weight is changed in place"),
    ("__import__('torch').ones(()).backward()", "No weight is behind that number"),
    ("__import__('torch').optim.SGD([])", "The model knows no weights: is `self.` missing"),
    ("__import__('sklearn.metrics').metrics.f1_score([[0, 1]], [[0.2, 0.7]])", "scikit-learn takes verdicts there"),
    ("__import__('numpy').ones(2).unsqueeze(0)", "A NumPy array stands where a tensor is expected."),
    ("__import__('numpy').ones((2, 5))[0, 7]", "Axis 1 has 5 places, counted from 0: is 7 the number of"),
    ("tuple(__import__('numpy').float64(1))", "Fewer results come back than are expected there"),
    ("(lambda: [(a, b) for a, b in [len]])()", "A function stands in place of what it gives: is its `()` missing?"),
    ("float(self.__call__)", "A function stands in place of what it gives: is its `()` missing?"),
    ("self.__call__.shape", "A function stands in place of what it gives: is its `()` missing?"),
    ("__import__('torch').nn.Sequential(__import__('torch').nn.ReLU)", "is the `()` missing that makes one of it?"),
    ("__import__('torch').nn.Module()(x)", "That method is not in the class: is it misspelt, or not indented"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "said"), FAULTS)
def test_error_of_a_check_is_told_by_what_it_says(course, shell, capsys, line, said):
    for cell in ['from dlh.guide import guide\nhint = guide("sums")', WITH_LAYERS + line]:
        shell.run_cell(cell)
    capsys.readouterr()
    shell.run_cell(CHECK)
    assert said in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("x + x", "x + “x”", "Python does not know the sign `“`"),
        ("(self, x)", "（self, x)", "Python does not know the sign `（`"),
        ("x + x", "x – x", "Python does not know the sign `–`"),
        ("x + x", "x\u00a0+ x", "A sign that cannot be seen (U+00A0)"),
        ("x + x", "x\u200b + x", "A sign that cannot be seen (U+200B)"),
        ("        return", "        y = x\n\treturn", "begin them with four spaces"),
        ("        return", "        y = x\n      return", "begin them with four spaces"),
    ],
)
def test_signs_that_were_pasted_are_told_below_the_cell(course, shell, capsys, old, new, said):
    assert old in DOUBLE
    shell.run_cell('from dlh.guide import guide\nhint = guide("sums")')
    shell.run_cell(DOUBLE.replace(old, new))
    assert said in capsys.readouterr().out.splitlines()[-1]


def test_summary_says_how_far_each_exercise_is(course, shell, capsys):
    def told(*before):
        for code in before:
            shell.run_cell(code)
        capsys.readouterr()
        shell.run_cell("hint.summary()").raise_error()
        return [line.partition("  ")[2].strip() for line in capsys.readouterr().out.splitlines()[:-1]]

    first = 'from dlh.guide import guide\nhint = guide("sums")'
    assert told(first) == ["the cell has not been run", "the cell has not been run"]
    assert told(UNFINISHED, CHECK) == ["not finished yet", "not finished yet"]
    assert told(DOUBLE, TOTAL) == ["not checked yet", "not checked yet"]
    assert told(CHECK) == ["passed", "not checked yet"]
    assert told(DOUBLE.replace("x + x", "[x] * 90"), CHECK) == ["failed: two, doubled", "not checked yet"]
    assert told(DOUBLE.replace("x + x", "'long ' * missing"), CHECK)[0].startswith("failed: NameError: name")
    shell.run_cell("hint.summary()")
    assert capsys.readouterr().out.splitlines() == [
        "2.1 Twice  failed: NameError: name 'missing' is not defined",
        "2.2 Sums   not checked yet",
        "0 of 2 pass their checks. Answers in words are not looked at here.",
    ]


@pytest.mark.parametrize(
    ("double", "trouble"),
    [
        (DOUBLE.replace("x + x", "3"), "the checks have failed (two, doubled)"),
        (ODD, "something is not finished yet"),
        (f"{DOUBLE}\n1 +", "the cell stops (SyntaxError: invalid syntax, line 4)"),
    ],
)
def test_right_code_on_a_wrong_exercise_is_not_blamed(course, shell, capsys, double, trouble):
    cells = [DOUBLE, double, CHECK, ON_DOUBLE, "rows = 2", CHECK_OF_SUMS]
    for cell in ['from dlh.guide import guide\nhint = guide("sums")', *cells]:
        capsys.readouterr()
        shell.run_cell(cell)
    last = capsys.readouterr().out.splitlines()
    assert last[-1] == f"It builds on exercise 2.1 (Twice), of which {trouble}: mend that first."
    shell.run_cell("hint.summary()")
    assert "2.2 Sums   waits for exercise 2.1 (Twice)" in capsys.readouterr().out.splitlines()


def test_prediction_is_answered_and_not_passed(course, shell, capsys):
    file = course / "sums.guide.json"
    file.write_text(file.read_text().replace('"double"', '"guess_double"'))
    for cell in ['from dlh.guide import guide\nhint = guide("sums")', DOUBLE, CHECK]:
        shell.run_cell(cell).raise_error()
    capsys.readouterr()
    shell.run_cell("hint.summary()")
    assert capsys.readouterr().out.splitlines()[0] == "2.1 Twice  answered"


def test_without_its_file_nothing_changes(tmp_path, monkeypatch, shell, capsys):
    monkeypatch.chdir(tmp_path)
    hint = guide("sums")
    assert shell.custom_exceptions == ()
    hint("double")
    assert capsys.readouterr().out.startswith("There are no hints here: sums.guide.json should lie beside")
    hint.summary()
    assert capsys.readouterr().out.startswith("Nothing is known here: sums.guide.json should lie beside")


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"exercises": [{"id": "double"}], "needs": {}}'])
def test_file_of_another_version_is_as_none(course, capsys, content):
    (course / "sums.guide.json").write_text(content)
    guide("sums")("double")
    assert capsys.readouterr().out.startswith("There are no hints here")


def test_handler_of_another_is_kept(course, shell):
    shell.set_custom_exc((ValueError,), lambda *arguments, **named: None)
    guide("sums")
    assert shell.custom_exceptions == (ValueError,)


def test_plain_python_keeps_its_tracebacks(course):
    guide("sums")
    with pytest.raises(NameError, match="pairs"):
        exec("pairs", {})


class Double:
    def twice(self):
        """Of another place, by the same name."""


@pytest.mark.parametrize(
    "asked", ["double", "2.1", 2.1, " 2.1 ", "Exercise 2.1", "Double", "Double.twice", Double, Double.twice]
)
def test_hints_come_step_by_step(course, capsys, asked):
    hint = guide("sums")
    for _ in range(4):
        hint(asked)
    steps = ["1 of 3", "2 of 3", "3 of 3", "3 of 3"]
    texts = ["Look.", "A number.", "Add.", "Add."]
    told = [f"Hint {step} for exercise 2.1 (Twice): {text}" for step, text in zip(steps, texts, strict=True)]
    assert capsys.readouterr().out.splitlines() == told


def test_hint_for_nothing_says_what_there_is(course, capsys):
    hint = guide("sums")
    hint("tripple")
    hint(sorted)
    hint()
    hint("total")
    hint.exercises["total"]["number"] = "2.1"
    hint("2.1")
    assert capsys.readouterr().out.splitlines() == [
        "There are no hints for 'tripple'. There are hints for: double (2.1), total (2.2).",
        "There are no hints for 'sorted'. There are hints for: double (2.1), total (2.2).",
        "Which exercise? There are hints for: double (2.1), total (2.2).",
        "There are no hints for exercise 2.2 (Sums).",
        "Which exercise? There are hints for: double (2.1), total (2.1).",
    ]


WRONG = DOUBLE.replace("x + x", "3")
STOPS = DOUBLE + "\n1 +"


@pytest.mark.parametrize(
    ("cells", "state"),
    [
        ([DOUBLE, CHECK, WRONG], "not checked yet"),
        ([DOUBLE, CHECK, DOUBLE], "passed"),
        ([WRONG, CHECK, DOUBLE], "not checked yet"),
        ([DOUBLE, CHECK, STOPS], "the cell stops (SyntaxError: invalid syntax, line 4)"),
        ([DOUBLE, STOPS, CHECK], "the cell stops (SyntaxError: invalid syntax, line 4)"),
        ([DOUBLE, CHECK, f"1 / 0\n{WRONG}", CHECK], "the cell stops (ZeroDivisionError: division by zero)"),
        ([f"{DOUBLE}\n1 / 0", CHECK], "passed"),
    ],
)
def test_state_is_of_the_cell_as_it_is_now(course, shell, capsys, cells, state):
    for cell in ['from dlh.guide import guide\nhint = guide("sums")', *cells]:
        shell.run_cell(cell)
    capsys.readouterr()
    shell.run_cell("hint.summary()")
    assert capsys.readouterr().out.splitlines()[0].split("  ")[-1] == state


def test_mended_exercise_is_not_blamed_by_what_its_checks_said_before(course, shell, capsys):
    for cell in ['from dlh.guide import guide\nhint = guide("sums")', WRONG, CHECK, ON_DOUBLE, DOUBLE, "rows = 3"]:
        shell.run_cell(cell)
    capsys.readouterr()
    shell.run_cell(CHECK_OF_SUMS)
    assert capsys.readouterr().out.splitlines()[-1] == "AssertionError: both"


@pytest.mark.parametrize("earlier", [WRONG, DOUBLE])
def test_check_of_a_cell_that_stops_says_that_it_looks_at_an_earlier_run(course, shell, capsys, earlier):
    for cell in ['from dlh.guide import guide\nhint = guide("sums")', earlier, STOPS]:
        shell.run_cell(cell)
    capsys.readouterr()
    shell.run_cell(CHECK)
    assert capsys.readouterr().out.splitlines()[-1] == (
        "The cell of exercise 2.1 (Twice) stops (SyntaxError: invalid syntax, line 4): what is checked here, an earlier"
        " run has left."
    )


@pytest.mark.parametrize(
    ("own", "body", "is_told"),
    [
        ("", "found", True),
        ("", "[found for _ in [0]][0]", True),
        ("", "(lambda: found)()", True),
        ("", "(lambda found: found)(4)", False),
        ("", "x.found if False else 4", False),
        ("%matplotlib inline\nfound = 4", "found", False),
        ("def found(): return 4", "found() if callable(found) else found", False),
    ],
)
def test_name_that_a_cell_of_checks_has_left_is_told(course, shell, capsys, own, body, is_told):
    check = "found = 4\n" + CHECK
    file = course / "sums.guide.json"
    file.write_text(file.read_text().replace(digest(CHECK), digest(check)))
    double = f"class Double:\n    def __call__(self, x):\n        return {body}"
    for cell in ['from dlh.guide import guide\nhint = guide("sums")', own, double]:
        shell.run_cell(cell)
    capsys.readouterr()
    shell.run_cell(check)
    line = (
        "`found` is taken from what a cell of checks has left behind: no line of exercise 2.1 (Twice) gives it a value,"
        " and after a restart there is none."
    )
    assert (line in capsys.readouterr().out.splitlines()) == is_told
