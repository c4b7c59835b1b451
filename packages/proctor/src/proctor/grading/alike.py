"""Which submissions are alike beyond what the release gives and what many write: it accuses nobody.

The method is that of MOSS (Schleimer, Wilkerson and Aiken, "Winnowing", 2003), which copydetect and, with whole token
strings, JPlag follow: runs of tokens, names and remarks aside. Those tools compare files in folders; here it is single
exercises, and a run counts only where few of the class have it, as a short right answer has not many forms.
"""

import builtins
import keyword
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

# What a student wrote may be made to be slow to read: one pass over so much of it, without looking back.
MAX_CHARACTERS = 20_000
TOKEN = re.compile(r"""[^\W\d]\w*|\d[\w.]*|"[^"\n]*"?|'[^'\n]*'?|\#[^\n]*|[^\w\s]""")
QUOTES = ("'", '"')
KNOWN = {*keyword.kwlist, *dir(builtins)}
RUN = 9
# A run of tokens tells something where no more than this share of the class has it; in a small class, no more than so
# many, as long as they are no more than half.
RARE, FEW = 0.1, 5
LEAST_RUNS, LEAST_SHARE = 12, 0.5


@dataclass(frozen=True)
class Alike:
    """Two answers to an exercise that share what few have.

    Parameters
    ----------
    share : of the shorter one's runs of tokens, beyond the release's, how many the other has as well
    rare : how many of the shared ones few others have
    others : how many others of the class have as much of them
    """

    exercise: str
    first: str
    second: str
    share: float
    rare: int
    others: int


def tokens(code: str) -> list[str]:
    """Code as a list of tokens: one's own names are all one, remarks and layout are left out."""
    found = []
    for text in TOKEN.findall(code[:MAX_CHARACTERS]):
        if text.startswith("#"):
            continue
        if text[0] in QUOTES:
            found.append("TEXT")
            continue
        # `x.softmax`: what a library calls its own is no choice of the student's.
        own = text.isidentifier() and text not in KNOWN and found[-1:] != ["."]
        found.append("NAME" if own else text)
    return found


def runs(code: str) -> set[tuple[str, ...]]:
    """All runs of so many tokens in some code."""
    words = tokens(code)
    return {tuple(words[n : n + RUN]) for n in range(len(words) - RUN + 1)}


def alike(answers: dict[str, str], released: str, exercise: str) -> Iterator[Alike]:
    """The pairs of answers to one exercise that are alike, the most alike first.

    Parameters
    ----------
    answers : {student: code}
    released : str, the exercise's code as it was released
    """
    given = runs(released)
    own = {student: runs(code) - given for student, code in answers.items()}
    holders = defaultdict(list)
    for student, found in own.items():
        for run in found:
            holders[run].append(student)
    limit = max(2, min(FEW, (len(answers) + 1) // 2), int(RARE * len(answers)))
    rare = {run: who for run, who in holders.items() if 2 <= len(who) <= limit}
    pairs = Counter(
        (one, other) for who in rare.values() for n, one in enumerate(sorted(who)) for other in sorted(who)[n + 1 :]
    )
    found = []
    for (one, other), count in pairs.items():
        shared = own[one] & own[other]
        share = len(shared) / min(len(own[one]), len(own[other]))
        if count >= LEAST_RUNS and share >= LEAST_SHARE:
            theirs = [run for run in shared if run in rare]
            having = Counter(who for run in theirs for who in rare[run])
            others = sum(number >= count / 2 for who, number in having.items() if who not in (one, other))
            found.append(Alike(exercise, one, other, share, count, others))
    yield from sorted(found, key=lambda pair: (-pair.share, -pair.rare, pair.first, pair.second))


def without_layout(code: str) -> str:
    """Code without remarks of their own and blank lines, to be read beside another."""
    lines = code[:MAX_CHARACTERS].split("\n")
    return "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#"))
