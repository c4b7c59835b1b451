"""Help while one works on a notebook: hints in steps, and which exercise to finish first where one is missing.

What it knows lies beside the notebook, in <assignment>.guide.json. Where that file is not, nothing changes.
"""

import json
import traceback
from pathlib import Path
from types import CodeType

# What a cell stops with where an exercise before it is missing.
KINDS = (NameError, NotImplementedError)


def guide(assignment):
    """Begin to help with a notebook.

    In a notebook, a cell that needs an exercise which is not finished then stops with one line that names it, in
    place of a traceback. All other errors are shown as ever.

    Parameters
    ----------
    assignment : str, the notebook's name

    Returns
    -------
    hint : function; `hint("encoder")` prints the first hint for this exercise, called again the next one
    """
    file = Path(f"{assignment}.guide.json")
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        read = {"exercises": [], "needs": {}}
    exercises = {exercise["id"]: exercise for exercise in read["exercises"]}
    _tell_what_is_missing(exercises, read["needs"])
    given = dict.fromkeys(exercises, 0)

    def hint(exercise=None):
        """Print the next hint for an exercise: where to look again, then what comes out, then the step in words.

        Parameters
        ----------
        exercise : str, the exercise, or its number, or a function or class that it asks for; without it, all are listed
        """
        if not exercises:
            print(f"There are no hints here: {file} should lie beside the notebook, with which it came.")
            return
        found = _find(exercise, exercises)
        if found is None:
            known = ", ".join(f"{one['id']} ({one['number'] or one['title']})" for one in exercises.values())
            asked = "Which exercise?" if exercise is None else f"There are no hints for {_name(exercise)!r}."
            print(f"{asked} There are hints for: {known}.")
            return
        hints = found["hints"]
        if not hints:
            print(f"There are no hints for {_title(found)}.")
            return
        step = given[found["id"]] = min(given[found["id"]] + 1, len(hints))
        print(f"Hint {step} of {len(hints)} for {_title(found)}: {hints[step - 1]}")

    return hint


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


def _tell_what_is_missing(exercises, needs):
    """Have IPython say which exercise is missing; outside of it, nothing is done."""
    if not exercises:
        return
    from IPython import get_ipython

    shell = get_ipython()
    # Whoever handles errors in a way of their own keeps it.
    if shell is None or shell.custom_exceptions not in ((), KINDS):
        return

    def show(shell, kind, error, frames, tb_offset=None):
        line = missing(error, frames, shell.user_global_ns, exercises, needs)
        if line is None:
            shell.showtraceback((kind, error, frames), tb_offset=tb_offset)
        else:
            shell._showtraceback(kind, error, [line])

    shell.set_custom_exc(KINDS, show)


def missing(error, frames, namespace, exercises, needs):
    """Which exercise is to be finished first, in one line; None where an error has another cause.

    Parameters
    ----------
    error : NameError or NotImplementedError
    frames : its traceback
    namespace : dict, the notebook's names
    exercises : dict of the exercises by their ids, in order
    needs : dict, the names that given cells define to the ids of the exercises that these cells need
    """
    frame = list(traceback.walk_tb(frames))[-1][0]
    if frame.f_globals is not namespace:
        return None
    owners = {name: exercise for exercise in exercises.values() for name in exercise["names"]}
    where = frame.f_code.co_qualname.replace(".<locals>", "")
    within = owners.get(where.split(".")[0])
    if isinstance(error, NotImplementedError):
        return within and _finish(within, f"`{where}` still raises NotImplementedError")
    name = error.name
    if name is None or name in namespace:
        return None
    if name in owners:
        return f"Run the cell of {_title(owners[name])} first: it defines `{name}`."
    # A name that an answer makes up is the answer's own fault.
    if name not in needs or within:
        return None
    needed = [exercises[one] for one in needs[name]]
    for exercise in needed:
        if _is_unfinished(exercise, namespace):
            return _finish(exercise, f"`{name}` is made with it, in a cell above")
    return f"Run the cells from {_title(needed[-1])} on first: one of them defines `{name}`."


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
