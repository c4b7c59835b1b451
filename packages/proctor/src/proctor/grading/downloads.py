"""What Canvas, Moodle and Blackboard say in the names of the files that they hand out: whose, when, which attempt.

Canvas      <name>_<user>_<file>_<own name>, <name>_LATE_<user>_<file>_<own name>, anon_<code>_<file>_<own name>;
            <name>_<user>_text.html for what was typed in; <name><user>_question_<question>_<file>_<own name> of a quiz
Moodle      <full name>_<participant>_assignsubmission_file_/<own name>, or the same without a folder
Blackboard  <title>_<username>_attempt_<time>_<own name>, and <title>_<username>_attempt_<time>.txt, a receipt
"""

import os.path
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from proctor.grading.extracting import is_noise, is_zip
from proctor.grading.finding import FORMS, ending
from proctor.grading.reading import MAX_NAME_BYTES, is_student_id

# The first sign counts: what follows it is a student's own name for a file, who may write there what they like.
MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_[a-z]+(?:_(?P<own>.*))?", re.DOTALL)
BLACKBOARD = re.compile(r"(?P<name>.+?)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<own>.+)|\.txt)", re.DOTALL)
QUIZ = re.compile(r"(?P<name>.+?)_?(?P<number>\d*)_question_\d+_(?P<file>\d+)_(?P<own>.+)", re.DOTALL)
WHAT = r"(?:(?P<file>\d+)_(?P<own>.+)|(?P<typed>(?:text|link)\.html))"
LATE = r"(?P<late>(?:LATE|late)_)?"
CANVAS = re.compile(rf"(?P<name>.+?)(?<!_question)_{LATE}(?P<number>\d+)_{WHAT}", re.DOTALL)
ANONYMOUS = re.compile(rf"{LATE}(?P<name>anon)_(?P<number>\w+?)_{WHAT}", re.DOTALL)
# In which order they are tried: Canvas's numbers are the weakest sign.
SURE = (("Moodle", MOODLE), ("Blackboard", BLACKBOARD))
WEAK = (("Canvas", ANONYMOUS), ("Canvas", CANVAS), ("Canvas", QUIZ))
# What ends the first word of a receipt, in any language: `Name: Ann Lee (ann)`.
COLON = re.compile(r"[:：]")
# What Canvas, browsers and file managers add to the name of a file that was there already.
COPY = re.compile(r"(?:[ _]?\((?P<a>\d+)\)|-(?P<b>\d+)|[ _-]+copy(?:[ _]?\(?(?P<c>\d+)\)?)?)$", re.IGNORECASE)
MAX_RECEIPT_BYTES = 10_000
# nbgrader's gradebook takes 128 characters.
MAX_ID_CHARACTERS = 100
RESERVED = {"timestamp.txt", "submission_secret.txt"}


@dataclass(frozen=True)
class Handed:
    """One file of a download.

    Parameters
    ----------
    path : Path, where it was unpacked
    archive : str, the download that it came in; empty where it came in none
    lms : "Canvas", "Moodle" or "Blackboard"
    name : str, the student's name or username, composed
    number : str, by which the LMS knows the student; empty where it does not tell
    own : the name that the student gave the file, with the folders of a zip; empty for a receipt
    late : bool, whether the LMS calls it late
    time : str, when it was handed in, as the LMS writes it; empty where it does not tell
    file_number : int, Canvas's number of the file: the later, the higher
    full_name : str, where the LMS tells it apart from a username
    guessed : bool, whether the username may have lost a part, or have one too many
    """

    path: Path
    archive: str
    lms: str
    name: str
    number: str
    own: PurePosixPath | None
    late: bool = False
    time: str = ""
    file_number: int = 0
    full_name: str = ""
    guessed: bool = False

    @property
    def modified(self) -> float:
        """The time that its zip gave it, in seconds since 1970; 0 where there is none."""
        return self.path.stat().st_mtime


def read_names(folder: Path, files: Iterable[Path]) -> tuple[list[Handed], list[Path]]:
    """What the names of unpacked files say, and the files of which they say nothing."""
    paths = {file: file.relative_to(folder).parts for file in files}
    wrappers = _wrappers(list(paths.values()))
    signs = {file: _signs(parts, wrappers) for file, parts in paths.items()}
    shared = {}
    for found in filter(None, signs.values()):
        theirs = {sign.lms for sign in found}
        shared[found[0].archive] = shared.get(found[0].archive, theirs) & theirs
    handed, unknown = [], []
    for file, found in signs.items():
        one = _read(file, paths[file], _settled(found, shared[found[0].archive])) if found else None
        if one is None:
            unknown.append(file)
        else:
            handed.append(one)
    return handed, unknown


@dataclass(frozen=True)
class Sign:
    """What an LMS may have written into a name: the place of that name in a path, the LMS, what it says.

    Parameters
    ----------
    archive : the download in which the file came; empty where it came in none
    """

    position: int
    lms: str
    match: re.Match
    archive: str = ""

    @property
    def end(self) -> int:
        """Where the student's own name for the file begins."""
        return self.match.start("own") if self.match["own"] else self.match.end()


def _signs(parts, wrappers=frozenset()):
    """The signs of LMSs in a path, in the order in which they count where nothing else tells.

    The outermost folder counts: what is inside is a student's, who could name it after somebody else.
    """
    for position, part in enumerate(parts):
        if position == 0 and part in wrappers:
            continue
        archive = parts[0] if position and is_zip(parts[0]) else ""
        # Canvas makes no folders.
        is_file = position == len(parts) - 1 or is_zip(part)
        found = [(lms, pattern.fullmatch(part)) for lms, pattern in ((*SURE, *WEAK) if is_file else SURE)]
        if any(match for _, match in found):
            return [Sign(position, lms, match, archive) for lms, match in found if match]
    return []


def _settled(signs, shared):
    """Of several signs in one name, that of the LMS: a student may have written the others behind it.

    Parameters
    ----------
    shared : the LMSs of which all names in the same download have a sign
    """
    likely = [sign for sign in signs if sign.lms in shared]
    lms = likely[0].lms if likely else min(signs, key=lambda sign: sign.end).lms
    return min((sign for sign in signs if sign.lms == lms), key=lambda sign: sign.end)


def _wrappers(paths):
    """The downloads that are a class's, though their names could be a student's: what is in them is several students'.

    None where students' own files lie beside them, or zips of which that cannot be said.
    """
    students = defaultdict(set)
    for first, *rest in paths:
        if rest and is_zip(first):
            students[first] |= {(sign.lms, sign.match["name"]) for sign in _signs(rest)[:1]}
        elif _signs([first, *rest]):
            return set()
    wrappers = {first for first, names in students.items() if len(names) > 1}
    return wrappers if all(first in wrappers for first in students if _signs([first])) else set()


def _read(file, parts, sign):
    says = sign.match.groupdict(default="")
    inside = parts[sign.position + 1 :]
    own = says["own"] or says.get("typed", "")
    if inside:
        # The name that a student's zip has is of no more use; that of Moodle's folder is empty.
        own = "/".join(inside)
    elif own and not own.strip("."):
        # As a path, this is a folder.
        return None
    return Handed(
        path=file,
        archive=sign.archive,
        lms=sign.lms,
        name=unicodedata.normalize("NFC", says["name"]).strip(),
        number=says.get("number", ""),
        own=PurePosixPath(own) if own else None,
        late=bool(says.get("late")),
        time=says.get("time", ""),
        file_number=int(says.get("file") or 0),
    )


def name_users(handed: list[Handed], usernames: Iterable[str], assignment: str) -> list[Handed]:
    """Part Blackboard's titles from its usernames, both of which may have underscores and spaces.

    A receipt tells the username. Else a title is one that is known from another file, the assignment's name, or what
    all have in common; a username is one of `usernames`.
    """
    receipts = _read_receipts(handed)
    heads = {one.name for one in handed if one.lms == "Blackboard"}
    users = {head: user for head, (_, user) in receipts.items()}
    for head in heads - set(users):
        known = [user for user in usernames if head.casefold().endswith(f"_{user}".casefold())]
        if known:
            users[head] = max(known, key=len)
    # One assignment has one title: who is known by the end of another's username is somebody else.
    titles = Counter(head[: -len(user)] for head, user in users.items())
    for title, _ in reversed(titles.most_common()):
        users |= {
            head: head[len(title) :] for head in heads - set(receipts) if head.startswith(title) and head != title
        }
    left = heads - set(users)
    guessed = {head: _guess_user(head, sorted(left), assignment) for head in left}
    users |= {head: user for head, (user, _) in guessed.items()}
    # A known username may be the end of a longer one.
    doubtful = {head for head, (_, sure) in guessed.items() if not sure}
    for head in heads - set(receipts) - left:
        title = head[: -len(users[head])]
        if titles[title] == 1 and title.casefold() != f"{assignment}_".casefold():
            doubtful.add(head)
    return [
        one
        if one.lms != "Blackboard"
        else replace(
            one,
            name=users[one.name],
            full_name=receipts.get(one.name, ("", ""))[0],
            guessed=one.name in doubtful,
        )
        for one in handed
    ]


def _guess_user(head, heads, assignment):
    """A username where nothing tells it, and whether it is beyond doubt."""
    for title in (assignment, assignment.replace("_", " ")):
        if head.casefold().startswith(f"{title}_".casefold()):
            return head[len(title) + 1 :], True
    common = os.path.commonprefix(heads).rpartition("_")[0] if len(heads) > 1 else ""
    if common:
        return head[len(common) + 1 :], True
    # Usernames have spaces more rarely than titles.
    title, _, last = head.rpartition(" ")
    user = last.partition("_")[2] if title and "_" in last else head.rpartition("_")[2]
    return user, "_" not in head


def _read_receipts(handed):
    """What Blackboard's receipts tell: {title and username: (full name, username)}."""
    receipts = {}
    for one in handed:
        if one.lms == "Blackboard" and one.own is None:
            with one.path.open("rb") as file:
                first = file.read(MAX_RECEIPT_BYTES).decode("utf-8-sig", errors="replace").partition("\n")[0]
            name, user = _told_by_receipt(first)
            if user and one.name.casefold().endswith(f"_{user}".casefold()):
                receipts[one.name] = name, user
    return receipts


def _told_by_receipt(line):
    """The full name and the username in a receipt's first line; both empty where it is none."""
    _, _, said = COLON.sub("\n", line.strip(), count=1).partition("\n")
    name, _, user = said.removesuffix(")").rpartition("(")
    return (name.strip(), user.strip()) if said.endswith(")") and ")" not in user else ("", "")


def own_id(handed: Handed) -> str:
    """A student's id made of what the LMS says of them: the same for each download, and one that nbgrader may have.

    Raises
    ------
    ValueError : where nothing is left of the name
    """
    letters = "".join(letter for letter in handed.name if is_student_id(f"a{letter}a"))
    letters = letters.lstrip(".- ").strip()[:MAX_ID_CHARACTERS].strip()
    while len(letters.encode()) > MAX_NAME_BYTES - 40:
        letters = letters[:-1].strip()
    student = "_".join(filter(None, [letters, handed.number[:30]]))
    if not is_student_id(student) or (not handed.number and letters != handed.name):
        raise ValueError(f"{handed.name!a} may not be a student's id")
    return student


@dataclass
class Placed:
    """What of a student's files goes into their folder in submitted/.

    Parameters
    ----------
    files : {the path in that folder: file}
    unclear : why it is not clear which file is the notebook; empty where it is
    notes : what was chosen, a sentence each
    """

    files: dict[str, Handed] = field(default_factory=dict)
    unclear: str = ""
    notes: list[str] = field(default_factory=list)


def latest_attempt(handed: list[Handed]) -> list[Handed]:
    """Of one student's files, those of the latest attempt; receipts are none.

    An attempt is later by its time, else by Canvas's LATE, else by Canvas's file numbers, else by the zip's times.
    """
    attempts = defaultdict(list)
    for one in handed:
        if one.own is not None:
            attempts[one.time, one.late, one.archive].append(one)

    def order(key):
        time, late, archive = key
        return time, late, *(max(rank(one) for one in attempts[key])), archive

    def rank(one):
        return one.file_number, one.modified

    return attempts[max(attempts, key=order)] if attempts else []


def place(attempt: list[Handed], notebooks: list[str]) -> Placed:
    """Decide which of a student's files are the notebooks of an assignment, whatever they are called.

    Parameters
    ----------
    notebooks : names of the assignment's notebooks, without .ipynb
    """
    placed, superseded = Placed(), []
    files = [one for one in attempt if not is_noise(one.own.name)]
    # What is in them is not read here, so none is known by that.
    for form in FORMS[:-1]:
        found = [(one, end) for one in files if (end := ending(form, one.own.name))]
        if not found:
            continue
        versions = defaultdict(list)
        for one, end in found:
            stem, copies = _tidy(one.own.name[: -len(end)], notebooks)
            versions[stem].append((one.file_number, -len(one.own.parts), copies, one.modified, one, end))
        latest = {stem: max(each, key=lambda version: version[:4]) for stem, each in versions.items()}
        named = {stem: latest[stem] for stem in notebooks if stem in latest}
        if not named and len(latest) == len(notebooks) == 1:
            named = {notebooks[0]: next(iter(latest.values()))}
            versions = {notebooks[0]: next(iter(versions.values()))}
        for stem, (*_, one, end) in named.items():
            placed.files[f"{stem}{end.lower()}"] = one
            superseded += [version[-2] for version in versions[stem]]
            if len(versions[stem]) > 1:
                names = ", ".join(sorted(_label(version[-2]) for version in versions[stem]))
                placed.notes.append(f"of {names}, {_label(one)} is taken")
            elif one.own.name != f"{stem}{end.lower()}":
                placed.notes.append(f"{one.own.name} is taken as {stem}{end.lower()}")
        if not named:
            names = ", ".join(sorted(one.own.name for one, _ in found))
            placed.unclear = (
                f"which of {names} is {notebooks[0]}.ipynb cannot be told; the one that alone has answers is graded"
            )
        break
    else:
        names = ", ".join(sorted(one.own.name for one in attempt)[:5])
        placed.unclear = f"there is no notebook, but {names}"
    for one in files:
        if one not in superseded and one.own.name not in RESERVED and not _in_the_way(one.own, placed.files):
            placed.files.setdefault(str(one.own), one)
    return placed


def _label(one):
    """What a file is called, as far as that tells it apart."""
    return one.path.name if one.own.parent.name == "" else str(one.own)


def _in_the_way(path, others):
    """Whether a path needs a folder where another one has a file, or the other way round."""
    return any(path in PurePosixPath(other).parents or PurePosixPath(other) in path.parents for other in others)


def _tidy(stem, notebooks):
    """A file's name without what marks a copy, and the copy's number; one of `notebooks` is left as it is."""
    own = {_plain(name): name for name in notebooks}
    copies, stem = 0, stem.strip()
    while _plain(stem) not in own:
        mark = COPY.search(stem)
        if mark is None or not mark.start():
            return stem, copies
        copies = copies or int(next(filter(None, mark.groups()), 1))
        stem = stem[: mark.start()].strip()
    return own[_plain(stem)], copies


def _plain(name):
    return re.sub(r"[ _-]+", "_", unicodedata.normalize("NFC", name)).casefold()


def all_at_once(times: list[float]) -> bool:
    """Whether the times in a zip are that of its making, and not of handing in: all within ten minutes."""
    return len(times) > 2 and max(times) - min(times) < 600
