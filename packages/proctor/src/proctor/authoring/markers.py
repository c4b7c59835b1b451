"""The lines that mark what students are to write: nbgrader's own, which it never checks."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from proctor.authoring.errors import Errors

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_SCHEME, END_SCHEME = "### BEGIN MARK SCHEME", "### END MARK SCHEME"
MARKER_PHRASES = [f"{edge} {kind}" for edge in ("BEGIN", "END") for kind in ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME")]


@dataclass(frozen=True)
class Region:
    """What stands between two solution markers, which are on the lines `begin` and `end` of `file`."""

    file: Path
    begin: int
    end: int
    lines: tuple[str, ...]


def looks_like_marker(line: str) -> bool:
    """Whether a line is meant as one of nbgrader's markers, well written or not.

    nbgrader itself looks for the words alone, anywhere in a line, and is silent about a misspelt one.
    """
    if any(phrase in line for phrase in (*MARKER_PHRASES, "AUTOTEST")):
        return True
    comment = re.search(r"#+\s*(\w.*)", line)
    if comment is None:
        return False
    words = comment.group(1).rstrip(" #=-").split()
    if words[0] in ("BEGIN", "END"):
        return True
    spelling = " ".join(words).upper()
    return any(
        SequenceMatcher(None, words[0].upper(), phrase.split()[0]).ratio() > 0.6
        and SequenceMatcher(None, spelling, phrase).ratio() >= 0.8
        for phrase in MARKER_PHRASES
    )


def find_regions(file: Path, lines: list[tuple[int, str]], errors: Errors, written: bool = False) -> list[Region]:
    """The solution regions in numbered lines; misspelt and unbalanced markers are errors.

    Those of a written answer may hold a marking scheme.
    """
    if written:
        lines = _without_scheme_markers(file, lines, errors)
    regions, begin, inside = [], None, []
    for number, line in lines:
        if line.strip() == BEGIN:
            if begin is not None:
                errors.add(file, number, f"`{BEGIN}` within the region that begins on line {begin}")
            begin, inside = number, []
        elif line.strip() == END:
            if begin is None:
                errors.add(file, number, f"`{END}` without a `{BEGIN}` before it")
            elif not any(text.strip() for text in inside):
                errors.add(file, begin, "the solution region is empty")
            else:
                regions.append(Region(file, begin, number, tuple(inside)))
            begin = None
        elif looks_like_marker(line):
            errors.add(file, number, f"unknown marker `{line.strip()}`; write `{BEGIN}` or `{END}`")
        elif begin is not None:
            inside.append(line)
    if begin is not None:
        errors.add(file, begin, f"`{BEGIN}` without an `{END}` after it")
    return regions


def _without_scheme_markers(file: Path, lines: list[tuple[int, str]], errors: Errors) -> list[tuple[int, str]]:
    """The lines without the markers of marking schemes, which are to stand within a solution region, by pairs.

    nbgrader's ClearMarkScheme stops at one in an answer cell; within a region, ClearSolutions has taken it out before.
    """
    left, in_region, begin = [], False, None
    for number, line in lines:
        marker = line.strip()
        if marker == BEGIN_SCHEME:
            if not in_region or begin is not None:
                where = f"between `{BEGIN}` and `{END}`, below the model answer"
                errors.add(file, number, f"`{BEGIN_SCHEME}` belongs {where}")
            begin = number
        elif marker == END_SCHEME:
            if begin is None:
                errors.add(file, number, f"`{END_SCHEME}` without a `{BEGIN_SCHEME}` before it")
            begin = None
        else:
            if marker == END and begin is not None:
                errors.add(file, begin, f"`{BEGIN_SCHEME}` without an `{END_SCHEME}` before the `{END}`")
                begin = None
            in_region = marker == BEGIN or (in_region and marker != END)
            left.append((number, line))
    if begin is not None:
        errors.add(file, begin, f"`{BEGIN_SCHEME}` without an `{END_SCHEME}` after it")
    return left


def without_markers(code: str) -> str:
    """Code without the lines that mark its solution regions."""
    return "\n".join(line for line in code.split("\n") if line.strip() not in (BEGIN, END))


def without_solutions(code: str) -> list[str]:
    """The lines of well-marked code outside its solution regions, but for blank ones."""
    parts = re.split(rf"(?m)^ *(?:{BEGIN}|{END}) *$", code)
    return [line for part in parts[::2] for line in part.split("\n") if line.strip()]


def written_lines(code: str) -> set[int]:
    """The numbers that the lines within the solution regions of well-marked code have in `without_markers(code)`."""
    numbers, number, inside = set(), 0, False
    for line in code.split("\n"):
        if line.strip() in (BEGIN, END):
            inside = line.strip() == BEGIN
            continue
        number += 1
        if inside:
            numbers.add(number)
    return numbers
