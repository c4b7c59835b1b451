"""What code uses is read from it without running it; what cannot be read is for a person."""

import ast

import pytest

from proctor.checks import expect
from proctor.checks.cell import Cell
from proctor.checks.connections import InProcess
from proctor.checks.constraints import BuiltIn, Notebook
from proctor.checks.submission import Submission

LSTM = BuiltIn(frozenset({"LSTM", "LSTMCell", "lstm", "lstm_cell"}), ("lstm", "rnn"))
GIVEN = "import torch\nimport torch.nn.functional as F\nfrom torch import nn"
LAYER = "class LSTM(nn.Module):\n    def forward(self, x):\n        return {}"


def read(*sources):
    submission = Submission("ann", InProcess({}), [Cell(f"code {n}", text) for n, text in enumerate(sources, 1)])
    expect.from_scratch(submission, "LSTM", LSTM)


def inside(expression):
    return [GIVEN, LAYER.format(expression)]


FINE = {
    "its own name": inside("LSTM.layers * x"),
    "an own function": [*inside("lstm_cell(x)"), "def lstm_cell(x):\n    return torch.tanh(x)"],
    "an own class": [*inside("LSTMCell()(x)"), "class LSTMCell(nn.Module):\n    pass"],
    "an own base class": [GIVEN, "class LSTMCell(nn.Module):\n    pass", "class LSTM(LSTMCell):\n    pass"],
    "an own base class, called": [
        GIVEN,
        "class LSTMCell(nn.Module):\n    def forward(self, x):\n        return x",
        "class LSTM(LSTMCell):\n    def forward(self, x):\n        return LSTMCell.forward(self, x)",
    ],
    "an own base class of the built-in's base": [
        GIVEN,
        "class LSTMCell(nn.Module):\n    def __init__(self):\n        super(LSTMCell, self).__init__()",
        "class LSTM(LSTMCell):\n    def __init__(self):\n        LSTMCell.__init__(self)",
    ],
    "an own method": inside("self.lstm(x)\n    def lstm(self, x):\n        return x @ self.w"),
    "a method of a part": [
        *inside("self.part.lstm_cell(x)\n    def __init__(self):\n        self.part = Part()"),
        "class Part:\n    def lstm_cell(self, x):\n        return x",
    ],
    "a method of a variable": [
        GIVEN,
        "class Part:\n    def lstm_cell(self, x):\n        return x",
        "class LSTM:\n    def forward(self, x):\n        part = Part()\n        return part.lstm_cell(x)",
    ],
    "a variable": inside("lstm\n    lstm = 3"),
    "a variable of a function": inside("[lstm for lstm in x]"),
    "an attribute of self": inside("self.lstm\n    def start(self):\n        self.lstm = 3"),
    "weights by computed names": inside("[getattr(self, 'W_x' + gate) for gate in 'ifco']"),
    "weights set by computed names": inside("[setattr(self, f'W_x{gate}', x) for gate in 'ifco']"),
    "an attribute written out": inside("getattr(torch, 'tanh')(x)"),
    "whether there is one": inside("hasattr(self, x)"),
    "helpers of recurrent networks": inside("torch.nn.utils.rnn.pad_sequence(x)"),
    "the built-in beside it": [*inside("x"), "for layer in (LSTM, nn.LSTM):\n    layer(3, 5)"],
    "evaluation mode": [*inside("x"), "model = LSTM()\nmodel.eval()"],
    "its words": inside("'nn.LSTM'  # nn.LSTM"),
    "the base's own start": inside("x\n    def __init__(self):\n        nn.Module.__init__(self)"),
    "magics": [*inside("x"), "%matplotlib inline\n!pip install torch", "%%time\nx = 3", "nn.LSTM?"],
    "a cell that Python refuses": [*inside("x"), "def half(:"],
    "settings of a library": [*inside("x"), "torch.backends.cudnn.deterministic = True"],
    "weights exchanged": [*inside("x"), "model = LSTM()\nmodel.fc.weight = nn.Parameter(torch.ones(3))"],
    "computed names elsewhere": [*inside("x"), "activation = getattr(nn, 'Re' + 'LU')"],
    "a container filled elsewhere": [*inside("parts[0](x)"), "parts = []", "parts.append(torch.tanh)"],
    "a global that is written out elsewhere": [*inside("x"), "def predict(m):\n    return globals()['model'].eval()"],
    "whether there is a global": [*inside("x"), "if 'model' not in globals():\n    model = LSTM()"],
    "a variable of a handler": inside("x\n    def go(s):\n        try: 1\n        except ValueError as e: print(e)"),
    "names of a star": ["from torch.nn import *", *inside("Linear(3, 5)(x)")],
    "a plot": [*inside("x"), "import matplotlib.pyplot as plt\nplt.plot([1])\nnn.LSTM(3, 5)"],
    "magics of an export": [*inside("x"), "get_ipython().run_line_magic('matplotlib', 'inline')"],
    "another name of a library": [*inside("G.relu(T.tanh(x))"), "G = nn.functional\nT = torch"],
    "a remainder at the start of a line": [*inside("(x\n% time -step)"), "time = 3\nstep = 1"],
    "patterns": inside("x\n    def go(self, x):\n        match x:\n            case int(n) | [n, *_]: return n"),
    "a pattern of an own class": [
        *inside("x\n    def go(self, x):\n        match x:\n            case State(h=state): return state"),
        "class State:\n    h = 3",
    ],
    "where it stopped": [*inside("x"), "import traceback\ntry: 1\nexcept ValueError as e: print(e.__traceback__)"],
    "what it was made with": [*inside("x"), "class A:\n    def __init__(self, **kw):\n        vars(self).update(kw)"],
    "what there is": [*inside("x"), "print(locals(), vars(LSTM).items(), vars(LSTM)['forward'])"],
    "a global that is counted": [*inside("x"), "n = 0\ndef go():\n    global n\n    n += 1\n    nn.LSTM(3, 5)"],
    "numbers of an object": [*inside("x"), "def go(log):\n    log.lstm = nn.LSTM(3, 5)\n    log.parts[0].rate = 3"],
    "a dataclass": [*inside("State(x)"), "from dataclasses import dataclass\n@dataclass\nclass State:\n    h: object"],
}  # fmt: skip
USED = {
    "an attribute": inside("nn.LSTM(3, 5)(x)"),
    "a function": inside("torch.lstm(x)"),
    "a function of its kind": inside("torch.quantized_lstm_cell(x)"),
    "another name": ["from torch.nn import LSTM as Mine", *inside("Mine()(x)")],
    "a star": ["from torch.nn import *", *inside("LSTMCell()(x)")],
    "a base class": [GIVEN, "class LSTM(nn.LSTM): pass"],
    "a helper": [*inside("helper(x)"), "def helper(x):\n    return nn.LSTM(3, 5)(x)"],
    "a part of a dict": [*inside("parts['a'](x)"), "parts = {'a': nn.LSTM}"],
    "an attribute by name": inside("getattr(nn, 'LSTM')(x)"),
    "a library in a variable": [*inside("library.lstm(x)"), "library = torch"],
    "a method put in": [*inside("x"), "def go(self, x):\n    return torch.lstm(x)", "LSTM.forward = go"],
    "a method put in, elsewhere": [*inside("x"), "other = LSTM\nother.forward = lambda self, x: torch.lstm(x)"],
    "a method put in by setattr": [*inside("x"), "setattr(LSTM, 'forward', lambda self, x: torch.lstm(x))"],
    "a method put into a library": [*inside("x"), "nn.Module.__call__ = lambda self, x: torch.lstm(x)"],
    "a timed line": [*inside("x"), "%time LSTM.forward = lambda self, x: torch.lstm(x)"],
    "a timed cell": [*inside("x"), "%%time\nLSTM.forward = lambda self, x: torch.lstm(x)"],
    "a decorator": ["import torch\ndef mine(c):\n    return torch.nn.LSTM", "@mine\nclass LSTM: pass"],
    "a default": inside("x\n    def go(self, f=torch.lstm): pass"),
    "a container filled elsewhere": [*inside("parts[0](x)"), "parts = []", "parts.append(torch.lstm)"],
    "an entry put in elsewhere": [*inside("parts['a'](x)"), "parts = {}", "parts['a'] = torch.lstm"],
    "a container filled by its name": [*inside("parts[0](x)"), "parts = []", "globals()['parts'].append(torch.lstm)"],
    "a part of a library exchanged": [*inside("torch.softmax(x)"), "import torch as t\nt.softmax = t.lstm"],
    "a part of a class exchanged": [*inside("self.go(x)"), "nn.Module.go = staticmethod(torch.lstm)"],
    "a container, by a decorator": [*inside("a[0](x)"), "a = []", "@a.append\ndef f(x):\n    torch.lstm(x)"],
    "a global of a function": [*inside("x"), "def swap():\n    global LSTM\n    LSTM = nn.LSTM\nswap()"],
    "a global of a class": [*inside("x"), "class Swap:\n    global LSTM\n    from torch.nn import LSTM"],
    "an attribute of the notebook": [*inside("x"), "import sys", "book = sys.modules['__main__']\nbook.LSTM = nn.LSTM"],
    "an attribute of an argument": [*inside("x"), "def swap(book):\n    book.LSTM = nn.LSTM"],
    "a method of an argument": [*inside("x\n    def go(s): pass"), "def swap(k):\n    k.go = torch.lstm\nswap(LSTM)"],
    "a pattern": inside("x\n    def go(self, x):\n        match x:\n            case object(lstm=found): return found"),
    "a pattern of the library": [*inside("go()"), "def go():\n    match torch:\n        case object(lstm=f): return f"],
    "behind a remainder": [*inside("(x\n%time -fast)"), "fast = torch.lstm"],
    "below two magics": ["import torch", "%\n%pylab\nclass LSTM:\n    def forward(self, x):\n        torch.lstm(x)"],
    "imported under its name": ["from torch.nn import LSTM"],
    "a chain": [*inside("a0(x)"), *[f"a{n} = a{n + 1}" for n in range(600)], "a600 = torch.lstm"],
}
HIDDEN = {
    "a computed name": inside("getattr(torch, 'ls' + 'tm')(x)"),
    "getattr by another name": inside("find(torch, 'ls' + 'tm')(x)\nfind = getattr"),
    "eval as a parameter": inside("look('x')\n    def look(self, n, eval=eval):\n        return eval('torch.ls' 'tm')"),
    "annotations": ["import typing", *inside("typing.get_type_hints(x)['one']")],
    "formats": ["import string", *inside("string.Formatter().get_field('0.ls' 'tm', (torch,), {})[0]")],
    "a library's builtins": inside("torch.builtins.getattr(torch, 'ls' 'tm')"),
    "a library's pickle": inside("torch.serialization.pickle.loads(x)"),
    "all functions of a library": inside("torch.overrides.get_testing_overrides()"),
    "a name that nobody defines": [*inside("fast_path(x)"), "import builtins as b\nb.fast_path = torch.tanh"],
    "a global by its name": [*inside("x"), "globals()['LS' 'TM'] = torch.tanh"],
    "a local at the top": [*inside("x"), "locals()['LS' 'TM'] = torch.tanh"],
    "what the notebook has": [*inside("x"), "import sys", "vars(sys.modules['__main__']).update(LSTM=torch.tanh)"],
    "a library by its name": [*inside("torch.softmax(x)"), "globals()['torch'].softmax = torch.tanh"],
    "an entry of a library by its name": [*inside("x"), "globals()['torch'].nn.x[0] = torch.tanh"],
    "a global that another one names": [*inside("x"), "globals()[globals()['name']] = torch.tanh"],
    "a magic that runs code": [*inside("x"), "get_ipython().run_cell_magic('time', '', 'torch.relu = torch.tanh')"],
    "setattr of a type": [*inside("x"), "type.__setattr__(LSTM, 'forward', torch.tanh)"],
    "exec": [*inside("x"), "exec('LSTM.forward = ' + 'torch.ls' + 'tm')"],
    "eval": inside("eval('torch.ls' + 'tm')(x)"),
    "globals": inside("globals()['F']"),
    "a library's dictionary": inside("torch.__dict__['ls' + 'tm'](x)"),
    "vars of a library": inside("vars(torch)['ls' + 'tm'](x)"),
    "all subclasses": inside("nn.Module.__subclasses__()"),
    "torch.ops": inside("torch.ops.aten.mv(x)"),
    "torch._C": inside("torch._C._VariableFunctions.mv(x)"),
    "importlib": ["import importlib", *inside("importlib.import_module('torch')")],
    "another library's": ["from dlh.fused_lstm import Fused", *inside("Fused(x)")],
    "all of another library's": ["from dlh.layers import *", *inside("Layer(x)")],
    "operator": ["import operator", *inside("operator.attrgetter('ls' + 'tm')(torch)")],
    "a name put together": [*inside("x"), "setattr(LSTM, 'for' + 'ward', torch.tanh)"],
    "a library handed on": [
        *inside("self.part.lstm(x)\n    def __init__(self):\n        self.part = torch"),
        "class Decoy(LSTM):\n    def lstm(self): pass", "LSTM.forward = Decoy.lstm",
    ],
    "a library in a list": [*inside("libraries[0].lstm(x)\n    def lstm(self): pass"), "libraries = [torch]"],
    "a library as an argument": inside("go(torch)\n    def go(self, library): pass"),
    "a part of a library as an argument": inside("go(nn.functional)\n    def go(self, library): pass"),
    "a library in a variable": [*inside("library.sys.modules['torch']"), "import warnings\nlibrary = warnings"],
    "a file's own": ["from model import LSTM"],
    "a file that is run": ["%run model.py", *inside("x")],
    "the frame of a generator": inside("(x for x in x).gi_frame.f_builtins['getattr']"),
    "who called it": [*inside("x"), "import sys\nsys._getframe().f_back.f_locals['self'].watch = None"],
    "who called it, by another name": [*inside("x"), "from inspect import currentframe as now\nframe = now()"],
    "who watches": [*inside("x"), "import threading as t\nt.getprofile().__self__.take = list"],
    "who watches no more": [*inside("x"), "from sys import setprofile\nsetprofile(None)"],
    "a pattern that says no names": [
        *inside("x\n    def go(self, x):\n        match x:\n            case Any(found): return found"),
        "class Any:\n    __match_args__ = ('ls' 'tm',)",
    ],
    "a class that is made": ["import dataclasses", *inside("dataclasses.make_dataclass('T', ['ls' 'tm'])")],
    "too deep to parse": [*inside("x"), "LSTM.forward = torch.lstm\ny = " + "-" * 2950 + "1"],
    "far too deep to parse": [*inside("x"), "y = " + "-" * 10**6 + "1"],
    "magics that hide it": [*inside("x"), "%time LSTM.forward = (\n!ls\n"],
    "a magic by another name": [*inside("x"), "go = get_ipython().run_line_magic\ngo('run', 'model.py')"],
    "a shell's own": [*inside("x"), "LSTM.forward = get_ipython().run_cell('torch')"],
}  # fmt: skip


@pytest.mark.parametrize("sources", FINE.values(), ids=FINE)
def test_what_is_no_built_in_passes(sources):
    read(*sources)


@pytest.mark.parametrize("sources", USED.values(), ids=USED)
def test_built_in_is_found(sources):
    with pytest.raises(expect.Unmet, match=r"^`LSTM` is to be written without `\w+") as error:
        read(*sources)
    assert not isinstance(error.value, expect.Unclear)


@pytest.mark.parametrize("sources", HIDDEN.values(), ids=HIDDEN)
def test_what_cannot_be_read_is_for_a_person(sources):
    with pytest.raises(expect.Unclear, match="A person is to look at it"):
        read(*sources)


def test_earlier_exercise_is_not_followed():
    notebook = Notebook([Cell("a", "def early():\n    return 1"), Cell("b", "def late():\n    return early()")])
    assert [node.name for node in notebook.code_of("late", ("early",)).body] == ["late"]
    assert [node.name for node in notebook.code_of("late").body] == ["early", "late"]


def names_in(source, name, without=()):
    return [ast.unparse(node) for node in Notebook([Cell("a", source)]).code_of(name, without).body]


def test_code_of_a_name_is_all_that_it_builds_on_and_no_more():
    source = """
a = 1
b = a
c = 2
def f(a, d): return b + g()
def g(): return h
h = c
other = f
f.table = unknown
"""
    assert names_in(source, "b") == ["a = 1", "b = a"]
    assert names_in(source, "g") == ["c = 2", "def g():\n    return h", "h = c"]
    assert "other = f" not in names_in(source, "f") and "f.table = unknown" in names_in(source, "f")
    assert names_in(source, "f", without=("g",)) == ["a = 1", "b = a", names_in(source, "f")[3], "f.table = unknown"]
    assert names_in(source, "f", without=("f", "g", "b")) == [names_in(source, "f")[3], "f.table = unknown"]
    assert names_in("x = y\ny = x", "x") == ["x = y", "y = x"]


def test_chain_of_thousands_is_followed_from_either_end():
    chain = [f"x{n} = x{n + 1}" for n in range(4000)]
    assert names_in("\n".join(chain), "x0") == chain
    assert names_in("\n".join(reversed(chain)), "x0") == chain[::-1]
