"""Intake: from what a student handed in to the cells that run and the notebook that nbgrader grades.

The notebook is rebuilt from the release: of the student's copy only the sources of solution cells, cells of their
own, and outputs that are text or PNG are taken over. No metadata, tag, grade id or point of theirs counts.
"""

import ast
import contextlib
import functools
import hashlib
import re
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import nbformat

from proctor.authoring.assignment import Assignment
from proctor.authoring.errors import BuildError
from proctor.authoring.released import LEFT_OUT_TAGS, past_file, plain_lines, read_past, release_digest, text_digest
from proctor.checks.cell import Cell
from proctor.checks.plain import defined_names, plain_python
from proctor.grading.finding import MAX_FOLDERS, NUMBERED, candidates, further, listed
from proctor.grading.harmless import (
    ATTACHED,
    cut_outputs,
    lost_pictures,
    one_line,
    safe_attachments,
    safe_markdown,
    safe_outputs,
    with_names,
)
from proctor.grading.matching import match, only_there
from proctor.grading.pictures import attach_beside, digests, pictures_named
from proctor.grading.reading import Unreadable, digest, holds_program, names_in, read_notebook, read_program
from proctor.grading.written import is_blank

# Of a cell of one's own: the tag `not-graded`, or a remark of these words in its first line.
NOT_GRADED = "not graded"
LAYERS = re.compile(r"\b(nn|optim)\b")
FENCED = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n`]*\n(.*?)^ {0,3}\1", re.DOTALL | re.MULTILINE)
NOT_ASKED = "The release that was handed in did not have this question."
NOT_THERE = "The cell of this answer was not handed in. Is the answer elsewhere in the notebook?"


@dataclass
class Intake:
    """What a submission is made of.

    Parameters
    ----------
    cells : the code that runs when it is graded, in order
    notebook : the rebuilt notebook, None for a `.py`
    notes : what an instructor should know, one sentence each
    places : for each exercise, how many of the cells run before its check cell; none of a `.py`
    refused : why nothing of it can be graded; empty where it can
    choice : which file was taken, and which were left, one of the notes; empty where there was no doubt
    """

    cells: list[Cell]
    notebook: nbformat.NotebookNode | None = None
    notes: list[str] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    refused: str = ""
    choice: str = ""


def take_in(path: Path, assignment: Assignment) -> Intake:
    """The intake of a file, or of a blank release where the file cannot be taken in, with the reason."""
    try:
        with _refusals(path):
            return _take_in(path, assignment)
    except Unreadable as error:
        return blank(assignment, f"{error}. Nothing could be graded.")


def _take_in(path, assignment):
    # A link could lead to somebody else's work.
    for folder in (path.parent, path.parent.parent):
        if folder.is_symlink():
            raise Unreadable(f"The folder {folder.name} is a link")
    found = candidates(path)
    handed_in, taken, why = _choose_of_all(found, path, assignment)
    files = {path.parent / name for name in names_in(path.parent) if name.endswith(".ipynb")}
    files = {*files, *found} - {handed_in, *handed_in.parents}
    others = listed(sorted(file.relative_to(path.parent).as_posix() for file in files))
    if handed_in != path:
        where = listed([handed_in.relative_to(path.parent).as_posix()])
        taken.choice = f"The notebook was handed in as {where}, not as `{path.name}`."
        taken.choice += f" Not graded: {others}. {why}" if others else ""
    elif others:
        taken.choice = f"`{path.name}` was graded, and not {others}. {why}"
    taken.choice = taken.choice.strip()
    if taken.choice:
        taken.notes.insert(0, taken.choice)
    return taken


def _choose_of_all(found, path, assignment):
    """As `_choose`; where that has no answers, and one other file has some, whatever its form and place, that one."""
    chosen = refused = None
    try:
        chosen = _choose(found, path, assignment)
    except Unreadable as error:
        refused = error
    if chosen is None or not _is_answered(chosen[1]):
        read = {}
        for file in further(path, found):
            with contextlib.suppress(Unreadable):
                read[file] = _read(file, assignment)
        answered = [file for file, taken in read.items() if _is_answered(taken)]
        if len(answered) == 1:
            unread = f", for {refused}" if refused else ""
            return answered[0], read[answered[0]], f"It alone has answers{unread}."
    if chosen is None:
        raise refused
    return chosen


def _is_answered(taken):
    return any(cell.released for cell in taken.cells)


def _choose(found, path, assignment):
    """Of the files that may be a notebook, the one to grade, its intake, and why that: if one alone has answers, it."""
    if len(found) == 1:
        return found[0], _read(found[0], assignment), ""
    read = {}
    for file in found[:MAX_FOLDERS]:
        with contextlib.suppress(Unreadable):
            read[file] = _read(file, assignment)
    answered = [file for file, taken in read.items() if _is_answered(taken)]
    if len(answered) == 1:
        unread = listed([file.relative_to(path.parent).as_posix() for file in found if file not in read])
        why = f"It alone has answers; {unread} could not be read." if unread else "It alone has answers."
        return answered[0], read[answered[0]], why
    if [file.name for file in found].count(path.name) != 1:
        which = listed([file.relative_to(path.parent).as_posix() for file in found])
        raise Unreadable(f"{path.name} is not there, and which of {which} is meant cannot be told")
    taken = read[found[0]] if found[0] in read else _read(found[0], assignment)
    return found[0], taken, "It has the right name" + ("; others have answers, too." if answered else ".")


def _read(path, assignment):
    _release(assignment)
    with _refusals(path):
        notebook, is_program = _as_notebook(path, assignment)
        taken = rebuild(notebook, assignment)
    if is_program:
        # It has no cells of checks, so nobody deleted them.
        taken.notes = [note for note in taken.notes if not note.startswith("The cell `check_")]
    return taken


@contextlib.contextmanager
def _refusals(path):
    """Whatever a stranger wrote may break a library in ways that nobody foresaw; it ends with this submission."""
    try:
        yield
    except Unreadable:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {str(error)[:80]}".removesuffix(": ")
        raise Unreadable(f"{path.name} could not be taken in: {reason}") from error


def made_of(path: Path) -> str:
    """The digest of all that may have been handed in for a notebook; empty where there is nothing."""
    try:
        found = candidates(path)
        files = [*found[:MAX_FOLDERS], *further(path, found)]
        made_of = [digest(file) for file in files] + digests(path.parent)
    except Unreadable:
        return ""
    return made_of[0] if len(made_of) == 1 else hashlib.sha256("".join(made_of).encode()).hexdigest()


def read_submission(path: Path, assignment: Assignment) -> Intake:
    """Take in a notebook, or a `.py` of plain or py:percent code.

    Raises
    ------
    Unreadable : where the file is neither, whatever it is that goes wrong
    """
    _release(assignment)
    with _refusals(path):
        notebook, is_program = _as_notebook(path, assignment)
        if not is_program:
            return rebuild(notebook, assignment)
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return Intake([Cell(f"code {n}", source) for n, source in enumerate(sources, 1)])


def _as_notebook(path, assignment):
    """What was handed in, with the pictures beside it, and whether it is a program that was no notebook before."""
    is_program = holds_program(path, named=re.search(r"\.py(\.txt)?$", NUMBERED.sub("", path.name).lower()) is not None)
    if is_program:
        cells, is_exported = read_program(path)
        notebook, is_program = nbformat.v4.new_notebook(cells=cells), not is_exported
    else:
        notebook = read_notebook(path)
    past, released = _past(assignment), _release(assignment)[0]
    given = {name for cell in released.cells for name in pictures_named(cell.source)}
    texts = [cell for cell in notebook.cells if cell.cell_type != "code" and past.role(cell.source) is None]
    attach_beside(texts, path.parent, given)
    return notebook, is_program


def _release(assignment):
    """The release notebook, and the plain Python of each of its code cells by id; both are everybody's."""
    path = assignment.release_notebook
    if not path.exists():
        raise Unreadable(f"{path} is not there; run `proctor build`")
    _past(assignment)
    return _read_release(path, path.stat().st_mtime_ns)


def _past(assignment):
    """The releases on record, everybody's, too."""
    file = past_file(assignment.root, assignment.name)
    try:
        return _read_past(assignment.root, assignment.name, file.stat().st_mtime_ns if file.exists() else 0)
    except BuildError as error:
        raise Unreadable(str(error)) from error


_read_past = functools.lru_cache(maxsize=8)(lambda root, name, changed: read_past(root, name))


@functools.lru_cache(maxsize=8)
def _read_release(path, changed):
    notebook = read_notebook(path)
    return notebook, {cell.id: plain_python(cell.source) for cell in notebook.cells if cell.cell_type == "code"}


def released_notebook(assignment: Assignment) -> nbformat.NotebookNode:
    """The release notebook, to be changed.

    Raises
    ------
    Unreadable : where it is not built
    """
    return deepcopy(_release(assignment)[0])


def blank(assignment: Assignment, reason: str) -> Intake:
    """The intake of a submission that cannot be read: the release notebook with nothing done, and the reason."""
    return Intake(cells=[], notebook=released_notebook(assignment), refused=reason)


def rebuild(submitted: nbformat.NotebookNode, assignment: Assignment) -> Intake:
    """Rebuild a submission from the release notebook; it may be made from an older one."""
    release, code = _release(assignment)
    past = _past(assignment)
    matched = match(submitted, release, assignment, past)
    taken, rebuilt = Intake([], notes=matched.notes), []
    strange = not any(cell.id in matched.found for cell in release.cells if "nbgrader" in cell.metadata)
    if strange:
        taken.notes.append("None of the cells that are graded is in this notebook. Is it another assignment's?")
    else:
        taken.notes += _about_older_release(submitted, release, matched, assignment, past)
    for extra in matched.own.get(None, []):
        _add_own(extra, matched, taken.cells, rebuilt)
    for original in release.cells:
        about = original.metadata.get("nbgrader", {})
        student, exercise = matched.found.get(original.id), about.get("grade_id", "").removeprefix("check_")
        told = original.id in matched.elsewhere or exercise in matched.added
        if student is None and exercise and not strange and not told:
            taken.notes.append(f"The cell `{original.id}` was deleted; it was put back as it was released.")
        rebuilt.append(_put_back(original, student, matched, code, taken, past))
        if student is None and about.get("solution") and taken.cells and taken.cells[-1].id == original.id:
            _put_before_own(taken)
        elif student is not None and not _runs(original):
            kept = _keep_defined(original, student, matched, release, taken, past)
            # The cell that was left for it, further down, would undo it.
            named = [exercise for exercise in assignment.exercises if exercise.names]
            matched.elsewhere |= {exercise.id for exercise in named if kept.issuperset(exercise.names)}
        if about.get("grade") and not about.get("solution"):
            taken.places[exercise] = len(taken.cells)
        for extra in matched.own.get(original.id, []):
            _add_own(extra, matched, taken.cells, rebuilt)
    cut_outputs(rebuilt)
    taken.notebook = nbformat.NotebookNode({**release, "metadata": deepcopy(release.metadata), "cells": rebuilt})
    return _under_present_names(taken, matched.renamed)


def _about_older_release(submitted, release, matched, assignment, past):
    """What an instructor should know of a notebook that was made from an older release: one note, or none.

    `matched` is told which exercises that release did not have.
    """
    told = submitted.metadata.get("proctor")
    number, looks = past.number(told.get("release")) if isinstance(told, dict) else None, "is"
    if number is None:
        # The oldest release that has all that is found of any.
        digests = [text_digest(cell.source) for cell in submitted.cells]
        number = max((past.cells[digest][1] for digest in digests if digest in past.cells), default=None)
        looks = "looks like"
    if number is None:
        return []
    for exercise in assignment.exercises:
        first = min(past.exercises.get(name, 0) for name in (exercise.id, *exercise.former))
        if first > number and not {exercise.id, f"check_{exercise.id}"} & {*matched.found, *matched.elsewhere}:
            matched.added.add(exercise.id)
    parts = []
    if matched.replaced:
        several = f"{matched.replaced} given cells have been corrected since, and stand here as they are now"
        one = "1 given cell has been corrected since, and stands here as it is now"
        parts.append(one if matched.replaced == 1 else several)
    if matched.added:
        names = ", ".join(f"`{exercise.id}`" for exercise in assignment.exercises if exercise.id in matched.added)
        parts.append(f"it did not have {names} yet, so nothing is implemented there")
    older = number != past.number(release_digest(release))
    which = f"{looks} {past.told(number)}" if older else "has cells of another release"
    return [f"This notebook {which}: {'; '.join(parts)}."] if parts else []


def _under_present_names(taken, renamed):
    """What an exercise asked for under another name in an older release is there under its present one, too."""
    cells, places = [], dict(taken.places)
    for number, cell in enumerate(taken.cells, 1):
        cells.append(cell)
        defined = defined_names(cell.source) if renamed else set()
        lines = [f"{new} = {old}" for old, new in renamed.items() if old in defined and new not in defined]
        if lines:
            cells.append(Cell(f"{cell.id} renamed", "\n".join(lines)))
            places |= {name: places[name] + 1 for name, place in taken.places.items() if place >= number}
    taken.cells, taken.places = cells, places
    return taken


def _put_back(original, student, matched, code, taken, past):
    """A cell of the release with what counts of the student's copy; what of it runs goes to `taken`."""
    # Of what the two then share, nothing is changed in place: nbgrader's converters work on copies.
    cell = nbformat.NotebookNode(original)
    about = original.metadata.get("nbgrader", {})
    answer, locked = about.get("solution", False), about.get("locked", False)
    changed = student is not None and plain_lines(student.source) != plain_lines(original.source)
    # What an older release gave is no change of the student's.
    changed = changed and past.role(student.source) is None
    # An answer in words that was emptied is none: as with one that was left, nbgrader then needs no person for it.
    changed = changed and not (answer and cell.cell_type != "code" and is_blank(student))
    if student is not None and cell.cell_type == "code":
        cell.outputs = safe_outputs(student)
    if changed and not locked:
        _take_over(cell, student, taken.notes)
    elif changed:
        taken.notes.append(f"The cell `{original.id}` was changed; it was put back as it was released.")
    if answer and student is None and cell.cell_type != "code":
        # Other words than the released ones: nbgrader then asks a person, where it would give 0 by itself.
        cell.source = f"{original.source}\n\n*{NOT_ASKED if original.id in matched.added else NOT_THERE}*"
    if not _runs(original) or original.id in matched.elsewhere:
        return cell
    given = not answer and all(earlier.given for earlier in taken.cells)
    if answer and changed:
        taken.cells.append(Cell(original.id, cell.source, given, code[original.id]))
        return cell
    taken.cells.append(Cell(original.id, code[original.id], given))
    if changed and not locked:
        # Somebody who adds an import to a given cell still has the given cell, and then theirs.
        taken.cells.append(Cell(f"{original.id} as changed", student.source))
    return cell


def _put_before_own(taken):
    """Put the last cell before the student's own above it, whose answers it would undo, whatever their form."""
    *cells, last = taken.cells
    place = len(cells)
    while place and cells[place - 1].own:
        place -= 1
    taken.cells = [*cells[:place], last, *cells[place:]]
    taken.places = {name: at + (at > place) for name, at in taken.places.items()}


def _keep_defined(original, student, matched, release, taken, past):
    """Of a cell that does not run, such as a check, have what a student defines in it, and nowhere else, run.

    Returns
    -------
    frozenset of str : the names that are defined so
    """
    kept = only_there(original, student, matched, release, past)
    if kept:
        names = ", ".join(f"`{name}`" for name in sorted(defined_names(kept)))
        taken.cells.append(Cell(f"{original.id} as changed", kept, own=True))
        taken.notes.append(f"What only the changed cell `{original.id}` defines is kept: {names}.")
    return defined_names(kept)


def imports(assignment: Assignment) -> list[str]:
    """What the cells of the release that run import: modules, and names in them, which may be modules or not."""
    release, code = _release(assignment)
    names = set()
    for cell in filter(_runs, release.cells):
        # An optimizer's first step, and a layer on the meta device, import a compiler.
        names |= {"torch.optim"} if LAYERS.search(code[cell.id]) else set()
        for node in ast.walk(ast.parse(code[cell.id])):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return sorted(names)


def _runs(cell):
    """Whether a cell of the release is run when a submission is graded."""
    return cell.cell_type == "code" and not LEFT_OUT_TAGS & set(cell.metadata.get("tags", []))


def _take_over(cell, student, notes):
    """Take the text of a student's cell, and its pictures; of each that is lost, its place and a note tell why."""
    cell.source = student.source
    if cell.cell_type == "code" and student.cell_type != "code":
        # As text, code is set between fences.
        cell.source = "\n\n".join(code for _, code in FENCED.findall(student.source)) or student.source
    if cell.cell_type != "code":
        names, pictures = safe_attachments(student)
        lost = lost_pictures(student, names)
        named = {name: f"The picture {one_line(name, 60)} is not shown: {why}." for name, why in lost.items()}
        text = ATTACHED.sub(lambda ref: named.get(ref[2]) or named.get(unquote(ref[2])) or ref[0], student.source)
        unplaced = [words for words in named.values() if words not in text]
        text = "\n\n".join([text, *unplaced])
        cell.source, typed = safe_markdown(text, names), with_names(text, names)
        if typed != cell.source:
            cell.metadata = nbformat.NotebookNode({**cell.metadata, "proctor": {"typed": typed}})
        notes += [f"`{cell.id}`: {words}" for words in named.values()]
        if pictures:
            cell.attachments = pictures


def _is_set_aside(cell):
    """Whether a student marked a cell of their own as one that is not to run when it is graded."""
    tags = cell.get("metadata", {}).get("tags", [])
    tagged = isinstance(tags, list) and NOT_GRADED.replace(" ", "-") in tags
    return tagged or bool(re.match(rf"\s*#\s*{NOT_GRADED}\s*$", cell.source, re.IGNORECASE | re.MULTILINE))


def _add_own(cell, matched, cells, rebuilt):
    number = 1 + sum(entry.id.startswith("own-") for entry in rebuilt)
    if cell.cell_type == "code":
        kept = nbformat.v4.new_code_cell(cell.source, id=f"own-{number}")
        kept.outputs = safe_outputs(cell)
        if not _is_set_aside(cell) and not any(cell is aside for aside in matched.set_aside):
            cells.append(Cell(kept.id, cell.source, own=True))
    else:
        kept = nbformat.v4.new_markdown_cell("", id=f"own-{number}")
        _take_over(kept, cell, matched.notes)
    rebuilt.append(kept)
