"""Help while one works on a notebook: hints in steps, which exercise to finish first, and how far all of them are.

What it knows lies beside the notebook, in <assignment>.guide.json. Where that file is not, nothing changes.
"""

import hashlib
import json
import re
import textwrap
import traceback
from pathlib import Path
from types import CodeType

# What an error of a cell of checks says, and what mostly is behind it. The first that fits counts.
CAUSES = [
    (r"NoneType(?!' object is not callable)", "What you wrote gives None there: is a `return` missing?"),
    (r"'(list|tuple|dict|float|int|\w*ndarray)' object has no attribute",
     "A {0} stands where a tensor is expected, or an array."),
    (r"must be Tensor, not (\w+)", "A {0} stands where a tensor is expected."),
    (r"requires grad\. Use", "Only a number or an array may stand there: `.item()`, or no gradients around it."),
    (r"not enough values to unpack|cannot unpack non-iterable|'float' object is not (?:subscriptable|iterable)",
     "Fewer results come back than the docstring names: return them all, with commas between."),
    (r"too many values to unpack", "More results come back than are expected there: the docstring names them."),
    (r"Sizes of tensors must match|shapes cannot be multiplied|size of tensor a|invalid for input of size"
     r"|same number of dimensions|could not be broadcast",
     "Two shapes do not fit: print those in the last line of yours that the traceback shows."),
]  # fmt: skip
# What a cell stops with, but for a stop by hand.
KINDS = (Exception,)
# What it stops with where an exercise is missing.
MISSING = (NameError, NotImplementedError)
# Of an exercise, in the file.
FIELDS = ("id", "number", "title", "names", "hints")


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
        self.said = {}  # by exercise: what its checks stopped with; None where they passed
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
        found = _find(exercise, self.exercises)
        if found is None:
            known = ", ".join(f"{one['id']} ({one['number'] or one['title']})" for one in self.exercises.values())
            asked = "Which exercise?" if exercise is None else f"There are no hints for {_name(exercise)!r}."
            print(f"{asked} There are hints for: {known}.")
            return
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
        print(f"{states.count('passed')} of {len(states)} pass their checks. Answers in words are not looked at here.")

    def state(self, exercise):
        """How far an exercise is: not finished yet, or what its checks have said."""
        said = self.said.get(exercise["id"], "not checked yet")
        if said is None:
            return "passed"
        if _is_unfinished(exercise, self.namespace):
            return "not finished yet"
        return textwrap.shorten(f"failed: {said}", 90, placeholder=" ...") if exercise["id"] in self.said else said

    def begin(self, info):
        """Keep the text of the cell that is about to run, of which IPython informs."""
        self.cell = info.raw_cell

    def remember(self, result):
        """Keep what a cell of checks has said; `result` is IPython's of any cell."""
        exercise = self.checks.get(_digest(result.info.raw_cell))
        if exercise is not None:
            # No error itself, which would hold on to all that its cell had in hand.
            error = result.error_before_exec or result.error_in_exec
            self.said[exercise] = error and _in_a_line(error)
            if error and _is_unfinished(self.exercises[exercise], self.namespace):
                del self.said[exercise]

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
        return self._first_to_finish(needed, "this cell goes on with it", f" ({_in_a_line(error)})")

    def likely_cause(self, error):
        """What mostly is behind such an error of a cell of checks, a line; empty where nothing is to be said."""
        exercise = self.exercises.get(self.checks.get(_digest(self.cell)))
        if exercise is None or isinstance(error, AssertionError):
            return ""
        causes = (told.format(*match.groups()) for seen, told in CAUSES if (match := re.search(seen, str(error))))
        more = f'hint("{exercise["id"]}") tells where to look again.' if exercise["hints"] else ""
        line = " ".join(part for part in (next(causes, ""), more) if part)
        return f"{line}\n" if line else ""

    def _missing_name(self, error, frames):
        """The same, told by what is missing."""
        frame = list(traceback.walk_tb(frames))[-1][0]
        if frame.f_globals is not self.namespace:
            return None
        owners = {name: exercise for exercise in self.exercises.values() for name in exercise["names"]}
        where = frame.f_code.co_qualname.replace(".<locals>", "")
        within = owners.get(where.split(".")[0])
        if isinstance(error, NotImplementedError):
            return within and _finish(within, f"`{where}` still raises NotImplementedError")
        name = error.name
        if name is None or name in self.namespace:
            return None
        if name in owners:
            return f"Run the cell of {_title(owners[name])} first: it defines `{name}`."
        # A name that an answer makes up is the answer's own fault.
        if name not in self.needs or within:
            return None
        needed = [self.exercises[one] for one in self.needs[name]]
        line = self._first_to_finish(needed, f"`{name}` is made with it, in a cell above")
        return line or f"Run the cells from {_title(needed[-1])} on first: one of them defines `{name}`."

    def _first_to_finish(self, needed, reason, stopped=""):
        """Of exercises, the first that is unfinished, else the first whose checks failed, in a line with the reason."""
        for exercise in needed:
            if self.state(exercise) == "not finished yet":
                return _finish(exercise, reason)
        for exercise in needed:
            if self.said.get(exercise["id"]) is not None:
                return _finish(exercise, f"{reason}, and its checks have failed{stopped}")
        return None


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
    kind = "" if isinstance(error, AssertionError) and str(error) else f"{type(error).__name__}: "
    return textwrap.shorten(f"{kind}{error}", 300, placeholder=" ...")


def _find(asked, exercises):
    """The exercise of an id, a number that no other has, or a name that it asks for, or of what bears such a name."""
    asked = _name(asked)
    by_number = [one for one in exercises.values() if asked == one["number"]]
    found = [one for one in exercises.values() if asked == one["id"]]
    found += by_number if len(by_number) == 1 else []
    found += [one for one in exercises.values() if asked in one["names"]]
    return found[0] if found else None


def _name(asked):
    return getattr(asked, "__name__", str(asked))


def _title(exercise):
    number = f" {exercise['number']}" if exercise["number"] else ""
    return f"exercise{number} ({exercise['title']})"


def _finish(exercise, reason):
    help_for_it = f' hint("{exercise["id"]}") tells where to begin.' if exercise["hints"] else ""
    return f"Finish {_title(exercise)} first: {reason}.{help_for_it}"


def _is_unfinished(exercise, namespace):
    return any(name not in namespace or _is_stub(namespace[name]) for name in exercise["names"])


def _is_stub(thing):
    """Whether a function, or a method of a class, has the line that raises NotImplementedError."""
    parts = list(vars(thing).values()) if isinstance(thing, type) else [thing]
    codes = [getattr(getattr(part, "__func__", part), "__code__", None) for part in parts]
    return any(_raises(code) for code in codes if code is not None)


def _raises(code):
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return "NotImplementedError" in code.co_names or any(_raises(one) for one in inner)
