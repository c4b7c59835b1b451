"""Which cell of a student's notebook is which of the release: editors lose ids; people move, merge and delete cells."""

from dataclasses import dataclass, field

import nbformat

from proctor.authoring.assignment import Assignment
from proctor.checks.plain import defined_names


@dataclass
class Match:
    """What the cells of a notebook are.

    Parameters
    ----------
    found : the student's cell for the id of a cell of the release
    own : the student's own cells after each cell of the release, by its id; before all of them, under None
    elsewhere : ids of exercises that the student solved in cells which are not theirs, so that nothing is put back
    notes : what an instructor should know
    """

    found: dict[str, nbformat.NotebookNode] = field(default_factory=dict)
    own: dict[str | None, list[nbformat.NotebookNode]] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def match(submitted: nbformat.NotebookNode, release: nbformat.NotebookNode, assignment: Assignment) -> Match:
    """Match cells by grade id, cell id and text; then answers by the names that they define, or their neighbours."""
    matched = _by_id_or_text(submitted, release)
    _find_answers_by_name(matched, release, assignment)
    _find_texts_by_place(matched, release)
    return matched


def _by_id_or_text(submitted, release):
    ids = {cell.id for cell in release.cells}
    by_source = {cell.source.strip(): cell.id for cell in reversed(release.cells) if cell.source.strip()}
    matched, last = Match(), None
    for cell in submitted.cells:
        metadata = cell.get("metadata", {})
        nbgrader = metadata.get("nbgrader")
        grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
        names = [grade_id, cell.get("id"), metadata.get("id"), by_source.get(cell.source.strip())]
        name = next((name for name in names if isinstance(name, str) and name in ids), None)
        if name is not None and name not in matched.found:
            matched.found[name] = cell
            last = name
        else:
            if name is not None and grade_id is not None:
                words = "is there twice; the second one ran as a cell of the student's own"
                matched.notes.append(f"The cell `{name}` {words}.")
            matched.own.setdefault(last, []).append(cell)
    return matched


def _find_answers_by_name(matched, release, assignment):
    """Answers that stand in cells of the student's own, or together with another in one cell."""
    released = {cell.id: cell.source.rstrip() for cell in release.cells}
    wanted = {exercise.id: set(exercise.names) for exercise in assignment.exercises if not exercise.written}
    missing = {
        name
        for name in wanted
        if name not in matched.found or matched.found[name].source.rstrip() == released.get(name)
    }
    if not missing:
        return
    own = [(place, cell) for place, cells in matched.own.items() for cell in cells if cell.cell_type == "code"]
    answers = [(name, cell) for name, cell in matched.found.items() if name in wanted and name not in missing]
    defined = [(place, cell, defined_names(cell.source)) for place, cell in (*own, *answers)]
    for name in sorted(missing, key=list(wanted).index):
        holders = [(place, cell) for place, cell, names in defined if wanted[name] & names]
        if not holders:
            continue
        place, cell = max(holders, key=lambda holder: len(wanted[name] & defined_names(holder[1].source)))
        if name not in matched.found and any(cell is mine for mine in matched.own.get(place, [])):
            matched.found[name] = cell
            matched.own[place] = [mine for mine in matched.own[place] if mine is not cell]
        else:
            matched.elsewhere.add(name)


def _find_texts_by_place(matched, release):
    """Written answers whose cell is gone: the student's own text between the neighbours."""
    before = None
    for cell in release.cells:
        about = cell.metadata.get("nbgrader", {})
        if cell.id in matched.found:
            before = cell.id
        elif about.get("solution") and cell.cell_type != "code":
            texts = [mine for mine in matched.own.get(before, []) if mine.cell_type != "code"]
            if texts:
                matched.found[cell.id] = texts[0]
                matched.own[before] = [mine for mine in matched.own[before] if mine is not texts[0]]
