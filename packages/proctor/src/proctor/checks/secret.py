"""Where the inputs of graded checks come from: the course's secret and the submission's own code.

Nobody who does not have the secret can know them beforehand, and what one student learns about their own helps nobody
else, nor the same student after a change.
"""

import hashlib
import hmac
import json

from proctor.checks.cell import Cell
from proctor.course import Course

AUDIT_KEY = b""


def submission_key(course: Course, cells: list[Cell]) -> bytes:
    """The key of one submission: that of everybody who hands in the same code, and of nobody else.

    Raises
    ------
    course.SecretError : where there is no secret to be had
    """
    code = json.dumps([[cell.id, cell.source] for cell in cells]).encode()
    return hmac.digest(course.secret, code, hashlib.sha256)


def check_seed(key: bytes, check: str) -> int:
    """The seed of a check, by its name, under a submission's key; under `AUDIT_KEY`, the same everywhere."""
    return int.from_bytes(hashlib.sha256(key + check.encode()).digest()[:4], "big")
