"""The figures of notebooks, for the site: `python docs/site/figures.py [ASSIGNMENT ...]`, with the course's .venv.

docs/figures/descriptions.toml says which, by cell id, and what is to be seen in each, for whoever does not see it. They
are written to docs/figures/<assignment>/<cell id>.png, by a run of the solved notebook up to the last of them. None is
of results: what came of an experiment is what the notebooks ask for.
"""

import base64
import io
import sys
import tempfile
import tomllib
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

FIGURES = Path(__file__).resolve().parents[1] / "figures"


def draw(name: str, wanted: set[str]) -> None:
    """Run an assignment's solved notebook up to the last figure that is wanted, and write them."""
    notebook = nbformat.read(FIGURES.parents[1] / "source" / name / f"{name}.ipynb", as_version=4)
    last = max(number for number, cell in enumerate(notebook.cells) if cell.id in wanted)
    notebook.cells = notebook.cells[: last + 1]
    with tempfile.TemporaryDirectory() as work:
        NotebookClient(notebook, resources={"metadata": {"path": work}}, force_raise_errors=True).execute()
    for cell in notebook.cells:
        if cell.id in wanted:
            (picture,) = [o.data["image/png"] for o in cell.outputs if "image/png" in o.get("data", {})]
            write(FIGURES / name / f"{cell.id}.png", base64.b64decode(picture))


def write(path: Path, content: bytes) -> None:
    """Write a picture with the 128 colors that it needs most, a third of the size."""
    path.parent.mkdir(exist_ok=True)
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    picture.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"wrote {path}", flush=True)


if __name__ == "__main__":
    descriptions = tomllib.loads((FIGURES / "descriptions.toml").read_text(encoding="utf-8"))
    for assignment in sys.argv[1:] or descriptions:
        draw(assignment, set(descriptions[assignment]))
