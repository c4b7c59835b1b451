"""Texts in Markdown as HTML for a page: what is in them runs nothing, fetches nothing and has no id of the page's.

A formula stays as it was typed, for no page of ours has a program that could typeset it.
"""

import functools

from markupsafe import Markup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from proctor.grading.harmless import plain_text

# Some texts take a time that grows with the square of their length: this one's is a second at most.
MAX_CHARACTERS = 16_000


class _Harmless(IPythonRenderer):
    """HTML is shown as text; a picture is the words in its place."""

    def __init__(self, has_links):
        super().__init__(escape=True, allow_harmful_protocols=False)
        self.has_links = has_links

    def heading(self, text, level, **attrs):
        return f"<p><b>{text}</b></p>\n"

    def block_code(self, code, info=None):
        return f"<pre><code>{self.escape_html(code)}</code></pre>\n"

    def image(self, text, url, title=None):
        return f"[picture: {text}]"

    def link(self, text, url, title=None):
        if self.has_links:
            return super().link(text, url, title)
        address = self.escape_html(url)
        return text if text == address else f"{text} ({address})"


@functools.cache
def _markdown(has_links):
    return MarkdownWithMath(renderer=_Harmless(has_links))


@functools.lru_cache(maxsize=4096)
def typeset(text: str, has_links: bool = False) -> Markup | None:
    """A text as HTML; None where it is too long.

    Parameters
    ----------
    has_links : whether its links lead somewhere; else their addresses are shown
    """
    if len(text) > MAX_CHARACTERS:
        return None
    return Markup(_markdown(has_links)(plain_text(text, MAX_CHARACTERS)))
