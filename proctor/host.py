"""The host: the process in which a submission's code runs, and nothing that is worth stealing.

It answers requests of the grading side, one frame each (`proctor.wire`), over the descriptors that it was started
with as standard input and output; the submission itself gets an empty input and a bounded record of what it prints.
The same `Host` serves the grading side's own solutions in process, so a check cannot tell the two apart.
"""

import contextlib
import gc
import importlib
import io
import linecache
import os
import random
import socket
import sys
import tempfile
import traceback
import types
import warnings

import numpy as np
import torch
from torch import nn

from proctor import seal, wire

MAX_PRINTED = 100_000


class Printed(io.TextIOBase):
    """A text stream that keeps the first `MAX_PRINTED` characters and forgets the rest."""

    def __init__(self):
        self.parts, self.size = [], 0

    def write(self, text):
        text = str(text)
        if self.size < MAX_PRINTED:
            self.parts.append(text[: MAX_PRINTED - self.size])
        self.size += len(text)
        return len(text)

    def take(self):
        """What was kept since the last call."""
        text = "".join(self.parts)
        self.parts, self.size = [], 0
        return text


class Host:
    """Serves one namespace of student code.

    Parameters
    ----------
    namespace : dict, the globals of the code that is graded
    """

    def __init__(self, namespace):
        self.namespace = namespace
        self.objects = {}
        self.replaced = {}
        self.printed = Printed()
        self.keep = False

    def answer(self, request):
        """Carry out one request.

        Parameters
        ----------
        request : dict with "op", the name of one of the `op_` methods, and its arguments

        Returns
        -------
        bytes : the frame of {"id", "value"} or of {"id", "error"}
        """
        arguments = {key: value for key, value in request.items() if key not in ("id", "op", "keep")}
        self.keep = request.get("keep", False)
        try:
            with contextlib.redirect_stdout(self.printed), contextlib.redirect_stderr(self.printed):
                value = getattr(self, "op_" + request["op"])(**arguments)
                return wire.pack({"id": request["id"], "value": value}, self.refer)
        except BaseException as error:  # noqa: BLE001 - whatever student code raises is an answer
            return wire.pack({"id": request["id"], "error": _describe(error)})

    def refer(self, value):
        """Keep an object here and give the reference by which the other side names it."""
        number = len(self.objects)
        self.objects[number] = value
        return wire.Reference(number, type(value).__name__)

    def resolve(self, reference):
        """The object that a reference names."""
        return self.objects[reference.number]

    def _out(self, value):
        if not self.keep:
            return value
        if isinstance(value, (tuple, list)):
            return [self.refer(item) for item in value]
        return self.refer(value)

    def op_run_cell(self, cell, source):
        filename = f"<cell {cell}>"
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        exec(compile(source, filename, "exec"), self.namespace)

    def op_get(self, name):
        if name not in self.namespace:
            raise LookupError(name)
        return self._out(self.namespace[name])

    def op_call(self, function, args, kwargs):
        return self._out(function(*args, **kwargs))

    def op_getattr(self, target, name):
        return self._out(getattr(target, name))

    def op_setattr(self, target, name, value):
        setattr(target, name, value)

    def op_len(self, target):
        return len(target)

    def op_getitem(self, target, key):
        return self._out(target[key])

    def op_iterate(self, target):
        return [self._out(item) for item in target]

    def op_library(self, path):
        module, _, name = path.rpartition(".")
        return self.refer(getattr(importlib.import_module(module), name))

    def op_send(self, name, source):
        namespace = {"torch": torch, "nn": nn, "random": random, "np": np, "__name__": "sent"}
        exec(compile(source, f"<sent {name}>", "exec"), namespace)
        return self.refer(namespace[name])

    def op_put(self, value):
        return self.refer(value)

    def op_fetch(self, target):
        return target

    def op_gradients(self, module):
        return {name: parameter.grad for name, parameter in module.named_parameters()}

    def op_seed(self, seed):
        random.seed(seed)
        np.random.seed(seed)
        # `torch.manual_seed` writes down where it was called from, for GPUs to come, which takes a millisecond.
        torch.default_generator.manual_seed(seed)
        if torch.cuda.is_available():
            torch.cuda.manual_seed_all(seed)

    def op_printed(self):
        return self.printed.take()

    def op_replace(self, name, value):
        self.replaced.setdefault(name, (name in self.namespace, self.namespace.get(name)))
        self.namespace[name] = value

    def op_seal(self, **layers):
        seal.put_on(**layers)

    def op_prepare(self, modules):
        warm_up(modules)

    def op_end_check(self):
        for name, (existed, value) in self.replaced.items():
            if existed:
                self.namespace[name] = value
            else:
                self.namespace.pop(name, None)
        self.replaced.clear()
        self.objects.clear()
        self.printed.take()
        # Python tells a warning once from each place; to enter and leave makes it forget which it told.
        with warnings.catch_warnings():
            pass


def warm_up(modules: list[str]) -> None:
    """Import modules that are there, before this process is forked."""
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    if "torch.optim" in modules:
        # The first step of an optimizer imports a compiler, which takes longer than everything else.
        parameter = nn.Parameter(torch.zeros(1))
        parameter.grad = torch.zeros(1)
        torch.optim.Adam([parameter]).step()
    # A child that collects garbage would write to, and so copy, every page that it shares with this process.
    gc.collect()
    gc.freeze()


def _describe(error):
    """An exception as plain data: its type, its message, and the last line of a cell that it passed."""
    frames = traceback.extract_tb(error.__traceback__)
    cells = [frame for frame in frames if frame.filename.startswith("<cell ")]
    cell = line = None
    if cells:
        cell, line = cells[-1].filename[len("<cell ") : -1], cells[-1].lineno
    if isinstance(error, SyntaxError) and (error.filename or "").startswith("<cell "):
        cell, line = error.filename[len("<cell ") : -1], error.lineno
    message = _text(error.msg if isinstance(error, SyntaxError) else error)
    return {"type": type(error).__name__, "message": message[:2000], "cell": cell, "line": line}


def _text(error):
    try:
        return str(error)
    except BaseException:  # noqa: BLE001 - a student's __str__ may raise; the type alone then has to do
        return ""


def main():
    """Serve requests until the other side closes the connection."""
    # The wire moves to a descriptor of its own, so that a print or a stray os.write(1) never lands on it.
    connection = socket.socket(fileno=os.dup(0))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    sys.stdin = io.StringIO()
    torch.set_num_threads(1)
    torch.backends.cudnn.allow_tf32 = False
    notebook = types.ModuleType("__main__")
    notebook.__dict__["display"] = print
    sys.modules["__main__"] = notebook
    host = Host(notebook.__dict__)
    # Code that draws without a seed of its own gets the same verdict every time.
    host.op_seed(0)
    with contextlib.suppress(EOFError):
        while True:
            request = wire.unpack(*_receive(connection), host.resolve)
            if request["op"] == "fork":
                connection = _fork(connection, host, request["folder"], request["apart"])
            else:
                connection.sendall(host.answer(request))


def _receive(connection):
    header_size, buffers_size = wire.LENGTHS.unpack(_read(connection, wire.LENGTHS.size))
    return _read(connection, header_size), _read(connection, buffers_size)


def _read(connection, size):
    data = bytearray(size)
    rest = memoryview(data)
    while rest:
        count = connection.recv_into(rest)
        if not count:
            raise EOFError
        rest = rest[count:]
    return data


def _fork(control, host, folder, apart):
    """Have a child take over the connection that comes over this one, and tell here how it ended.

    Parameters
    ----------
    control : socket
    host : Host
    folder : str, the child's scratch
    apart : dict, what `seal.fork_apart` takes; or None, where there are no namespaces

    Returns
    -------
    socket : the connection to serve from now on; there are two of this process then, one after the other
    """
    _, (descriptor,), *_ = socket.recv_fds(control, 1, 1)
    if child := os.fork():
        os.close(descriptor)
        status = seal.shell_status(os.waitpid(child, 0)[1])
        control.sendall(wire.pack({"id": 0, "value": status}))
        return control
    control.close()
    connection = socket.socket(fileno=descriptor)
    try:
        if apart is not None:
            seal.fork_apart(**apart)
    except seal.SealError as error:
        connection.sendall(wire.pack({"id": 0, "error": _describe(error)}))
        os._exit(1)
    # The folder of that name was another one before.
    os.chdir(folder)
    os.environ.update(HOME=folder, TMPDIR=folder, MPLCONFIGDIR=folder)
    tempfile.tempdir = None
    # Python seeds `random` anew in every child.
    host.op_seed(0)
    connection.sendall(wire.pack({"id": 0, "value": None}))
    return connection


if __name__ == "__main__":
    main()
