"""The figures of notebooks, for the site: `python docs/site/figures.py [ASSIGNMENT ...]`, with the course's .venv.

Runs the solved notebooks, minutes each, and writes what their cells draw to docs/figures/<assignment>/<cell id>.png.
Each figure there needs a line in docs/figures/descriptions.toml: what is to be seen, for whoever does not see it.
"""

import base64
import io
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]


def draw(name: str) -> None:
    """Run an assignment's solved notebook, and put its figures in the place of those that are there."""
    notebook = nbformat.read(ROOT / "source" / name / f"{name}.ipynb", as_version=4)
    folder = ROOT / "docs/figures" / name
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.png"):
        path.unlink()
    with tempfile.TemporaryDirectory() as work:
        client = NotebookClient(notebook, resources={"metadata": {"path": work}})
        with client.setup_kernel():
            for number, cell in enumerate(notebook.cells):
                client.execute_cell(cell, number)
                pictures = [o.data["image/png"] for o in cell.get("outputs", []) if "image/png" in o.get("data", {})]
                if pictures:
                    write(folder / f"{cell.id}.png", base64.b64decode(pictures[-1]))


def write(path: Path, content: bytes) -> None:
    """Write a picture with the 128 colours that it needs most, a third of the size."""
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    picture.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"wrote {path.relative_to(ROOT)}", flush=True)


if __name__ == "__main__":
    for assignment in sys.argv[1:] or sorted(path.stem for path in ROOT.glob("release/*/*.ipynb")):
        draw(assignment)
