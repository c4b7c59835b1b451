"""Answers that are a letter or a number: their checks, and what students hand in that is neither.

One that can be worked out has to be right; a guess has to be one.
"""

import numpy as np
import torch

from graders.helpers import values
from proctor.authoring.bank import Mistake
from proctor.checks import expect
from proctor.checks.submission import Handle

NOTHING = "Your function returns nothing. What it prints is not what it returns."


def letter_of(submission, name, letters):
    """The letter that a function of the submission gives, in lower case.

    Parameters
    ----------
    submission : the fixture
    name : str, of the function
    letters : str, those that stand before the answers
    """
    letter = getattr(submission, name)()
    expect.type(letter, str, f"`{name}()`")
    found = letter.strip().lower()
    some = [sign for sign in found if sign in letters]
    expect.true(
        len(found) == 1 and found in letters,
        f"`{name}()` should be one of the letters {', '.join(letters)}, but is {letter[:40]!r}.",
        "several letters" if len(some) > 1 else "no letter",
    )
    return found


def check_between(submission, value, what, low, high, hint):
    """A guess that is a number, of whatever kind: it stands there, and could be right, as its author will see."""
    if isinstance(value, Handle) and value.type_name in ("Fraction", "Decimal"):
        value = submission.library("builtins.float")(value)
    if isinstance(value, (np.ndarray, torch.Tensor)):
        expect.shape(value, (), what, "It is a single number.")
        value = value.item()
    expect.type(value, (int, float, np.number), what)
    number = float(value)
    where = "above" if number > high else "a share" if 0 < number < 1 else "below" if number < low else "no number"
    expect.true(low <= number <= high, f"{what} should be from {low} to {high}, but is {number:.4g}. {hint}", where)


def check_shares(submission, name, names=()):
    """A guess is a share from 0 to 1, or, where there are names, as many of them."""
    result = getattr(submission, name)()
    shares = {f"`{name}()`": result}
    if names:
        found = values(result, f"`{name}()`", names)
        shares = {f"`{name}()`, {what},": share for what, share in zip(names, found, strict=True)}
    for what, share in shares.items():
        check_between(submission, share, what, 0, 1, "It is a share: half is 0.5, not 50.")


def slips(exercise: str, line: str, answers: dict[str, tuple[str, str]]) -> list[Mistake]:
    """Mistakes of an exercise that is one line, {the end of its name: (what stands in place of the line, hint)}."""
    return [
        Mistake(name=f"{exercise}_{name}", exercise=exercise, hint=hint, changes=[(line, answer)])
        for name, (answer, hint) in answers.items()
    ]


def slips_of_letter(exercise: str, line: str, wrong: dict[str, str] | None = None) -> list[Mistake]:
    """What is no letter of an exercise, and the letters that are wrong.

    Parameters
    ----------
    line : the solution's, such as `return "a"`
    wrong : {letter: hint}
    """
    before = line[: line.index('"')]
    answers = {
        "no_letter": (f'{before}"z"', "Your answer is none of the letters that stand before the answers."),
        "several_letters": (f'{before}"ab"', "Your answer is several letters. Settle for one."),
        "number_in_place_of_letter": (f"{before}1", "Your answer is a number. The answers have letters."),
        "several_values": (f'{before}"a", "b"', "Your answer is more than one value. Settle for one letter."),
        "nothing": (f"{before}None", NOTHING),
    }
    answers |= {f"letter_{letter}": (f'{before}"{letter}"', hint) for letter, hint in (wrong or {}).items()}
    return slips(exercise, line, answers)


def slips_of_share(exercise: str, line: str) -> list[Mistake]:
    """What is no share of an exercise that returns one: `line` is the solution's, such as `share = 0.2`."""
    before = line[: line.index("0.")]
    answers = {
        "above_one": (f"{before}90", "Your guess is above one. Give a share, not a percentage: half is 0.5."),
        "below_zero": (f"{before}-0.5", "Your guess is below zero. A share is from 0 to 1."),
        "in_words": (f'{before}"a half"', "Your guess is a text. Give a number."),
        "several_values": (f"{before}0.1, 0.9", "Your guess is more than one value. Settle for one number."),
        "nothing": (f"{before}None", NOTHING),
    }
    return slips(exercise, line, answers)
