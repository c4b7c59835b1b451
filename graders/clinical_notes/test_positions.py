"""The checks of `SinusoidalPositionalEncoding`."""

import pytest
import torch

from graders.helpers import check_device, check_gradients
from proctor.checks import expect

# More notes than positions: whoever cuts the table along the wrong axis fails with shorter notes alone.
D_MODEL, MAX_LEN, NOTES, LENGTH, FEWER = 14, 23, 29, 11, 5
MADE = f"`SinusoidalPositionalEncoding({D_MODEL}, {MAX_LEN})`"


def make(submission, device="cpu"):
    """The student's encoding, in evaluation mode."""
    return submission.SinusoidalPositionalEncoding(D_MODEL, MAX_LEN).to(str(device)).eval()


def encode(submission, x, device):
    """What the student's encoding makes of x."""
    return make(submission, device)(x.to(device))


@pytest.fixture
def x(generator):
    """The words' vectors, as many as there are positions."""
    return 3 * torch.randn(NOTES, MAX_LEN, D_MODEL, generator=generator)


@pytest.mark.points(3)
def test_table(submission, reference, device):
    """Position and dimension give the sine or cosine of the paper."""
    hint = "Even dimensions 2i hold sin(position / 10000^(2i / d_model)), odd ones 2i + 1 the cosine of the same."
    zeros = torch.zeros(NOTES, MAX_LEN, D_MODEL)
    expected = reference.SinusoidalPositionalEncoding(D_MODEL, MAX_LEN)(zeros)
    expect.close(encode(submission, zeros, device), expected, f"{MADE} of zeros", hint)


@pytest.mark.points(1)
def test_added(submission, x, device):
    """The positions are added to the words' vectors, the same ones in each note."""
    found = encode(submission, x, device)
    expect.shape(found, x.shape, f"{MADE}(x)")
    zero = encode(submission, torch.zeros_like(x[:1]), device).cpu()
    expect.different(zero, torch.zeros_like(zero), f"{MADE} of zeros and zeros")
    expect.close(found, x + zero, f"{MADE}(x)", "Return x plus the table, and nothing else: x itself is not scaled.")


@pytest.mark.points(2)
def test_shorter_notes(submission, x, device):
    """A note that is shorter than max_len gets the first positions."""
    whole = encode(submission, x, device)
    expect.shape(whole, x.shape, f"{MADE}(x)")
    expect.different(whole.cpu(), x, f"{MADE}(x) and x")
    expect.different(encode(submission, x + 1, device), whole, f"{MADE}(x + 1) and {MADE}(x)")
    hint = "Cut the table to the length of x, its axis 1, from the first position on."
    shorter = encode(submission, x[:FEWER, :LENGTH], device)
    expect.close(shorter, whole[:FEWER, :LENGTH].cpu(), f"{MADE} of shorter notes", hint)


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
def test_nothing_to_learn(submission, x):
    """The positions are fixed, and go along to another device."""
    module = make(submission)
    expect.different(module(x), x, f"{MADE}(x) and x")
    learned = sorted(name for name, _ in module.named_parameters())
    expect.true(not learned, f"{MADE} should have nothing to learn, but learns {learned}.", learned)
    message = "The table `pe` stays on the CPU when the model moves to a GPU: keep it as a buffer (`register_buffer`)."
    check_device(module, module, [x], message)


@pytest.mark.points(2)
def test_gradients(submission, reference, x, generator, device):
    """The words learn through the positions, and training mode changes nothing."""
    module = make(submission, device)
    expect.different(module(x.to(device)).cpu(), x, f"{MADE}(x) and x")
    twin = reference.SinusoidalPositionalEncoding(D_MODEL, MAX_LEN)
    check_gradients(submission, module, twin, {"x": x}, f"{MADE}(x)", generator, device, optional={"pe"})
