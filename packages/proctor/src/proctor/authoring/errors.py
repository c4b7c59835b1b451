"""What an author must put right."""

from pathlib import Path


class BuildError(Exception):
    """What an author must put right.

    Parameters
    ----------
    errors : list of str, each `file:line: what is wrong`, the file relative to the course
    """

    def __init__(self, errors: list[str]):
        super().__init__(errors)
        self.errors = errors

    def __str__(self):
        return "\n".join(self.errors)


class Errors(list):
    """The messages found so far, each `file:line: what is wrong`."""

    def __init__(self, root: Path):
        super().__init__()
        self.root = root

    def add(self, file: Path, line: int, message: str) -> None:
        self.append(f"{file.relative_to(self.root).as_posix()}:{line}: {message}")
