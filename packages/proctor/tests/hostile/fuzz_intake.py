"""Damaged notebooks, put to the intake: each is taken in or refused with a reason, within a time and a memory.

As a script it tries as many as it is told, of all of a course's assignments in turn; those that do anything else are
kept in a folder, and make its status 1:

    python packages/proctor/tests/hostile/fuzz_intake.py COURSE [COUNT [SEED [FOLDER]]]
"""

import argparse
import json
import multiprocessing
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from tqdm import tqdm

from proctor.authoring.assignment import Assignment, load_assignment
from proctor.course import open_course
from proctor.grading.intake import take_in

SECONDS, MEGABYTES = 5.0, 500
BATCH = 250
# A process that takes so much longer hangs, and is ended; so many more bytes are a MemoryError.
HUNG, TOO_MUCH = 4 * SECONDS, 3 * 2**30
RESET_PEAK = "5"  # of what /proc/self/clear_refs takes, in proc(5)
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
# What takes the place of a value, or of a part of a text.
VALUES = (
    None, True, False, 0, -1, 2**63, 10**300, 0.5, 1e999, "", "x", "\ud800", "\0", [], {}, [[]], [None], {"a": 1},
    "code", "markdown", "raw", "stream", "error", "display_data", {"text/plain": [1]}, {"image/png": PNG},
    {"image/png": ["A"]}, {"attachment": {"image/png": PNG}}, ["x"] * 50, {"": {"": {}}}, ["\n", None],
    [{"cell_type": "code", "source": ["a", 1]}], "own-1", "double", "check_double", "code-0123456789ab",
    {"nbgrader": {"grade_id": "double", "solution": True, "locked": False}}, {"proctor": {"release": []}},
    {"nbgrader": {"grade_id": ["double"], "grade": True}}, {"tags": ["training", 1]}, {"tags": "training"},
)  # fmt: skip
TEXTS = (
    "![x](attachment:", "](", "[x]: ", "<b>", "<script ", "\\\\[", "$$", "&#", "&amp;", "9" * 50, ";", "%%time\n", "%",
    "!ls\n", "?", "\\\n", "(", "{", '"', "'''", "#", "# not graded", "\n" * 20, " " * 50, "\x1b[31m", "\u202e",
    "\ud800", "\0", "f'{", "data:image/png;base64,", PNG, "lambda:", "-" * 100, "a," * 100, "=", "def f(:\n",
    "# In[1]:\n", "# %%\n", "# %% [markdown]\n", "# +\n", "# -\n", "\r\n", "\r", "\f", "\u2028", "\u0130", "await ",
    "get_ipython()", "%%writefile ", "from __future__ import annotations\n", "class A:\n", "    ", "\t", "x = 1\n",
    "(((((", "+x", ".a", "[0]", "\u0301", "\uff41", "0x", "1e", "__", "match x:\n",
)  # fmt: skip
# How often; most are once, so that there is something left to damage.
TIMES = (1, 1, 1, 1, 2, 50)
KEYS = ("cell_type", "source", "metadata", "outputs", "id", "nbgrader", "attachments", "cells", "nbformat", "data",
        "nbformat_minor", "tags", "grade_id", "worksheets", "input", "output_type", "text", "proctor")  # fmt: skip


@dataclass
class Tried:
    """What has been tried: how many, how many were taken in, the longest time, in seconds, the most memory, in MB.

    `failed` has the reason of each that was neither taken in nor refused with a reason, and where it is kept.
    """

    count: int = 0
    taken: int = 0
    slowest: float = 0.0
    memory: float = 0.0
    failed: list[str] = field(default_factory=list)

    def add(self, other):
        """The two together."""
        self.count, self.taken = self.count + other.count, self.taken + other.taken
        self.slowest, self.memory = max(self.slowest, other.slowest), max(self.memory, other.memory)
        self.failed += other.failed


def damaged(value, draw, depth=0):
    """The value with something in it exchanged, lost, doubled, or put elsewhere."""
    if isinstance(value, str) and depth and draw.random() < 0.7:
        at = draw.randrange(len(value) + 1)
        times = 10**4 if draw.random() < 0.002 else draw.choice(TIMES)
        return value[:at] + draw.choice(TEXTS) * times + value[at + draw.choice((0, 0, 9)) :]
    if not isinstance(value, (dict, list)) or not value or (depth and draw.random() < 0.1):
        return draw.choice(VALUES)
    if isinstance(value, dict):
        return _damaged_object(value, draw, depth)
    at, choice = draw.randrange(len(value)), draw.random()
    if choice < 0.05:
        return value[:at] + [value[at]] * draw.choice((2, 2, 2, 300)) + value[at:]
    if choice < 0.1:
        other = draw.randrange(len(value))
        return value[:at] + [value[other]] + value[at + 1 :]
    return value[:at] + [damaged(value[at], draw, depth + 1)] + value[at + 1 :]


def _damaged_object(value, draw, depth):
    key, choice = draw.choice(sorted(value)), draw.random()
    if choice < 0.1:
        return {name: item for name, item in value.items() if name != key}
    if choice < 0.2:
        return value | {draw.choice(KEYS): draw.choice(VALUES)}
    return value | {key: damaged(value[key], draw, depth + 1)}


def damaged_bytes(data, draw):
    """The bytes with some of them changed, lost or doubled."""
    data = bytearray(data)
    for _ in range(draw.choice((0, 0, 0, 0, 1, 3))):
        start, length = draw.randrange(len(data) + 1), draw.choice((1, 1, 8, 500))
        part = data[start : start + length]
        noise = bytes(draw.randrange(256) for _ in part)
        others = (b"", part * 2, noise, b"[" * length, b'"', b"\xff\xfe", b"\\", b"{}," * 9, b"1e999", b"\\ud800")
        data[start : start + length] = draw.choice(others)
    return bytes(data)


def bases(assignment: Assignment) -> list[dict]:
    """What is damaged: the release and the solved notebook, with outputs, in the formats of now and then."""
    made = []
    for path in (assignment.release_notebook, assignment.source_notebook):
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells[::3]:
            if cell.cell_type == "code":
                cell.outputs = [
                    nbformat.v4.new_output("stream", text="one\ntwo"),
                    nbformat.v4.new_output("display_data", {"image/png": PNG, "text/html": "<b>"}),
                    nbformat.v4.new_output("error", ename="E", evalue="v", traceback=["t"]),
                ]
            else:
                cell.source += "\n![x](attachment:a.png)"
                cell.attachments = {"a.png": {"image/png": PNG}}
        plain = json.loads(nbformat.writes(notebook))
        made += [plain, plain, plain, json.loads(nbformat.writes(nbformat.convert(notebook, 3), version=3))]
    return made


def one_notebook(base, draw):
    """A damaged notebook, as the ending of its name and its bytes: often one of few cells, which is damaged more."""
    value = json.loads(json.dumps(base))
    cells = value.get("cells") or value["worksheets"][0]["cells"]
    if draw.random() < 0.8:
        kept = set(draw.sample(range(len(cells)), min(draw.choice((1, 3, 6, 12)), len(cells))))
        cells[:] = [cell for number, cell in enumerate(cells) if number in kept]
    ending = draw.choice(("ipynb",) * 8 + ("py", "py"))
    if ending == "py":
        return ending, damaged_bytes(_program(cells, draw).encode("utf-8", "surrogatepass"), draw)
    for _ in range(draw.randint(1, 6)):
        value = damaged(value, draw)
    return ending, damaged_bytes(json.dumps(value).encode(), draw)


def _program(cells, draw):
    """Code as it is exported, by one tool or the other, with texts put in."""
    between = draw.choice(("\n# In[1]:\n\n", "\n# %%\n", "\n# +\n", "\n\n"))
    parts = ["".join(cell.get("source", cell.get("input", ""))) for cell in cells if cell["cell_type"] == "code"]
    for _ in range(draw.randint(1, 20)):
        parts.insert(draw.randrange(len(parts) + 1), draw.choice(TEXTS) * draw.choice((1, 3, 200)))
    return between.join(parts)


def fuzz(assignments: list[Assignment], count: int, folder: Path, seed: int = 0) -> Tried:
    """Put damaged notebooks to the intake, each batch of them in a process of its own.

    Parameters
    ----------
    folder : where those are kept that fail
    """
    tried, fork = Tried(), multiprocessing.get_context("fork")
    made = [bases(assignment) for assignment in assignments]
    for number in tqdm(range(0, count, BATCH), unit="batch", disable=None):
        which = number // BATCH % len(assignments)
        place = folder / f"batch-{seed}-{number}"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        ours, theirs = fork.Pipe(duplex=False)
        given = (assignments[which], made[which], min(BATCH, count - number), place, f"{seed}-{number}", theirs)
        process = fork.Process(target=_try_batch, args=given)
        process.start()
        theirs.close()
        try:
            tried.add(ours.recv())
        except EOFError:
            process.join()
            tried.failed.append(f"{place}: its process ended with {process.exitcode}")
        process.join()
        if not any(str(place) in reason for reason in tried.failed):
            shutil.rmtree(place)
    return tried


def _try_batch(assignment, made, count, place, seed, connection):
    draw, tried = random.Random(seed), Tried()
    take_in(assignment.release_notebook, assignment)
    released = nbformat.read(assignment.release_notebook, as_version=4)
    graded = [cell.metadata.nbgrader.grade_id for cell in released.cells if "nbgrader" in cell.metadata]
    resource.setrlimit(resource.RLIMIT_AS, (_memory("VmSize") * 1024 + TOO_MUCH, resource.RLIM_INFINITY))
    for number in range(count):
        ending, content = one_notebook(draw.choice(made), draw)
        path = place / f"{number}" / f"{assignment.name}.{ending}"
        path.parent.mkdir()
        path.write_bytes(content)
        try:
            tried.add(_try(path, assignment, graded, thoroughly=draw.random() < 0.1))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            tried.add(Tried(1, failed=[f"{path}: {type(error).__name__}: {str(error)[:300]}"]))
            continue
        shutil.rmtree(path.parent)
    connection.send(tried)
    connection.close()


def _try(path, assignment, graded, thoroughly):
    signal.setitimer(signal.ITIMER_PROF, HUNG)
    Path("/proc/self/clear_refs").write_text(RESET_PEAK)
    before, start = _memory("VmHWM"), time.process_time()
    intake = take_in(path, assignment)
    seconds, memory = time.process_time() - start, (_memory("VmHWM") - before) / 1024
    assert seconds < SECONDS, f"{seconds:.1f} s"
    assert memory < MEGABYTES, f"{memory:.0f} MB"
    _require_whole(intake, graded, thoroughly)
    signal.setitimer(signal.ITIMER_PROF, 0)
    return Tried(1, not intake.refused, seconds, memory)


def _memory(which):
    """A figure of /proc/self/status, in KB."""
    return next(int(line.split()[1]) for line in Path("/proc/self/status").open() if line.startswith(which))


def _require_whole(intake, graded, thoroughly):
    """What is taken in is a notebook that nbgrader can write, with each of its cells; what is not says why."""
    assert "could not be taken in" not in intake.refused, intake.refused
    assert not any(set(words) & {"\n", "\r", "\x1b", "\u202e"} for words in (intake.refused, *intake.notes))
    found = [cell.metadata.nbgrader.grade_id for cell in intake.notebook.cells if "nbgrader" in cell.metadata]
    assert found == graded, "its cells are others"
    for cell in (*intake.notebook.cells, *intake.cells):
        assert isinstance(cell.source, str)
        cell.source.encode()
    if thoroughly:
        nbformat.validate(intake.notebook)
    json.dumps(intake.notebook, ensure_ascii=False).encode()


def main() -> int:
    """Fuzz a course's assignments; 1 where one fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("course", type=Path)
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    parser.add_argument("seed", type=int, nargs="?", default=0)
    parser.add_argument("folder", type=Path, nargs="?", default=Path(tempfile.gettempdir()) / "fuzz_intake")
    given = parser.parse_args()
    course = open_course(given.course)
    tried = fuzz([load_assignment(course, name) for name in course.assignments], given.count, given.folder, given.seed)
    worst = f"the slowest in {tried.slowest:.2f} s, the largest in {tried.memory:.0f} MB"
    print(f"{tried.count} notebooks, {tried.taken} taken in, {worst}")
    print("\n".join(tried.failed), file=sys.stderr)
    return bool(tried.failed)


if __name__ == "__main__":
    sys.exit(main())
