"""A submission as a check sees it: the student's names as attributes, wherever their code runs."""

import functools
import inspect
import itertools

import torch

from proctor.checks.constraints import Notebook
from proctor.checks.record import Record, Step
from proctor.isolation import wire
from proctor.isolation.process import HostLost

MAX_MESSAGE = 2000
# Torch's own methods, which nobody asks for but to call them.
METHODS = frozenset(
    (
        "backward", "clone", "detach", "eval", "load_state_dict", "named_parameters", "parameters", "requires_grad_",
        "state_dict", "to", "train", "zero_grad",
    )
)  # fmt: skip


class StudentError(Exception):
    """Student code raised.

    Parameters
    ----------
    type_name, message : str, of the exception
    cell, line : str and int, where in the notebook, or None
    source : str, the text of that line
    """

    def __init__(self, type_name, message, cell=None, line=None, source=""):
        super().__init__(f"{type_name}: {message}")
        self.type_name, self.message = type_name, message
        self.cell, self.line, self.source = cell, line, source


class MissingName(Exception):
    """The notebook defines no such name."""

    def __init__(self, name):
        super().__init__(f"`{name}` is not defined in the notebook.")
        self.name = name


class Handle:
    """An object that lives in a host: it can be called, indexed, iterated, asked for attributes and sent back."""

    def __init__(self, submission, reference):
        object.__setattr__(self, "_submission", submission)
        object.__setattr__(self, "_reference", reference)

    @property
    def type_name(self):
        """The name of the object's type, str."""
        return self._reference.type_name

    def __repr__(self):
        return f"<{self.type_name} in the submission>"

    def __call__(self, *args, **kwargs):
        return self._submission._call(self, False, args, kwargs)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name in METHODS:
            return Method(self._submission, self, name)
        return self._submission._ask("getattr", target=self, name=name)

    def __setattr__(self, name, value):
        self._submission._ask("setattr", target=self, name=name, value=value)

    def __len__(self):
        return self._submission._ask("len", target=self)

    def __getitem__(self, key):
        return self._submission._ask("getitem", target=self, key=key)

    def __iter__(self):
        return iter(self._submission._ask("iterate", target=self))


class Method(Handle):
    """A method of an object in a host: found and called at once, or found when it is needed for something else."""

    def __init__(self, submission, target, name):
        for attribute, value in (("_submission", submission), ("_target", target), ("_name", name)):
            object.__setattr__(self, attribute, value)

    @functools.cached_property
    def _reference(self):
        found = self._submission._ask("getattr", target=self._target, name=self._name)
        if not isinstance(found, Handle):
            raise StudentError("TypeError", f"`{self._name}` should be a method, but is of type {type(found).__name__}")
        return found._reference


class Kept:
    """Calls an object in the host and keeps even tensors there, as handles, so that autograd can go on."""

    def __init__(self, submission, function):
        self._submission, self._function = submission, function

    def __call__(self, *args, **kwargs):
        return self._submission._call(self._function, True, args, kwargs)


class Submission:
    """The student's code, as attributes: `submission.Encoder()`.

    What student code gives back arrives as plain data, arrays and tensors (detached); anything else as a `Handle`.

    Parameters
    ----------
    name : str, for people
    connection : has `request(frame: bytes) -> (header, buffers)`, and `close()`
    cells : list of Cell, the student's code as it was handed in
    """

    def __init__(self, name, connection, cells):
        self._connection, self._cells, self._number = connection, cells, 0
        self._record = self._judge = None
        self._held, self._named = [], itertools.count(wire.FIRST_NAMED)
        self._limit = wire.MAX_VALUES
        self.name = name

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._ask("get", name=name)
        except StudentError as error:
            if error.type_name == "LookupError" and error.cell is None:
                raise MissingName(name) from None
            raise

    def _refer(self, value):
        if isinstance(value, Handle):
            return value._reference
        raise TypeError(f"a check cannot send a {type(value).__name__} to the host; use `submission.send`")

    def _ask(self, op, keep=False, **arguments):
        if self._record is None:
            return self._exchange(op, keep, arguments)
        try:
            result = self._exchange(op, keep, arguments)
        except (StudentError, HostLost) as error:
            self._record.add(op, arguments, error)
            raise
        self._record.add(op, arguments, result)
        return result

    def _exchange(self, op, keep, arguments):
        number = self._number = self._number + 1
        request = {"id": number, "op": op, "keep": keep, "watch": self._judge is not None, **arguments}
        # To pack it may take requests of its own, for a method that is sent.
        frame = wire.pack(request, self._refer)
        held, self._held = self._held, []
        answer = self._connection.request(b"".join([*held, frame]), self._limit)
        try:
            return answer_in(answer, number, self._cells, lambda reference: Handle(self, reference), self._limit)
        except wire.WireError as error:
            self._connection.close()
            raise HostLost(f"Your code sent back something that is not an answer ({error}).") from error

    def _tell(self, op, made=None, **arguments):
        """Have something done before the next request, with which it is sent; that one has its error for an answer."""
        request = {"op": op, "silent": True, "watch": self._judge is not None, **arguments}
        if made is not None:
            request["number"] = made._reference.number
        self._held.append(wire.pack(request, self._refer))
        if self._record is not None:
            self._record.add(op, arguments, made)

    def _make(self, op, type_name, **arguments):
        """A handle to what is made before the next request."""
        made = Handle(self, wire.Reference(next(self._named), type_name))
        self._tell(op, made, **arguments)
        return made

    def _call(self, function, keep, args, kwargs):
        if isinstance(function, Method):
            named = {"target": function._target, "name": function._name}
            return self._ask("call_method", keep, **named, args=args, kwargs=kwargs)
        return self._ask("call", keep, function=function, args=args, kwargs=kwargs)

    def allow(self, values):
        """Take answers of so many values until the check ends; usually, `wire.MAX_VALUES` are enough."""
        self._limit = values

    def watch(self, judge):
        """Have what runs in the host until the check ends written down, by name, and be judged then.

        Parameters
        ----------
        judge : called with a list of names as `isolation.watch` has them, where the host tells; raises, or does not
        """
        self._judge = judge

    def judge(self):
        """Have done what a check asked for last, and judge what ran in it, where it is watched.

        A host that is lost has nothing to tell.
        """
        judge, self._judge = self._judge, None
        if not self._held and (judge is None or not self._connection.alive):
            return
        told = self._exchange("ran", False, {})
        if judge is not None:
            judge([name for name in told if isinstance(name, str)] if isinstance(told, list) else [])

    def charge(self, seconds):
        """Put what the grading side did with the answers on the submission's time."""
        self._connection.charge(seconds)

    @property
    def seconds_left(self):
        """What is left of the submission's time; infinite for code of our own."""
        return self._connection.seconds_left

    def library(self, path):
        """An object of a library in the host, by its dotted path: `library("torch.optim.SGD")`."""
        return self._ask("library", path=path)

    def send(self, definition):
        """Define a class or function of the check's file in the host, where torch, nn, random and np are known."""
        name, kind = definition.__name__, type(definition).__name__
        return self._make("send", kind, name=name, source=_source(definition))

    def keep(self, function):
        """A callable like `function` whose results stay in the host, tensors too."""
        return Kept(self, function)

    def put(self, value):
        """A handle to a copy of the value in the host."""
        kind = "Tensor" if isinstance(value, torch.Tensor) else getattr(value, "type_name", type(value).__name__)
        return self._make("put", kind, value=value)

    def get(self, handle):
        """The present value of what a handle names, as plain data where it is that."""
        return self._ask("fetch", target=handle)

    def gradients(self, module):
        """The gradient of every named parameter of a module: {name: tensor or None}."""
        return self._ask("gradients", module=module)

    def seed(self, seed):
        """Seed random, numpy and torch in the host."""
        self._tell("seed", seed=seed)

    def printed(self):
        """The text that student code printed since the last call."""
        return self._ask("printed")

    def replace(self, name, value):
        """Bind a global of the notebook to another value until the check ends."""
        self._tell("replace", name=name, value=value)

    def end_check(self):
        """Undo what a check changed and drop its handles. A host that is lost has nothing to undo."""
        self._limit, self._judge, self._held = wire.MAX_VALUES, None, []
        if self._connection.alive:
            try:
                self._ask("end_check")
            except HostLost:
                self.close()
        if self._record is not None:
            self.start_record()

    def start_record(self):
        """From now on, keep what passes between a check and the submission."""
        self._record = Record(Handle)

    def recorded(self) -> list[Step]:
        """What has passed in this check; nothing where no record is kept."""
        return self._record.steps if self._record is not None else []

    def run_up_to(self, count):
        """Have the first so many cells of the notebook run, and no more until further notice."""
        self._connection.run_up_to(count)

    def has_changed(self, cell):
        """Whether a cell of this id, of an answer, is another than the released one."""
        return any(known.id == cell and known.released for known in self._cells)

    def close(self):
        """End the host."""
        self._connection.close()

    @property
    def cell_results(self):
        """How the cells of the notebook that have run ended: {id: CellResult}."""
        return self._connection.results

    @property
    def cell_errors(self):
        """What stopped a cell of the notebook, by the cell's id: {id: exception}."""
        return {cell: result.error for cell, result in self.cell_results.items() if result.error}

    @functools.cached_property
    def notebook(self):
        """The student's code as it can be read: a `constraints.Notebook`."""
        return Notebook(self._cells)


# Python parses the whole file to find a class in it.
_source = functools.lru_cache(inspect.getsource)


def answer_in(frame, number, cells, resolve=None, limit=wire.MAX_VALUES):
    """The value in the answer to the request of this number.

    Raises
    ------
    StudentError : which the answer tells of
    wire.WireError : where it is neither
    """
    reply = wire.unpack(*frame, resolve, limit)
    # A tensor in the place of a number would make a tensor of every comparison.
    if not isinstance(reply, dict) or type(reply.get("id")) is not int or reply["id"] != number:
        raise wire.WireError("a reply to another question")
    if "value" in reply:
        return reply["value"]
    error = reply.get("error")
    if not isinstance(error, dict) or not all(isinstance(error.get(part), str) for part in ("type", "message")):
        raise wire.WireError("neither a value nor an error")
    cell, line, source = error.get("cell"), error.get("line"), ""
    if not isinstance(cell, str) or type(line) is not int:
        cell = line = None
    for candidate in cells:
        lines = candidate.source.splitlines() if candidate.id == cell else []
        if 0 < (line or 0) <= len(lines):
            source = lines[line - 1].strip()[:MAX_MESSAGE]
    raise StudentError(error["type"][:100], error["message"][:MAX_MESSAGE], cell, line, source)
