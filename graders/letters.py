"""The checks of an answer that is a letter: one that can be worked out has to be right, a guess has to be one."""

from proctor.checks import expect


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
    expect.true(
        len(found) == 1 and found in letters,
        f"`{name}()` should be one of the letters {', '.join(letters)}, but is {letter[:40]!r}.",
        letter[:40],
    )
    return found
