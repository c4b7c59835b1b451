"""Which submissions are alike beyond what the release gives and what many write: it accuses nobody.

The method is that of MOSS (Schleimer, Wilkerson and Aiken, "Winnowing", 2003), which copydetect and, with whole token
strings, JPlag follow: runs of tokens, names and remarks aside. Those tools compare files in folders; here it is single
exercises, and a run counts only where few of the class have it, as a short right answer has not many forms.
"""

import builtins
import keyword
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations

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
    """Answers to an exercise that share what few have, each with another one of them.

    Parameters
    ----------
    students : all who wrote them
    first, second : the two of them that are the most alike
    share : of the shorter one's runs of tokens, beyond the release's, how many the other of the two has as well
    rare : how many of those that the two share few others have
    others : how many of the class, beside all of `students`, have as much of what the two share
    """

    exercise: str
    students: tuple[str, ...]
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


def alike(answers: dict[str, str], released: str, exercise: str) -> list[Alike]:
    """The groups of answers to one exercise that are alike, the most alike first; nobody is in two.

    Parameters
    ----------
    answers : {student: code}
    released : str, the exercise's code as it was released
    """
    given = runs(released)
    own = {student: runs(code) - given for student, code in answers.items()}
    holders = defaultdict(list)
    for student in sorted(own):
        for run in own[student]:
            holders[run].append(student)
    limit = max(2, min(FEW, (len(answers) + 1) // 2), int(RARE * len(answers)))
    rare = {run: who for run, who in holders.items() if 2 <= len(who) <= limit}
    counts = Counter(pair for who in rare.values() for pair in combinations(who, 2))
    shares = {
        (one, other): len(own[one] & own[other]) / min(len(own[one]), len(own[other]))
        for (one, other), count in counts.items()
        if count >= LEAST_RUNS
    }
    pairs = sorted((-share, -counts[pair], *pair) for pair, share in shares.items() if share >= LEAST_SHARE)
    groups, first = _connected((one, other) for _, _, one, other in pairs), {}
    for pair in pairs:
        first.setdefault(min(groups[pair[2]]), pair)
    found = []
    for share, count, one, other in first.values():
        having = Counter(who for run in own[one] & own[other] for who in rare.get(run, ()))
        others = sum(number >= -count / 2 for who, number in having.items() if who not in groups[one])
        found.append(Alike(exercise, tuple(sorted(groups[one])), one, other, -share, -count, others))
    return found


def _connected(pairs):
    """All whom pairs connect: {student: the students of the same group}."""
    groups = {}
    for one, other in pairs:
        mine, theirs = groups.setdefault(one, {one}), groups.setdefault(other, {other})
        if mine is not theirs:
            mine |= theirs
            groups |= dict.fromkeys(theirs, mine)
    return groups


def without_layout(code: str) -> str:
    """Code without remarks of their own and blank lines, to be read beside another."""
    lines = code[:MAX_CHARACTERS].split("\n")
    return "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#"))
