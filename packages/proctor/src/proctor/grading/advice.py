"""What a student is told to do first."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """What to do about exercises: the likely causes, or what was found first."""

    sections: list
    words: list[str]
    are_causes: bool

    @property
    def gain(self) -> float:
        """The points that are lost there."""
        return sum(section.lost for section in self.sections)


def advice(sections: list) -> list[Step]:
    """What to do, that which gains most first; of equal gains, what stops, then what has a known cause.

    Parameters
    ----------
    sections : `student_page.Section`, of which what is alike is said once, of all of them together
    """
    found = {}
    for section in sections:
        for rank, step in _steps(section):
            empty = Step([], step.words, step.are_causes)
            found.setdefault((*step.words, step.are_causes), (rank, empty))[1].sections.append(section)
    return [step for _, step in sorted(found.values(), key=lambda entry: (-entry[1].gain, entry[0]))]


def _steps(section):
    """What to do about an exercise, with its rank; nothing where nobody said more than the points."""
    if section.is_missing:
        return [(3, Step([section], ["Not implemented yet."], False))]
    if section.is_open or section.is_stale or section.lost <= 0:
        return []
    if section.is_unanswered:
        return [(4, Step([section], ["Not answered yet."], False))]
    failed = [entry for item in section.items for entry in item.checks(passed=False) if not item.is_overruled]
    if not failed:
        return [(2, Step([section], ["Read the comment."], False))] if section.comments else []
    causes = list(dict.fromkeys(hint for _, _, hint in failed if hint))
    stops = any(item.verdict and item.verdict.status == "error" for item in section.items)
    words = causes or [next((message for _, message, _ in failed if message), failed[0][0].title)]
    return [(0 if stops else 1 if causes else 2, Step([section], words, bool(causes)))]
