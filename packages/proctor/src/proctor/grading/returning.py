"""Marks and pages of feedback on their way back into the LMS: its own sheet, filled in, and its own zip of files.

Canvas      for *Re-Upload Submissions*: each page under the name of the file that the student handed in
Moodle      for *Upload multiple feedback files in a zip*: <full name>_<participant>_assignsubmission_file_/<page>
Blackboard  <username>.html: it takes files of feedback one by one, in its grading panel
"""

import contextlib
import re
import unicodedata
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from proctor.authoring.assignment import Assignment
from proctor.course import counted
from proctor.grading import attempts, downloads, many, marks, roster
from proctor.grading.collecting import DownloadCollector
from proctor.grading.downloads import Handed
from proctor.grading.feedback import is_current
from proctor.grading.harmless import one_line
from proctor.grading.reading import TURNING, Unreadable, names_in, why_no_student_id
from proctor.grading.roster import Student
from proctor.grading.sheets import (
    LMSS,
    Person,
    before,
    find_column,
    names_assignment,
    number_in,
    read_people,
    read_sheet,
    require_head,
)
from proctor.points import shown

NOT_IN_SHEET = "graded, but in no row of the sheet (a roster tells who is who)"
SEVERAL = "graded, but whose row of the sheet cannot be told"
OPEN = "kept back, for an answer, or a changed one, waits for a mark by hand (--unmarked returns them as they are)"
NOT_GRADED = "handed in, but not graded yet"
NO_ID = "handed in, but left out of grading, for the folder's name may not be a student's id: rename it, then grade"
MISPLACED = "handed in, but not graded, for the notebook is not in a folder of the assignment's within the student's"
TOO_MANY = "more points than Moodle takes; raise its maximum grade and the assignment's, or lower the mark"
NO_PAGE = "a mark, but no page of feedback: run `nbgrader generate_feedback`"
OLD_PAGE = "a mark, but a page of feedback that says another: run `nbgrader generate_feedback`"
NO_FILE = (
    "a mark, but no page in the zip, for Canvas takes one only in answer to a file of its last download: "
    "give them theirs, which is in feedback/, another way"
)
MAX_LISTED = 100_000
# What a page leads to beside it stays at home: earlier attempts, in folders whose names Windows cannot have.
LINK_BESIDE = re.compile(r'<a href="(?!#|https?:|mailto:)[^"<>]*+"[^<>]*+>(.*?)</a>', re.DOTALL)
UNSAFE = frozenset('/\\:*?"<>|')
PAGES = "feedback.zip"
WHAT_NEXT = {
    "canvas": "the assignment's page, Re-Upload Submissions",
    "moodle": "the assignment's Submissions, Upload multiple feedback files in a zip",
    "blackboard": "Blackboard takes no zip of feedback: attach them one by one when grading, or send them another way",
}


@dataclass(frozen=True)
class Returned:
    """What was written and who has no grades, a line each; and who was left out and why, a line for each reason."""

    told: list[str]
    problems: list[str]


def give_back(
    assignment: Assignment, lms: str, path: Path, column: str = "", folder: Path | None = None, unmarked: bool = False
) -> Returned:
    """Write a copy of an LMS's sheet (at `path`) with an assignment's marks, and a zip of the pages, into a folder.

    Parameters
    ----------
    lms : "canvas", "moodle" or "blackboard"
    column : which column the marks go into, where the assignment's name does not tell
    folder : where to; a new one in reports/ if not said
    unmarked : whether who waits for a mark by hand is returned, too; what nobody has marked counts as 0

    Raises
    ------
    Unreadable : where the sheet or the gradebook cannot be used, or files would be lost
    """
    sheet = read_sheet(path)
    require_head(sheet, lms)
    place = find_column(sheet, lms, assignment, column)
    people = read_people(sheet, lms, place)
    found = marks.read_class(assignment)
    with marks.open_gradebook(assignment.course.directory) as gradebook:
        students = roster.known_students(gradebook)
        recorded = marks.read_submissions(gradebook, assignment.name)
    handed = _handed_in(assignment, lms, students)
    left_out = defaultdict(list)
    graded = _sort_out(assignment, found, _rows(students, people, handed, lms), left_out)
    totals = _totals(assignment, lms, found, graded, unmarked, left_out)
    told = []
    pages = _pages(assignment, lms, {one: recorded[one] for one in totals}, graded, handed, left_out)
    if totals:
        filled = sheet.filled(place, {graded[student].row: total for student, total in totals.items()})
        written = _write(assignment, lms, folder, sheet.name, filled, pages)
        title = sheet.rows[0][place].strip()
        if lms == "moodle" and not names_assignment(sheet, assignment):
            told.append(
                f"{sheet.name}: its name does not tell whose worksheet it is; see that it is {assignment.name}'s"
            )
        told.append(f"{written / sheet.name}: marks of {len(totals)} of {len(people)} in {title}")
        if pages:
            told.append(f"{written / PAGES}: {counted(len(pages), 'page')}; {WHAT_NEXT[lms]}")
    else:
        left_out["nothing was written, for there is no mark to give to anybody in"].append(sheet.name)
    told += _about_rows(sheet, place, people, {person.row: totals.get(one) for one, person in graded.items()})
    return Returned(
        [one_line(line, MAX_LISTED) for line in told],
        [one_line(f"{reason}: {roster.listed(who)}", MAX_LISTED) for reason, who in left_out.items()],
    )


def _pages(assignment, lms, recorded, graded, handed, left_out):
    """The pages of students, by the names that the LMS wants them under."""
    pages = {}
    for student, submission in recorded.items():
        page = _page(assignment, student, submission, left_out)
        name = page and _name(assignment, lms, graded[student], handed.get(student, []))
        if name and name not in pages:
            pages[name] = page
        elif page:
            left_out[NO_FILE].append(student)
    return pages


def _about_rows(sheet, place, people, totals):
    """Whose row had another mark, and whose has no grades, a line each; `totals` has the marks of who is graded."""
    replaced, others = [], []
    for person in people:
        known, total = before(sheet.rows[person.row][place]), totals.get(person.row)
        if person.row not in totals:
            others.append(person.label)
        elif total is not None and known and (number_in(known) is None or round(number_in(known) - total, 2)):
            replaced.append(f"{person.label}, {known} -> {shown(total, 2)}")
    if replaced:
        yield f"marks that the sheet had, and the copy has others, {len(replaced)}: {'; '.join(replaced)}"
    if others:
        yield f"in the sheet without grades, {len(others)} of {len(people)}: {roster.listed(others)}"


def _handed_in(assignment, lms, students) -> dict[str, list[Handed]]:
    """The files of each student in the last download of an LMS's that was collected; none where there was none."""
    config = assignment.course.config.get("ZipCollectApp", {})
    place = config.get("downloaded_directory", "downloaded"), config.get("extracted_directory", "extracted")
    folder = assignment.root / place[0] / assignment.name / place[1]
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and not file.is_symlink()]
    whose, _ = DownloadCollector().whose(files, folder, students, assignment.name)
    return {student: [one for one in theirs if one.lms == LMSS[lms]] for student, theirs in whose.items()}


def _rows(students, people, handed, lms) -> dict[str, list[Person]]:
    """The rows that are each student's, by ids alone: one, none, or several of which it cannot be told which."""
    by_number, by_first_id, by_id = defaultdict(list), defaultdict(list), defaultdict(list)
    for person in people:
        by_number[_key(person.number)].append(person)
        for key in {_key(one) for one in person.ids[:1]}:
            by_first_id[key].append(person)
        # Moodle's number is another in each assignment.
        for key in {_key(one) for one in (*person.ids, *([] if lms == "moodle" else [person.number]))}:
            by_id[key].append(person)
    rows = {}
    for student in students:
        # Where Canvas hides the names, the number is another.
        known = [one for one in handed.get(student.id, []) if lms != "canvas" or one.name != "anon"]
        theirs = [one.name if lms == "blackboard" else one.number for one in known]
        questions = (
            # Whose file it was, the LMS itself has said.
            (by_number, theirs),
            (by_number, [student.lms_user_id] if lms == "canvas" else []),
            # A roster's id is the first that is not empty.
            (by_first_id, [student.id]),
            (by_id, [student.id, student.email]),
        )
        for index, keys in questions:
            found = {person.row: person for key in keys if key for person in index.get(_key(key), [])}
            if found:
                break
        else:
            number = student.id.rpartition("_")[2]
            found = {one.row: one for one in by_number.get(_key(number), []) if _is_made_of(student.id, one)}
        rows[student.id] = list(found.values())
    return rows


def _key(number):
    return unicodedata.normalize("NFC", number).casefold()


def _is_made_of(student, person):
    """Whether an id is the name and the number of a person, as `downloads.own_id` makes it."""
    name = student.rpartition("_")[0]
    as_handed = Handed(Path(), "", "Canvas", name, "", None)
    return bool(roster.find(as_handed, [Student(student, last_name=person.name)]))


def _sort_out(assignment, found, rows, left_out) -> dict[str, Person]:
    """Whose row is whose, of all who are graded; who is in none, or in a doubtful one, is left out."""
    written = {exercise.id for exercise in assignment.exercises if exercise.written}
    graded, claims, submitted = {}, defaultdict(list), assignment.course.submitted
    waiting = {student for student in names_in(submitted) if student not in found.grades}
    for student, grades in found.grades.items():
        # Who was given more time is in the gradebook before anything was handed in.
        if not grades or found.not_marked.get(student, set()) - written:
            waiting.add(student)
        elif len(rows[student]) == 1:
            claims[rows[student][0].row].append(student)
            graded[student] = rows[student][0]
        elif rows[student]:
            left_out[SEVERAL].append(f"{student} ({' or '.join(person.label for person in rows[student])})")
        else:
            left_out[NOT_IN_SHEET].append(student)
    for student in sorted(waiting):
        if (submitted / student / assignment.name).is_dir():
            why = why_no_student_id(student)
            left_out[NO_ID if why else NOT_GRADED].append(f"{student} ({why})" if why else student)
    for path in many.misplaced(assignment):
        left_out[MISPLACED].append(path.parent.name)
    for claimed in claims.values():
        if len(claimed) > 1:
            left_out[SEVERAL].append(f"{' and '.join(claimed)} (all are {graded[claimed[0]].label})")
            for student in claimed:
                del graded[student]
    return graded


def _totals(assignment, lms, found, graded, unmarked, left_out) -> dict[str, float]:
    """The points to return, late penalties taken, as `nbgrader export` has them; who gets none is left out."""
    totals = {}
    for student, person in graded.items():
        total = max(0.0, sum(found.grades[student].values()) - found.penalties.get(student, 0.0))
        if not unmarked and (student in found.not_marked or student in found.flagged):
            left_out[OPEN].append(student)
        elif person.why_no_mark:
            left_out[person.why_no_mark].append(student)
        elif lms == "moodle" and round(total, 2) > assignment.points:
            left_out[TOO_MANY].append(f"{student} ({shown(total)} of {shown(assignment.points)})")
        else:
            totals[student] = total
    return totals


def _page(assignment, student, recorded, left_out) -> Path | None:
    """A student's page, where it is there and says what the gradebook says."""
    directory = assignment.course.directory
    folder = Path(directory.format_path(directory.feedback_directory, student, assignment.name))
    page = folder / f"{assignment.name}.html"
    if page.is_symlink() or not page.is_file():
        left_out[NO_PAGE].append(student)
    elif not is_current(page, marks.graded_path(assignment, student), recorded[assignment.name], assignment, student):
        left_out[OLD_PAGE].append(student)
    else:
        return page
    return None


def _name(assignment, lms, person, handed) -> str | None:
    """What the LMS wants a page to be called; None where it has no name for it."""
    if lms == "canvas":
        return _canvas_name(handed, assignment)
    if lms == "moodle":
        # Of this, Moodle reads the number.
        name = _plain(person.name).replace("_", " ").lstrip(".~ ") or "Participant"
        return f"{name}_{person.number}_assignsubmission_file_/{assignment.name}.html"
    return f"{_plain(person.number)}.html"


def _plain(name):
    """A name without what no file's name may have."""
    kept = (" " if one in UNSAFE else one for one in name if one not in TURNING and unicodedata.category(one) != "Cc")
    return " ".join("".join(kept).split())


def _canvas_name(handed, assignment):
    """The name under which Canvas handed out a student's notebook, or another file of theirs; None where it did not.

    Canvas reads the numbers in it, of the student and of the file, and no others.
    """
    attempt = downloads.latest_attempt(handed)
    placed = downloads.place([one for one in attempt if one.file_number], [assignment.name]).files.values()
    for one in [*placed, *attempt]:
        sign = f"_{one.number}_{one.file_number}_"
        for part in one.path.parts[::-1]:
            if one.file_number and sign in part:
                return part
    return None


def _on_its_own(page):
    """A page as it can be read alone; nbgrader's own has no links to others."""
    text = page.read_bytes()
    if not attempts.has_record(page):
        return text
    return LINK_BESIDE.sub(r"\1", text.decode("utf-8")).encode("utf-8")


def _write(assignment, lms, folder, name, filled, pages):
    """Put the sheet and the zip where nothing is yet; gives the folder."""
    if folder is None:
        base = assignment.root / "reports" / f"{assignment.name}-{lms}"
        folder, count = base, 1
        while folder.exists():
            count += 1
            folder = base.with_name(f"{base.name}-{count}")
    made = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("xb") as file:
            made.append(folder / name)
            file.write(filled)
        if pages:
            with (folder / PAGES).open("xb") as file:
                made.append(folder / PAGES)
                with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
                    for entry, page in pages.items():
                        about = zipfile.ZipInfo.from_file(page, entry, strict_timestamps=False)
                        archive.writestr(about, _on_its_own(page), zipfile.ZIP_DEFLATED)
    except BaseException as error:
        # Half of it would be taken for all of it.
        for path in made:
            with contextlib.suppress(OSError):
                path.unlink()
        if isinstance(error, FileExistsError):
            raise Unreadable(f"{error.filename} is there already: name another folder with --output") from error
        if isinstance(error, OSError):
            raise Unreadable(f"{folder} cannot be written: {error.strerror}") from error
        raise
    return folder
