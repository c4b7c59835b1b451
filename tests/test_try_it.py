"""The cells whose figures answer: they look at what students wrote, and cost nothing when a submission is graded."""

import json
import random
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt

from dlh import guide, interactive
from dlh.data import notes
from proctor.authoring.assignment import load_assignment
from proctor.authoring.released import LEFT_OUT_TAGS
from proctor.course import open_course
from proctor.grading import intake

ROOT = Path(__file__).parents[1]
COURSE = open_course(ROOT)
CPU = torch.device("cpu")


def trying(name):
    """The cell of a notebook's release that explores, which is its only one."""
    notebook = nbformat.read(ROOT / "release" / name / f"{name}.ipynb", as_version=4)
    (cell,) = [cell for cell in notebook.cells if "dlh.interactive" in cell.source]
    return cell


def clinical_notes():
    from solutions import clinical_notes as solution

    groups = dict(zip(notes.CODE_NAMES, notes.TERM_GROUPS, strict=True))
    model = solution.ClinicalNoteClassifier(len(notes.VOCAB), d_model=16, num_heads=4)
    given = {"notes": notes, "groups": groups, "device": CPU, "test": notes.generate_notes(9), "first": max}
    return given, {"model": model}


def ecg_lstm():
    from solutions import ecg_lstm as solution

    chunks = [(torch.randn(40, 17), label) for label in (0, 1, 0)]
    networks = {"LSTMNet": solution.LSTMNet}
    given = {"SEED": 5, "chunked_data_val": chunks, "NETWORKS": networks}
    return given, {"trained": {("LSTMNet", False, 5): solution.LSTMNet()}}


def mina():
    from solutions import mina as solution

    truth = np.arange(60) % 2
    p1 = np.random.default_rng(1).random(60)
    return {"at_prevalence": solution.at_prevalence}, {"truth": truth, "pred": np.stack([1 - p1, p1], axis=1)}


def seq2seq():
    from solutions import seq2seq as solution

    patients = [(visits, 0) for visits in solution.seqs[:5]]
    model = solution.Seq2Seq(solution.Encoder(), solution.Decoder(), 0.5)
    given = {"random": random, "collate_fn": solution.collate_fn, "device": CPU, "val_dataset": patients}
    return given, {"seq2seq": model}


def som_vae():
    from solutions import som_vae as solution

    sizes = {"latent_dim": 3, "n_channels": [2, 2]}
    decoder = solution.ConvDecoder(1, flatten_shape=[4, 4, 2], **sizes)
    model = solution.SOMVAE(solution.ConvEncoder(1, **sizes), decoder, decoder, latent_dim=3, som_dim=[8, 8])
    with torch.no_grad():
        model.probs.normal_(0, 3)
        decoded = decoder(model.embeddings.flatten(0, 1)).numpy().reshape(8, 8, 28, 28)
        transitions = model.log_transitions().exp().numpy()
    images, labels = torch.rand(30, 1, 28, 28), np.arange(30) % 3
    given = {"find_nearest": solution.find_nearest, "test_images": images, "test_labels": labels}
    nodes = np.arange(30) % 7 * 9
    return given, {"model": model, "decoded": decoded, "transitions": transitions, "nodes": nodes}


# For each notebook, what its cell finds, given and made with what students wrote; calls with other values.
WORLDS = {
    clinical_notes: ["show_note('')", "show_note('no ' * 99)", "show_note('Sputum; fever?', 1, 3)"],
    ecg_lstm: ["show_gate('forget', 0)", "show_gate('output', 1.0)", "show_gate('input', 0.3, 2)"],
    mina: ["show_threshold(0)", "show_threshold(1.0)", "show_threshold(0.3, 0.01)"],
    seq2seq: ["show_patient(3)", "show_patient(4, 0.05)", "show_patient(4, 0.95)"],
    som_vae: ["show_node(63)", "show_node(9)"],
}
WORLD = pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.__name__)


@pytest.fixture
def shown(monkeypatch):
    """The words of all figures that are shown."""
    words = []

    def display(figure, display_id=False, metadata=None):
        figure.canvas.draw()
        words.append(metadata["image/png"]["alt"])

    monkeypatch.setattr(interactive, "display", display)
    monkeypatch.setattr("dlh.plots.shared.display", display)
    plt.switch_backend("agg")
    return words


@pytest.fixture
def namespace():
    """The names of a notebook that has run its imports."""
    torch.manual_seed(0)
    return {"np": np, "torch": torch, "nn": torch.nn, "__name__": "__main__"}


@WORLD
def test_a_cell_to_try_draws_what_students_made_for_any_value(world, shown, namespace):
    given, made = world()
    namespace |= given | made
    exec(trying(world.__name__).source, namespace)
    for call in WORLDS[world]:
        exec(call, namespace)
    assert len(shown) == len(set(shown)) == 1 + len(WORLDS[world]), "each figure has words of its own"
    assert not plt.get_fignums()


@WORLD
def test_a_cell_to_try_leaves_random_numbers_as_they_were(world, shown, namespace):
    """What follows it in a notebook comes out as it would without it."""
    given, made = world()
    namespace |= given | made
    before = torch.get_rng_state(), random.getstate(), repr(np.random.get_state())
    exec(trying(world.__name__).source, namespace)
    after = torch.get_rng_state(), random.getstate(), repr(np.random.get_state())
    assert torch.equal(before[0], after[0]) and before[1:] == after[1:]


@WORLD
def test_a_cell_to_try_says_what_to_finish_first(world, shown, namespace):
    name = world.__name__
    assignment = load_assignment(COURSE, name)
    file = assignment.release_notebook.with_name(f"{name}.guide.json")
    hint = guide.Guide(file, json.loads(file.read_bytes()))
    namespace |= world()[0]
    hint.namespace, hint.cell = namespace, trying(name).source
    with pytest.raises(Exception) as raised:  # noqa: B017, PT011
        exec(hint.cell, namespace)
    line = hint.missing(raised.value, raised.tb)
    assert re.match(r"Run the cells from exercise .* on first: `\w+` is made with it, in a cell above", line)
    assert shown == []


def as_it_is(cell):
    """Nobody touched it."""


def stripped(cell):
    cell.metadata.clear()


def edited(cell):
    cell.source = cell.source.replace("import explore", "import explore  # I changed it")


def pasted(cell):
    cell.metadata.clear()
    cell.id = "b3a1c9e0"


@pytest.mark.parametrize("change", [as_it_is, stripped, edited, pasted], ids=lambda change: change.__name__)
@WORLD
def test_a_cell_to_try_costs_nothing_when_a_submission_is_graded(world, change, tmp_path):
    name = world.__name__
    assignment = load_assignment(COURSE, name)
    assert LEFT_OUT_TAGS & set(trying(name).metadata.tags)
    notebook = nbformat.read(assignment.source_notebook, as_version=4)
    change(next(cell for cell in notebook.cells if "dlh.interactive" in cell.source))
    path = tmp_path / f"{name}.ipynb"
    nbformat.write(notebook, path)
    taken = intake.take_in(path, assignment)
    assert taken.cells and not taken.refused
    assert [cell.id for cell in taken.cells if "interactive" in cell.source] == []
    assert not [module for module in intake.imports(assignment) if "interactive" in module]
