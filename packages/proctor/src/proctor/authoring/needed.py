"""What of a folder is packed: modules that are imported, and other files that what is packed names.

A folder of a course holds more than grading needs: lists of students, backups, solutions of other years. So a file is
packed for a reason, whether or not the course is kept in git: a module because a packed one imports it, anything else
because a packed module or notebook says its name, or a pattern that it matches, or that of the folder that it is in.
"""

import ast
import fnmatch
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

# What no grading needs, whoever names it.
NEVER = (
    ".*", "__pycache__", "*.pyc", "*~", "#*#", "*.bak", "*.old", "*.orig", "*.rej", "*.swp", "*.tmp", "*.log",
    "gradebook*", "*.db", "*.pem", "*.key",
)  # fmt: skip
# What goes with a package wherever it goes.
LEGAL = ("LICENSE*", "LICENCE*", "COPYING*", "NOTICE*", "README*", "py.typed")
# What may name other files, and how many files that are left out are listed.
READ, MOST_TOLD = (".py", ".ipynb", ".md"), 20
LINK = re.compile(r"""\]\(\s*<?([^)>\s]+)|(?:src|href)=["']([^"']+)""")
DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")
QUOTED = re.compile(r"""["']([^"'\n]+)["']""")
# The parts of a text that a program fills in.
FILLED_IN = re.compile(r"\{[^{}]*\}|%[\d.]*[sdif]")


def is_never(name: str) -> bool:
    """Whether a file or folder of that name is never packed."""
    return any(fnmatch.fnmatch(name, pattern) for pattern in NEVER)


def split_folder(folder: Path) -> tuple[list[Path], list[Path]]:
    """The files in a folder by their path in it: those that may be packed, and what never is."""
    kept, never = [], []
    for directory, folders, names in os.walk(folder):
        place = Path(directory).relative_to(folder)
        never += [place / name for name in (*folders, *names) if is_never(name) and name != "__pycache__"]
        folders[:] = sorted(name for name in folders if not is_never(name))
        kept += [place / name for name in sorted(names) if not is_never(name)]
    return kept, sorted(never)


def package_files(folder: Path) -> tuple[list[Path], list[Path]]:
    """Of a package that students import: its modules and what they name; and what is left out; by their path in it."""
    kept, never = split_folder(folder)
    modules = [file for file in kept if file.suffix == ".py" and all(map(str.isidentifier, file.with_suffix("").parts))]
    legal = [file for file in kept if any(fnmatch.fnmatch(file.name, pattern) for pattern in LEGAL)]
    found = with_named(folder, [*modules, *legal], kept)
    return found, sorted({*kept, *never} - {*found})


def with_named(
    folder: Path, first: Iterable[Path], kept: list[Path], texts: Iterable[tuple[str, str]] = ()
) -> list[Path]:
    """Files of a folder, and all that they name of it, and that these name.

    Parameters
    ----------
    first, kept : what is packed anyhow, and what may be, by their path in the folder
    texts : of files elsewhere that may name some, each with its name
    """
    found, texts = dict.fromkeys(first), list(texts)
    while True:
        said = [(file.name, (folder / file).read_text("utf-8", "replace")) for file in found if file.suffix in READ]
        more = set(Names([*texts, *said]).choose(kept)) - {*found}
        if not more:
            return sorted(found)
        found |= dict.fromkeys(more)


def told(left_out: Iterable[Path]) -> str:
    """What was left out, in one line; empty where nothing was."""
    names = [ascii(path.as_posix())[1:-1] for path in left_out]
    more = f" and {len(names) - MOST_TOLD} more" if len(names) > MOST_TOLD else ""
    words = f"not packed, for nothing that is packed names it, or it never is: {', '.join(names[:MOST_TOLD])}{more}"
    return words if names else ""


class Names:
    """The names of files that programs and notebooks say: in code, as texts; in prose, as links."""

    def __init__(self, texts: Iterable[tuple[str, str]]):
        """Parameters: the name of each file, and what is in it."""
        self.parts: set[str] = set()
        for name, text in texts:
            for said in _said(name, text):
                self.parts |= {part for part in re.split(r"[/\\]", said) if re.search(r"\w", part)}
        self.patterns = [part for part in self.parts if set(part) & set("*?[")]

    def say(self, name: str) -> bool:
        """Whether a file or folder of that name is named."""
        return name in self.parts or any(fnmatch.fnmatch(name, pattern) for pattern in self.patterns)

    def choose(self, files: list[Path]) -> list[Path]:
        """Those of some files that are named, or are in a folder that is named, of which no file is."""
        named = {file for file in files if self.say(file.name)}
        with_named = {folder for file in named for folder in file.parents}
        return [
            file
            for file in files
            if file in named
            or any(self.say(folder.name) and folder not in with_named for folder in file.parents if folder.name)
        ]


def _said(name, text):
    """The texts in a program or notebook that may be paths, what is filled in to them being `*`."""
    if name.endswith(".ipynb"):
        try:
            cells = json.loads(text)["cells"]
        except (ValueError, KeyError, TypeError):
            return
        for cell in cells:
            source = "".join(cell.get("source", ""))
            yield from _said_in_code(source) if cell.get("cell_type") == "code" else _said_in_prose(source)
    elif name.endswith(".py"):
        yield from _said_in_code(text)
    else:
        yield from _said_in_prose(text)


def _said_in_prose(text):
    for match in LINK.finditer(text):
        yield unquote(match[1] or match[2])


def _said_in_code(text):
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        # A cell with what only a notebook's kernel knows: `!head data.csv`.
        yield from (FILLED_IN.sub("*", match[1]) for match in QUOTED.finditer(text))
        yield from (word for line in text.splitlines() if line.lstrip()[:1] in ("!", "%") for word in line.split())
        return
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield FILLED_IN.sub("*", node.value)
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield from (alias.name.partition(".")[0], alias.name.partition(".")[0] + ".py")
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (node.module.partition(".")[0], node.module.partition(".")[0] + ".py")


def needed_modules(root: Path, first: Iterable[Path]) -> list[Path]:
    """Modules of a course, and all that they import of it, with the packages that these are in.

    Parameters
    ----------
    first : files that exist, by their path in the course
    """
    found, waiting = set(), list(first)
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found.add(file)
        waiting += [folder / "__init__.py" for folder in file.parents if (root / folder / "__init__.py").is_file()]
        try:
            tree = ast.parse((root / file).read_bytes())
        except (SyntaxError, ValueError):
            # Whoever imports it is told so.
            continue
        for module in _imported(tree, file):
            places = (Path(*module.split(".")).with_suffix(".py"), Path(*module.split("."), "__init__.py"))
            waiting += [place for place in places if (root / place).is_file()]
    return sorted(found)


def _imported(tree, file):
    """The modules that a module may import, by their dotted names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(file.parts[: len(file.parts) - node.level]) if node.level else ""
            module = ".".join(filter(None, [package, node.module]))
            yield from filter(None, (module, *(f"{module}.{alias.name}" for alias in node.names)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and DOTTED.fullmatch(node.value):
            # As for `importlib.import_module`.
            yield node.value
