"""A class graded by stock nbgrader and by proctor, side by side on this machine, as a Markdown table.

    python benchmarks/autograde.py --sizes 8 40 200 --stock 8 40

Every submission is the solved notebook, made different by a comment in each answer. Stock nbgrader executes its cells
and visible checks, without the cells that proctor leaves out, too (training, figures), and has the same checks as
proctor as hidden tests, which are run in the notebook's own process. proctor's ways: `nbgrader autograde` alone, which
starts processes of its own where there is much to do, and with `nbgrader generate_feedback` after it, as stock nbgrader
with its own page; `proctor class --jobs N`, then `nbgrader autograde`, which writes the gradebook; both once more, when
all is on record.
"""

import argparse
import contextlib
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil
from tqdm import tqdm

from proctor.authoring.assignment import load_assignment
from proctor.authoring.build import build_course
from proctor.course import find_root, open_course

STOCK = """
c = get_config()
c.CourseDirectory.ignore = [".ipynb_checkpoints", "__pycache__", "*.pyc", "*.py", "feedback"]
c.ExecutePreprocessor.timeout = 600
"""
# In each autograder cell of stock nbgrader: what proctor does in its sandbox, without one.
HIDDEN = """
### BEGIN HIDDEN TESTS
from pathlib import Path

from proctor.authoring.assignment import load_assignment
from proctor.checks.runner import run_checks
from proctor.checks.connections import InProcess
from proctor.checks.submission import Submission
from proctor.course import open_course
from proctor.grading.intake import read_submission

course = load_assignment(open_course(Path({root!r})), {name!r})
cells = read_submission(course.source_notebook, course).cells
outcomes = run_checks(course, [{exercise!r}], [Submission("notebook", InProcess(globals()), cells)], "cpu")
assert outcomes and all(outcome.failure is None for outcome in outcomes)
### END HIDDEN TESTS"""
SAMPLED = 0.5  # seconds between looks at the memory
NOT_EXECUTED = {"training", "plot"}
# After which ways feedback is written, and what that is called.
PAGES = {"stock": "stock page", "inline": "inline page"}
COURSE = ("source", "release", "solutions", "graders", "packages")
SETTINGS = ("course_config.py", "nbgrader_config.py", "pyproject.toml")


def run(command, course):
    """Seconds that a command took in the course's folder, and megabytes of the largest process that it started."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(course)}
    log = course / "log.txt"
    start = time.perf_counter()
    with log.open("w") as output:
        process = psutil.Popen(command, cwd=course, env=environment, stdout=output, stderr=output)
        peak = 0
        while process.poll() is None:
            peak = max(peak, *map(resident, [process, *process.children(recursive=True)]))
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(SAMPLED)
    seconds = time.perf_counter() - start
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{log.read_text()}")
    return seconds, peak / 2**20


def resident(process):
    """Bytes of a process in memory; none where it has ended."""
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0


def make_course(folder, name):
    """A copy of this course, built, with nothing handed in."""
    root = find_root(Path(__file__).parent)
    folder.mkdir()
    for entry in COURSE + SETTINGS:
        copy = shutil.copytree if (root / entry).is_dir() else shutil.copy
        copy(root / entry, folder / entry)
    build_course(open_course(folder), [name])
    shutil.copy(folder / "gradebook.db", folder / "empty.db")
    return folder


def make_stock_course(folder, name):
    """A copy of this course as one of nbgrader's own: without proctor, its checks as hidden tests."""
    course = make_course(folder, name)
    (course / "course_config.py").write_text(STOCK)
    assignment = load_assignment(open_course(course), name)
    notebook = nbformat.read(assignment.source_notebook, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if not NOT_EXECUTED & set(cell.metadata.get("tags", []))]
    for cell in notebook.cells:
        if cell.id.startswith("check_"):
            exercise = cell.id.removeprefix("check_")
            cell.source += HIDDEN.format(root=str(course), name=name, exercise=exercise)
    nbformat.write(notebook, assignment.source_notebook)
    run(["nbgrader", "generate_assignment", name, "--force"], course)
    shutil.copy(course / "gradebook.db", course / "empty.db")
    return course


def hand_in(course, name, size):
    """`size` submissions and nothing else, each of other code."""
    assignment = load_assignment(open_course(course), name)
    answers = {exercise.id for exercise in assignment.exercises if not exercise.written}
    shutil.rmtree(course / "submitted", ignore_errors=True)
    for number in range(size):
        notebook = nbformat.read(assignment.source_notebook, as_version=4)
        for cell in notebook.cells:
            if cell.id in answers:
                cell.source += f"\n# {number}"
        path = course / "submitted" / f"student{number:04}" / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)


def forget(course, cache=True):
    """Nothing is graded yet; without `cache`, what is on record stays there."""
    shutil.rmtree(course / "autograded", ignore_errors=True)
    if cache:
        shutil.rmtree(course / ".proctor_cache", ignore_errors=True)
    shutil.copy(course / "empty.db", course / "gradebook.db")


def measure(course, name, ways, size, progress):
    """{way: (seconds, peak megabytes)} for one class."""
    autograde = ["nbgrader", "autograde", name]
    measured = {}
    for way in ways:
        forget(course, cache=way != "again")
        seconds = peak = 0
        if way.startswith("jobs") or way == "again":
            jobs = way.removeprefix("jobs ") if way != "again" else "1"
            seconds, peak = run(["proctor", "class", name, "--jobs", jobs], course)
            if way == "again":
                measured["class again"] = seconds, peak
        more, other_peak = run(autograde, course)
        measured[way] = seconds + more, max(peak, other_peak)
        if way in PAGES:
            more, other_peak = run(["nbgrader", "generate_feedback", name], course)
            measured[PAGES[way]] = measured[way][0] + more, max(measured[way][1], other_peak)
        progress.update()
    return measured


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assignment", default="seq2seq", metavar="A")
    parser.add_argument("--sizes", type=int, nargs="+", default=[8, 40, 200], help="submissions in a class")
    parser.add_argument("--stock", type=int, nargs="*", default=[8, 40], help="sizes that stock nbgrader grades, too")
    parser.add_argument("--rounds", type=int, default=1, help="times everything is done; medians are shown")
    options = parser.parse_args()
    name, ways = options.assignment, ["inline", "jobs 1", "jobs 2", "again"]
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        ours, stock = make_course(Path(folder) / "ours", name), make_stock_course(Path(folder) / "stock", name)
        total = options.rounds * (len(options.sizes) * len(ways) + len(options.stock))
        with tqdm(total=total, unit="class") as progress:
            for _ in range(options.rounds):
                measured = {}
                for size in options.sizes:
                    if size in options.stock:
                        hand_in(stock, name, size)
                        measured |= {(size, w): m for w, m in measure(stock, name, ["stock"], size, progress).items()}
                    hand_in(ours, name, size)
                    measured |= {(size, w): m for w, m in measure(ours, name, ways, size, progress).items()}
                rounds.append(measured)
    print_table(options, rounds)


def print_table(options, rounds):
    """Medians over the rounds; ratios to stock nbgrader at the same size, or at its largest below."""
    words = {
        "stock": "stock `nbgrader autograde`",
        "stock page": "the same, and `nbgrader generate_feedback`",
        "inline": "`nbgrader autograde`",
        "inline page": "the same, and `nbgrader generate_feedback`",
        "jobs 1": "`proctor class --jobs 1`, `nbgrader autograde`",
        "jobs 2": "`proctor class --jobs 2`, `nbgrader autograde`",
        "class again": "`proctor class` again, all on record",
        "again": "the same, and `nbgrader autograde`",
    }

    def median(size, way, which):
        return statistics.median(measured[size, way][which] for measured in rounds)

    print(f"\n`{options.assignment}`, {os.cpu_count()} cores, {platform.processor() or platform.machine()}, ", end="")
    print(f"{options.rounds} round(s), load {os.getloadavg()[1]:.1f}\n")
    print("| submissions | way | seconds | seconds each | times stock | largest process, MB |")
    print("| ---: | --- | ---: | ---: | ---: | ---: |")
    for size in options.sizes:
        reference = max((other for other in options.stock if other <= size), default=None)
        for way, description in words.items():
            if (size, way) not in rounds[0]:
                continue
            each = median(size, way, 0) / size
            stock = PAGES["stock"] if way in PAGES.values() else "stock"
            times = f"{median(reference, stock, 0) / reference / each:.1f}" if reference else ""
            peak = median(size, way, 1)
            print(f"| {size} | {description} | {each * size:.1f} | {each:.3f} | {times} | {peak:.0f} |")


if __name__ == "__main__":
    main()
