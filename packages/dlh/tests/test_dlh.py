"""Tests of what notebooks import besides data: the d2l library, the printed comparisons."""

import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch

from dlh.checks import compare


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
        "raise RuntimeError('operator torchvision::nms does not exist')",
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
    with pytest.raises(AssertionError, match=r"^it: expected .+, obtained .+\. Look here\.$"):
        compare("it", obtained, expected, "Look here.")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("obtained", "expected", "cause"),
    [
        (None, 3, "Nothing came back: is a `return` missing?"),
        (torch.zeros(3, 4, 6).shape, (4, 3, 6), "The numbers are right, but stand in another order."),
        ((4, 3), (4, 3, 1), "There is an axis of length one too few."),
        ((1, 4, 3), (4, 3), "There is an axis of length one too many."),
        ((4, 5), (4, 3), None),
        ((True, False), (False, True), None),
        ([4, 3], (3, 4), None),
    ],
)
def test_compare_names_the_cause_where_the_values_tell(obtained, expected, cause):
    with pytest.raises(AssertionError) as found:
        compare("it", obtained, expected, "Look here.")
    assert str(found.value).partition(". ")[2] == (f"{cause} Look here." if cause else "Look here.")


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
