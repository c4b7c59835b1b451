"""Damaged notebooks, put to the intake: each is taken in or refused with a reason, within a time and a memory.

As a script it tries as many as it is told; the first that does anything else is kept in a file and ends it:

    python packages/proctor/tests/hostile/fuzz_intake.py COURSE ASSIGNMENT [COUNT [SEED]]
"""

import gc
import json
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from proctor.authoring.assignment import load_assignment
from proctor.course import open_course
from proctor.grading.intake import take_in

SECONDS, MEGABYTES = 5.0, 500
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
# What takes the place of a value, or of a part of a text.
VALUES = (
    None, True, False, 0, -1, 2**63, 10**300, 0.5, 1e999, "", "x", "\ud800", "\0", [], {}, [[]], [None], {"a": 1}, 
    "code", "markdown", "raw", "stream", "error", "display_data", {"text/plain": [1]}, {"image/png": PNG},
    {"image/png": ["A"]},     {"attachment": {"image/png": PNG}}, ["x"] * 50,
    [{"cell_type": "code", "source": ["a", 1]}], "own-1", "double",
)  # fmt: skip
TEXTS = (
    "![x](attachment:", "](", "[x]: ", "<b>", "<script ", "\\\\[", "$$", "&#", "9" * 50, ";", "%%time\n", "%", "!ls\n",
    "?", "\\\n", "(", "{", '"', "'''", "#", "# not graded", "\n" * 20, " " * 50, "\x1b[31m", "\u202e", "\ud800", "\0",
    "f'{", "data:image/png;base64,", PNG, "lambda:", "-" * 100, "a," * 100, "=", "def f(:\n", "# In[1]:\n", "# %%\n",
    "\r\n",
)  # fmt: skip
KEYS = ("cell_type", "source", "metadata", "outputs", "id", "nbgrader", "attachments", "cells", "nbformat", "data")


def damaged(value, draw, depth=0):
    """The value with something in it exchanged, lost, doubled, or put elsewhere."""
    if isinstance(value, str) and depth and draw.random() < 0.7:
        at = draw.randrange(len(value) + 1)
        return value[:at] + draw.choice(TEXTS) * draw.choice((1, 1, 2, 50)) + value[at + draw.choice((0, 0, 9)) :]
    if not isinstance(value, (dict, list)) or not value or (depth and draw.random() < 0.1):
        return draw.choice(VALUES)
    if isinstance(value, dict):
        key, choice = draw.choice(sorted(value)), draw.random()
        if choice < 0.1:
            return {name: item for name, item in value.items() if name != key}
        if choice < 0.2:
            return value | {draw.choice(KEYS): draw.choice(VALUES)}
        return value | {key: damaged(value[key], draw, depth + 1)}
    at, choice = draw.randrange(len(value)), draw.random()
    if choice < 0.1:
        return value[:at] + [value[at]] * draw.choice((2, 2, 300)) + value[at:]
    return value[:at] + [damaged(value[at], draw, depth + 1)] + value[at + 1 :]


def damaged_bytes(data, draw):
    """The bytes with some of them changed, lost or doubled."""
    data = bytearray(data)
    for _ in range(draw.choice((0, 0, 0, 1, 3))):
        start, length = draw.randrange(len(data) + 1), draw.choice((1, 1, 8, 500))
        part = data[start : start + length]
        data[start : start + length] = draw.choice(
            (
                b"",
                part * 2,
                bytes(draw.randrange(256) for _ in part),
                b"[" * length,
                b'"',
                b"\xff\xfe",
                b"\\",
                b"{}," * 9,
            )
        )
    return bytes(data)


def forms(notebook):
    """A notebook in the formats of now and then, as plain data."""
    plain = json.loads(nbformat.writes(notebook))
    return [plain, plain, plain, json.loads(nbformat.writes(nbformat.convert(notebook, 3), version=3))]


def fuzz(assignment, folder, count, seed=0):
    """Put damaged notebooks to the intake; how many were taken in, the longest time, and the memory, in MB.

    Raises
    ------
    AssertionError : where one is neither taken in nor refused with a reason
    """
    draw, taken, slowest = random.Random(seed), 0, 0.0
    source = nbformat.read(assignment.source_notebook, as_version=4)
    for cell in source.cells[::3]:
        if cell.cell_type == "code":
            cell.outputs = [
                nbformat.v4.new_output("stream", text="one\ntwo"),
                nbformat.v4.new_output("display_data", {"image/png": PNG, "text/html": "<b>"}),
                nbformat.v4.new_output("error", ename="E", evalue="v", traceback=["t"]),
            ]
    bases = forms(source)
    take_in(assignment.release_notebook, assignment)
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(count):
        value = draw.choice(bases)
        for _ in range(draw.randint(1, 6)):
            value = damaged(value, draw)
        path = folder / f"{assignment.name}.{draw.choice(('ipynb', 'ipynb', 'ipynb', 'ipynb', 'py'))}"
        path.write_bytes(damaged_bytes(json.dumps(value).encode(), draw))
        if path.suffix == ".py":
            text = "\n".join(str(draw.choice(TEXTS)) * draw.choice((1, 3, 200)) for _ in range(20))
            path.write_bytes(text.encode("utf-8", "surrogatepass"))
        before = time.process_time()
        try:
            intake = take_in(path, assignment)
            seconds = time.process_time() - before
            _require_whole(intake, assignment)
            assert seconds < SECONDS, f"{seconds:.1f} s"
        except BaseException:
            kept = Path(tempfile.gettempdir()) / f"intake-{seed}-{number}{path.suffix}"
            kept.write_bytes(path.read_bytes())
            print(f"kept in {kept}", file=sys.stderr)
            raise
        taken, slowest = taken + (not intake.refused), max(slowest, seconds)
        path.unlink()
        if number % 1000 == 0:
            gc.collect()
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) / 1024
    assert memory < MEGABYTES, f"{memory:.0f} MB"
    return taken, slowest, memory


def _require_whole(intake, assignment):
    """What is taken in is a notebook that nbgrader can write, with each of its cells; what is not says why."""
    assert "\n" not in intake.refused
    nbformat.validate(intake.notebook)
    nbformat.writes(intake.notebook).encode()
    for cell in intake.cells:
        cell.source.encode()
    found = [cell.metadata.nbgrader.grade_id for cell in intake.notebook.cells if "nbgrader" in cell.metadata]
    released = nbformat.read(assignment.release_notebook, as_version=4)
    assert found == [cell.metadata.nbgrader.grade_id for cell in released.cells if "nbgrader" in cell.metadata]


if __name__ == "__main__":
    course, name, count, seed = (*sys.argv[1:], *("10000", "0")[len(sys.argv) - 3 :])
    with tempfile.TemporaryDirectory() as folder:
        taken, slowest, memory = fuzz(
            load_assignment(open_course(Path(course)), name), Path(folder), int(count), int(seed)
        )
    print(f"{count} notebooks, {taken} taken in, the slowest in {slowest:.2f} s, {memory:.0f} MB")
