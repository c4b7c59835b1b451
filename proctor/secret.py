"""The course's secret, from which the inputs of graded checks are drawn.

Nobody who does not have it can know them beforehand, and what one student learns about their own helps nobody else,
nor the same student after a change.
"""

import contextlib
import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path

from proctor.intake import Cell

SECRET = ".proctor_secret"
AUDIT_KEY = b""


class SecretError(Exception):
    """The course's secret can neither be read nor be made; the message says why."""


def course_secret(root: Path) -> bytes:
    """The secret of the course at `root`, made where there is none yet.

    Raises
    ------
    SecretError : where it is damaged, or cannot be read or written
    """
    path = root / SECRET
    try:
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(descriptor, secrets.token_hex().encode())
            os.close(descriptor)
        secret = path.read_bytes().strip()
    except OSError as error:
        raise SecretError(f"{path} cannot be read or made: {error.strerror}") from error
    if len(secret) < 64:
        raise SecretError(f"{path} is damaged: bring back the one that this class was graded with, or delete it")
    return secret


def submission_key(root: Path, cells: list[Cell]) -> bytes:
    """The key of one submission: that of everybody who hands in the same code, and of nobody else.

    Raises
    ------
    SecretError : as `course_secret`
    """
    code = json.dumps([[cell.id, cell.source] for cell in cells]).encode()
    return hmac.digest(course_secret(root), code, hashlib.sha256)


def check_seed(key: bytes, check: str) -> int:
    """The seed of a check, by its name, under a submission's key; under `AUDIT_KEY`, the same everywhere."""
    return int.from_bytes(hashlib.sha256(key + check.encode()).digest()[:4], "big")
