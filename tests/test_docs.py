"""The documentation: every link leads somewhere, every figure says what is to be seen, no solution is there."""

import re
import tomllib
from pathlib import Path

import pytest

from proctor.authoring.published import find_published
from proctor.course import open_course

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("packages/*/README.md"))]
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)")


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    text = re.sub(r"(?ms)^```.*?^```", "", page.read_text(encoding="utf-8"))
    headings = re.findall(r"(?m)^#+ (.+)$", text)
    words = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading).strip().replace(" ", "-") for heading in words}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        path = page.parent / target if target else page
        assert path.exists(), f"{target} is not there"
        assert not anchor or anchor in anchors(path), f"{target or page.name} has no heading #{anchor}"


def test_each_page_has_its_place_on_the_site():
    listed = re.findall(r"(?m)^ +- (?:[^:\n]+: )?(\w+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(path.name for path in ROOT.glob("docs/*.md"))


def test_each_figure_says_what_is_to_be_seen():
    described = tomllib.loads((ROOT / "docs/figures/descriptions.toml").read_text(encoding="utf-8"))
    figures = {path.relative_to(ROOT / "docs/figures") for path in ROOT.glob("docs/figures/*/*.png")}
    assert figures == {Path(name, f"{cell}.png") for name, cells in described.items() for cell in cells}
    assert all(len(seen) > 20 for cells in described.values() for seen in cells.values())


def test_no_page_gives_a_solution_away(tmp_path):
    """What the site is made of; `make site` looks at the site itself."""
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        (tmp_path / f"{path.parent.name}-{path.stem}.html").write_text(text, encoding="utf-8")
    assert find_published(open_course(ROOT), tmp_path) == []
