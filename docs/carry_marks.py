"""What people wrote into a gradebook, carried into the one that a new release was graded into: see instructors.md.

    python docs/carry_marks.py before.db seq2seq
"""

import sys
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from proctor.authoring.assignment import load_assignment
from proctor.course import open_course

FIELDS = ("manual_score", "extra_credit", "manual_comment")


def carry(before: Gradebook, now: Gradebook, name: str, renamed: dict[str, str]) -> tuple[int, list[str]]:
    """Carry manual scores, extra credit, comments, extensions and the due date; gives how many, and what stays behind.

    That is what belongs to an exercise that is no longer asked, or to nobody who has been graded again.

    Parameters
    ----------
    renamed : the present name of each cell that had another
    """
    carried, left = 0, []
    now.find_assignment(name).duedate = before.find_assignment(name).duedate
    for submission in before.assignment_submissions(name):
        student = submission.student.id
        if submission.extension is not None:
            # Also of who has handed in nothing yet.
            now.update_or_create_student(student)
            now.update_or_create_submission(name, student).extension = submission.extension
            carried += 1
        for notebook in submission.notebooks:
            for entry in (*notebook.grades, *notebook.comments):
                values = {field: getattr(entry, field, None) for field in FIELDS}
                values = {field: value for field, value in values.items() if value is not None}
                find = now.find_comment if entry in notebook.comments else now.find_grade
                try:
                    new = find(renamed.get(entry.name, entry.name), notebook.name, name, student)
                except MissingEntry:
                    left += [f"{student}, {entry.name}: {value}" for value in values.values()]
                    continue
                for field, value in values.items():
                    setattr(new, field, value)
                carried += len(values)
                if "manual_score" in values:
                    # A mark of an answer that has changed since is to be looked at still.
                    new.needs_manual_grade = entry.needs_manual_grade
    now.db.commit()
    return carried, left


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("two arguments are expected: python docs/carry_marks.py before.db seq2seq")
    file, name = sys.argv[1:]
    if "://" not in file and not Path(file).is_file():
        sys.exit(f"{file} is not there, or is no file: name the copy of gradebook.db that you made before")
    course = open_course(Path.cwd())
    exercises = load_assignment(course, name).exercises
    pairs = [(old, exercise.id) for exercise in exercises for old in exercise.former]
    renamed = {kind + old: kind + new for old, new in pairs for kind in ("", "check_")}
    url = file if "://" in file else f"sqlite:///{Path(file).resolve()}"
    with (
        Gradebook(url, course.directory.course_id) as before,
        Gradebook(course.directory.db_url, course.directory.course_id) as now,
    ):
        carried, left = carry(before, now, name, renamed)
    print(f"{carried} marks, comments and extensions were carried over.")
    if left:
        print(f"Left in {file} alone, for there is no such answer now:", *left, sep="\n  ")
