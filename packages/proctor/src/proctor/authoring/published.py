"""That no solution is on pages for everybody, such as a documentation site: `python -m proctor.authoring.published`.

What a picture shows is not read: whoever puts one there looks at it.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from html.parser import HTMLParser
from pathlib import Path

from proctor.authoring.assignment import read_text
from proctor.authoring.errors import BuildError
from proctor.authoring.leaks import contains, solution_lines, strings
from proctor.authoring.lint import check_text
from proctor.course import Course, CourseError, open_course
from proctor.settings import SettingsError

# What stands within a line. Any other element ends one.
INLINE = frozenset(
    ("a", "abbr", "b", "code", "del", "em", "i", "ins", "kbd", "mark", "s", "small", "span", "strong", "sub", "sup")
    + ("tspan", "wbr")
)
QUOTES = str.maketrans("“”‘’", "\"\"''")


def find_published(course: Course, folder: Path) -> list[str]:
    """The solution lines in a folder's files, model answers among them, as a reader sees them.

    Highlighting, markup, indentation and where lines are wrapped make no difference.

    Parameters
    ----------
    course : Course
    folder : the built pages, with whatever lies beside them, such as the index of their search

    Returns
    -------
    errors : list of str, each `file:line: what is wrong`, `file:line` being where the line belongs

    Raises
    ------
    BuildError : where a text of the course has errors, so that its solutions are not known, or the folder has no page
    """
    texts = [read_text(course, name) for name in course.assignments]
    errors = [error for text in texts for error in check_text(text)]
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not any(path.suffix == ".html" for path in files):
        errors.append(f"{folder}:1: there is no page in it; build the site first")
    if errors:
        raise BuildError(errors)
    secrets = {}
    for text in texts:
        # What one assignment gives to everybody is no secret of another.
        secrets |= {plain(line): (line, where) for line, where in solution_lines(text, others=texts).items()}
    for path in files:
        read = plain(" ".join(readable(path)))
        errors += [
            f"{where}: the solution line `{line}` is in {path.relative_to(folder).as_posix()}"
            for secret, (line, where) in secrets.items()
            if contains(read, secret)
        ]
    return errors


def plain(text: str) -> str:
    """Text without the signs that Markdown takes away, with straight quotes and single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"[*`\\]", "", text.translate(QUOTES)))


def readable(path: Path) -> Iterator[str]:
    """What there is to read in a file; of pictures, what is written beside them."""
    text = path.read_text(encoding="utf-8", errors="replace")
    yield text
    if path.suffix in (".html", ".htm", ".svg", ".xml"):
        yield html_text(text)
    elif path.suffix in (".json", ".ipynb"):
        with suppress(ValueError):
            for value in strings(json.loads(text)):
                yield from (value, html_text(value))


def html_text(markup: str) -> str:
    """The text of HTML as it is shown, then what is in attributes and comments."""
    parser = _TextParser()
    parser.feed(markup)
    parser.close()
    return "\n".join(["".join(parser.found), *parser.beside])


class _TextParser(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found: list[str] = []
        self.beside: list[str] = []

    def handle_starttag(self, tag, attributes):
        if tag not in INLINE:
            self.found.append("\n")
        # What is said of a picture, and what lies ready to be copied.
        self.beside += [value for _, value in attributes if value]

    def handle_endtag(self, tag):
        if tag not in INLINE:
            self.found.append("\n")

    def handle_data(self, data):
        self.found.append(data)

    def handle_comment(self, data):
        self.beside.append(data)


def main(argv: list[str] | None = None) -> int:
    """Command line: 0 where nothing of a solution is in a folder, 2 with a line for each that is."""
    parser = argparse.ArgumentParser(
        prog="python -m proctor.authoring.published", description="Look for solutions on the pages of a site."
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    folder = parser.parse_args(argv).folder
    try:
        errors = find_published(open_course(Path.cwd()), folder)
        if errors:
            raise BuildError(errors)
    except (BuildError, CourseError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"no line of a solution is in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
