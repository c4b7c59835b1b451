"""Formgrader's page, and whatever else nbconvert makes: written within a time, and a browser fetches nothing for it.

nbconvert typesets texts and colours code by patterns that take minutes for some cells of a hundred kilobytes. So this
is done in a process beside, with limits; a cell that takes too long is shown as it is.
"""

import functools
import html
import multiprocessing
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path

from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.preprocessors import Preprocessor
from nbformat.v4 import new_code_cell, new_markdown_cell

from proctor.grading.harmless import one_line

# Processor time of one cell, of all of them, and of their process, should it heed no signal: a busy machine
# changes no page.
CELL_SECONDS, CELLS_SECONDS, PROCESS_SECONDS = 2, 8, 28
WAIT_SECONDS = 120
MEGABYTES = 1024
MAX_PLAIN_CHARACTERS = 20_000
# Where a cell keeps what was made of it.
TYPESET = "proctor_typeset"
AS_IT_IS = "This cell could not be typeset in time, so it is shown as it is."
FETCHES_NOTHING = "img-src data:; media-src 'none'; object-src 'none'; frame-src 'none'; base-uri 'none'"


def _limited(work, connection):
    """What the process beside does."""
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits = (resource.RLIMIT_AS, size + MEGABYTES * 2**20), (resource.RLIMIT_CPU, PROCESS_SECONDS)
    for limit, value in limits:
        hard = resource.getrlimit(limit)[1]
        resource.setrlimit(limit, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
    try:
        for result in work():
            connection.send_bytes(result.encode("utf-8", "replace"))
    except Exception as error:  # what is left is shown in another form, which says so
        print(f"proctor: {type(error).__name__}: {one_line(str(error))}", file=sys.stderr)


def _results(work: Callable[[], Iterator[str]]) -> list[str]:
    """The texts that some work gives in a process beside, as far as it comes."""
    context, found, ends = multiprocessing.get_context("fork"), [], time.monotonic() + WAIT_SECONDS
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_limited, args=(work, theirs))
    process.start()
    theirs.close()
    try:
        while ours.poll(max(0, ends - time.monotonic())):
            found.append(ours.recv_bytes().decode())
    except EOFError:
        pass  # it is done, or was ended
    finally:
        process.kill()
        process.join()
        ours.close()
    return found


class _TooLongError(BaseException):
    """Nothing that nbconvert does about errors is to catch it."""


def _too_long(*_):
    raise _TooLongError


def _typeset(cells, lexer):
    """The HTML of each cell's source, one after the other."""
    signal.signal(signal.SIGPROF, _too_long)
    ends = time.process_time() + CELLS_SECONDS
    for cell in cells:
        left = min(CELL_SECONDS, ends - time.process_time())
        try:
            if left <= 0:
                raise _TooLongError
            # Python heeds signals within its patterns, too.
            signal.setitimer(signal.ITIMER_PROF, left)
            text = _typeset_one(cell, lexer)
        except (Exception, _TooLongError):  # nbconvert raises whatever a strange text makes it stumble over
            text = _as_it_is(cell.source)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        yield text


def _typeset_one(cell, lexer):
    if cell.cell_type == "code":
        return _highlighter(lexer)(cell.source, metadata=cell.metadata)
    return _plain_exporter().markdown2html({"cell": cell}, cell.source)


@functools.cache
def _plain_exporter():
    return HTMLExporter()


@functools.cache
def _highlighter(lexer):
    return Highlight2HTML(pygments_lexer=lexer)


@functools.cache
def _load_typesetting(lexer):
    """What each process beside would otherwise load anew."""
    for cell in (new_markdown_cell("# $x$ `y`"), new_code_cell("x = 1")):
        _typeset_one(cell, lexer)


def _as_it_is(source):
    cut = " ... (the rest was cut)" if len(source) > MAX_PLAIN_CHARACTERS else ""
    return f"<p><i>{AS_IT_IS}</i></p><pre>{html.escape(source[:MAX_PLAIN_CHARACTERS])}{cut}</pre>"


@pass_context
def _markdown2html(context, source):
    """What was made of a cell; the words of a marker are typeset as ever."""
    cell = context.get("cell", {})
    typeset = cell.get("metadata", {}).get(TYPESET)
    if typeset is not None and source == cell.get("source"):
        return typeset
    return _plain_exporter().markdown2html(context, source)


def _highlight_code(source, language=None, metadata=None):
    """What was made of a cell."""
    return metadata[TYPESET]


def _use_typeset(exporter):
    """Have an exporter take what was made of each cell where it would make it; the third filter looks for old links."""
    exporter.register_filter("markdown2html", _markdown2html)
    exporter.register_filter("highlight_code", _highlight_code)
    exporter.register_filter("strip_files_prefix", lambda text: text)


class TypesetCells(Preprocessor):
    """Typesets each cell within its time, for formgrader and nbgrader's own feedback; and has these fetch nothing."""

    def preprocess(self, nb, resources):
        """Put into each cell the HTML of its source."""
        language = nb.metadata.get("language_info", {})
        lexer = language.get("pygments_lexer", language.get("name"))
        cells = [cell for cell in nb.cells if cell.cell_type in ("code", "markdown")]
        _load_typesetting(lexer)
        typeset = _results(lambda: _typeset(cells, lexer))
        for cell, text in zip_longest(cells, typeset):
            cell.metadata[TYPESET] = _as_it_is(cell.source) if text is None else text
        _use_typeset(self.parent)
        # nbconvert's own for styles, which begins anew, is registered after all that settings name.
        if _fetch_nothing not in self.parent._preprocessors:
            self.parent.register_preprocessor(_fetch_nothing)
        return nb, resources


def _fetch_nothing(nb, resources):
    # The templates of nbgrader have no other place in their head that a preprocessor reaches.
    styles = resources.setdefault("inlining", {}).setdefault("css", [])
    policy = f'<meta http-equiv="Content-Security-Policy" content="{FETCHES_NOTHING}"/>'
    styles.append(f"</style>{policy}<style>")
    return nb, resources
