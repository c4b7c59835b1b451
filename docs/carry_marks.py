"""What people wrote into a gradebook, carried into the one that a new release was graded into: see instructors.md.

    python docs/carry_marks.py before.db seq2seq
"""

import sys
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from proctor.authoring.assignment import load_assignment
from proctor.course import open_course


def carry(before: Gradebook, now: Gradebook, name: str, renamed: dict[str, str]) -> int:
    """Carry manual scores, extra credit, comments and the due date; gives how many were carried.

    What belongs to an exercise that is no longer asked, or to nobody who has been graded again, stays behind.

    Parameters
    ----------
    renamed : the present name of each cell that had another
    """
    carried = 0
    now.find_assignment(name).duedate = before.find_assignment(name).duedate
    for submission in before.assignment_submissions(name):
        for notebook in submission.notebooks:
            for entry in (*notebook.grades, *notebook.comments):
                find = now.find_comment if entry in notebook.comments else now.find_grade
                try:
                    new = find(renamed.get(entry.name, entry.name), notebook.name, name, submission.student.id)
                except MissingEntry:
                    continue
                for field in ("manual_score", "extra_credit", "manual_comment"):
                    value = getattr(entry, field, None)
                    if value is not None:
                        setattr(new, field, value)
                        carried += 1
                    if field == "manual_score" and value is not None:
                        new.needs_manual_grade = False
    now.db.commit()
    return carried


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
        print(f"{carry(before, now, name, renamed)} marks and comments were carried over.")
