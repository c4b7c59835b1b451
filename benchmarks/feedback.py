"""What a page of feedback takes of a processor and of a disk, as a Markdown table.

    python benchmarks/feedback.py --submissions 40

Every submission is the solved notebook, made different by a comment in each answer. Of each way, `nbgrader
generate_feedback` writes all pages of the class, then that of one student: the difference is what the others took,
without nbgrader's start. nbgrader's own page is written without `c.GenerateFeedback.exporter_class`.
"""

import argparse
import os
import resource
import statistics
import tempfile
from pathlib import Path

from autograde import hand_in, make_course, run

OWN = "\ndel c.GenerateFeedback.exporter_class\n"


def processor_seconds(command, course):
    """What a command took of all processors."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(command, course)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(course, name, size, options=("--force",)):
    """Processor seconds a page."""
    command = ["nbgrader", "generate_feedback", name, *options]
    every = processor_seconds(command, course)
    one = processor_seconds([*command, "--student", "student0000"], course)
    return (every - one) / (size - 1)


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assignment", default="seq2seq", metavar="A")
    parser.add_argument("--submissions", type=int, default=40)
    arguments = parser.parse_args()
    name, size = arguments.assignment, arguments.submissions
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        course = make_course(Path(folder) / "course", name)
        hand_in(course, name, size)
        run(["nbgrader", "autograde", name], course)
        settings = (course / "course_config.py").read_text()
        for way, more in (("the student's page", ""), ("nbgrader's own page", OWN)):
            (course / "course_config.py").write_text(settings + more)
            seconds = measure(course, name, size)
            pages = [page.stat().st_size for page in course.glob(f"feedback/*/{name}/{name}.html")]
            rows.append((way, seconds, statistics.median(pages)))
        (course / "course_config.py").write_text(settings)
        measure(course, name, size)
        rows.append(("the student's page, where nothing has changed", measure(course, name, size, ()), 0))
    print(f"\n`{name}`, {size} submissions, {os.cpu_count()} cores, load {os.getloadavg()[1]:.1f}\n")
    print("| way | processor seconds a page | KB |")
    print("| --- | ---: | ---: |")
    for way, seconds, length in rows:
        print(f"| {way} | {seconds:.4f} | {f'{length / 1000:.0f}' if length else ''} |")


if __name__ == "__main__":
    main()
