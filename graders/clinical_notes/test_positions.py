"""The checks of `SinusoidalPositionalEncoding`."""

import math

import pytest
import torch

from graders.helpers import check_device
from proctor.checks import expect

D_MODEL, MAX_LEN, NOTES, LENGTH = 14, 23, 3, 11
MADE = f"`SinusoidalPositionalEncoding({D_MODEL}, {MAX_LEN})`"


def table(positions, d_model):
    """The paper's formula, number by number: (positions, d_model)."""
    rows = [
        [(math.cos if j % 2 else math.sin)(position / 10000 ** ((j - j % 2) / d_model)) for j in range(d_model)]
        for position in range(positions)
    ]
    return torch.tensor(rows)


def encode(submission, x, device):
    """What the student's encoding makes of x."""
    return submission.SinusoidalPositionalEncoding(D_MODEL, MAX_LEN).to(str(device))(x.to(device))


@pytest.mark.points(4)
def test_table(submission, device):
    """Position and dimension give the sine or cosine of the paper."""
    hint = "Even dimensions 2i hold sin(position / 10000^(2i / d_model)), odd ones 2i + 1 the cosine of the same."
    found = encode(submission, torch.zeros(NOTES, MAX_LEN, D_MODEL), device)
    expect.close(found, table(MAX_LEN, D_MODEL).expand(NOTES, -1, -1), f"{MADE} of zeros", hint)


@pytest.mark.points(2)
def test_added(submission, generator, device):
    """The positions are added to the words' vectors, the same ones in each note."""
    x = 3 * torch.randn(NOTES, MAX_LEN, D_MODEL, generator=generator)
    found = encode(submission, x, device)
    expect.shape(found, x.shape, f"{MADE}(x)")
    zero = encode(submission, torch.zeros_like(x[:1]), device).cpu()
    expect.close(found, x + zero, f"{MADE}(x)", "Return x plus the table, and nothing else: x itself is not scaled.")


@pytest.mark.points(2)
def test_shorter_notes(submission, generator, device):
    """A note that is shorter than max_len gets the first positions."""
    x = torch.randn(NOTES, MAX_LEN, D_MODEL, generator=generator)
    whole = encode(submission, x, device)
    expect.shape(whole, x.shape, f"{MADE}(x)")
    hint = "Cut the table to the length of x, its axis 1, from the first position on."
    expect.close(encode(submission, x[:, :LENGTH], device), whole[:, :LENGTH].cpu(), f"{MADE} of shorter notes", hint)


@pytest.mark.points(1)
def test_only_the_distance_counts(submission, device):
    """The product of two positions' vectors depends on how far apart they are, and on nothing else."""
    pe = encode(submission, torch.zeros(1, MAX_LEN, D_MODEL), device)
    expect.shape(pe, (1, MAX_LEN, D_MODEL), f"{MADE} of zeros")
    products = pe[0].cpu() @ pe[0].cpu().T
    for distance in (0, 1, 5):
        diagonal = products.diagonal(distance)
        expect.true(
            bool((diagonal - diagonal[0]).abs().max() < 1e-3),
            f"Two positions {distance} apart should have the same product of their vectors wherever they stand, but "
            f"the products run from {float(diagonal.min()):.4g} to {float(diagonal.max()):.4g}. Each frequency needs "
            "its sine and its cosine.",
            diagonal,
        )
    beside, self_product = float(products.diagonal(1)[0]), float(products[0, 0])
    expect.true(
        beside < self_product - 1e-3,
        f"Neighbors should have a smaller product ({beside:.4g}) than a position with itself ({self_product:.4g}).",
        beside,
    )


@pytest.mark.points(1)
def test_nothing_to_learn(submission, generator):
    """The positions are fixed, and go along to another device."""
    module = submission.SinusoidalPositionalEncoding(D_MODEL, MAX_LEN)
    learned = sorted(name for name, _ in module.named_parameters())
    expect.true(not learned, f"{MADE} should have nothing to learn, but learns {learned}.", learned)
    message = "The table `pe` stays on the CPU when the model moves to a GPU: keep it as a buffer (`register_buffer`)."
    check_device(module, module, [torch.randn(NOTES, LENGTH, D_MODEL, generator=generator)], message)
