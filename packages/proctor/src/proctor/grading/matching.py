"""Which cell of a student's notebook is which of the release: editors lose ids; people move, merge and delete cells.

The notebook may be one of an older release. What that had given is told from what the student wrote by its text, of
which there is a record.
"""

import ast
import functools
import re
from dataclasses import dataclass, field

import nbformat
from nbformat import NotebookNode

from proctor.authoring.assignment import Assignment
from proctor.authoring.released import (
    CODE,
    CONTENT_ID,
    LEFT_OUT,
    LEFT_OUT_TAGS,
    TEXT,
    Past,
    asked_names,
    plain_lines,
    role_of,
    text_digest,
)
from proctor.authoring.solutions import top_level_names
from proctor.checks.plain import defined_names, definitions_below, plain_python, taken_names
from proctor.grading.written import gather_answers, has_given

# How cells are called, and how they once were: by the notebook, and their place in it.
GIVEN_ID = re.compile(rf"{CONTENT_ID.pattern}|\w+-\d{{1,4}}")


@dataclass
class Match:
    """What the cells of a notebook are.

    Parameters
    ----------
    found : the student's cell for the id of a cell of the release
    own : the student's own cells after each cell of the release, by its id; before all of them, under None
    elsewhere : ids of exercises that the student solved in cells which are not theirs, so that nothing is put back
    set_aside : those of `own` that are shown and do not run
    replaced : how many given cells of an older release are in it, which this release no longer has
    texts : their own texts, each with the digest of the last given cell above it
    copies : second copies of a written answer's cell, each with that answer's id; they are among `own`
    renamed : the present name of what an older release asked for under another
    added : ids of exercises that its release did not have
    notes : what an instructor should know
    """

    found: dict[str, nbformat.NotebookNode] = field(default_factory=dict)
    own: dict[str | None, list[nbformat.NotebookNode]] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)
    set_aside: list[nbformat.NotebookNode] = field(default_factory=list)
    replaced: int = 0
    texts: list[tuple[str, nbformat.NotebookNode]] = field(default_factory=list)
    copies: list[tuple[str, nbformat.NotebookNode]] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    added: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def match(
    submitted: nbformat.NotebookNode, release: nbformat.NotebookNode, assignment: Assignment, past: Past
) -> Match:
    """Match cells by grade id, cell id and text; then answers by the names that they define, or their neighbours.

    Parameters
    ----------
    past : the releases on record; what is of an older one is not taken for a student's own
    """
    matched = _by_id_or_text(submitted, release, assignment, past)
    matched.renamed = _former_names(release, assignment, past)
    _find_answers_by_name(matched, release, assignment, past)
    _find_texts_by_question(matched, assignment, past)
    _find_texts_by_place(matched, release)
    gather_answers(matched, release, assignment, past)
    return matched


def _former_names(release, assignment, past):
    """What exercises asked for in older releases under another name: {that name: the present one}."""
    cells, renamed = {cell.id: cell for cell in release.cells}, {}
    for exercise in assignment.exercises:
        asked = [names for name in (*exercise.former, exercise.id) for names in past.names_of(name)]
        if exercise.written or exercise.id not in cells or all(names == asked[0] for names in asked):
            continue
        present, taken = asked_names(cells[exercise.id]), _names_given(release)
        for names in asked:
            if len(names) == len(present):
                pairs = zip(names, present, strict=True)
                renamed |= {old: new for old, new in pairs if old not in taken and new not in names}
    return renamed


def _by_id_or_text(submitted, release, assignment, past):
    ids, texts = {cell.id for cell in release.cells}, {}
    for cell in release.cells:
        if cell.source.strip():
            texts.setdefault(text_digest(cell.source), []).append(cell.id)
    kinds = ("", "check_")
    renamed = {f"{kind}{old}": f"{kind}{e.id}" for e in assignment.exercises for old in e.former for kind in kinds}
    once, given = {cell.id for cell in release.cells if role_of(cell) not in (CODE, TEXT)}, _names_given(release)
    called = [name for cell in submitted.cells for name in (cell.get("id"), cell.get("metadata", {}).get("id"))]
    written = {exercise.id for exercise in assignment.exercises if exercise.written}
    ids_lost = not any(isinstance(name, str) and (name in ids or GIVEN_ID.fullmatch(name)) for name in called)
    matched, last, above = Match(), None, ""
    for cell in submitted.cells:
        digest = text_digest(cell.source)
        same = texts.get(digest, [])
        role = None if same else past.cells.get(digest, (None,))[0]
        above = digest if same or role else above
        matched.replaced += role is not None and role not in past.exercises
        names = [*_names(cell), *(id for id in same if id not in matched.found), *same, role]
        name = next((id for id in (renamed.get(n, n) for n in names) if id in ids), None)
        if name is not None and name not in matched.found:
            matched.found[name] = cell
            last = name
        elif name is None:
            _take_own(matched, last, cell, role, past, given, ids_lost)
            matched.texts += [(above, cell)] if role is None and cell.cell_type != "code" else []
        elif (same or role) and name in once:
            # A second copy of what was given: nothing of it is the student's.
            _set_aside(matched, last, cell)
        else:
            words = "is there twice; the second one ran as a cell of the student's own"
            if name in written:
                words = "is there twice; what was written in both is shown as one answer"
                matched.copies.append((name, cell))
                matched.texts.append((above, cell))
            if _grade_id(cell) is not None:
                matched.notes.append(f"The cell `{name}` {words}.")
            matched.own.setdefault(last, []).append(cell)
    return matched


def _grade_id(cell):
    about = cell.get("metadata", {}).get("nbgrader")
    return about.get("grade_id") if isinstance(about, dict) else None


def _names(cell):
    """What a cell may be called by."""
    names = [_grade_id(cell), cell.get("id"), cell.get("metadata", {}).get("id")]
    return [name for name in names if isinstance(name, str)]


def _take_own(matched, last, cell, role, past, given, ids_lost):
    """A cell that the release does not have: the student's own, or given by an older release."""
    if role is None:
        # What the student made of a given cell is theirs; but a training cell stays one.
        known = next(filter(None, map(past.role_of_id, _names(cell))), None)
        if _is_left_out(known) or _was_left_out(cell, ids_lost):
            _set_aside(matched, last, cell)
        else:
            matched.own.setdefault(last, []).append(cell)
    elif _is_left_out(role):
        if cell.get("outputs"):
            _set_aside(matched, last, cell)
    elif role == CODE:
        needed = _needed(cell.source, given)
        if needed:
            matched.own.setdefault(last, []).append(nbformat.NotebookNode({**cell, "source": needed}))


def _is_left_out(role):
    """Whether what was given so is not to run when it is graded."""
    return role == LEFT_OUT or (role is not None and role.startswith("check_"))


def _was_left_out(cell, ids_lost):
    """Whether a cell itself tells that it was not to run.

    A copy, which a student may have filled with something else, has all of the cell but its id. So the id has to be one
    that was given, unless an editor has drawn all of them anew.
    """
    metadata = cell.get("metadata", {})
    about, tags = metadata.get("nbgrader"), metadata.get("tags", [])
    if isinstance(about, dict) and about.get("locked") is True and about.get("grade") is True:
        return True
    tagged = isinstance(tags, list) and any(tag in LEFT_OUT_TAGS for tag in tags if isinstance(tag, str))
    return tagged and (ids_lost or any(GIVEN_ID.fullmatch(name) for name in _names(cell)))


def _set_aside(matched, last, cell):
    matched.own.setdefault(last, []).append(cell)
    matched.set_aside.append(cell)


def _names_given(release):
    """The names that the release's cells define or import when they run, exercises among them."""
    running = [cell for cell in release.cells if cell.cell_type == "code" and not _is_left_out(role_of(cell))]
    return _names_in(tuple(cell.source for cell in running))


@functools.lru_cache(maxsize=8)
def _names_in(sources):
    return {name for source in sources for node in ast.parse(plain_python(source)).body for name in _bound(node)}


def _bound(node):
    """The names that a statement at the top level makes."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)):
        return top_level_names(node)
    imports = [n for n in ast.walk(node) if isinstance(n, (ast.Import, ast.ImportFrom))]
    names = [alias.asname or alias.name.partition(".")[0] for n in imports for alias in n.names]
    return names + [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def _needed(source, given):
    """Of code that an older release gave, what this one has not got: answers may build on it."""
    # As it was given: space that an editor has put around its lines may be none of Python's.
    code = plain_python(plain_lines(source))
    lines, kept = code.split("\n"), []
    for node in ast.parse(code).body:
        if set(_bound(node)) - given:
            first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
            kept += lines[first - 1 : node.end_lineno]
    return "\n".join(kept)


def _find_answers_by_name(matched, release, assignment, past):
    """Answers that stand in cells of the student's own, or together with another in one cell."""
    released = {cell.id: text_digest(cell.source) for cell in release.cells}
    wanted = {exercise.id: set(exercise.names) for exercise in assignment.exercises if not exercise.written}
    for old, new in matched.renamed.items():
        for names in wanted.values():
            names |= {old} if new in names else set()
    missing = {
        name
        for name in wanted
        if name not in matched.found
        or text_digest(matched.found[name].source) == released.get(name)
        or past.role(matched.found[name].source) is not None
    }
    if not missing:
        return
    own = [(place, cell) for place, cells in matched.own.items() for cell in cells if cell.cell_type == "code"]
    own = [(place, cell) for place, cell in own if not any(cell is aside for aside in matched.set_aside)]
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


def only_there(original: NotebookNode, student: NotebookNode, matched: Match, release: NotebookNode, past: Past) -> str:
    """What a student's copy of a released cell defines and no cell that runs does, as code; mostly nothing.

    It may be an answer, of which the cell as it was released stands in its place, or what an answer builds on.
    """
    if original.cell_type != "code" or not _is_changed(original, student, past):
        return ""
    running = [cell for cell in release.cells if cell.cell_type == "code" and not _is_left_out(role_of(cell))]
    given = [cell for cell in running if role_of(cell) == CODE]
    answers = [(cell, matched.found.get(cell.id, cell)) for cell in running if role_of(cell) != CODE]
    written = [mine for cell, mine in answers if _is_changed(cell, mine, past)]
    written += [cell for cells in matched.own.values() for cell in cells if cell.cell_type == "code"]
    known = set().union(*(defined_names(cell.source) for cell in (original, *given, *written)))
    asked = set().union(*(defined_names(cell.source) for cell, _ in answers))
    needed = asked.union(*(taken_names(cell.source) for cell in written)) - known
    parts = [text for _, text in definitions_below(student.source, 0)]
    makers, chosen = {}, set()
    for number, part in enumerate(parts):
        for name in defined_names(part):
            makers.setdefault(name, []).append(number)
    while needed:
        for number in makers.pop(needed.pop(), []):
            if number not in chosen:
                chosen.add(number)
                needed |= taken_names(parts[number]) - known
    return "\n\n\n".join(parts[number] for number in sorted(chosen))


def _is_changed(original, student, past):
    """Whether a cell is neither as it was released nor as an older release gave it."""
    return plain_lines(student.source) != plain_lines(original.source) and past.role(student.source) is None


def _find_texts_by_question(matched, assignment, past):
    """Written answers whose cell is gone: the student's own text below the question, as any release asked it."""
    for exercise in assignment.exercises:
        if exercise.written and exercise.id not in matched.found:
            ids = (exercise.id, *exercise.former)
            asked = {question for id in ids for asked in past.names_of(id) for question in asked}
            answer = next((cell for above, cell in matched.texts if above in asked), None)
            if answer is not None:
                matched.found[exercise.id] = answer
                matched.texts = [(above, cell) for above, cell in matched.texts if cell is not answer]
                for place, cells in matched.own.items():
                    matched.own[place] = [mine for mine in cells if mine is not answer]


def _find_texts_by_place(matched, release):
    """Written answers whose cell is gone: the student's own text between the neighbours."""
    # Of a program without a word of the release, nothing tells what a text is about.
    before, is_placed = None, has_given(matched, release)
    for cell in release.cells:
        about = cell.metadata.get("nbgrader", {})
        if cell.id in matched.found:
            before = cell.id
        elif about.get("solution") and cell.cell_type != "code" and (before is not None or is_placed):
            texts = [mine for mine in matched.own.get(before, []) if mine.cell_type != "code"]
            if texts:
                matched.found[cell.id] = texts[0]
                matched.own[before] = [mine for mine in matched.own[before] if mine is not texts[0]]
