"""What whoever marks by hand goes by: each exercise's question, model answer and marking scheme, from the text."""

from dataclasses import dataclass

from proctor.authoring.assignment import Assignment, read_text
from proctor.authoring.markers import BEGIN, BEGIN_SCHEME, END, END_SCHEME
from proctor.authoring.text import Cell, Text


@dataclass(frozen=True)
class Question:
    """One exercise, for its marker alone: nothing of it but `prose` may reach a student.

    Parameters
    ----------
    prose : markdown, the question: the text right above the answer
    model_answer : markdown for a written answer, else code
    scheme : markdown, the marking scheme; empty where its author wrote none
    """

    exercise: str
    title: str
    points: float
    written: bool
    prose: str
    model_answer: str
    scheme: str


def read_questions(assignment: Assignment) -> list[Question]:
    """The questions of an assignment, in the notebook's order."""
    text = read_text(assignment.course, assignment.name)
    questions = []
    for exercise in assignment.exercises:
        cell = text.exercises[exercise.id]
        answer, scheme = _parts(cell.source) if exercise.written else (exercise.code, "")
        prose = _prose_above(text, cell)
        questions.append(
            Question(exercise.id, exercise.title, exercise.points, exercise.written, prose, answer, scheme)
        )
    return questions


def _parts(source: str) -> tuple[str, str]:
    """The model answer and the marking scheme in a written answer's cell."""
    parts, inside, in_scheme = {False: [], True: []}, False, False
    for line in source.split("\n"):
        marker = line.strip()
        if marker in (BEGIN, END):
            inside = marker == BEGIN
        elif marker in (BEGIN_SCHEME, END_SCHEME):
            in_scheme = marker == BEGIN_SCHEME
        elif inside:
            parts[in_scheme].append(line)
    return "\n".join(parts[False]).strip(), "\n".join(parts[True]).strip()


def _prose_above(text: Text, cell: Cell) -> str:
    """The nearest texts above an answer, up to the code, or the other answer, that stands before them."""
    found = []
    for above in reversed(text.cells[: text.cells.index(cell)]):
        if above.markdown and not above.written:
            found.append(text.prose(above))
        elif found:
            break
    return "\n\n".join(reversed(found))
