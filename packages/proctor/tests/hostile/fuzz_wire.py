"""Damaged frames, put to the grading side: each is an answer to a check, or costs the student that check.

As a script, with atheris (`python -m pip install atheris`), it tries a million, each led by what the ones before it
reached in the code; the first that does anything else is printed, kept in a file and ends it:

    python tests/hostile/fuzz_wire.py
"""

import inspect
import json
import math
import os
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from proctor.checks import submission
from proctor.checks.submission import Handle, MissingName, StudentError, Submission
from proctor.isolation import wire
from proctor.isolation.process import HostLost

FRAMES = 10**6
# What one frame may take, and what all of them may, the fuzzer's own notes included.
SECONDS, MEGABYTES = 1.0, 256
HONEST = [
    wire.pack({"id": 1, "value": value}, lambda value: wire.Reference(7, type(value).__name__))
    for value in (
        [torch.ones(2, 3), np.arange(4), (1, {2}, {"a": math.nan}), torch.float32, torch.device("cpu"), None],
        {"weights": torch.zeros(2, 0), 3: {"mean": np.float32(1.5)}, ("a", 1): object()},
        [torch.empty(5, device="meta", dtype=torch.bfloat16), -math.inf, "text", True],
    )
] + [wire.pack({"id": 1, "error": {"type": "ValueError", "message": "no", "cell": "total", "line": 3}})]
# What takes the place of a value, or of its name.
NAMES = ("tensor", "array", "dict", "set", "tuple", "float", "reference", "torch_dtype", "torch_device", "id", "error")
ARRAY = {"array": 0, "dtype": "bool", "shape": [24], "scalar": False}
VALUES = (
    None, True, 0, 1, -1, 2**31, 2**63, 10**30, 0.5, 1e999, "", "nan", "cuda", "meta", "object", "error", [], [[]], {},
    [1, 2, 3], {"dict": []}, {"dict": [["error", 1]]}, {"dict": [["id", 1], ["error", ARRAY]]}, ARRAY, {"tuple": [0]},
    {"tensor": 0, "dtype": "float32", "shape": [6], "device": "cpu"}, {"set": [1, 1.0]}, {"reference": 0, "type": "x"},
    {"tensor": None, "dtype": "int8", "shape": [2**40], "device": "meta"}, {"float": "inf"}, {"torch_device": "cpu:1"},
)  # fmt: skip
PLAIN = (bool, int, float, str, list, tuple, set, dict, np.ndarray, np.generic, torch.Tensor, torch.dtype, torch.device)


class Damaged:
    """A connection whose answer is some frame, as `HostProcess.exchange` would read it."""

    alive = True

    def __init__(self, frame):
        self._frame = frame

    def request(self, *_):
        if len(self._frame) < wire.LENGTHS.size:
            raise HostLost("Your code ended the Python process.")
        header, buffers = wire.LENGTHS.unpack_from(self._frame)
        if not wire.fits(header, buffers, wire.MAX_VALUES):
            raise HostLost("Your code sent back more data than the grader takes.")
        parts = self._frame[wire.LENGTHS.size :]
        if len(parts) < header + buffers:
            raise HostLost("Your code closed the grader's connection.")
        return parts[:header], parts[header : header + buffers]

    def close(self):
        self.alive = False


def answer(frame: bytes):
    """What a check gets that asks for `total`: a value, or one of the errors that a verdict explains."""
    try:
        value = Submission("eve", Damaged(frame), []).total
    except (HostLost, StudentError, MissingName) as error:
        return error
    assert value is None or isinstance(value, (*PLAIN, Handle)), type(value)
    return value


def with_lengths(header: bytes, buffers: bytes) -> bytes:
    """A frame whose lengths are right."""
    return wire.LENGTHS.pack(len(header), len(buffers)) + header + buffers


def split(frame: bytes) -> tuple[bytes, bytes]:
    """The header and the buffers of a frame, whose lengths may be wrong."""
    size = wire.LENGTHS.unpack_from(frame)[0] if len(frame) >= wire.LENGTHS.size else 0
    parts = frame[wire.LENGTHS.size :]
    return parts[:size], parts[size:]


def change(header: bytes, draw: random.Random) -> bytes:
    """A header in which one value is another one; empty where it is no JSON."""
    try:
        return json.dumps(_other(json.loads(header), draw)).encode()
    except (ValueError, RecursionError):
        return b""


def _other(value, draw):
    if isinstance(value, list) and value and draw.random() < 0.9:
        at = draw.randrange(len(value))
        return [*value[:at], _other(value[at], draw), *value[at + 1 :]]
    if isinstance(value, dict) and value and draw.random() < 0.9:
        key = draw.choice(list(value))
        rest = {name: value[name] for name in value if name != key}
        return rest | {draw.choice(NAMES) if draw.random() < 0.1 else key: _other(value[key], draw)}
    return draw.choice(VALUES)


def memory():
    """The most that this process ever had in memory, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    """Fuzz, and say how fast that was, how long the slowest frame took and how much memory all of it."""
    try:
        import atheris
    except ImportError:
        sys.exit("atheris is not installed: python -m pip install atheris")
    functions = [*vars(wire).values(), Submission._ask, submission.answer_in]
    for function in functions:
        if inspect.isfunction(function):
            atheris.instrument_func(function)
    frames, answers, slowest = 0, 0, 0.0
    begin, before = time.monotonic(), memory()

    def try_one(frame):
        nonlocal frames, answers, slowest
        start = time.monotonic()
        answers += not isinstance(answer(frame), HostLost)
        frames, slowest = frames + 1, max(slowest, time.monotonic() - start)
        assert slowest < SECONDS, "a frame took too long"
        assert memory() - before < MEGABYTES, "a frame took too much memory"
        if frames == FRAMES:
            rate = frames / (time.monotonic() - begin)
            print(f"{frames} frames, {answers} of them an answer; {rate:.0f} a second, the slowest {slowest:.3f} s")
            print(f"{memory():.0f} MB at most, {before:.0f} of them before the first frame", flush=True)
            os._exit(0)

    def damage(frame, largest, seed):
        draw = random.Random(seed)
        # Damage upon damage would leave little that is still read to its end.
        header, buffers = split(draw.choice([frame, *HONEST]))
        room = largest - wire.LENGTHS.size - len(buffers)
        if room < len(header) or draw.random() < 0.1:
            return atheris.Mutate(frame, largest)
        changed = change(header, draw) if draw.random() < 0.7 else b""
        return with_lengths(changed if 0 < len(changed) <= room else atheris.Mutate(header, room), buffers)

    with tempfile.TemporaryDirectory() as folder:
        for number, frame in enumerate(HONEST):
            (Path(folder) / str(number)).write_bytes(frame)
        options = [f"-runs={2 * FRAMES}", "-seed=5", "-max_len=2048", "-verbosity=0"]
        atheris.Setup([sys.argv[0], *options, folder], try_one, custom_mutator=damage)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
