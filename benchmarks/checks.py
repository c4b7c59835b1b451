"""What the checks of a complete submission cost, for each assignment, as a Markdown table of CPU seconds.

    python benchmarks/checks.py

The solved notebook is graded, a warm host each time: the grading side's own CPU, and that of the host, which is forked,
runs the notebook's cells and answers the checks. The first submission of a process also pays for what is loaded once.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tqdm import tqdm

from proctor.authoring.assignment import load_assignment
from proctor.course import open_course
from proctor.grading import grade, hosts

BUDGET = 3
ROOT = Path(__file__).resolve().parent.parent


def measure(name, repeats):
    """A line of figures for one assignment: checks, then CPU seconds of the first, the grading side, the host."""
    assignment = load_assignment(open_course(ROOT), name)
    hosts.warm_hosts(assignment, "cpu")().close()
    (nursery,) = hosts._nurseries.values()
    nursery.program.look_for_children()
    parent = nursery.program.tree[-1]
    figures = []
    for _ in range(repeats + 1):
        own, before = time.process_time(), sum(parent.cpu_times()[:4])
        verdict = grade.grade(assignment.source_notebook, assignment, "cpu")
        # Of the nursery, which forks the host, and of the hosts that have ended; both in user and kernel mode.
        figures.append((time.process_time() - own, sum(parent.cpu_times()[:4]) - before))
        if verdict.points != verdict.max_points:
            sys.exit(f"{name}: the solution gets {verdict.points:g} of {verdict.max_points:g} points")
    (first, *later), checks = figures, sum(len(exercise.checks) for exercise in verdict.exercises)
    own, host = (statistics.median(values) for values in zip(*later, strict=True))
    print(name, checks, sum(first), own, host)


def main():
    """Measure each assignment in a process of its own, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", metavar="A", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        measure(options.only, options.repeats)
        return

    lines = []
    for name in tqdm(open_course(ROOT).assignments, unit="assignment"):
        command = [sys.executable, __file__, "--only", name, "--repeats", str(options.repeats)]
        ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
        if ran.returncode:
            sys.exit(ran.stderr)
        lines.append(ran.stdout.split())
    print(f"\nCPU seconds, medians of {options.repeats}; the budget of a submission is {BUDGET}\n")
    print("| assignment | checks | grading side | host | together | the first in a process |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, checks, *seconds in lines:
        first, own, host = map(float, seconds)
        print(f"| `{name}` | {checks} | {own:.2f} | {host:.2f} | {own + host:.2f} | {first:.2f} |")


if __name__ == "__main__":
    main()
