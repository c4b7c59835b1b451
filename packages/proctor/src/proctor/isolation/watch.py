"""What runs beneath student code while it is called, by name: operators that torch dispatches, functions of libraries.

It is for what cannot be told by reading the code, however a name in it is hidden. It stands in the process of the
student's code, which can reach it and make it lie; what it tells is a second opinion, and never the only one.
"""

# Taken before any student code runs: what it makes of these names later changes nothing here.
import _thread
import threading
from functools import wraps
from os import urandom
from pathlib import Path
from sys import base_prefix, getprofile, prefix, setprofile

import torch
from torch import autograd  # it makes the profilers
from torch._C import _autograd
from torch._C._autograd import (
    _disable_profiler_legacy,
    _enable_profiler_legacy,
    _record_function_with_args_enter,
    _record_function_with_args_exit,
)
from torch._C._profiler import ProfilerConfig, ProfilerState, _ExperimentalConfig

# In the place of a name: the code has changed, or come in the way of, what writes names down.
UNSEEN = "unseen"
SETTINGS = ProfilerConfig(ProfilerState.CPU, False, False, False, False, False, _ExperimentalConfig(), "")
MAX_NAMES = 20_000
# Where libraries are, as their code names its files.
INSTALLED = (prefix, base_prefix, str(Path(torch.__file__).parents[1]), "<frozen ")
# What starts a thread, in whatever version of Python.
THREAD_STARTS = {
    _thread: ("start_new_thread", "start_new", "start_joinable_thread"),
    threading: ("_start_new_thread", "_start_joinable_thread"),
}
# What switches off, for a moment, that torch tells of its operators. Nothing of torch's needs them but an old profiler,
# and to see them called would not do: what C code calls, such as `partial`, no profiler of Python's is told of.
SWITCHES = (
    "_clear_callbacks", "_disable_profiler_legacy", "_enable_profiler_legacy", "_enable_record_function",
    "_set_empty_test_observer",
)  # fmt: skip


def _take_away_switches():
    for place in (_autograd, autograd, autograd.profiler_legacy):
        for name in SWITCHES:
            vars(place).pop(name, None)


def _tell(operator):
    """Have torch tell of an operator as it does where it is dispatched."""
    _record_function_with_args_exit(_record_function_with_args_enter(operator))


def _tell_of_kernels():
    """Have torch tell of the operators whose kernels are called at once, without being dispatched, too."""

    def told(method, operator_of):
        @wraps(method)
        def call(this, *args, **kwargs):
            _tell(operator_of(this))
            return method(this, *args, **kwargs)

        return call

    # Older versions of torch have not all of them.
    for kind, name, operator_of in (
        ("_DispatchOperatorHandle", "redispatch_boxed", lambda this: this.schema().name),
        ("_SafeKernelFunction", "call_boxed", lambda this: this.op_handle.schema().name),
    ):
        owner = getattr(torch._C, kind, None)
        if hasattr(owner, name):
            setattr(owner, name, told(getattr(owner, name), operator_of))

    get = torch._C._get_operation_overload

    def get_told(name, *more):
        found = get(name, *more)
        return found and (found[0], told(found[1], lambda key: name), *found[2:])

    torch._C._get_operation_overload = get_told

    def by_key(this):
        _tell(this.name())
        return vars(this)["_op_dk"]

    torch._ops.OpOverload._op_dk = property(by_key, lambda this, call: vars(this).update(_op_dk=call))


_take_away_switches()
_tell_of_kernels()


class Watch:
    """A context in which what runs is written down.

    Code that the checks have sent is left out; code of the notebook that it calls is not.
    """

    def __init__(self):
        self.active = False
        self._names, self._functions, self._ours, self._entered, self._operators = set(), {}, {}, [], False
        self._mark, self._threads, self._known_threads = "", int, 0
        # One and the same object, to be known again.
        self._see = self._on_event

    def tell_of_threads(self):
        """From now on: in a process of its own, any thread but the main one works beside what is watched.

        Torch tells of the main thread's operators alone.
        """
        self._threads, self._known_threads = _thread._count, _thread._count()
        for module, names in THREAD_STARTS.items():
            vars(module).update({name: self._telling(vars(module)[name]) for name in names if name in vars(module)})

    def _telling(self, start):
        @wraps(start)
        def start_told(*args, **kwargs):
            if self.active:
                self._add(UNSEEN)
            return start(*args, **kwargs)

        return start_told

    def leave_out(self, code):
        """Code of the checks, and all that is defined in it."""
        self._ours[id(code)] = code
        for constant in code.co_consts:
            if isinstance(constant, type(code)):
                self.leave_out(constant)

    def take(self) -> list[str]:
        """What ran since the last call: "aten::tanh", "torch.nn.modules.linear:Linear.forward", or `UNSEEN`."""
        names = {f"{module}:{code.co_qualname}" for code, module in self._functions.values()} | self._names
        self._names, self._functions = set(), {}
        return sorted(names)

    def start_over(self):
        """Forget what ran, and which code is the checks': a student may have kept it, to call it in the next one."""
        self.take()
        self._ours.clear()

    def __enter__(self):
        self._before, self._entered, self.active = getprofile(), [], True
        if self._threads() > self._known_threads:
            self._add(UNSEEN)
        self._follow(True)
        setprofile(self._see)
        return self

    def __exit__(self, *_):
        if getprofile() is not self._see:
            self._add(UNSEEN)
        setprofile(self._before)
        self._follow(False)
        self.active = False

    def _on_event(self, frame, event, argument):
        if event == "call":
            if id(frame.f_code) in self._ours:
                self._enter(frame, False)
            elif _is_students(frame.f_code.co_filename, self._operators):
                self._enter(frame, True)
            elif self._operators:
                self._add_function(frame)
        elif event == "return" and self._entered and self._entered[-1][0] is frame:
            self._follow(self._entered.pop()[1])

    def _enter(self, frame, is_students):
        self._entered.append((frame, self._operators))
        self._follow(is_students)

    def _follow(self, on):
        """Have torch tell of its operators, or no more."""
        if on == self._operators:
            return
        self._operators = on
        try:
            if on:
                _enable_profiler_legacy(SETTINGS)
                self._mark = urandom(8).hex()
                _tell(self._mark)
                return
            events = _disable_profiler_legacy()
        except RuntimeError:  # there is another profiler, or this one is no longer there
            self._add(UNSEEN)
            return
        names = {event.name() for thread in events for event in thread}
        if self._mark not in names:
            # It was switched off, and another one on.
            self._add(UNSEEN)
        for name in names:
            if "::" in name:
                self._add(name)

    def _add_function(self, frame):
        code = frame.f_code
        if id(code) in self._functions:
            return
        if len(self._functions) >= MAX_NAMES:
            self._add(UNSEEN)
            return
        module = str(frame.f_globals.get("__name__"))
        self._functions[id(code)] = code, module
        if module == "torch.autograd.profiler" and code.co_qualname == "profile._prepare_trace":
            # There can be but one profiler, and a right answer may have its own.
            self._follow(False)
            self._add(UNSEEN)

    def _add(self, name):
        # What no longer has a place here is not seen.
        self._names.add(name if len(self._names) < MAX_NAMES else UNSEEN)


def _is_students(filename, is_followed):
    """Whether code is of a notebook; below code of the checks, of any file that is not a library's, too."""
    return filename.startswith("<cell ") or not (is_followed or filename.startswith(INSTALLED))
