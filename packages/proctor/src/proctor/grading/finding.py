"""Which files of a folder may be the notebook that a student handed in."""

import re
from pathlib import Path

from proctor.grading.harmless import one_line
from proctor.grading.reading import Unreadable, holds_notebook, names_in

# So many folders and files are looked at where a submission is not in its place, or not alone.
MAX_FOLDERS = 5
# What browsers put behind the name of what they download again.
NUMBERED = re.compile(r" ?\(\d{1,3}\)$")
# What a submission may be, by its name; each where there is none of the earlier. The last is one by its content.
FORMS = (r"\.ipynb$", r"\.ipynb([._ -].*|~)$", r"\.py$", r"\.py\.txt$", r"\.(json|txt)$|^[^.]+$")
PACKED = (".zip", ".rar", ".7z", ".tar.gz")
CHECKPOINTS = ".ipynb_checkpoints"
# What other programs make of a notebook, which nothing can be graded of.
OTHER = re.compile(r"\.(html?|pdf|docx?|odt|rtf|md|rmd|qmd|gdoc|url|webloc|png|jpe?g|dbc|ipynb\.icloud)$")


def candidates(path: Path) -> list[Path]:
    """The files that may have been handed in for a notebook, that of the right name first.

    Raises
    ------
    Unreadable : where there is none
    """
    if not path.parent.is_dir():
        raise Unreadable(f"{path} is not there, or is not a file")
    right = [path] if path.is_symlink() or (path.exists() and not path.is_dir()) else []
    present = [path.parent / name for name in names_in(path.parent) if name != "__MACOSX"]
    # Somebody may have handed in the folder, and that in another one.
    for _ in range(3):
        for form in FORMS:
            found = [file for file in present if ending(form, NUMBERED.sub("", file.name))]
            found = [file for file in found if file.is_file() and file != path]
            if form == FORMS[-1]:
                found = [file for file in found[:MAX_FOLDERS] if not right and holds_notebook(file)]
            if right or found:
                # Of a folder with all of a course's notebooks, the one of the right name.
                return right + sorted(found, key=lambda file: file.name != path.name)
        folders = [folder for folder in present if folder.is_dir() and not folder.is_symlink()]
        present = [folder / name for folder in folders[:MAX_FOLDERS] for name in names_in(folder)]
    kept = path.parent / CHECKPOINTS
    saved = [] if kept.is_symlink() else [kept / name for name in names_in(kept) if name.endswith(".ipynb")]
    if saved:
        # Jupyter saved them beside a notebook that is not there.
        return saved
    raise Unreadable(f"No notebook was handed in{_what_is_there(path.parent)}")


def further(path: Path, found: list[Path]) -> list[Path]:
    """Other files that may be the notebook, of any form, in any folder: of use where `candidates` have no answers."""
    present, more = [path.parent / name for name in names_in(path.parent) if name != "__MACOSX"], []
    for _ in range(3):
        named = [file for file in present if any(ending(form, file.name) for form in FORMS[:-1])]
        more += [file for file in named if file not in found and file.is_file()]
        folders = [folder for folder in present if folder.is_dir() and not folder.is_symlink()]
        present = [folder / name for folder in folders[:MAX_FOLDERS] for name in names_in(folder)]
    return more[:MAX_FOLDERS]


def ending(form: str, name: str) -> str:
    """The end of a file's name that makes it one of `FORMS`; empty where it is none."""
    found = re.search(form, name, re.IGNORECASE)
    return found[0] if found and not name.lower().endswith(PACKED) else ""


def _what_is_there(folder):
    """What there is instead of a notebook, and what to do about it."""
    hidden = [file.name for file in sorted(folder.glob(".*.icloud"))]
    names = [name for name in names_in(folder) if name not in ("timestamp.txt", "submission_secret.txt")]
    there = listed([f"{name}/" if (folder / name).is_dir() else name for name in [*names, *hidden]])
    words = f"; there is {there}" if there else ""
    if any(name.endswith(PACKED) for name in names):
        return f"{words}, which has to be unpacked"
    if hidden:
        return f"{words}, which stands for a file in iCloud: download that, and hand it in"
    return words + ("; hand in the notebook itself (.ipynb)" if any(map(OTHER.search, map(str.lower, names))) else "")


def listed(names: list[str]) -> str:
    """Some names of files, set as code in one line."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    # A backtick would end what is set as code.
    return ", ".join(f"`{one_line(name, 100)}`" for name in [name.replace("`", "'") for name in names[:5]]) + more
