"""Submissions: what a check can do with them, the same in process and in the sandbox."""

import random

import numpy as np
import pytest
import torch

from proctor.checks.cell import Cell
from proctor.checks.connections import InProcess, Refused
from proctor.checks.submission import Handle, MissingName, StudentError, Submission
from proctor.isolation import wire
from proctor.isolation.process import HostLost
from submissions import hosts_of, sandboxed

NOTEBOOK = '''
import random
import numpy as np
import torch
from traitlets.config import Config
from torch import nn

answer = {"numbers": [1, 2.5, None, True], "pair": (1, "two"), "set": {3}, 4: float("inf")}


def double(x):
    return helper(x)


def helper(x):
    return 2 * x


def unfinished(x):
    raise NotImplementedError("not implemented yet")


def fails(x):
    y = x + 1
    return y / 0


def odd_error():
    raise SyntaxError(5)


class Speechless(Exception):
    def __str__(self):
        raise SystemExit


def speechless():
    raise Speechless


def leaves():
    raise SystemExit(3)


def asks():
    return input("a number? ")


def says(text, times=1):
    for _ in range(times):
        print(text)


def draws():
    return random.random(), np.random.rand(), torch.rand(2)


def numpy_sum(x):
    return x.numpy().sum()


def change(x):
    x += 1
    return x


class Pairs:
    def __init__(self, values):
        self.values = values

    def __len__(self):
        return len(self.values)

    def __getitem__(self, index):
        if index >= len(self.values):
            raise IndexError(index)
        return self.values[index], torch.tensor([self.values[index]])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(3, 2, bias=False)
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return self.inner(x)


def apply(function, *args, **kwargs):
    return function(*args, **kwargs)


def state():
    return nn.Linear(2, 1).state_dict()
'''
BROKEN = "before = 1\nafter = before +\n"
STOPS = "partly = 1\nwhole = undefined_name\n"
CELLS = [Cell("code", NOTEBOOK), Cell("broken", BROKEN), Cell("stops", STOPS)]


def in_process(cells):
    connection = InProcess({"__name__": "__main__"})
    for cell in cells:
        request = {"id": 0, "op": "run_cell", "cell": cell.id, "source": cell.source}
        connection.request(wire.pack(request))
    return Submission("ann", connection, cells)


@pytest.fixture(scope="module")
def both(toy_course):
    made = {"in process": in_process(CELLS), "in sandbox": sandboxed(toy_course, CELLS)}
    yield made
    for subject in made.values():
        subject.close()


@pytest.fixture(params=["in process", "in sandbox"])
def submission(request, both):
    yield both[request.param]
    both[request.param].end_check()


# What a check can do, wherever the code runs


def test_plain_data_comes_back_as_it_is(submission):
    assert submission.answer == {"numbers": [1, 2.5, None, True], "pair": (1, "two"), "set": {3}, 4: float("inf")}
    assert isinstance(submission.answer["pair"], tuple)


def test_tensors_come_back_without_their_graph(submission):
    doubled = submission.double(torch.ones(3, requires_grad=True))
    assert torch.equal(doubled, 2 * torch.ones(3))
    assert not doubled.requires_grad
    assert isinstance(submission.numpy_sum(torch.ones(3)), np.float32)
    assert {name: tuple(value.shape) for name, value in submission.state().items()} == {"weight": (1, 2), "bias": (1,)}


def test_code_cannot_change_the_checks_own_tensor(submission):
    mine = torch.zeros(2)
    assert submission.change(mine).tolist() == [1, 1]
    assert mine.tolist() == [0, 0]


def test_objects_stay_in_the_host_as_handles(submission):
    pairs = submission.Pairs([5, 6, 7])
    assert isinstance(pairs, Handle)
    assert pairs.type_name == "Pairs"
    assert len(pairs) == 3
    assert pairs[1][0] == 6
    assert [int(tensor) for _, tensor in pairs] == [5, 6, 7]
    pairs.values = [1]
    assert pairs.values == [1]
    assert submission.apply(submission.Pairs, [1, 2]).values == [1, 2]
    assert submission.apply(submission.helper, 4) == 8
    with pytest.raises(StudentError, match="AttributeError"):
        _ = pairs.missing


def test_keep_put_get_and_gradients_let_autograd_go_on(submission):
    net = submission.Net()
    weight = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    net.load_state_dict({"inner.weight": weight, "unused": torch.zeros(1)})
    x = submission.put(torch.ones(4, 3))
    out = submission.keep(net)(x)
    assert isinstance(out, Handle)
    assert torch.equal(submission.get(out), torch.ones(4, 3) @ weight.T)
    out.backward(torch.ones(4, 2))
    gradients = submission.gradients(net)
    assert torch.equal(gradients["inner.weight"], torch.full((2, 3), 4.0))
    assert gradients["unused"] is None


def test_keep_gives_handles_to_each_of_several_results(submission):
    one, two = submission.keep(submission.apply)(submission.library("torch.split"), torch.arange(4.0), 2)
    assert submission.get(one).tolist() == [0, 1]
    assert submission.get(two).tolist() == [2, 3]


def test_put_is_a_copy_that_the_host_changes(submission):
    mine = torch.zeros(2)
    handle = submission.put(mine)
    submission.keep(submission.change)(handle)
    assert submission.get(handle).tolist() == [1, 1]
    assert mine.tolist() == [0, 0]


class Recorder(torch.nn.Module):
    """A stand-in that remembers what it was called with."""

    def __init__(self, factor):
        super().__init__()
        self.factor, self.seen = factor, []

    def forward(self, x):
        self.seen.append(tuple(x.shape))
        return self.factor * x


def triple(x):
    return 3 * x


def test_definitions_of_the_check_can_be_sent(submission):
    recorder = submission.send(Recorder)(5)
    assert submission.apply(recorder, torch.ones(2)).tolist() == [5, 5]
    assert recorder.seen == [(2,)]
    assert submission.send(triple)(2) == 6


class Unknown(Recorder):
    """It builds on a name that only this file knows."""


def requests_of(subject, monkeypatch):
    """How many frames each further request of a subject sends."""
    sent, request = [], subject._connection.request

    def counting(frames, *more):
        sent.append(len(frames))
        return request(frames, *more)

    monkeypatch.setattr(subject._connection, "request", counting)
    return sent


def test_what_needs_no_answer_travels_with_the_next_request(submission, monkeypatch):
    sent = requests_of(submission, monkeypatch)
    submission.seed(3)
    mine = submission.put(torch.ones(2))
    submission.replace("helper", submission.send(triple))
    assert sent == []
    assert submission.double(mine).tolist() == [3, 3]
    assert len(sent) == 2
    submission.end_check()
    assert submission.double(2) == 4


def test_error_of_what_needs_no_answer_is_told_in_the_place_of_the_next_one(submission):
    unknown = submission.send(Unknown)
    submission.replace("helper", unknown)
    with pytest.raises(StudentError, match="NameError: name 'Recorder' is not defined"):
        submission.apply(unknown, 1)
    submission.end_check()
    assert submission.double(2) == 4
    # A check that asks for nothing more is told when it ends.
    submission.send(Unknown)
    with pytest.raises(StudentError, match="NameError: name 'Recorder' is not defined"):
        submission.judge()
    # Nothing is told to the next one.
    submission.send(Unknown)
    submission.end_check()
    assert submission.double(2) == 4


def test_method_is_found_and_called_at_once(submission, monkeypatch):
    net = submission.Net()
    sent = requests_of(submission, monkeypatch)
    assert set(net.state_dict()) == {"inner.weight", "unused"}
    assert isinstance(submission.keep(net.to)("cpu"), Handle)
    assert net.eval().training is False
    before = len(sent)
    net.train()
    assert len(sent) == before + 1 and net.training is True
    assert set(submission.apply(net.state_dict)) == {"inner.weight", "unused"}
    with pytest.raises(StudentError, match="AttributeError"):
        submission.Pairs([]).state_dict()


def test_data_in_the_place_of_a_method_cannot_be_called(submission):
    net = submission.Net()
    net.train = 5
    with pytest.raises(StudentError, match="TypeError: 'int' object is not callable"):
        net.train()
    with pytest.raises(StudentError, match="TypeError: `train` should be a method, but is of type int"):
        submission.apply(net.train)


def test_library_objects_live_in_the_host(submission):
    net = submission.Net()
    optimizer = submission.library("torch.optim.SGD")(net.parameters(), lr=1.0)
    net.load_state_dict({"inner.weight": torch.ones(2, 3), "unused": torch.zeros(1)})
    out = submission.keep(net)(torch.ones(1, 3))
    out.backward(torch.ones(1, 2))
    optimizer.step()
    assert torch.equal(net.inner.weight, torch.zeros(2, 3))


def test_seed_makes_draws_the_same_everywhere(submission):
    submission.seed(11)
    one, two, three = submission.draws()
    state = random.getstate(), np.random.get_state(), torch.random.get_rng_state()
    random.seed(11)
    np.random.seed(11)
    torch.manual_seed(11)
    assert (one, two) == (random.random(), np.random.rand())
    assert torch.equal(three, torch.rand(2))
    random.setstate(state[0])
    np.random.set_state(state[1])
    torch.random.set_rng_state(state[2])


def test_printed_is_what_was_printed_since_the_last_call(submission, capsys):
    submission.says("one")
    submission.says("two")
    assert submission.printed() == "one\ntwo\n"
    assert submission.printed() == ""
    assert capsys.readouterr().out == ""


def test_flood_of_output_is_bounded(submission):
    submission.says("x" * 1000, times=20_000)
    assert len(submission.printed()) == 100_000


def test_replace_holds_until_the_check_ends(submission):
    submission.replace("helper", submission.send(triple))
    submission.replace("brand_new", 1)
    submission.replace("brand_new", 2)
    assert submission.double(2) == 6
    assert submission.brand_new == 2
    submission.end_check()
    assert submission.double(2) == 4
    with pytest.raises(MissingName):
        _ = submission.brand_new


def test_end_of_check_forgets_what_was_printed(submission):
    submission.says("from the check before")
    submission.end_check()
    assert submission.printed() == ""


def test_missing_name_is_told_as_such(submission):
    with pytest.raises(MissingName, match="`Encoder` is not defined in the notebook") as missing:
        submission.Encoder()
    assert missing.value.name == "Encoder"


def test_error_is_told_with_cell_and_line(submission):
    with pytest.raises(StudentError) as error:
        submission.fails(1)
    assert (error.value.type_name, error.value.message) == ("ZeroDivisionError", "division by zero")
    assert (error.value.cell, error.value.source) == ("code", "return y / 0")
    assert NOTEBOOK.splitlines()[error.value.line - 1].strip() == "return y / 0"


def test_error_within_a_library_is_told_at_the_students_line(submission):
    with pytest.raises(StudentError) as error:
        submission.numpy_sum(5)
    assert error.value.source == "return x.numpy().sum()"


def test_wrong_number_of_arguments_is_the_students_error(submission):
    with pytest.raises(StudentError, match="TypeError.*positional argument"):
        submission.double(1, 2)


def test_unwritten_part_raises_not_implemented(submission):
    with pytest.raises(StudentError) as error:
        submission.unfinished(1)
    assert error.value.type_name == "NotImplementedError"


def test_leaving_is_an_error_like_others(submission):
    with pytest.raises(StudentError, match="SystemExit: 3"):
        submission.leaves()
    assert submission.double(1) == 2


def test_error_that_cannot_be_told_is_told_by_its_type(submission):
    with pytest.raises(StudentError, match="^Speechless: $"):
        submission.speechless()


def test_syntax_error_that_a_student_raises_is_an_error_like_others(submission):
    with pytest.raises(StudentError) as error:
        submission.odd_error()
    assert (error.value.type_name, error.value.message) == ("SyntaxError", "5")


def test_code_before_an_error_in_a_cell_stands(submission):
    assert submission.partly == 1
    for name in ("before", "whole"):
        with pytest.raises(MissingName):
            getattr(submission, name)


def test_check_cannot_send_an_object_of_its_own(submission):
    with pytest.raises(TypeError, match="submission.send"):
        submission.double(Recorder(1))


def test_what_cannot_be_read_refuses_every_request():
    subject = Submission("ann", Refused("It is not a notebook."), [])
    with pytest.raises(HostLost, match="It is not a notebook."):
        subject.double(1)
    subject.end_check()
    assert subject.cell_errors == {}


# What only the sandbox can show


def test_nobody_answers_a_question_of_the_code(both):
    with pytest.raises(StudentError, match="EOFError"):
        both["in sandbox"].asks()


def test_errors_in_cells_are_told_by_cell(both):
    both["in sandbox"].double(1)
    errors = both["in sandbox"].cell_errors
    assert set(errors) == {"broken", "stops"}
    assert (errors["broken"].type_name, errors["broken"].line) == ("SyntaxError", 2)
    assert (errors["stops"].type_name, errors["stops"].source) == ("NameError", "whole = undefined_name")


@pytest.mark.parametrize("source", ["class Net(:\n    pass", "import os\n\nos._exit(0)", "while True:\n    pass"])
def test_what_builds_on_a_cell_of_which_nothing_ran_stands(submit, source, nursery, toy_course):
    net = Cell("net", source, released="class Net:\n    word = 'released'")
    deep = Cell("deep", "class Deep(Net):\n    pass")
    # Three hosts that start from nothing may together wait for minutes where many processes want a processor.
    subject = submit(net, deep, start=hosts_of(nursery, toy_course), cell_seconds=2)
    assert subject.Deep().word == "released"
    assert set(subject.cell_errors) == {"net"}


def test_what_a_cell_did_before_it_stopped_is_not_undone(submit):
    subject = submit(Cell("word", "word = 'own'\n1 / 0", released="word = 'released'"))
    assert subject.word == "own"
