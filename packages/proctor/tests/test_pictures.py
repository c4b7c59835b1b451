"""A picture that lies beside the notebook is shown where a text names it; of one that is not there, its name is."""

import base64
import json

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell

from proctor.authoring.assignment import load_assignment
from proctor.course import open_course
from proctor.grading import intake, pictures
from proctor.grading.harmless import as_typed
from proctor.grading.intake import made_of, take_in
from proctor.grading.marks import Mark, Recorded
from proctor.grading.student_page import as_html, read_page
from proctor.proof.demo import cell
from submissions import PNG

PICTURE = base64.b64decode(PNG)
JPEG = b"\xff\xd8\xff\xe0" + bytes(60)


@pytest.fixture(scope="module")
def course(written_course):
    return load_assignment(open_course(written_course), "toy")


@pytest.fixture
def handed_in(course, tmp_path):
    """Hands in an answer, and files beside the notebook; gives the answer's cell."""

    def handed_in(source, **files):
        notebook = nbformat.read(course.release_notebook, 4)
        cell(notebook, "reflection").source = source
        path = handed_in.folder(notebook)
        for name, content in files.items():
            (path.parent / name).parent.mkdir(exist_ok=True, parents=True)
            (path.parent / name).write_bytes(content)
        handed_in.taken = take_in(path, course)
        return cell(handed_in.taken.notebook, "reflection")

    def folder(notebook):
        path = tmp_path / "toy/toy.ipynb"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(notebook))
        return path

    handed_in.folder = folder
    return handed_in


NAMED = {
    "![x](photo.png)": "photo.png",
    "![x](./photo.png)": "photo.png",
    "![x](pictures/photo.png)": "pictures/photo.png",
    "![x](pictures/photo.png) ": "photo.png",
    "![x](photo.png) ": "pictures/photo.png",
    "![](my%20photo.png)": "my photo.png",
    "![x](<my photo.png>)": "my photo.png",
    "![x](my photo.png)": "my photo.png",
    "![x](photo (1).png)": "photo (1).png",
    "![x](photo.png)  ": "photo-1.png",
    '![x](photo.png "The sheet")': "photo.png",
    "![x](photo.png =300x200)": "photo.png",
    "![x](Photo.PNG)": "photo.png",
    "![x](photo.PNG)": "Photo.png",
    "![x](C:\\Users\\ann\\Desktop\\photo.png)": "photo.png",
    "![x](file:///home/ann/photo.png)": "photo.png",
    "![x](../photo.png)": "photo.png",
    "![x](Blatt_über_μ.png)": "Blatt_über_μ.png",
    "![x][sheet]\n\n[sheet]: photo.png": "photo.png",
    "![sheet]\n\n[sheet]: <photo.png> 'Mine'": "photo.png",
    '<img src="photo.png" width="300">': "photo.png",
    "<IMG alt='a [b] c' src=photo.png />": "photo.png",
}


@pytest.mark.parametrize("source", NAMED)
def test_picture_beside_the_notebook_is_shown(source, handed_in):
    answer = handed_in(f"My sheet: {source}", **{NAMED[source]: PICTURE})
    assert answer.attachments == {"picture-1": {"image/png": PNG}}
    assert "](attachment:picture-1)" in as_typed(answer) and "not shown" not in as_typed(answer)
    page = read_page(handed_in.taken.notebook, Recorded({"reflection": Mark(None, None, None, 3.0, True)}), "toy", {})
    assert f"data:image/png;base64,{PNG}" in as_html(page)


LOST = {
    "it was not handed in": {},
    "it is not PNG, JPEG or GIF": {"photo.jpg": b"\0\0\0\x18ftypheic" + bytes(60)},
    "it may have 18 MB at most": {"photo.jpg": JPEG + bytes(18 * 2**20)},
    "it cannot be read as a picture": {"photo.jpg": b"\xff\xd8\xff"},
}


@pytest.mark.parametrize("why", LOST)
@pytest.mark.parametrize("source", ["![x](photo.jpg)", '<img src="photo.jpg">', "![x][1]\n\n[1]: photo.jpg"])
def test_picture_that_is_not_there_is_named_with_what_to_do(source, why, handed_in):
    answer = handed_in(f"My sheet: {source}", **LOST[why])
    assert f"My sheet: The picture photo.jpg is not shown: {why}" in as_typed(answer)
    assert any(note.startswith("`reflection`: The picture photo.jpg is not") for note in handed_in.taken.notes)
    assert not answer.get("attachments")


@pytest.mark.parametrize("source", ["![x](https://a.example/p.jpg)", "![x](//a.example/p.jpg)", "[x](p.jpg)"])
def test_what_is_elsewhere_or_no_picture_stays_as_it_was_typed(source, handed_in):
    assert as_typed(handed_in(source, **{"p.jpg": JPEG})) == source


def test_picture_of_somebody_else_is_never_shown(handed_in, tmp_path):
    (tmp_path / "ben").mkdir()
    for name in ("photo.jpg", "ben/sheet.jpg"):
        (tmp_path / name).write_bytes(JPEG)
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy/link.jpg").symlink_to(tmp_path / "photo.jpg")
    (tmp_path / "toy/folder").symlink_to(tmp_path / "ben")
    names = ["../photo.jpg", "../ben/sheet.jpg", "link.jpg", "folder/sheet.jpg", str(tmp_path / "photo.jpg")]
    answer = handed_in(" ".join(f"![x]({name})" for name in names))
    assert as_typed(answer).count("it was not handed in") == len(names) and not answer.get("attachments")


def test_pictures_beside_take_no_more_than_a_notebook_may(handed_in):
    files = {f"{number}.jpg": JPEG + bytes(5 * 2**20) for number in range(5)}
    answer = handed_in(" ".join(f"![x]({name}) ![again]({name})" for name in files), **files)
    assert len(answer.attachments) == 3 and as_typed(answer).count("](attachment:picture-1)") == 2
    assert "The picture 3.jpg is not shown: the pictures beside a notebook may have 18 MB" in as_typed(answer)


def test_so_many_pictures_are_looked_for(handed_in):
    text = as_typed(handed_in(" ".join(f"![x](a{number})" for number in range(5_000))))
    assert text.count("is not shown") == pictures.MAX_PICTURES and "![x](a4999)" in text


def test_picture_that_a_given_text_names_is_none_of_the_students(handed_in, course, monkeypatch):
    released = nbformat.read(course.release_notebook, 4)
    released.cells.insert(1, new_markdown_cell("![The course's own](figures/circle.png)", id="own-figure"))
    monkeypatch.setattr(intake, "_release", lambda assignment: (released, {}))
    notebook = intake._as_notebook(handed_in.folder(released), course)[0]
    assert notebook.cells[1].source == "![The course's own](figures/circle.png)"


def test_what_was_handed_in_is_another_when_a_picture_is(handed_in, tmp_path):
    handed_in("![x](photo.jpg)")
    known = {made_of(tmp_path / "toy/toy.ipynb")}
    for content in (JPEG, JPEG + b"x"):
        (tmp_path / "toy/photo.jpg").write_bytes(content)
        known.add(made_of(tmp_path / "toy/toy.ipynb"))
    assert len(known) == 3
