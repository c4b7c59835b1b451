"""What runs beneath student code while it is called, by name: operators that torch dispatches, functions of libraries.

It is for what cannot be told by reading the code, however a name in it is hidden. It stands in the process of the
student's code, which can reach it and make it lie; what it tells is a second opinion, and never the only one.
"""

# Taken before any student code runs: what it makes of these names later changes nothing here.
from os import urandom
from sys import getprofile, setprofile

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
THREAD_STARTS = ("start_new_thread", "start_joinable_thread")
SWITCHES = ("_disable_profiler_legacy", "_enable_profiler_legacy")
# What runs in threads of their own beside an answer.
BESIDE = ("threading", "tqdm", "weakref", "_weakrefset")

# It switches off for a moment, without a trace, and nothing of torch's uses it.
for place in (autograd, _autograd):
    vars(place).pop("_enable_record_function", None)


class Watch:
    """A context in which what runs is written down.

    Code that the checks have sent is left out; code of the notebook that it calls is not.
    """

    def __init__(self):
        self.active = False
        self._names, self._functions, self._ours, self._entered, self._operators = set(), {}, {}, [], False
        self._mark = ""
        # One and the same object, to be known again.
        self._see = self._on_event

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
        self._follow(True)
        setprofile(self._see)
        return self

    def __exit__(self, *_):
        if getprofile() is not self._see:
            self._add(UNSEEN)
        setprofile(self._before)
        self._follow(False)
        self.active = False

    def in_thread(self, frame, event, argument):
        """A hook for `threading.setprofile`: torch tells of the main thread's operators alone, here of names."""
        if self.active and str(frame.f_globals.get("__name__")).partition(".")[0] not in BESIDE:
            self._add(UNSEEN)
        if self.active and event == "call":
            self._add_function(frame)
        elif self.active and event == "c_call":
            name, owner = getattr(argument, "__qualname__", ""), getattr(argument, "__module__", None) or ""
            if "VariableFunctions" in name or owner.partition(".")[0] == "torch":
                self._add(f"torch::{name}")

    def _on_event(self, frame, event, argument):
        if event == "call":
            if id(frame.f_code) in self._ours:
                self._enter(frame, False)
            elif frame.f_code.co_filename.startswith("<cell "):
                self._enter(frame, True)
            elif self._operators:
                self._add_function(frame)
        elif event == "return" and self._entered and self._entered[-1][0] is frame:
            self._follow(self._entered.pop()[1])
        elif event == "c_call" and argument.__name__ in (*THREAD_STARTS, *SWITCHES) and not _is_of_threading(frame):
            self._add(UNSEEN)

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
                _record_function_with_args_exit(_record_function_with_args_enter(self._mark))
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
        if id(code) in self._functions or len(self._functions) >= MAX_NAMES:
            return
        module = str(frame.f_globals.get("__name__"))
        self._functions[id(code)] = code, module
        if module == "torch.autograd.profiler" and code.co_qualname == "profile._prepare_trace":
            # There can be but one profiler, and a right answer may have its own.
            self._follow(False)
            self._add(UNSEEN)

    def _add(self, name):
        if len(self._names) < MAX_NAMES:
            self._names.add(name)


def _is_of_threading(frame):
    """Whether code is that of `threading`, which tells its hook of the threads that it starts."""
    return frame.f_globals.get("__name__") == "threading"
