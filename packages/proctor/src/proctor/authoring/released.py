"""What was ever built for students: so that a notebook of an older release is known as one, and its cells as given.

graders/<a>/released.json holds the releases, the oldest first, each with what it was the first to have. The build
writes it, so there is nothing to remember when a notebook is handed out, by whatever way.
"""

import ast
import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

from nbformat import NotebookNode

from proctor.authoring.errors import BuildError
from proctor.authoring.solutions import top_level_names

# What a cell that is not graded was given as. No exercise has such a name.
CODE, LEFT_OUT, TEXT = "given code", "left out", "given text"
LEFT_OUT_TAGS = frozenset({"training", "plot", "visible-check"})
CONTENT_ID = re.compile(r"(?:code|text)-([0-9a-f]{12})(?:-\d+)?")


@dataclass(frozen=True)
class Release:
    """One release of a notebook.

    Parameters
    ----------
    release : str, its digest, which its notebook's metadata tell
    built : str, the day on which it was first built, as 2026-01-31; empty where that is not known
    cells : what each cell was given as, by the digest of its text: a grade id, or CODE, LEFT_OUT, TEXT
    exercises : the names that each exercise asks for, of one in words the digest of its question; as `cells`, only what
        no release before it has
    """

    release: str
    built: str = ""
    cells: dict[str, str] = field(default_factory=dict)
    exercises: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Past:
    """All releases of an assignment, the oldest first."""

    releases: tuple[Release, ...] = ()

    @cached_property
    def cells(self) -> dict[str, tuple[str, int]]:
        """What each text was given as, and the number of the first release that has it, by the text's digest."""
        numbered = reversed([*enumerate(self.releases)])
        return {digest: (role, number) for number, one in numbered for digest, role in one.cells.items()}

    @cached_property
    def exercises(self) -> dict[str, int]:
        """The number of the first release that has an exercise, by its id."""
        numbered = reversed([*enumerate(self.releases)])
        return {exercise: number for number, one in numbered for exercise in one.exercises}

    def role(self, source: str) -> str | None:
        """What a text was given as; None where no release has it."""
        return self.cells.get(text_digest(source), (None,))[0]

    def role_of_id(self, cell_id: str) -> str | None:
        """What a cell was given as, whatever has become of its text; None for an id that no release has."""
        match = CONTENT_ID.fullmatch(cell_id)
        if match:
            return self.cells.get(match.group(1), (None,))[0]
        return cell_id if cell_id.removeprefix("check_") in self.exercises else None

    def names_of(self, exercise: str) -> list[list[str]]:
        """What an exercise asked for, as in `Release.exercises`, one list for each time that it changed."""
        return [one.exercises[exercise] for one in self.releases if exercise in one.exercises]

    def number(self, release: object) -> int | None:
        """The number of a release by its digest."""
        return next((number for number, one in enumerate(self.releases) if one.release == release), None)

    def told(self, number: int) -> str:
        """A release, for people."""
        one = self.releases[number]
        return f"the release {one.release}" + (f" of {one.built}" if one.built else "")

    def remember(self, notebook: NotebookNode, built: str = "") -> "Past":
        """The past with a release in it, which may be known already."""
        digest = release_digest(notebook)
        if self.number(digest) is not None:
            return self
        cells, exercises, above = {}, {}, ""
        for cell in notebook.cells:
            if cell.source.strip() and text_digest(cell.source) not in self.cells:
                cells.setdefault(text_digest(cell.source), role_of(cell))
            about = cell.metadata.get("nbgrader", {})
            if about.get("solution"):
                asked = asked_names(cell) if cell.cell_type == "code" else [above]
                if self.names_of(about.grade_id)[-1:] != [asked]:
                    exercises[about.grade_id] = asked
            above = text_digest(cell.source)
        return Past((*self.releases, Release(digest, built, cells, exercises)))


def text_digest(source: str) -> str:
    """A digest of a cell's text, whatever an editor did to its line ends and the space at them."""
    return hashlib.sha256(plain_lines(source).encode("utf-8", "replace")).hexdigest()[:12]


def plain_lines(source: str) -> str:
    """A text with plain line ends, and no space before them or around it."""
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def release_digest(notebook: NotebookNode) -> str:
    """A digest of what students are given, and of nothing of how a cell is called."""
    content = []
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        graded = [about.get("grade_id"), about.get("points")]
        content.append([cell.cell_type, cell.source, cell.metadata.get("tags", []), *graded])
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]


def role_of(cell: NotebookNode) -> str:
    """What a cell of a release is given as."""
    if "nbgrader" in cell.metadata:
        return cell.metadata.nbgrader.grade_id
    if cell.cell_type != "code":
        return TEXT
    return LEFT_OUT if LEFT_OUT_TAGS & set(cell.metadata.get("tags", [])) else CODE


def asked_names(cell: NotebookNode) -> list[str]:
    """The names that a released cell leaves to be written; none for words."""
    if cell.cell_type != "code":
        return []
    try:
        return [name for node in ast.parse(cell.source).body for name in top_level_names(node)]
    except SyntaxError:  # a magic in the author's own lines
        return []


def today() -> str:
    return date.today().isoformat()


def past_file(root: Path, name: str) -> Path:
    """Where the releases of an assignment are on record."""
    return root / "graders" / name / "released.json"


def read_past(root: Path, name: str) -> Past:
    """The releases of an assignment that are on record.

    Raises
    ------
    BuildError : where the record is damaged
    """
    file = past_file(root, name)
    if not file.is_file():
        return Past()
    try:
        releases = tuple(Release(**one) for one in json.loads(file.read_bytes()))
        if not releases or not all(isinstance(part, dict) for one in releases for part in (one.cells, one.exercises)):
            raise TypeError("there is none in it")
        return Past(releases)
    except (ValueError, TypeError) as error:
        where = f"{file.relative_to(root).as_posix()}:{getattr(error, 'lineno', 1)}"
        reason = f"no record of releases ({str(error)[:80]}); bring back the one under version control"
        raise BuildError([f"{where}: {reason}"]) from error


def write_past(past: Past) -> bytes:
    """A record of releases as the content of its file, a line for each cell."""
    return (json.dumps([asdict(one) for one in past.releases], indent=1, ensure_ascii=False) + "\n").encode()
