"""Tests of what notebooks import besides data: the d2l library, the printed comparisons."""

import re
import subprocess
import sys
import textwrap
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn

from dlh.checks import (
    compare,
    compare_gradients,
    compare_kind,
    compare_letter,
    compare_range,
    compare_shape,
    hinted,
    number_of,
    parts_of,
)


def run(code, **environment):
    """What a fresh Python prints; modules made for the test may lie in PYTHONPATH."""
    command = [sys.executable, "-c", textwrap.dedent(code)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment or None)
    assert result.returncode == 0, result.stderr
    return result.stdout


USE_D2L = """
    import sys
    from dlh.d2l_torch import d2l
    from IPython import display
    d2l.use_svg_display()
    print(d2l.__name__, d2l.try_gpu().type, hasattr(display, "set_matplotlib_formats"))
    timer = d2l.Timer()
    print(timer.stop() >= 0)
    animator = d2l.Animator(xlabel="epoch", legend=["loss"])
    animator.add(1, (2.0,))
    try:
        d2l.load_data_fashion_mnist(4)
    except ImportError as error:
        print("ImportError:", error)
    print("left behind:", [name for name in sys.modules if name.startswith("torchvision")])
"""


def broken_torchvision(folder, text):
    (folder / "torchvision").mkdir()
    (folder / "torchvision" / "extension.py").write_text("")
    (folder / "torchvision" / "__init__.py").write_text("from torchvision import extension\n" + text)
    return {"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin", "HOME": str(folder)}


@pytest.mark.parametrize(
    "fault",
    [
        "raise ModuleNotFoundError(\"No module named 'torchvision'\")",
        pytest.param("raise RuntimeError('operator torchvision::nms does not exist')", marks=pytest.mark.prove),
    ],
)
def test_d2l_loads_where_torchvision_is_missing_or_broken(tmp_path, fault):
    printed = run(USE_D2L, **broken_torchvision(tmp_path, fault))
    assert re.search(r"d2l\.torch (cpu|cuda) True\nTrue", printed)
    assert "left behind: []" in printed
    assert "ImportError: this part of d2l needs torchvision.transforms.ToTensor" in printed
    assert re.search(r"\((\w+Error): .*torchvision.*\)", printed)[1] in fault
    assert f"torch {torch.__version__}" in printed


def test_d2l_that_is_missing_is_told_with_how_to_install_it():
    printed = run("""
        import sys
        sys.modules["d2l"] = None
        try:
            import dlh.d2l_torch
        except ModuleNotFoundError as error:
            print(error.name, error)
    """)
    assert printed.startswith("d2l `d2l` is missing; install it with `python -m pip install d2l==0.17.0`")


@pytest.mark.prove
def test_sound_torchvision_is_used_and_kept(tmp_path):
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "__init__.py").write_text("from torchvision import transforms\n")
    (tmp_path / "torchvision" / "transforms.py").write_text("")
    environment = {"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    code = "import sys; from dlh.d2l_torch import d2l; print(d2l.torchvision is sys.modules['torchvision'])"
    assert run(code, **environment) == "True\n"


@pytest.mark.parametrize(
    ("obtained", "expected"),
    [
        (5, 5),
        (torch.float, torch.float),
        (torch.Size([2, 3]), (2, 3)),
        (-0.12483, -0.1248),
        (torch.tensor(0.5, requires_grad=True), 0.5),
        (torch.eye(2, dtype=torch.long), torch.eye(2)),
        (np.float32(0.25), 0.25),
    ],
)
def test_compare_prints_what_agrees(capsys, obtained, expected):
    compare("it", obtained, expected)
    assert re.match(r"ok  it: expected .+, obtained .+\n$", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("obtained", "expected"),
    [
        (4, 5),
        (torch.int64, torch.float),
        (torch.Size([2, 3]), (3, 2)),
        (0.126, 0.1248),
        (float("nan"), 0.0),
        ("half", 0.5),
        (torch.ones(3), torch.ones(1)),
        ([1, 2], [2, 1]),
    ],
)
def test_compare_stops_at_a_difference(capsys, obtained, expected):
    with pytest.raises(AssertionError, match=r"^it: expected .+, obtained .+[.?] Look here\.$"):
        compare("it", obtained, expected, "Look here.")
    assert capsys.readouterr().out == ""


def test_notebook_shows_the_message_of_a_difference_alone():
    with pytest.raises(AssertionError) as found:
        compare("it", 2, 3, "Look here.")
    assert found.value._render_traceback_() == ["it: expected 3, obtained 2. Look here."]


@pytest.mark.parametrize("obtained", [torch.tensor([0.311, -2.0]), np.array([0.311, -2.0], dtype=np.float32)])
def test_compare_writes_numbers_as_short_as_they_are(capsys, obtained):
    compare("it", obtained, torch.tensor([0.311, -2.0]))
    assert capsys.readouterr().out == "ok  it: expected [0.311, -2.0], obtained [0.311, -2.0]\n"
    with pytest.raises(AssertionError, match=re.escape("expected [3], obtained [2].")):
        compare("it", torch.tensor([2]), torch.tensor([3]))


def test_compare_shows_the_whole_of_a_difference():
    long = list(range(100))
    with pytest.raises(AssertionError, match=re.escape(f"obtained {long}.")):
        compare("it", long, [])


@pytest.mark.parametrize(
    ("obtained", "expected", "cause"),
    [
        (None, 0.5, "is a `return` missing?"),
        (type(None), np.ndarray, "is a `return` missing?"),
        (torch.Size([3, 2]), (2, 3), "The numbers are right, but stand in another order"),
        (torch.Size([4, 1, 5]), (4, 5), "There is an axis of length one too many"),
        (torch.Size([5]), (1, 5), "There is an axis of length one too few"),
        (torch.Size([4, 40, 1]), (4, 1), "The axis of length 40 is left over"),
        (torch.Size([]), (7,), "The axis of length 7 is gone"),
        (torch.Size([4, 35]), (4, 7, 5), "but on other axes"),
        (torch.ones(3, 1), torch.ones(3), "The shape is (3, 1), and should be (3,)"),
        (torch.tensor(-2.0), 2.0, "The sign is the wrong way round"),
        (torch.tensor([4.0, 9.0]), torch.tensor([2.0, 3.0]), "the squares"),
        (torch.tensor([2.0, 3.0]), torch.tensor([4.0, 9.0]), "the square roots"),
        (torch.tensor([[1.0, 3.0], [2.0, 4.0]]), torch.tensor([[1.0, 2.0], [3.0, 4.0]]), "Rows and columns"),
        (torch.tensor([3.0, 2.0, 1.5]), torch.tensor([1.5, 2.0, 3.0]), "opposite order"),
        (torch.tensor([5.0, 10.0]), torch.tensor([1.0, 2.0]), "All are 5 times the right numbers."),
        (torch.tensor([0.2, 0.4]), torch.tensor([1.0, 2.0]), "All are 5 times too small."),
        (float("nan"), 0.5, "`nan` is no number"),
        ((0.5,), 0.5, "A comma at the end of a line makes a tuple."),
    ],
)
def test_compare_says_how_a_result_differs(obtained, expected, cause):
    with pytest.raises(AssertionError, match=re.escape(cause)):
        compare("it", obtained, expected)


@pytest.mark.parametrize(
    ("obtained", "expected"),
    [
        (torch.Size([2, 4]), (3, 5)),
        (torch.tensor([0.5, 0.1]), torch.tensor([0.0, 0.0])),
        (torch.tensor([0.2, 0.9]), torch.tensor([0.3, 0.4])),
        (0.6, 0.3),
        ("half", 0.5),
        ([1, 2], [2, 1]),
    ],
)
def test_compare_says_no_more_than_it_knows(obtained, expected):
    with pytest.raises(AssertionError, match=r"obtained [^.]*(\.\d+[^.]*)*\. Look\.$"):
        compare("it", obtained, expected, "Look.")


@pytest.mark.parametrize(
    ("obtained", "words"),
    [
        (None, "expected a tensor of shape (2, 3), obtained None. Nothing came back: is a `return` missing? Look."),
        ([[1.0, 2, 3]] * 2, "obtained a list of 2. Look."),
        (torch.ones(2, 3).min(dim=0), "obtained a tuple of 2. Look."),
        (0.5, "obtained the float 0.5. Look."),
        (nn.ReLU(), "obtained something of type nn.ReLU. Look."),
        ((torch.ones(2, 3),), "obtained a tuple of 1. A comma at the end of a line makes a tuple. Look."),
        (torch.ones(3, 2), "shape of it: expected (2, 3), obtained (3, 2). The numbers are right"),
    ],
)
def test_compare_shape_says_what_has_none(obtained, words):
    with pytest.raises(AssertionError, match=re.escape(words)):
        compare_shape("it", obtained, (2, 3), "Look.")


def test_compare_shape_prints_what_agrees(capsys):
    compare_shape("it", torch.ones(2, 3), (2, 3))
    assert capsys.readouterr().out == "ok  shape of it: expected (2, 3), obtained (2, 3)\n"


@pytest.mark.parametrize(
    ("obtained", "words"),
    [
        (None, "it: expected (outputs, state), obtained None. Nothing came back: is a `return` missing?"),
        (torch.ones(2, 3), "obtained a tensor of shape (2, 3)."),
        ((1, 2, 3), "obtained a tuple of 3."),
    ],
)
def test_parts_are_as_many_as_they_should_be(obtained, words):
    with pytest.raises(AssertionError, match=re.escape(words)):
        parts_of("it", obtained, "outputs", "state")
    assert parts_of("it", (1, 2), "outputs", "state") == (1, 2)


@pytest.mark.parametrize("pair", [np.array([0.5, 2]), torch.tensor([0.5, 2])])
def test_parts_may_stand_in_an_array_with_a_number_for_each(pair):
    assert parts_of("it", pair, "outputs", "state") == [0.5, 2]


@pytest.mark.parametrize("letter", ["a", " D\n", "B"])
def test_a_letter_may_be_large_or_have_blanks_around_it(letter, capsys):
    compare_letter("guess()", letter, "abcd")
    assert capsys.readouterr().out.startswith("ok  guess()")


@pytest.mark.parametrize("wrong", ["B.", "A)", "e", "", "ab", ["a"], 1, None])
def test_what_is_no_letter_is_said_with_what_to_write(wrong):
    with pytest.raises(AssertionError, match="a to d, obtained .*One letter in quotes") as raised:
        compare_letter("guess()", wrong, "abcd")
    assert repr(wrong) in str(raised.value)


@pytest.mark.parametrize("number", [0.25, np.float32(0.25), torch.tensor(0.25), np.array(0.25), Fraction(1, 4)])
def test_a_number_may_be_of_any_kind(number, capsys):
    assert number_of("it", number) == 0.25
    compare_range("it", number, 0, 1)
    assert capsys.readouterr().out == "ok  it: expected a number from 0 to 1, obtained 0.25\n"


@pytest.mark.parametrize(
    "wrong", ["30%", "0.3", None, (0.1, 0.2), (0.3,), [0.3], np.array([0.3]), {}, 30, -0.1, float("nan"), 1j]
)
def test_what_is_no_number_or_outside_is_said_in_a_line(wrong):
    with pytest.raises(AssertionError, match="it: expected a number.*, obtained") as raised:
        compare_range("it", wrong, 0, 1)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("obtained", "words"),
    [
        (nn.ReLU, "obtained something of type type."),
        ((nn.GRU(2, 3),), "obtained a tuple of 1. A comma at the end of a line makes a tuple."),
        (nn.LSTM(2, 3), "obtained something of type nn.LSTM. Look."),
        (0.5, "obtained the float 0.5. Look."),
    ],
)
def test_what_is_of_another_class_is_told(capsys, obtained, words):
    compare_kind("net.rnn", nn.GRU(2, 3), nn.GRU, "Look.")
    assert capsys.readouterr().out.startswith("ok  net.rnn: expected something of type nn.GRU")
    with pytest.raises(AssertionError, match=re.escape("net.rnn: expected something of type nn.GRU, obtained")) as told:
        compare_kind("net.rnn", obtained, nn.GRU, "Look.")
    assert words in str(told.value)


def test_what_gets_no_gradient_is_counted():
    first, second = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    compare_gradients("the sum", first + second, [first, second])
    for result, found in ((first + second.detach(), 1), ((first + second).detach(), 0)):
        with pytest.raises(AssertionError, match=f"expected 2, obtained {found}. No .detach"):
            compare_gradients("the sum", result, [first, second])


def test_a_call_that_stops_with_an_error_is_a_line_with_its_hint():
    told = pytest.raises(AssertionError, match="the call: RuntimeError.*size.* Mind the axes.$")
    with told as raised, hinted("the call", "Mind the axes."):
        torch.ones(2) + torch.ones(3)
    assert "\n" not in str(raised.value)
    assert "at `torch.ones(2) + torch.ones(3)`" in str(raised.value)
    # What no shape is the cause of says itself what is.
    for other in (NotImplementedError, NameError, AttributeError, TypeError, KeyError):
        with pytest.raises(other), hinted("the call", "Mind the axes."):
            raise other
