"""Earlier pages of a student: kept beside the present one, as nbgrader lays them out for who fetches feedback.

`nbgrader fetch_feedback` puts each page into a folder beside the others, named by the time of its submission. Here an
earlier page lies in such a folder, too, so that a link between them holds in both places.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from nbgrader.utils import rmtree

TIME = "timestamp.txt"
RECORD = re.compile(r"<!-- record (\{.*\}) -->")
# As `gradebook` lets one through, but for what cannot be a folder's name.
TIMESTAMP = re.compile(r"\d[\d:.T +\w-]{0,80}")
TAIL_BYTES = 64_000


@dataclass(frozen=True)
class Attempt:
    """An earlier page.

    Parameters
    ----------
    link : from a page that lies beside
    points : {exercise: [title, points, most points]}; None for points that a person had not given yet
    """

    number: int
    when: str
    link: str
    score: float
    max_score: float
    points: dict[str, list]

    @property
    def is_open(self) -> bool:
        """Whether something of it was not marked yet."""
        return any(points is None for _, points, _ in self.points.values())

    def changes(self, now: dict[str, list]) -> list[tuple[str, float, float]]:
        """What is another number of points now: (title, from, to); a mark that came later is no change."""
        gone = {exercise: [title, 0.0, 0.0] for exercise, (title, *_) in self.points.items() if exercise not in now}
        found = []
        for exercise, (title, points, _) in (now | gone).items():
            before = self.points.get(exercise, [title, 0.0])[1]
            if before != points and None not in (before, points):
                found.append((title, before, points))
        return found


def as_record(page, assignment: str, made_of: str) -> str:
    """What a page has to say of itself once it is an earlier one; it fits into a remark of HTML.

    Parameters
    ----------
    made_of : the digest of what the student handed in
    """
    known = {"assignment": assignment, "made_of": made_of, "number": page.attempt, "when": page.when}
    known |= {"score": page.score, "max_score": page.max_score, "points": page.points}
    return json.dumps(known).replace("<", "\\u003c").replace(">", "\\u003e")


def _read_record(path):
    """What a page says of itself; nothing where there is none, or it says nothing."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            found = RECORD.findall(file.read().decode("utf-8", "replace"))
        return json.loads(found[-1]) if found else {}
    except (OSError, ValueError):
        return {}


def has_record(page: Path) -> bool:
    """Whether a page is one of ours, and no other's that nbgrader can be set to write."""
    return bool(_read_record(page))


def time_of(folder: Path) -> str:
    """The time that stands beside a submission or its page; empty where there is none."""
    try:
        words = (folder / TIME).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return words if TIMESTAMP.fullmatch(words) else ""


def set_aside(folder: Path, assignment: str, student: str, made_of: str | None) -> None:
    """Take the pages of what was handed in before from where the new ones are to lie.

    Parameters
    ----------
    folder : where nbgrader has the pages of a submission
    made_of : the digest of what was handed in now; None where it is not known
    """
    known = [_read_record(page) for page in sorted(folder.glob("*.html"))]
    # Elsewhere, what lies beside may be another student's.
    is_theirs = (folder.name, folder.parent.name) == (assignment, student)
    is_another = any(made_of is None or record.get("made_of") != made_of for record in known if record)
    if not (is_theirs and is_another):
        rmtree(folder)
        return
    number = max(record.get("number", 1) for record in known if record)
    name = time_of(folder) or f"{assignment}, attempt {number}"
    target = folder.with_name(name)
    while target.exists():
        name = f"{name}, attempt {number}"
        target = folder.with_name(name)
    folder.rename(target)


def earlier(folder: Path, assignment: str, student: str, notebook: str) -> list[Attempt]:
    """The earlier pages of a notebook, the last one first.

    Parameters
    ----------
    folder : where nbgrader has the page of what was handed in last
    """
    if (folder.name, folder.parent.name) != (assignment, student):
        return []
    found = []
    for beside in folder.parent.iterdir() if folder.parent.is_dir() else []:
        record = _read_record(beside / f"{notebook}.html") if beside.is_dir() and beside != folder else {}
        if record.get("assignment") == assignment:
            link = f"../{quote(beside.name)}/{quote(notebook)}.html"
            kept = (record[name] for name in ("score", "max_score", "points"))
            found.append(Attempt(record["number"], record["when"], link, *kept))
    return sorted(found, key=lambda attempt: -attempt.number)
