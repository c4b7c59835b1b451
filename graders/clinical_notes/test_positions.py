"""The checks of `SinusoidalPositionalEncoding`."""

import pytest
import torch

from graders.helpers import check_device, check_gradients
from proctor.checks import expect
from proctor.checks.submission import StudentError

# More notes than positions: whoever cuts the table along the wrong axis fails with shorter notes alone.
D_MODEL, MAX_LEN, NOTES, LENGTH, FEWER = 14, 23, 29, 11, 5
# More than the default, so that neither that nor a rounder number does.
MANY = 6007
MADE = f"`SinusoidalPositionalEncoding({D_MODEL}, {MAX_LEN})`"


def make(submission, device="cpu"):
    """The student's encoding, in evaluation mode."""
    return submission.SinusoidalPositionalEncoding(D_MODEL, MAX_LEN).to(str(device)).eval()


def encode(submission, x, device):
    """What the student's encoding makes of x."""
    return make(submission, device)(x.to(device))


@pytest.fixture
def x(submission, generator, device):
    """The words' vectors, as many as there are positions, or one less where code stops at so many."""
    words = 3 * torch.randn(NOTES, MAX_LEN, D_MODEL, generator=generator)
    try:
        encode(submission, words, device)
    except StudentError:  # it is charged by `test_table`
        return words[:, :-1]
    return words


@pytest.mark.points(2)
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
    hint = "A note or a word that is alone keeps its axis: `squeeze()` drops it."
    expect.shape(encode(submission, x[:1, :1], device), (1, 1, D_MODEL), f"{MADE} of a single note of one word", hint)
    hint = "The words are float32, as all weights, and stay so: make the table of such numbers, too."
    expect.dtype(found, x.dtype, f"{MADE}(x)", hint)
    expect.given_is_kept(submission, make(submission, device), {"x": x.to(device)}, f"{MADE}(x)")


@pytest.mark.points(1.5)
def test_shorter_notes(submission, x, device):
    """A note that is shorter than max_len gets the first positions."""
    whole = encode(submission, x, device)
    expect.shape(whole, x.shape, f"{MADE}(x)")
    expect.different(whole.cpu(), x, f"{MADE}(x) and x")
    expect.different(encode(submission, x + 1, device), whole, f"{MADE}(x + 1) and {MADE}(x)")
    hint = "Cut the table to the length of x, its axis 1, from the first position on."
    module = make(submission, device)
    shorter = module(x[:FEWER, :LENGTH].to(device))
    expect.close(shorter, whole[:FEWER, :LENGTH].cpu(), f"{MADE} of shorter notes", hint)
    hint = "The table is the same at each call: cut it for this call alone."
    expect.close(module(x.to(device)), whole.cpu(), f"{MADE} of longer notes, after shorter ones,", hint)
    check_max_len(submission)


def check_max_len(submission):
    """There are as many positions as asked for."""
    try:
        encoded = submission.SinusoidalPositionalEncoding(2, MANY).eval()(torch.zeros(1, MANY, 2))
        enough = isinstance(encoded, torch.Tensor) and encoded.shape == (1, MANY, 2)
    except StudentError:
        enough = False
    table = make(submission).state_dict().get("pe")
    rows = not isinstance(table, torch.Tensor) or table.numel() == MAX_LEN * D_MODEL
    message = f"The table should have as many rows as max_len says, such as {MANY} or {MAX_LEN}, but has not."
    expect.true(enough and rows, f"{message} Use `max_len`, not a number of your own.", "not max_len")


@pytest.mark.points(0.5)
def test_only_the_distance_counts(submission, x, device):
    """The product of two positions' vectors depends on how far apart they are, and on nothing else."""
    zeros = torch.zeros_like(x[:1])
    pe = encode(submission, zeros, device)
    expect.shape(pe, zeros.shape, f"{MADE} of zeros")
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


@pytest.mark.points(1)
def test_gradients(submission, reference, x, generator, device):
    """The words learn through the positions, and training mode changes nothing."""
    module = make(submission, device)
    settled = module(x.to(device))
    expect.different(settled.cpu(), x, f"{MADE}(x) and x")
    trained, module = module.train()(x.to(device)), module.eval()
    expect.true(
        isinstance(trained, torch.Tensor) and torch.equal(trained, settled),
        f"{MADE}(x) should be the same in training mode as in evaluation mode, but is not. The text asks for no "
        "dropout here; the classifier has one.",
        "another in training mode",
    )
    twin = reference.SinusoidalPositionalEncoding(D_MODEL, MAX_LEN)
    check_gradients(submission, module, twin, {"x": x}, f"{MADE}(x)", generator, device, optional={"pe"})
