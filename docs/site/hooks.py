"""What mkdocs needs to be told: the notebooks as pages, formulas as MathML, and what lies outside docs/.

mkdocs.yml names this file, and mkdocs calls its `on_...` functions.
"""

import html
import json
import logging
import os
import re
import tomllib
from pathlib import Path

from latex2mathml.converter import convert
from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[2]
FIGURES = ROOT / "docs/figures"
LOG = logging.getLogger("mkdocs.hooks.site")  # with --strict, a warning fails the build

NOTE = """
!!! note "As students get it"
    Cells say `# your code here` where students write theirs. Figures of the data that come along are shown; those of
    what a network has learnt are for whoever trains it.
"""
OUTSIDE = re.compile(r"(?<!!)\[([^\]]*)\]\((\.\./[^)#]*)(#[^)]*)?\)")
SAME = {"{aligned}": "{split}", r"\arg\min": r"\operatorname{argmin}"}
LONG = 40  # characters of LaTeX, of a formula that may be wider than a phone
FORMULA = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)


def on_files(files, config):
    """Add a page for each released notebook."""
    descriptions = tomllib.loads((FIGURES / "descriptions.toml").read_text(encoding="utf-8"))
    for path in sorted(ROOT.glob("release/*/*.ipynb")):
        content = notebook_page(path, descriptions.get(path.stem, {}))
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=content))
    return files


def notebook_page(path: Path, descriptions: dict[str, str]) -> str:
    """A notebook as Markdown, with the figures that docs/figures/ has, below the cells that draw them.

    mkdocs-jupyter would bring Jupyter's styles into the page and 100 MB of Jupyter into .venv-site, and would show no
    figure: the notebooks are released without outputs.
    """
    parts, left = [], dict(descriptions)
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        # Students have notebooks beside docs/.
        source = "".join(cell["source"]).replace("](docs/", "](../")
        parts.append(f"````python\n{source}\n````" if cell["cell_type"] == "code" else source)
        if cell["id"] in left:
            parts.append(f"![{left.pop(cell['id'])}](../figures/{path.stem}/{cell['id']}.png)")
    if left:
        todo = "give the figures, there and in descriptions.toml, the ids that their cells have now"
        LOG.warning(f"docs/figures: {path.stem} has no cell {', '.join(left)} any more: {todo}")
    heading, _, rest = parts[0].partition("\n")
    return "\n\n".join([heading, NOTE, rest, *parts[1:]])


def on_page_markdown(markdown, page, config, files):
    """Lead links that leave docs/ to a notebook's page, else to the repository; without one, keep their words alone."""
    if page.file.abs_src_path is None:
        return markdown  # a notebook's page, which is nowhere but on the site

    if page.is_homepage:
        page.meta["hide"] = ["navigation", "toc"]  # room for three columns
    repository = config.extra["repository"]

    def led(link):
        words, target, anchor = link[1], link[2], link[3] or ""
        path = Path(os.path.normpath(ROOT / "docs" / target))
        if not path.exists():
            LOG.warning(f"{page.file.src_uri}: {target} does not exist")
        if path.suffix == ".ipynb":
            return f"[{words}](notebooks/{path.stem}.md{anchor})"
        if not repository:
            return words
        return f"[{words}]({repository}/blob/HEAD/{path.relative_to(ROOT).as_posix()}{anchor})"

    return OUTSIDE.sub(led, markdown)


def on_page_content(content, page, config, files):
    """Write formulas as MathML, which browsers draw by themselves; long ones scroll where a page is narrow."""

    def mathml(found):
        formula = html.unescape(found[2])
        drawn = draw_formula(formula, "block" if found[1] == "div" else "inline")
        if re.search(r"[\\&]", html.unescape(re.sub("<[^>]*>", "", drawn))):
            LOG.warning(f"{page.file.src_uri}: `{formula.strip()}` has something that latex2mathml does not know")
        if found[1] == "div":
            return f'<div style="overflow: auto hidden; padding: .3em 0">{drawn}</div>'
        if len(formula) < LONG:
            return drawn
        style = "display: inline-block; max-width: 100%; overflow: auto hidden; vertical-align: bottom"
        return f'<span style="{style}">{drawn}</span>'

    return FORMULA.sub(mathml, content)


def draw_formula(formula: str, display: str) -> str:
    """A formula of LaTeX as MathML, in words that latex2mathml knows."""
    for words, known in SAME.items():
        formula = formula.replace(words, known)
    return convert(formula, display=display).replace(r"\_", "_")
