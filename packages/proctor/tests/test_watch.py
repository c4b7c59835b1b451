"""What runs beneath student code is written down: built-ins that no name in the code gives away, and nothing else."""

import contextlib
import sys

import pytest
import torch

from proctor.checks import expect
from proctor.checks.cell import Cell
from proctor.checks.connections import InProcess
from proctor.checks.constraints import BuiltIn
from proctor.checks.submission import Submission
from proctor.isolation.process import HostLost
from proctor.isolation.watch import SWITCHES, UNSEEN
from submissions import hosts_of, sandboxed, small_nursery

LSTM = BuiltIn(frozenset({"LSTM", "LSTMCell", "lstm", "lstm_cell"}), ("lstm", "gru", "rnn"))
ATTENTION = BuiltIn(
    frozenset({"MultiheadAttention", "scaled_dot_product_attention"}), ("attention", "transformer")
)  # fmt: skip
GIVEN = """
import functools, typing, warnings, collections
import torch
import torch.nn.functional as F
from torch import nn
"""
# `{}` computes outputs and the last state of x and s with the weights w, as `torch.lstm` does.
LAYER = """
class LSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.ParameterList([torch.ones(28, n) * 0.1 for n in (5, 7)] + [torch.zeros(28)] * 2)

    def forward(self, x):
        s = x.new_zeros(1, len(x), 7)
        return {}(x, (s, s), [*self.w], True, 1, 0.0, False, False, True)[0]
"""
# As it is read: a layer of one product.
PLAIN = """
class LSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.ones(5, 7))

    def forward(self, x):
        return torch.relu(x @ self.w)
"""
OF_ONE_OPERATOR = PLAIN.replace(
    "self.w = nn.Parameter(torch.ones(5, 7))",
    """self.w = nn.ParameterList(
            [torch.ones(28, n) * 0.1 for n in (5, 7)] + [torch.zeros(28)] * 2)""",
).replace(
    "torch.relu(x @ self.w)",
    """\\
            library.ops.aten.mkldnn_rnn_layer(
            x.transpose(0, 1), *self.w, *[x.new_zeros(1, len(x), 7)] * 2, False, [], 2, 7, 1, True, False, False, True
        )[0].transpose(0, 1)""",
)
FAST = """
fast = nn.LSTM(5, 7, batch_first=True)
"""
HIDINGS = {
    "a pattern": [
        "def look(library):\n    match library:\n        case object(lstm=found):\n            return found",
        LAYER.format("look(torch)"),
    ],
    "a pattern in a pattern": [
        "def look(library):\n    match library:\n        case object(nn=object(LSTM=Found)):\n            return Found",
        PLAIN.replace("self.w = ", "self.inner = look(torch)(5, 7)\n        self.w = ").replace(
            "torch.relu(x @ self.w)", "self.inner(x)[0]"
        ),
    ],
    "a library in a variable, and all modules": [
        "library = warnings\nfind = library.sys.modules['builtins'].getattr", LAYER.format("find(torch, 'ls' 'tm')"),
    ],
    "ctypes in a variable": [
        "library = warnings\nmodules = library.sys.modules",
        "imported = modules['importlib'].import_module('cty' 'pes').pythonapi.PyObject_GetAttr",
        "kind = modules['cty' 'pes'].py_object\nimported.restype, imported.argtypes = kind, [kind, kind]",
        LAYER.format("imported(torch, 'ls' 'tm')"),
    ],
    "a private part of a library in a variable": [
        "library = collections", LAYER.format("library._sys.modules['operator'].attrgetter('ls' 'tm')(torch)"),
    ],
    "hints of a library in a variable": [
        "library = typing\nclass Kinds:\n    one: 'torch.ls' 'tm'",
        LAYER.format("library.get_type_hints(Kinds)['one']"),
    ],
    "operators of a library in a variable": ["library = torch", OF_ONE_OPERATOR],
    "kinds that a function tells apart": [
        "@functools.singledispatch\ndef kinds(x):\n    pass",
        "@kinds.register\ndef _(x: 'nn.LS' 'TM'):\n    pass",
        "Found = list(kinds.registry)[-1]",
        PLAIN.replace("self.w = ", "self.inner = Found(5, 7)\n        self.w = ").replace(
            "torch.relu(x @ self.w)", "self.inner(x)[0]"
        ),
    ],
    "a method taken over from another class": [
        PLAIN,
        FAST + "class Other:\n    def forward(self, x):\n        return fast(x)[0]",
        "functools.update_wrapper(LSTM, Other, assigned=('forward',), updated=())",
    ],
    "a hook of all modules": [
        PLAIN,
        FAST + "def hook(module, given, result):\n    return fast(*given)[0] if type(module) is LSTM else None",
        "nn.modules.module.register_module_forward_hook(hook)",
    ],
    "another meaning of a function, while a mode lasts": [
        PLAIN,
        FAST + "class Mode(torch.overrides.TorchFunctionMode):\n"
        "    def __torch_function__(self, function, types, args=(), kwargs=None):\n"
        "        return fast(args[0].new_ones(3, 11, 5))[0] if function is torch.relu "
        "else function(*args, **(kwargs or {}))",
        "mode = Mode()\nmode.__enter__()",
    ],
    "another meaning of an operator": [
        PLAIN,
        FAST + "library = torch.library.Library('aten', 'IMPL')\n"
        "library.impl('relu', lambda x: fast(x.new_ones(3, 11, 5))[0], 'CPU')",
        "library.impl('relu', lambda x: fast(x.new_ones(3, 11, 5))[0], 'AutogradCPU')",
    ],
    "a cell of a library's own, in Python": [
        "library = torch", PLAIN.replace("torch.relu(x @ self.w)", "self.inner(x)[0]").replace(
            "self.w = ", "self.inner = library.ao.nn.quantizable.modules.rnn._LSTMLayer(5, 7)\n        self.w = "
        ),
    ],
    "an operator that torch writes out in others, in Python": [
        "library = torch",
        "def run(x, s, w, *more):\n    one = library._decomp.decompositions.one_layer_lstm\n"
        "    return one(x.transpose(0, 1), [part[0] for part in s], w, True)[0].transpose(0, 1),",
        LAYER.format("run"),
    ],
    "a thread": [
        "library = warnings\npool = library.sys.modules['concurrent.futures'].ThreadPoolExecutor(1)",
        "find = library.sys.modules['builtins'].getattr",
        "def run(*given):\n    return pool.submit(find(torch, 'ls' 'tm'), *given).result()", LAYER.format("run"),
    ],
}  # fmt: skip
STUDENTS_OWN = """
class LSTM(nn.Module):
    def __init__(self, hidden=7):
        super().__init__()
        self.x, self.h = nn.Linear(5, 4 * hidden), nn.Linear(hidden, 4 * hidden)
        self.hidden = hidden

    def lstm_cell(self, x, h, c):
        i, f, o, g = (self.x(x) + self.h(h)).chunk(4, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c

    def forward(self, x):
        h = c = x.new_zeros(len(x), self.hidden)
        outputs = []
        for step in x.unbind(1):
            h, c = self.lstm_cell(step, h, c)
            outputs.append(h)
        return torch.stack(outputs, 1)
"""
COMPILED = "import torch._dynamo\nLSTM.forward = torch.compile(LSTM.forward, backend='eager')"
RIGHT = {
    "written out": [STUDENTS_OWN],
    "compiled": [STUDENTS_OWN, COMPILED],
    "scripted in part": [STUDENTS_OWN, "@torch.jit.script\ndef lstm_gate(x):\n    return x.sigmoid()\n"
                         "LSTM.gate = staticmethod(lstm_gate)"],
    "mapped": [STUDENTS_OWN.replace("def forward(", "def one(") + "\n    def forward(self, x):\n"
               "        return torch.vmap(lambda one: self.one(one[None])[0])(x)"],
    "with labels for a profiler": [STUDENTS_OWN.replace("        outputs = []", "        outputs = []\n"
                                   "        with torch.profiler.record_function('my lstm'): pass")],
    "with progress": ["from tqdm.auto import tqdm", STUDENTS_OWN.replace("x.unbind(1)", "tqdm(x.unbind(1))")],
    "with the built-in beside it": [STUDENTS_OWN, FAST + "fast(torch.ones(3, 11, 5))"],
    "checkpointed": [STUDENTS_OWN.replace("self.lstm_cell(step, h, c)", "torch.utils.checkpoint.checkpoint("
                     "self.lstm_cell, step, h, c, use_reentrant=False)")],
}  # fmt: skip


@pytest.fixture(scope="module")
def nursery(toy_course):
    """Its hosts use the meta device, which imports a compiler: here, once."""
    with contextlib.closing(small_nursery(toy_course, "torch.optim")) as warm:
        yield warm


@pytest.fixture
def put(nursery, toy_course):
    """Makes submissions in hosts that are forked, and ends them."""
    made = []

    def put(cells, **settings):
        made.append(sandboxed(toy_course, [GIVEN, *cells], start=hosts_of(nursery, toy_course), **settings))
        return made[-1]

    yield put
    for subject in made:
        subject.close()


def run(submission, device="cpu"):
    """A check: the layer is made and called, also backwards."""
    layer = submission.LSTM().to(device)
    outputs = submission.keep(layer)(submission.library("torch.ones")(3, 11, 5, device=device))
    if device == "cpu":
        submission.keep(outputs.sum)().backward()
    assert submission.cell_errors == {}
    return submission.get(outputs)


@pytest.mark.parametrize("cells", HIDINGS.values(), ids=HIDINGS)
def test_built_in_is_seen_to_run_whatever_is_read(put, cells):
    submission, told = put(cells), []
    submission.watch(told.extend)
    assert run(submission).shape == (3, 11, 7)
    submission.judge()
    assert LSTM.among(told)


def test_what_ran_and_was_not_read_is_for_a_person(put):
    submission = put(HIDINGS["a hook of all modules"])
    expect.from_scratch(submission, "LSTM", LSTM)  # what is read tells nothing
    run(submission)
    with pytest.raises(expect.Unclear, match="A person is to look at it"):
        submission.judge()


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("cells", RIGHT.values(), ids=RIGHT)
def test_what_is_written_out_passes(put, cells, device):
    submission = put(cells)
    submission.watch(lambda ran: told.append(LSTM.among(ran)))
    told = []
    assert run(submission, device).shape == (3, 11, 7)
    submission.judge()
    assert told == [""]


def ran(submission, function, *given):
    told = []
    submission.watch(told.extend)
    function(submission, *given)
    submission.judge()
    return told


def in_process(source):
    namespace = {"__name__": "__main__"}
    exec(compile(GIVEN + source, "<cell a>", "exec"), namespace)
    return Submission("ann", InProcess(namespace), [Cell("a", source)])


class Stand:
    """A stand-in of torch's own, as a check sends it."""

    def __init__(self):
        self.inner = nn.LSTM(5, 7, batch_first=True)  # noqa: F821 - known where it is sent

    def __call__(self, x, then=None):
        return then(x) if then else self.inner(x)[0]


def test_stand_in_of_a_check_may_be_a_built_in_but_not_what_it_calls():
    submission = in_process("def go(x): return Stand()(x)\ndef through(x): return Stand()(x, fast)\n"
                            "layer = nn.LSTM(5, 7, batch_first=True)\ndef fast(x): return layer(x)[0]")  # fmt: skip
    submission.replace("Stand", submission.send(Stand))
    x = submission.library("torch.ones")(3, 11, 5)
    found = ran(submission, lambda s: s.go(x))
    assert LSTM.among(found) == "" and "aten::lstm" not in found
    assert LSTM.among(ran(submission, lambda s: s.through(x))) == "aten::lstm"
    assert sys.getprofile() is None


def test_stand_in_of_a_check_is_no_cover_for_code_that_is_run_from_a_file():
    submission = in_process("layer, space = nn.LSTM(5, 7, batch_first=True), {}\n"
                            "fast = compile('def fast(x): return layer(x)[0]', 'fast.py', 'exec')\n"
                            "exec(fast, {'layer': layer}, space)\n"
                            "def through(x): return Stand()(x, space['fast'])")  # fmt: skip
    submission.replace("Stand", submission.send(Stand))
    x = submission.library("torch.ones")(3, 11, 5)
    assert LSTM.among(ran(submission, lambda s: s.through(x))) == "aten::lstm"


def test_stand_in_of_an_earlier_check_is_the_students_own():
    submission = in_process("kept = []\ndef block(x):\n    kept.append(Stand())\n    return x\n"
                            "def attention(x): return kept[0](x)")  # fmt: skip
    submission.replace("Stand", submission.send(Stand))
    submission.block(submission.library("torch.ones")(3, 11, 5))
    submission.end_check()
    x = submission.library("torch.ones")(3, 11, 5)
    assert LSTM.among(ran(submission, lambda s: s.attention(x))) == "aten::lstm"


def test_what_is_not_watched_is_not_written_down():
    submission = in_process("def go(x): return torch.relu(x)")
    x = submission.library("torch.ones")(3)
    submission.go(x)
    assert "aten::relu" not in ran(submission, lambda s: None)
    assert "aten::relu" in ran(submission, lambda s: s.go(x))
    assert "aten::relu" not in ran(submission, lambda s: None)


@pytest.mark.parametrize(
    "code",
    [
        "import sys; sys.setprofile(None)",
        "import _thread; _thread.start_new_thread(print, ())",
        # Called by code in C, of which no profiler of Python's is told.
        "import _thread; functools.partial(_thread.start_new_thread, print, ())()",
        "import _thread; [*map(_thread.start_new_thread, [print], [()])]",
        "import threading; t = threading.Thread(target=torch.ops.aten.relu.default, args=[torch.ones(3)]); "
        "t.start(); t.join()",
        "import threading; t = threading.Thread(target=functools.partial(torch.relu, torch.ones(3))); "
        "t.start(); t.join()",
        # More names than there is a place for.
        "[_thread.start_new_thread for _ in label(20_001)]",
    ],
)
# A name that a module of Python's own has is no pass.
@pytest.mark.parametrize("name", ["__main__", "threading"])
def test_what_comes_in_the_way_is_told(put, code, name):
    label = "import _thread\ndef label(n):\n    for i in range(n):\n"
    label += "        with torch.profiler.record_function(f'a::{i}'): yield"
    submission = put([f"__name__ = {name!r}\n{label}\ndef go():\n    {code}"])
    assert UNSEEN in ran(submission, lambda s: s.go())
    assert LSTM.among([UNSEEN]) == UNSEEN


def test_profiler_that_is_left_on_is_told(put):
    """Or ends its host: left on in a forked process, torch's own profiler now and then aborts, or waits for ever."""
    submission = put(["def go():\n    torch.autograd.profiler.profile().__enter__()"], call_seconds=20)
    with contextlib.suppress(HostLost):
        assert UNSEEN in ran(submission, lambda s: s.go())


def test_thread_of_an_earlier_cell_is_told_while_it_is_there(put):
    ends = "import _thread, threading\none = threading.Thread(target=print)\none.start()\none.join()\n"
    waits = "import queue\nwaiting = queue.SimpleQueue()\n_thread.start_new_thread(waiting.get, ())"
    for cell, told in ((ends, False), (ends + waits, True)):
        submission = put([f"{cell}\ndef go(): return 0"])
        assert (UNSEEN in ran(submission, lambda s: s.go())) == told


KERNELS = {
    "a kernel of what the key says": "op.redispatch(keys, x, 0)",
    "the same, in C": "functools.partial(op._handle.redispatch_boxed, keys, x, 0)()",
    "a kernel of one key": "op._op_dk(torch._C.DispatchKey.CPU, x, 0)",
    "the same, in C as well": "torch._C._get_operation_overload('aten::cumsum', '')[1](torch._C.DispatchKey.CPU, x, 0)",
    "a kernel of a library": "torch.library.get_kernel('aten::cumsum', 'CPU').call_boxed(keys, x, 0)",
}


@pytest.mark.parametrize("call", KERNELS.values(), ids=KERNELS)
def test_operator_that_is_not_dispatched_is_told_as_well(call):
    if "get_kernel" in call and not hasattr(torch.library, "get_kernel"):
        pytest.skip("this torch has none")
    keys = "keys = torch._C.DispatchKeySet(torch._C.DispatchKey.CPU)\nop = torch.ops.aten.cumsum.default\n"
    submission = in_process(f"{keys}def go(x): return {call}")
    assert "aten::cumsum" in ran(submission, lambda s: s.go(torch.ones(3)))


def test_there_is_no_switch_that_leaves_no_trace(put):
    submission = put([f"places = torch.autograd, torch._C._autograd, torch.autograd.profiler_legacy\n"
                      f"left = [name for place in places for name in {SWITCHES} if hasattr(place, name)]",
                      "import sys\nours = [name for name in sys.modules if name.startswith('proctor')]"])  # fmt: skip
    assert submission.left == submission.ours == []


def test_attention_in_python_is_found_too():
    weights = "w = [torch.ones(18, 6), torch.ones(18), None, None, False, 0.0, torch.ones(6, 6), None]\n"
    submission = in_process(f"{weights}def go(x): return F.multi_head_attention_forward(x, x, x, 6, 2, *w)[0]")
    found = ran(submission, lambda s: s.go(s.library("torch.ones")(3, 2, 6)))
    assert ATTENTION.among(found) == "torch.nn.functional:multi_head_attention_forward"
    # A compiler, a class of another library's tools, the names of a course's own code.
    fine = ["torch.fx.interpreter:Transformer.transform", "ast:NodeTransformer.visit", "solutions.a:Attention.forward",
            "torch.nn.modules.activation:MultiheadAttention.__setstate__", "torch._dynamo.x:attention"]  # fmt: skip
    assert ATTENTION.among(fine) == ""


def test_other_packages_are_known_by_whole_names_alone():
    """A right answer that has torch's compiler load sympy runs its transforms."""
    assert ATTENTION.among(["sympy.integrals.transforms:IntegralTransformError"]) == ""
    for found in ("keras.layers:LSTM.call", "d2l.torch:MultiHeadAttention.forward"):
        assert (LSTM.among([found]) or ATTENTION.among([found])) == found
