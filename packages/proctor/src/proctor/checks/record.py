"""What passed between a check and a submission, step by step, for who asks why a check failed."""

from dataclasses import dataclass, field

import numpy as np
import torch

# What is kept of one check's values.
MAX_BYTES = 32 * 2**20
MAX_WORDS = 120
CALLS = ("call", "call_method")
WORDS = {
    "get": "{name}",
    "library": "{path}",
    "send": "{name}",
    "getattr": "{target}.{name}",
    "setattr": "{target}.{name} = {value}",
    "len": "len({target})",
    "getitem": "{target}[{key}]",
    "iterate": "list({target})",
    "put": "{value}",
    "fetch": "the value of {target}",
    "gradients": "gradients of {module}",
    "seed": "seed({seed})",
    "printed": "what was printed",
    "replace": "{name} = {value}",
}


@dataclass(frozen=True)
class Step:
    """One request of a check, and what became of it.

    Parameters
    ----------
    words : str, the request as a person would write it: "Encoder()(input1, input2)"
    inputs : {name: value}, what `input1` stands for
    result : plain data, array, tensor or handle; or the exception
    """

    words: str
    inputs: dict[str, object]
    result: object


@dataclass(frozen=True)
class TooLarge:
    """In the place of a value that is not kept."""


@dataclass
class Record:
    """The steps of one check so far.

    Parameters
    ----------
    handle : the class of what stands for an object in a host
    """

    handle: type
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self):
        self._handles, self._inputs, self._room = {}, [], MAX_BYTES

    def add(self, op: str, arguments: dict, result: object) -> None:
        """Note a request and its result."""
        inputs = {}
        words = self._call(arguments, inputs) if op in CALLS else self._request(op, arguments, inputs)
        if len(words) > MAX_WORDS:
            # What is called stands at the end.
            words = f"{words[: MAX_WORDS // 3]} ... {words[-MAX_WORDS // 2 :]}"
        reference = self._reference(result)
        if reference is not None:
            self._handles[reference.number] = words
        self._room -= _size(result)
        self.steps.append(Step(words, inputs, result if self._room >= 0 else TooLarge()))

    def _request(self, op, arguments, inputs):
        plain = {"name", "path"}
        named = {key: value if key in plain else self._words(value, inputs) for key, value in arguments.items()}
        return WORDS.get(op, op).format(**named)

    def _call(self, arguments, inputs):
        words = [self._words(value, inputs) for value in arguments["args"]]
        words += [f"{name}={self._words(value, inputs)}" for name, value in arguments["kwargs"].items()]
        called = arguments["function" if "function" in arguments else "target"]
        method = f".{arguments['name']}" if "name" in arguments else ""
        return f"{self._words(called, inputs)}{method}({', '.join(words)})"

    def _words(self, value, inputs):
        """A value as it stands in a call: itself, where it is short, else a name for it."""
        reference = self._reference(value)
        if reference is not None:
            return self._handles.get(reference.number, f"<{reference.type_name}>")
        if value is None or isinstance(value, (bool, int, float, str, torch.dtype, torch.device)):
            words = repr(value)
            if len(words) <= 40:
                return words
        elif isinstance(value, (list, tuple)) and len(value) <= 5 and all(isinstance(v, (int, float)) for v in value):
            return repr(value)
        name = next((name for name, known in self._inputs if known is value), None)
        if name is None:
            name = f"input{len(self._inputs) + 1}"
            self._room -= _size(value)
            self._inputs.append((name, value if self._room >= 0 else TooLarge()))
        inputs[name] = dict(self._inputs)[name]
        return name

    def _reference(self, value):
        """What a handle refers to; None of any other value."""
        return value._reference if isinstance(value, self.handle) else None


def _size(value):
    """The memory that a value takes, in bytes, roughly."""
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return value.nbytes
    if isinstance(value, dict):
        return sum(64 + _size(key) + _size(item) for key, item in value.items())
    if isinstance(value, (list, tuple, set)):
        return sum(64 + _size(item) for item in value)
    return 64 + (len(value) if isinstance(value, str) else 0)
