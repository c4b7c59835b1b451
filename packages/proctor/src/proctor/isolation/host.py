"""The host: the process in which a submission's code runs, and nothing that is worth stealing.

It answers requests of the grading side, one frame each (`wire`), over the descriptors that it was started with as
standard input and output; the submission itself gets an empty input and a bounded record of what it prints. The same
`Host` serves the grading side's own solutions in process, so a check cannot tell the two apart.

Started with the names of modules, it is a nursery: it imports them, runs nobody's code, and forks hosts.
"""

import __future__

import ast
import asyncio
import contextlib
import functools
import gc
import importlib
import inspect
import io
import json
import linecache
import math
import os
import random
import select
import selectors
import socket
import sys
import tempfile
import traceback
import types
import warnings

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from proctor.isolation import seal, wire
from proctor.isolation.kernel import Shell, display, without_magics
from proctor.isolation.watch import Watch

MAX_PRINTED = 100_000
MAX_REQUEST = 2**16
# All that Python 3.11 and later still have for cells to import from `__future__`.
FUTURE = __future__.annotations.compiler_flag


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
        self.failed = None
        self.future = 0
        self.watch = Watch()

    def answer(self, request):
        """Carry out one request.

        Parameters
        ----------
        request : dict with "op", the name of one of the `op_` methods, and its arguments; with "keep", whether what it
            gives stays here, "watch", whether what runs is written down, and "silent", whether nobody waits for it

        Returns
        -------
        bytes : the frame of {"id", "value"} or of {"id", "error"}; none of a silent one, whose error is told in the
            place of the next answer
        """
        silent = request.get("silent", False)
        arguments = {key: value for key, value in request.items() if key not in ("id", "op", "keep", "watch", "silent")}
        self.keep = request.get("keep", False)
        watch = self.watch if request.get("watch") else contextlib.nullcontext()
        try:
            with contextlib.redirect_stdout(self.printed), contextlib.redirect_stderr(self.printed), watch:
                if self.failed is not None and not silent:
                    raise self.failed
                value = getattr(self, "op_" + request["op"])(**arguments)
                return b"" if silent else wire.pack({"id": request["id"], "value": value}, self.refer)
        except BaseException as error:  # noqa: BLE001 - whatever student code raises is an answer
            self.failed = (error if self.failed is None else self.failed) if silent else None
            return b"" if silent else wire.pack({"id": request["id"], "error": _describe(error)})

    def refer(self, value):
        """Keep an object here and give the reference by which the other side names it."""
        number = len(self.objects)
        self.objects[number] = value
        return wire.Reference(number, type(value).__name__)

    def resolve(self, reference):
        """The object that a reference names; None where it could not be made, which the next answer tells."""
        return self.objects[reference.number] if self.failed is None else self.objects.get(reference.number)

    def _out(self, value):
        if not self.keep:
            return value
        if isinstance(value, (tuple, list)):
            return [self.refer(item) for item in value]
        return self.refer(value)

    def op_run_cell(self, cell, source):
        filename = f"<cell {cell}>"
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        self.namespace["get_ipython"] = lambda: Shell(self.namespace, functools.partial(self._run, filename=filename))
        self._run(source, filename)

    def _run(self, source, filename):
        """Run code as a notebook's kernel does: magics, `await` and what earlier cells took from `__future__`."""
        try:
            code = self._compile(source, filename)
        except SyntaxError:
            plain = without_magics(source)
            if plain == source:
                raise
            code = self._compile(plain, filename)
        self.future |= code.co_flags & FUTURE
        coroutine = eval(code, self.namespace)
        if code.co_flags & inspect.CO_COROUTINE:
            asyncio.run(coroutine)

    def _compile(self, source, filename):
        flags = self.future | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        return compile(source, filename, "exec", flags=flags, dont_inherit=True)

    def op_get(self, name):
        if name not in self.namespace:
            raise LookupError(name)
        return self._out(self.namespace[name])

    def op_call(self, function, args, kwargs):
        return self._out(function(*args, **kwargs))

    def op_call_method(self, target, name, args, kwargs):
        return self._out(getattr(target, name)(*args, **kwargs))

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

    def op_send(self, number, name, source):
        namespace = {"torch": torch, "nn": nn, "random": random, "np": np, "__name__": "sent"}
        code = _compiled(source, f"<sent {name}>")
        self.watch.leave_out(code)
        exec(code, namespace)
        self.objects[number] = namespace[name]

    def op_put(self, number, value):
        self.objects[number] = value

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

    def op_ran(self):
        return self.watch.take()

    def op_replace(self, name, value):
        self.replaced.setdefault(name, (name in self.namespace, self.namespace.get(name)))
        self.namespace[name] = value

    def op_seal(self, **layers):
        seal.put_on(**layers)

    def op_end_check(self):
        for name, (existed, value) in self.replaced.items():
            if existed:
                self.namespace[name] = value
            else:
                self.namespace.pop(name, None)
        self.replaced.clear()
        self.objects.clear()
        self.printed.take()
        self.watch.start_over()
        # Code that stopped between the two may have switched it off.
        torch.set_grad_enabled(True)
        # Python tells a warning once from each place; to enter and leave makes it forget which it told.
        with warnings.catch_warnings():
            pass


@functools.cache
def _compiled(source, filename):
    """Code of the checks, of which several send the same."""
    return compile(source, filename, "exec")


def warm_up(modules: list[str]) -> None:
    """Import what there is of some modules, before this process is forked."""
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    # Some do more when they are first used than when they are imported.
    if "torch.optim" in modules:
        parameter = nn.Parameter(torch.zeros(1))
        parameter.grad = torch.zeros(1)
        torch.optim.Adam([parameter]).step()
    if "sklearn.cluster" in sys.modules:
        sys.modules["sklearn.cluster"].KMeans(1, random_state=0).fit(np.zeros((2, 1)))
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
    return {"type": type(error).__name__, "message": message, "cell": cell, "line": line}


def _text(error):
    try:
        # As plain text: what a subclass of `str` makes of its parts may be anything.
        return str.__getitem__(str(error), slice(2000))
    except BaseException:  # noqa: BLE001 - a student's __str__ may raise; the type alone then has to do
        return ""


def main(modules: list[str]):
    """Serve requests until the other side closes the connection; with modules, as a nursery, fork those that do."""
    # The wire moves to a descriptor of its own, so that a print or a stray os.write(1) never lands on it.
    connection = socket.socket(fileno=os.dup(0))
    # A nursery may say what is wrong with it.
    _lead_nowhere(0, 1, *(() if modules else (2,)))
    sys.stdin = io.StringIO()
    torch.set_num_threads(1)
    torch.backends.cudnn.allow_tf32 = False
    notebook = types.ModuleType("__main__")
    notebook.__dict__["display"] = display
    # A forgotten `breakpoint()` is no reason to stop: nobody is there to debug.
    sys.breakpointhook = lambda *arguments, **more: None
    # What epoll keeps is memory of the kernel's that no limit counts, so a host has none, and asyncio is told so.
    selectors.DefaultSelector = selectors.PollSelector
    _load_batches_here()
    _start_no_monitor()
    sys.modules["__main__"] = notebook
    host = Host(notebook.__dict__)
    with contextlib.suppress(EOFError):
        if modules:
            warm_up(modules)
            connection = _serve_forks(connection)
        # Code that draws without a seed of its own gets the same verdict every time.
        host.op_seed(0)
        host.watch.tell_of_threads()
        _hide()
        requests = connection.makefile("rb", buffering=2**16)
        while True:
            request = wire.unpack(*_receive(requests), host.resolve, math.inf)
            connection.sendall(host.answer(request))


def _load_batches_here():
    """Have each `DataLoader` load its batches in this process: it may start none, whatever workers are asked for."""
    begin = DataLoader.__init__

    @functools.wraps(begin)
    def begin_here(self, *args, **kwargs):
        begin(self, *args, **kwargs)
        self.num_workers = self.timeout = 0

    DataLoader.__init__ = begin_here


def _start_no_monitor():
    """Have tqdm show its bars without the thread that looks after them: it would be one beside each answer."""
    with contextlib.suppress(ImportError):
        importlib.import_module("tqdm").tqdm.monitor_interval = 0


def _hide():
    """Take our own modules from where code looks for modules: what it imports of them is another one."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "proctor"]:
        del sys.modules[name]


def _lead_nowhere(*descriptors):
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in descriptors:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _receive(requests):
    header_size, buffers_size = wire.LENGTHS.unpack(_read(requests, wire.LENGTHS.size))
    return _read(requests, header_size), _read(requests, buffers_size)


def _read(requests, size):
    data = requests.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _serve_forks(control):
    """Fork a host for each request, and tell how each has ended; this returns in the hosts alone.

    A request has two descriptors with it: the host's connection, and a socket for the byte that says how it ended.

    Parameters
    ----------
    control : socket, each message of which is a JSON object of `_begin`'s other arguments

    Returns
    -------
    socket : the host's connection

    Raises
    ------
    EOFError : when the other side closes `control`
    """
    running = {}
    while True:
        ready, _, _ = select.select([control, *running], [], [])
        for ended in set(ready) - {control}:
            child, status = running.pop(ended)
            os.close(ended)
            with status, contextlib.suppress(OSError):
                status.send(bytes([seal.shell_status(os.waitpid(child, 0)[1])]))
        if control not in ready:
            continue
        message, descriptors, *_ = socket.recv_fds(control, MAX_REQUEST, 2)
        if not message:
            raise EOFError
        connection, status = (socket.socket(fileno=descriptor) for descriptor in descriptors)
        request = json.loads(message)
        child = seal.fork_as_first() if request["apart"] else os.fork()
        if not child:
            # What is left open here is open to student code.
            for ended, (_, other) in running.items():
                os.close(ended)
                other.close()
            status.close()
            control.close()
            _begin(connection, **request)
            return connection
        connection.close()
        running[os.pidfd_open(child)] = child, status


def _begin(connection, folder, apart):
    """Make a host of this process, which has just been forked, and say over its connection that it is one.

    Parameters
    ----------
    connection : socket
    folder : str, its scratch
    apart : dict, what `seal.set_apart` takes; or None, where there are no namespaces
    """
    _lead_nowhere(2)
    try:
        if apart is not None:
            seal.set_apart(**apart)
    except seal.SealError as error:
        connection.sendall(wire.pack({"id": 0, "error": _describe(error)}))
        os._exit(1)
    # The folder of that name was another one before.
    os.chdir(folder)
    # As in a notebook, a file that a cell has written can be imported; it stands behind all that is installed.
    sys.path.append("")
    os.environ.update(HOME=folder, TMPDIR=folder, MPLCONFIGDIR=folder)
    tempfile.tempdir = None
    connection.sendall(wire.pack({"id": 0, "value": None}))


if __name__ == "__main__":
    main(sys.argv[1:])
