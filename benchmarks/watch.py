"""How long a student waits from handing in to the page, while `proctor watch` is at work, as a Markdown table.

    python benchmarks/watch.py --students 40 --seconds 60

Every submission is the solved notebook, made different by a comment in each answer; every second one has one of the
known mistakes in an answer. First some come alone, each when the page of the one before is there, to a watch that has
graded one already; then all others, evenly over the seconds.
"""

import argparse
import itertools
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from autograde import hand_in, make_course

from proctor.authoring import bank
from proctor.authoring.assignment import load_assignment
from proctor.course import open_course

LOOK_SECONDS = 0.02
PATIENCE = 600


def prepare(course, name, size):
    """The folders that students will hand in, in the order in which they do."""
    hand_in(course, name, size)
    prepared = (course / "submitted").rename(course / "prepared")
    assignment = load_assignment(open_course(course), name)
    folders = sorted(prepared.iterdir())
    for folder, mistake in zip(folders[1::2], itertools.cycle(bank.mistakes(assignment)), strict=False):
        path = folder / name / f"{name}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        (exercise,) = (exercise for exercise in assignment.exercises if exercise.id == mistake.exercise)
        for cell in notebook.cells:
            if cell.id == exercise.id:
                cell.source = f"{bank.changed_code(exercise, mistake)}\n# {folder.name}"
        nbformat.write(notebook, path)
    return folders


def wait_for(course, name, folders, seconds):
    """Hand in folders, evenly over some seconds; gives how long each waited for its page."""
    start, handed_in, waited = time.monotonic(), {}, {}
    while len(waited) < len(folders):
        now = time.monotonic()
        if now > start + seconds + PATIENCE:
            sys.exit(f"no page for {sorted({folder.name for folder in folders} - {*waited})}")
        for place, folder in enumerate(folders):
            if folder.name not in handed_in and now >= start + place * seconds / len(folders):
                shutil.copytree(folder, course / "submitted" / folder.name, copy_function=shutil.copyfile)
                handed_in[folder.name] = time.monotonic()
        for who, when in handed_in.items():
            if who not in waited and (course / "feedback" / who / name / f"{name}.html").exists():
                waited[who] = time.monotonic() - when
        time.sleep(LOOK_SECONDS)
    return list(waited.values())


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assignment", default="seq2seq", metavar="A")
    parser.add_argument("--students", type=int, default=40, help="who hand in over the seconds")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--alone", type=int, default=6, help="who hand in while nothing else is graded")
    arguments = parser.parse_args()
    name, alone, rows = arguments.assignment, arguments.alone, []
    with tempfile.TemporaryDirectory() as folder:
        course = make_course(Path(folder) / "course", name)
        folders = prepare(course, name, 1 + alone + arguments.students)
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(course)}
        command = [sys.executable, "-m", "proctor.cli", "watch", name]
        with subprocess.Popen(command, cwd=course, env=environment, stdout=subprocess.DEVNULL) as watch:
            try:
                wait_for(course, name, folders[:1], 0)
                each = [wait_for(course, name, [one], 0)[0] for one in folders[1 : 1 + alone]]
                rows.append((f"{alone}, one after another", each))
                each = wait_for(course, name, folders[1 + alone :], arguments.seconds)
                rows.append((f"{arguments.students} within {arguments.seconds:g} seconds", each))
            finally:
                watch.send_signal(signal.SIGINT)
    print(f"\n`{name}`, {os.cpu_count()} cores, load {os.getloadavg()[1]:.1f}\n")
    print("| who hands in | median, seconds | worst, seconds |")
    print("| --- | ---: | ---: |")
    for what, each in rows:
        print(f"| {what} | {statistics.median(each):.1f} | {max(each):.1f} |")


if __name__ == "__main__":
    main()
