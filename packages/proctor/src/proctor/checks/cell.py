"""A code cell of a submission. Nothing here loads torch, which who only looks up verdicts does not need."""

from dataclasses import dataclass

# Between the cell and the reason, in a message about a cell of which nothing can be used.
STOPPED = " stopped: "


@dataclass(frozen=True)
class Cell:
    """A code cell of a submission.

    Parameters
    ----------
    id : str, the exercise's id for a solution cell, else the position
    source : str, as a notebook's kernel is given it, magics and all
    given : bool, released code that comes before any of the student's, so that its time is not theirs
    released : str, what runs where nothing of `source` does: the cell as it was released, so that code which builds on
        its names, such as a class that inherits from one, stands all the same
    own : bool, a cell that the release does not have
    """

    id: str
    source: str
    given: bool = False
    released: str = ""
    own: bool = False
