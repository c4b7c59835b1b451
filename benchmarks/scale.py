"""How grading grows with workers, as Markdown tables: a class on a real Dask cluster, and a simulated university.

    python benchmarks/scale.py --submissions 40              # both
    python benchmarks/scale.py --workers --seconds-each 0.9  # the simulation alone

The cluster is a `LocalCluster`, a process for each worker, one thread in each. Its workers grade a few submissions
first: what starting them costs is paid once, and is not in the table. Efficiency is the throughput over that of one
worker, divided by the number of workers; it means something where a processor is free for each of them.

The simulation takes costs as they were measured (its options) and follows every submission of every assignment: the
command looks for what is on record, one after the other; the scheduler hands out tasks and takes back results, one
message at a time; workers grade; then nbgrader writes the gradebook.
"""

import argparse
import heapq
import os
import platform
import tempfile
import time
from collections import deque
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from autograde import forget, hand_in, make_course
from distributed import Client, LocalCluster
from tqdm import tqdm

from proctor.authoring.assignment import load_assignment
from proctor.course import open_course
from proctor.grading import many

WARM_UP = 2
HELD = 2  # tasks that Dask lets a worker of one thread hold, one running and one waiting (worker-saturation 1.1)


def measure_cluster(options):
    """Seconds to grade the class and tasks per second of the scheduler alone, by number of workers."""
    seconds, tasks = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        course = make_course(Path(folder) / "course", options.assignment)
        os.environ |= {"PYTHONPATH": str(course), "OMP_NUM_THREADS": "1"}
        assignment = load_assignment(open_course(course), options.assignment)
        for workers in options.workers:
            with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster:
                open_executor = partial(many.dask_executor, cluster.scheduler_address)
                for size in (WARM_UP * workers, options.submissions):
                    hand_in(course, options.assignment, size)
                    forget(course)
                    students, _ = many.list_students(assignment)
                    start = time.perf_counter()
                    graded = many.grade_class(assignment, students, open_executor, "cpu")
                    graded = tqdm(graded, total=size, unit="submission")
                    faults = [one.fault for one in graded if one.fault]
                    seconds[workers] = time.perf_counter() - start
                    if faults:
                        raise SystemExit(f"{len(faults)} submissions were not graded: {faults[0]}")
                tasks[workers] = scheduler_speed(cluster)
    return seconds, tasks


def scheduler_speed(cluster, count=2000):
    """Tasks per second where a task does nothing."""
    with Client(cluster) as client:
        start = time.perf_counter()
        client.gather(client.map(abs, range(count), pure=False))
        return count / (time.perf_counter() - start)


def print_cluster(options, seconds, tasks):
    """One row for each number of workers."""
    print(f"\n`{options.assignment}`, {options.submissions} submissions, {os.cpu_count()} cores, ", end="")
    print(f"{platform.processor() or platform.machine()}, load {os.getloadavg()[1]:.1f}\n")
    print("| workers | seconds | submissions per second | efficiency | empty tasks per second |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    first = options.workers[0]
    for workers, took in seconds.items():
        efficiency = seconds[first] * first / (took * workers)
        speed = options.submissions / took
        print(f"| {workers} | {took:.1f} | {speed:.2f} | {efficiency:.2f} | {tasks[workers]:.0f} |")


@dataclass(frozen=True)
class Costs:
    """What one submission costs, in seconds.

    Parameters
    ----------
    look_up : of the command, which reads it and finds nothing on record
    grade : of a worker, on average
    spread : standard deviation of the logarithm of that, between submissions
    stuck, stuck_seconds : the share of submissions that run into a time limit, and what such a one costs
    message : of the scheduler, for handing out a task and taking back its result
    travel : between scheduler and worker, one way
    write : of nbgrader, until it is in the gradebook
    database : the part of it that the database does, one writer at a time
    """

    look_up: float
    grade: float
    spread: float
    stuck: float
    stuck_seconds: float
    message: float
    travel: float
    write: float
    database: float


def draw_grading(costs, count, rng):
    """Seconds on a worker, shape (count,)."""
    usual = costs.grade * rng.lognormal(-(costs.spread**2) / 2, costs.spread, count)
    return np.where(rng.random(count) < costs.stuck, costs.stuck_seconds, usual)


def simulate_grading(durations, workers, costs):
    """Seconds until the last result is back at the scheduler, which serves one message after the other."""
    left = deque(durations)
    waiting = [deque() for _ in range(workers)]
    running = [False] * workers
    events, order, now = [], 0, 0.0
    scheduler_free = last = 0.0

    def later(at, kind, worker, seconds=0.0):
        nonlocal order
        order += 1
        heapq.heappush(events, (at, order, kind, worker, seconds))

    def hand_out(worker):
        nonlocal scheduler_free
        if left:
            scheduler_free = max(scheduler_free, now) + costs.message / 2
            later(scheduler_free + costs.travel, "arrives", worker, left.popleft())

    def begin(worker):
        running[worker] = bool(waiting[worker])
        if running[worker]:
            later(now + waiting[worker].popleft(), "ends", worker)

    for _ in range(HELD):
        for worker in range(workers):
            hand_out(worker)
    while events:
        now, _, kind, worker, seconds = heapq.heappop(events)
        if kind == "arrives":
            waiting[worker].append(seconds)
            if not running[worker]:
                begin(worker)
        elif kind == "ends":
            later(now + costs.travel, "result", worker)
            begin(worker)
        else:
            scheduler_free = last = max(scheduler_free, now) + costs.message / 2
            hand_out(worker)
    return last


def simulate_writing(count, writers, costs):
    """Seconds until `writers` nbgraders have written `count` submissions; the database serves one at a time."""
    ready = [0.0] * writers
    database_free = 0.0
    for _ in range(count):
        at = heapq.heappop(ready) + costs.write - costs.database
        database_free = max(database_free, at) + costs.database
        heapq.heappush(ready, database_free)
    return max(ready)


def print_simulation(options, costs):
    """Hours for the whole university, by number of workers and of nbgraders, and what holds the rest up."""
    students, assignments = options.students, options.assignments
    total = students * assignments
    print(f"\nSimulated: {students:,} students x {assignments} assignments, one after the other; seconds: ", end="")
    print(", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in vars(costs).items()), "\n")
    print("| workers | look up, h | grade, h | efficiency | scheduler busy ", end="")
    print("| write by 1 / 4 / 16 nbgraders, h | longest |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    look_up = total * costs.look_up
    writing = {writers: simulate_writing(total, writers, costs) for writers in (1, 4, 16)}
    for workers in options.simulated_workers:
        rng = np.random.default_rng(options.seed)
        grading = work = 0.0
        for _ in range(assignments):
            durations = draw_grading(costs, students, rng)
            grading += simulate_grading(durations, workers, costs)
            work += durations.sum()
        busy = total * costs.message / grading
        stages = {"grading": grading, "looking up": look_up, "the gradebook, by 1 nbgrader": writing[1]}
        longest = max(stages, key=stages.get)
        written = " / ".join(f"{seconds / 3600:.2f}" for seconds in writing.values())
        print(f"| {workers} | {look_up / 3600:.2f} | {grading / 3600:.2f} | {work / workers / grading:.2f} ", end="")
        print(f"| {busy:.0%} | {written} | {longest} |")


def main():
    """Measure, simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assignment", default="seq2seq", metavar="A")
    parser.add_argument("--submissions", type=int, default=40, help="in the class that the real cluster grades")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2], help="of the real cluster; none: no cluster")
    parser.add_argument("--students", type=int, default=10_000)
    parser.add_argument("--assignments", type=int, default=5)
    parser.add_argument("--simulated-workers", type=int, nargs="+", default=[1, 8, 64, 256, 1024])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--look-up", type=float, default=0.005)
    parser.add_argument("--seconds-each", type=float, help="on a worker (default: as one worker needed, or 1)")
    parser.add_argument("--spread", type=float, default=0.5)
    parser.add_argument("--stuck", type=float, default=0.01)
    parser.add_argument("--stuck-seconds", type=float, default=20, help="c.Proctor.cell_seconds, as it is shipped")
    parser.add_argument("--message", type=float, help="(default: as empty tasks needed, or 0.001)")
    parser.add_argument("--travel", type=float, default=0.001)
    parser.add_argument("--write", type=float, default=0.12, help="of nbgrader, where all is on record")
    parser.add_argument("--database", type=float, default=0.01)
    options = parser.parse_args()
    seconds_each, message = options.seconds_each or 1.0, options.message or 0.001
    if options.workers:
        seconds, tasks = measure_cluster(options)
        print_cluster(options, seconds, tasks)
        first = options.workers[0]
        seconds_each = options.seconds_each or seconds[first] * first / options.submissions
        message = options.message or 1 / max(tasks.values())
    costs = Costs(
        look_up=options.look_up,
        grade=seconds_each,
        spread=options.spread,
        stuck=options.stuck,
        stuck_seconds=options.stuck_seconds,
        message=message,
        travel=options.travel,
        write=options.write,
        database=options.database,
    )
    print_simulation(options, costs)


if __name__ == "__main__":
    main()
