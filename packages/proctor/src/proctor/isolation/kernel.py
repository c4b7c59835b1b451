"""What a notebook's kernel offers to the code in its cells, beside Python: magics, and `display`."""

import re
import shlex
import types

# Magics whose code is the notebook's own.
ABOUT_CODE = ("time", "timeit", "capture", "prun")
# What may stand before the code of a line; each letter in brackets has a value behind it.
OPTIONS = {
    "time": re.compile(r"(?:\s*--no-raise-error\b)*"),
    "timeit": re.compile(r"(?:\s*-(?:[nrp]\s*\d+|[tcqov]+)(?=\s|$))*"),
    "prun": re.compile(r"(?:\s*-(?:[DlsT]\s*\S+|[rq]+)(?=\s|$))*"),
}


class Shell:
    """Stands for IPython's own: it runs the code that a magic is about, and does nothing else.

    Parameters
    ----------
    namespace : dict, the notebook's names
    run : runs code in the notebook
    """

    def __init__(self, namespace, run):
        self.user_ns, self._run = namespace, run

    def run_line_magic(self, name, line, *_):
        """`%time x = f()` sets x; `%run model.py` runs a file that an earlier cell has written."""
        if name in OPTIONS:
            self._run(line[OPTIONS[name].match(line).end() :].strip())
        elif name == "run":
            path = next(word for word in shlex.split(line) if not word.startswith("-"))
            path = path if path.endswith((".py", ".ipy")) else f"{path}.py"
            with open(path, encoding="utf-8") as file:  # noqa: PTH123 - a host loads no more than it needs
                self._run("\n" + file.read())

    def run_cell_magic(self, name, line, body):
        """`%%time` runs its cell, `%%writefile` keeps it; a cell of another language is nothing here."""
        if name in ABOUT_CODE:
            kept = line.split() if name == "capture" else []
            self.user_ns.update({word: Captured() for word in kept if word.isidentifier()})
            self._run("\n" + body)
        elif name in ("writefile", "file"):
            *options, path = shlex.split(line)
            with open(path, "a" if "-a" in options else "w", encoding="utf-8") as file:  # noqa: PTH123 - as above
                file.write(body)

    def getoutput(self, *_):
        """`files = !ls` finds none."""
        return []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments, **more: None


class Captured:
    """What `%%capture name` gives the name to: here nothing is kept of what a cell prints."""

    stdout = stderr = ""
    outputs = ()

    def show(self):
        """There is nothing to show."""

    __call__ = show

    def __str__(self):
        return self.stdout


def display(*objects, display_id=None, **_):
    """Prints; with an id, gives what could be changed where a notebook shows it."""
    print(*objects)
    if display_id is not None:
        return types.SimpleNamespace(display_id=display_id, display=display, update=display)
    return None


def without_magics(source):
    """A cell as Python, by IPython's own rules: its magics become calls of `get_ipython()`."""
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(source)
