"""The notebook of som_vae as students get it, and what its reference does that no check asks for."""

from pathlib import Path

import nbformat
import pytest
import torch
from torch import nn

from solutions import som_vae as solution


@pytest.fixture
def code_cells():
    notebook = nbformat.read(Path(__file__).parents[1] / "release/som_vae/som_vae.ipynb", as_version=4)
    # The first code cell is every notebook's.
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"][1:]


def test_no_code_line_is_wider_than_a_notebook_shows(code_cells):
    assert [line for cell in code_cells for line in cell.splitlines() if len(line) > 78] == []


def test_each_figure_that_a_cell_shows_has_words(code_cells):
    """`plt.show()` shows a figure that whoever does not see it knows nothing of."""
    assert not [cell for cell in code_cells if "plt.show()" in cell]


def test_states_of_a_few_numbers_are_images_of_one_pixel():
    torch.manual_seed(0)
    parts = [nn.Sequential(nn.Flatten(), nn.Linear(3, 4))]
    parts += [nn.Sequential(nn.Linear(4, 3), nn.Unflatten(1, (3, 1, 1))) for _ in range(2)]
    model = solution.SOMVAE(*parts, latent_dim=4, som_dim=[2, 3])
    states = torch.randn(5, 7, 3, 1, 1)
    out = model(states)
    assert out[0].shape == out[1].shape == states.shape
    assert out[5].shape == (5, 7)
    model.loss(states, *out).backward()
    assert model.probs.grad.any()
