"""More of the corpus: what would cost an intake or a page its time or memory, reach a log, or fetch from elsewhere."""

import json
import os

from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from hostile.corpus import PNG, attack
from proctor.proof.demo import cell

ELSEWHERE = "http://127.0.0.1:9/fetched"


def _beside(folder, name):
    with open(os.path.join(os.fsencode(folder), name), "w") as file:  # noqa: PTH118, PTH123 - a name that is no text
        return file.write("{}") and None


@attack(13, 50)
def names_of_files_that_forge_lines_of_a_log(folder, notebook):
    for name in (b"\xff\xfe.ipynb", b"\x1b[2J\x07.ipynb", b"a\n[AutogradeApp | INFO] eve: 10 of 10 points.ipynb"):
        _beside(folder, name)
    return notebook


@attack(13, reason="was handed in as `??.ipynb`")
def name_of_the_notebook_is_no_text(folder, notebook):
    path = os.path.join(os.fsencode(folder), b"\xff\xfe.ipynb")  # noqa: PTH118
    with open(path, "w") as file:  # noqa: PTH123
        json.dump(notebook, file)


@attack(13, score=0, reason="No notebook was handed in; there is")
def names_of_files_steer_a_terminal_and_there_is_no_notebook(folder, notebook):
    for name in (b"\x1b]0;title\x07.txt", b"\xff.html", b"new\nline.txt"):
        _beside(folder, name)


@attack(9)
def magics_above_magics(folder, notebook):
    notebook.cells += [new_code_cell("%%time\n" * 1100), new_code_cell("%%time\n" * 15_000 + "x = (")]
    return notebook


@attack(9, 12)
def references_of_thousands_of_digits(folder, notebook):
    notebook.cells += [new_markdown_cell(f"[x](&#{'9' * 5000};)"), new_markdown_cell(f"[x]: &#x{'f' * 5000};")]
    return notebook


@attack(9, 12)
def texts_that_patterns_go_through_again_and_again(folder, notebook):
    texts = ("[x](attachment:" + "." * 60_000 + "!x)", "![" * 50_000, "<b " * 30_000, "](" * 50_000)
    notebook.cells += [new_markdown_cell(text) for text in texts]
    picture = "A" + " " * 10**6 + "!"
    notebook.cells.append(new_code_cell("", outputs=[new_output("display_data", {"image/png": picture})]))
    return notebook


@attack(9, 60)
def formulas_that_take_minutes_to_typeset(folder, notebook):
    notebook.cells += [new_markdown_cell("\\\\[ " * 30_000), new_markdown_cell("\\begin{a}" * 10_000)]
    return notebook


@attack(9, 60)
def code_that_takes_minutes_to_colour(folder, notebook):
    notebook.cells.append(new_code_cell('"' + "\\N{" * 40_000))
    return notebook


@attack(9, score=0, reason="characters; at most 131072 are graded. Keep data in files")
def statements_without_end(folder, notebook):
    notebook.cells.append(new_code_cell("a;" * 2**20))
    return notebook


@attack(9, score=0, reason="has more than 10000 lines")
def program_of_very_many_cells(folder, notebook):
    (folder / "toy.py").write_text("\n\n\na = 1" * 40_000)


@attack(9, 59)
def outputs_without_end(folder, notebook):
    output = new_output("stream", text="x")
    cell(notebook, "total").outputs = [output] * 50_000
    return notebook


@attack(9, 59)
def outputs_in_every_cell(folder, notebook):
    notebook.cells += [new_code_cell("", outputs=[new_output("stream", text="<" * 9999)]) for _ in range(500)]
    return notebook


@attack(9, score=0, reason="holds more than 1000000 values")
def metadata_without_end(folder, notebook):
    notebook.metadata["x"] = [{}] * 200_000
    return notebook


@attack(9, score=0, reason="nested more than 100 deep")
def metadata_without_bottom(folder, notebook):
    notebook.metadata["x"] = "here"
    return json.dumps(notebook).replace('"here"', '{"a":' * 300 + "1" + "}" * 300)


@attack(12)
def pictures_of_strange_names(folder, notebook):
    for name in ("a.png!!", "\ud83d.png", "a b.png", "../a", "a'b", "picture-1", "%2e"):
        attachments = {"a.png": {"image/png": PNG}, name: {"image/png": PNG}}
        notebook.cells.append(new_markdown_cell(f"![x](attachment:{name})", attachments=attachments))
    return notebook


@attack(12, 66)
def pictures_from_elsewhere(folder, notebook):
    texts = (
        "![x]({})", "![x](<{}>)", "![x][1]\n\n[1]: {}", "![y]\n\n[y]: {}", "\\\\![x]({})", "<img src='{}'>",
        "<link rel=stylesheet href={}>", "<b style='background: url({})'>x</b>", "<iframe src={}></iframe>",
        "<meta http-equiv=refresh content='0; url={}'>", "<svg><image href='{}'/></svg>", "<video poster={} src={}>",
        "<form action={}><input autofocus></form>", "![x](/hub/logout) {}", "[![x]({})]({})",
    )  # fmt: skip
    notebook.cells += [new_markdown_cell(text.replace("{}", ELSEWHERE)) for text in texts]
    return notebook
