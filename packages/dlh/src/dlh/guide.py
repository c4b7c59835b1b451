"""Help while one works on a notebook: hints in steps, which exercise to finish first, and how far all of them are.

What it knows lies beside the notebook, in <assignment>.guide.json. Where that file is not, nothing changes.
"""

import difflib
import dis
import hashlib
import inspect
import json
import re
import textwrap
import traceback
from pathlib import Path
from types import CodeType

from dlh.errors import causes_of_error

# What a cell stops with, but for a stop by hand.
KINDS = (Exception,)
# What it stops with where an exercise is missing.
MISSING = (NameError, NotImplementedError)
# Of an exercise, in the file.
FIELDS = ("id", "number", "title", "names", "hints")
# What a prediction is called: whether it comes true, later results show, and no check.
PREDICTION = re.compile(r"guess_|foretell_")


def guide(assignment):
    """Begin to help with a notebook.

    In a notebook, a given cell that goes on with an exercise which is not finished then stops with one line that names
    it, in place of a traceback. All other errors are shown as ever.

    Parameters
    ----------
    assignment : str, the notebook's name

    Returns
    -------
    hint : Guide; `hint("encoder")` prints the first hint for this exercise, called again the next one, and
        `hint.summary()` prints how far all exercises are
    """
    file = Path(f"{assignment}.guide.json")
    try:
        found = Guide(file, json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        # It is missing, or of another version.
        found = Guide(file, {})
    if found.exercises:
        _attend(found)
    return found


class Guide:
    """What is known about a notebook's exercises, and what its cells of checks have said so far.

    Parameters
    ----------
    file : Path, where that lies
    read : dict, its content, empty where there is none: `exercises`, a list of id, number, title, names and hints;
        `needs`, the names that given cells define, with the ids of the exercises that these cells need; `given`, the
        same for each given cell by the digest of its text; `checks`, the exercise of each cell of checks by its digest
    """

    def __init__(self, file, read):
        self.file = file
        listed = read.get("exercises", [])
        self.exercises = {exercise["id"]: {key: exercise[key] for key in FIELDS} for exercise in listed}
        self.needs, self.given, self.checks = (dict(read.get(key, {})) for key in ("needs", "given", "checks"))
        self.namespace, self.cell = {}, ""
        self.before = {}  # what exercises' names stood for before the cell that runs
        self.cells = {}  # by exercise: the digests of the cells that defined its names last
        # Names that cells of checks have given a value, and those that any other cells have.
        self.left, self.own = set(), set()
        self.said = {}  # by exercise: what its checks stopped with; None where they passed
        self.stopped = {}  # by exercise: what the cell stopped with that was to define its names
        self.steps = dict.fromkeys(self.exercises, 0)

    def __call__(self, exercise=None):
        """Print the next hint for an exercise: where to look again, then what comes out, then the step in words.

        Parameters
        ----------
        exercise : str, the exercise, or its number, or a function or class that it asks for; without it, all are listed
        """
        if not self.exercises:
            print(f"There are no hints here: {self.file} should lie beside the notebook, with which it came.")
            return
        several = [] if exercise is None else _find(exercise, self.exercises)
        if len(several) != 1:
            asked = "Which exercise?" if several or exercise is None else f"There are no hints for {_name(exercise)!r}."
            those = several or self.exercises.values()
            listed = ", ".join(f"{one['id']} ({one['number'] or one['title']})" for one in those)
            print(f"{asked} There are hints for: {listed}.")
            return
        (found,) = several
        hints = found["hints"]
        if not hints:
            print(f"There are no hints for {_title(found)}.")
            return
        step = self.steps[found["id"]] = min(self.steps[found["id"]] + 1, len(hints))
        print(f"Hint {step} of {len(hints)} for {_title(found)}: {hints[step - 1]}")

    def summary(self):
        """Print a line for each exercise in code: whether its checks passed when they last ran."""
        asked = [exercise for exercise in self.exercises.values() if exercise["names"]]
        if not asked:
            print(f"Nothing is known here: {self.file} should lie beside the notebook, with which it came.")
            return
        titles = [f"{exercise['number']} {exercise['title']}".strip() for exercise in asked]
        states = [self.state(exercise) for exercise in asked]
        for title, state in zip(titles, states, strict=True):
            print(f"{title:{max(map(len, titles))}}  {state}")
        passed = states.count("passed") + states.count("answered")
        print(f"{passed} of {len(states)} pass their checks. Answers in words are not looked at here.")

    def state(self, exercise):
        """How far an exercise is, in words: passed, or what stands in the way of that."""
        said = self.said.get(exercise["id"], "not checked yet")
        if said is None:
            return "answered" if PREDICTION.match(exercise["id"]) else "passed"
        if self._is_stub(exercise):
            return "not finished yet"
        if self._in_its_cell(exercise):
            return textwrap.shorten(self._in_its_cell(exercise), 90, placeholder=" ...")
        if exercise["id"] not in self.said:
            return said
        below = self._below(exercise)
        return f"waits for {_title(below)}" if below else textwrap.shorten(f"failed: {said}", 90, placeholder=" ...")

    def begin(self, info):
        """Keep the text of the cell that is about to run, of which IPython informs, and what there is before it."""
        self.cell = info.raw_cell
        names = [name for exercise in self.exercises.values() for name in exercise["names"]]
        self.before = {name: self.namespace.get(name) for name in names}

    def remember(self, result):
        """Keep what a cell of checks has said, or one that defines an exercise; `result` is IPython's of any cell."""
        # No error itself, which would hold on to all that its cell had in hand.
        error = result.error_before_exec or result.error_in_exec
        said = error and _in_a_line(error)
        # No cell of checks is needed to find such an error.
        for cause in causes_of_error(error)[:1] if isinstance(error, SyntaxError) else []:
            print(cause)
        for exercise in self.exercises.values():
            self._note_cell(exercise, result.info.raw_cell, said)
        checked = self.exercises.get(self.checks.get(_digest(result.info.raw_cell)))
        (self.left if checked else self.own).update(_assigned(result.info.raw_cell))
        if checked is None:
            return
        self.said[checked["id"]] = said
        if said is None and checked["id"] in self.stopped:
            print(self._of_earlier_run(checked))
        if self._in_its_cell(checked) or (error and self._is_stub(checked)):
            del self.said[checked["id"]]
        for name in sorted(set().union(*map(_globals_in, self._code_of(checked))) & self.left - self.own):
            print(f"`{name}` is taken from what a cell of checks has left behind: no line of {_title(checked)} gives it"
                  " a value, and after a restart there is none.")  # fmt: skip

    def _note_cell(self, exercise, source, said):
        """Keep whether a cell that defines an exercise has stopped; of another text than before, it is not checked."""
        names = [name for name in exercise["names"] if _defines(source, name)]
        if not names:
            return
        self.stopped.pop(exercise["id"], None)
        if said and any(self.namespace.get(name) is self.before.get(name) for name in names):
            self.stopped[exercise["id"]] = said
        cells = self.cells.setdefault(exercise["id"], {})
        if any(cells.get(name) != _digest(source) for name in names):
            self.said.pop(exercise["id"], None)
        cells.update(dict.fromkeys(names, _digest(source)))

    def missing(self, error, frames):
        """Which exercise the cell that stopped needs finished first, in one line; None where that is not the cause.

        Parameters
        ----------
        error : Exception
        frames : its traceback
        """
        line = self._missing_name(error, frames) if isinstance(error, MISSING) else None
        if line is not None:
            return line
        needed = [self.exercises[one] for one in self.given.get(_digest(self.cell), [])]
        seen = self._passed_through(frames) if needed else ()
        return self._first_to_mend(needed, "this cell goes on with it", seen)

    def likely_cause(self, error):
        """What mostly is behind such an error of a cell of checks, a line; empty where nothing is to be said."""
        exercise = self.exercises.get(self.checks.get(_digest(self.cell)))
        if exercise is None:
            return ""
        if exercise["id"] in self.stopped:
            return f"{self._of_earlier_run(exercise)}\n"
        causes = [] if isinstance(error, AssertionError) else [self._misspelt(error), *causes_of_error(error)]
        below = None if causes and causes[0] else self._below(exercise)
        if below:
            return f"It builds on {_title(below)}, of which {self._trouble(below)}: mend that first.\n"
        if isinstance(error, AssertionError):
            return ""
        more = f'hint("{exercise["id"]}") tells where to look again.' if exercise["hints"] else ""
        line = " ".join(part for part in (next(filter(None, causes), ""), more) if part)
        return f"{line}\n" if line else ""

    def _of_earlier_run(self, exercise):
        stopped = self.stopped[exercise["id"]]
        return f"The cell of {_title(exercise)} stops ({stopped}): what is checked here, an earlier run has left."

    def _misspelt(self, error):
        """Of an exercise's object that lacks an attribute, what comes near, a line; empty of all other errors."""
        thing = getattr(error, "obj", None) if isinstance(error, AttributeError) else None
        ours = [self.namespace.get(name) for exercise in self.exercises.values() for name in exercise["names"]]
        if not any(type(thing) is one for one in ours):
            return ""
        # A module of torch keeps its layers apart.
        parts = [name for part in ("_modules", "_parameters", "_buffers") for name in vars(thing).get(part, {})]
        parts += [name for name in vars(thing) if not name.startswith("_") and name != "training"]
        near = " and ".join(f"`{name}`" for name in difflib.get_close_matches(error.name, parts, n=2, cutoff=0))
        return (
            f"`{type(thing).__name__}` has no `{error.name}`: is it misspelt, here or in `__init__`, or is `self.`"
            f" missing there? {f'It has {near}.' if near else ''}"
        ).rstrip()

    def _missing_name(self, error, frames):
        """The same, told by what is missing."""
        frame = list(traceback.walk_tb(frames))[-1][0]
        if frame.f_globals is not self.namespace:
            return None
        within = self._owner(frame)
        if isinstance(error, NotImplementedError):
            where = _qualified(frame)
            return within and _finish(within, f"`{where}` still raises NotImplementedError")
        name = error.name
        if name is None or name in self.namespace:
            return None
        owner = next((exercise for exercise in self.exercises.values() if name in exercise["names"]), None)
        if owner:
            stopped = self.stopped.get(owner["id"])
            do = f"Mend the cell of {_title(owner)} first, which stops ({stopped})" if stopped else ""
            return f"{do or f'Run the cell of {_title(owner)} first'}: it defines `{name}`."
        # A name that an answer makes up is the answer's own fault.
        if within:
            return None
        needed = [self.exercises[one] for one in self.needs.get(name, [])]
        if needed:
            line = self._first_to_mend(needed, f"`{name}` is made with it, in a cell above")
            return line or f"Run the cells from {_title(needed[-1])} on first: one of them defines `{name}`."
        is_known = {*self.given, *self.checks} & {_digest(self.cell)}
        return f"Run the cells above first: one of them defines `{name}`." if is_known else None

    def _first_to_mend(self, needed, reason, seen=()):
        """Of exercises, that which is to be mended first, in a line with the reason; None where none is known to be.

        It is what the error has come through, where something is known of that; else the first that is not finished
        or not there, else the first whose checks have failed.
        """
        troubled = [exercise for exercise in (*seen, *needed) if self._trouble(exercise)]
        there = [exercise for exercise in troubled if self._is_stub(exercise) or self._in_its_cell(exercise)]
        if not troubled:
            return None
        first = troubled[0] if troubled[0] in seen else (there or troubled)[0]
        if self._is_stub(first):
            return _finish(first, reason)
        if self.stopped.get(first["id"]):
            return f"Mend the cell of {_title(first)} first, which stops ({self.stopped[first['id']]}): {reason}."
        if self._in_its_cell(first):
            return f"Run the cells from {_title(first)} on first: {reason}."
        return _finish(first, f"{reason}, and {self._trouble(first)}")

    def _trouble(self, exercise):
        """Why nothing should be built on an exercise, in words; empty where nothing is known against it."""
        if self._is_stub(exercise):
            return "something is not finished yet"
        said = textwrap.shorten(self.said.get(exercise["id"]) or "", 120, placeholder=" ...")
        return self._in_its_cell(exercise) or (f"the checks have failed ({said})" if said else "")

    def _in_its_cell(self, exercise):
        """What has become of the cell of an exercise that is not there, in words; empty where it is."""
        if exercise["id"] in self.stopped:
            return f"the cell stops ({self.stopped[exercise['id']]})"
        return "" if set(exercise["names"]) <= set(self.namespace) else "the cell has not been run"

    def _is_stub(self, exercise):
        """Whether an exercise is there and not finished; what has passed is, whatever line was left behind in it."""
        passed = self.said.get(exercise["id"], "") is None
        return not passed and any(map(_is_stub, self._code_of(exercise)))

    def _below(self, exercise):
        """The first of the exercises that the code of another names which is not as it should be; None without."""
        found, waiting = [], [exercise]
        while waiting:
            named = set().union(*map(_names_in, self._code_of(waiting.pop())))
            for other in self.exercises.values():
                if other not in (exercise, *found) and named & set(other["names"]):
                    found.append(other)
                    waiting.append(other)
        return next((other for other in self.exercises.values() if other in found and self._trouble(other)), None)

    def _code_of(self, exercise):
        """The code of an exercise, as far as it is there."""
        things = [self.namespace[name] for name in exercise["names"] if name in self.namespace]
        return [code for thing in things for code in _codes(thing)]

    def _owner(self, frame):
        """The exercise whose code a frame runs; None of all other code."""
        if frame.f_globals is not self.namespace:
            return None
        name = _qualified(frame).split(".")[0]
        return next((exercise for exercise in self.exercises.values() if name in exercise["names"]), None)

    def _passed_through(self, frames):
        """The exercises whose code an error came through, the innermost first."""
        owners = [self._owner(frame) for frame, _ in traceback.walk_tb(frames)]
        return [owner for owner in reversed(owners) if owner]


def _attend(found):
    """Have IPython say which exercise is missing, and remember what checks say; outside of it, nothing is done."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        return
    found.namespace = shell.user_global_ns
    shell.events.register("pre_run_cell", found.begin)
    shell.events.register("post_run_cell", found.remember)
    # Whoever handles errors in a way of their own keeps it.
    if shell.custom_exceptions not in ((), KINDS):
        return

    def show(shell, kind, error, frames, tb_offset=None):
        line = found.missing(error, frames)
        if line is None:
            shell.showtraceback((kind, error, frames), tb_offset=tb_offset, running_compiled_code=True)
            print(found.likely_cause(error), end="")
        else:
            shell._showtraceback(kind, error, [line])

    shell.set_custom_exc(KINDS, show)


def _digest(source):
    """The digest of a cell's text, whatever an editor did to its line ends and the space at them."""
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    text = "\n".join(line.rstrip() for line in lines).strip()
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


def _in_a_line(error):
    """What an error says, in one line; the kind of all but a check's own."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}, line {error.lineno}"
    kind = "" if isinstance(error, AssertionError) and str(error) else f"{type(error).__name__}: "
    return textwrap.shorten(f"{kind}{error}", 300, placeholder=" ...")


def _find(asked, exercises):
    """The exercises of an id, a number, or a name that they ask for, or of what bears such a name; mostly one."""
    asked = re.sub(r"(?i)^exercise\s+", "", _name(asked).strip())
    for key in (asked, asked.split(".")[0]):
        found = [one for one in exercises.values() if key in (one["id"], one["number"]) or key in one["names"]]
        if found:
            return found
    return []


def _name(asked):
    return getattr(asked, "__qualname__", str(asked))


def _title(exercise):
    number = f" {exercise['number']}" if exercise["number"] else ""
    return f"exercise{number} ({exercise['title']})"


def _finish(exercise, reason):
    help_for_it = f' hint("{exercise["id"]}") tells where to begin.' if exercise["hints"] else ""
    return f"Finish {_title(exercise)} first: {reason}.{help_for_it}"


def _qualified(frame):
    """The dotted name of what a frame runs."""
    return frame.f_code.co_qualname.replace(".<locals>", "")


def _defines(source, name):
    """Whether the text of a cell, which may be no valid code, defines a name."""
    return re.search(rf"^(?:async +def|def|class) +{name}\b|^{name} *=[^=]", source, re.MULTILINE) is not None


def _codes(thing):
    """The code of a function, or of the methods of a class."""
    parts = list(vars(thing).values()) if isinstance(thing, type) else [thing]
    codes = [getattr(inspect.unwrap(getattr(part, "__func__", part)), "__code__", None) for part in parts]
    return [code for code in codes if code is not None]


def _names_in(code):
    """The global names and attributes that code uses, be it in functions within it."""
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return {*code.co_names}.union(*map(_names_in, inner))


def _globals_in(code):
    """The names that code reads, be it in functions within it, and that are none of its own."""
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    read = {step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL"}
    return read.union(*map(_globals_in, inner))


def _assigned(source):
    """The names to which a cell gives a value; none of a cell that cannot run."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        code = compile(TransformerManager().transform_cell(source), "", "exec")
    except SyntaxError:
        return set()
    return {step.argval for step in dis.get_instructions(code) if step.opname in ("STORE_NAME", "STORE_GLOBAL")}


def _is_stub(code):
    """Whether the code of a function, or of a method of a class, has the line that raises NotImplementedError."""
    return "NotImplementedError" in _names_in(code)
