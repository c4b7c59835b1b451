"""The checks of `ConvEncoder`."""

import pytest
import torch

from graders.helpers import build, check_device, check_gradients, check_layers, random_weights
from proctor.checks import expect

BATCH, LATENT = 5, 7
# 28 pixels become 26, 13, 9, 4.
SIZES = (3, LATENT, [3, 5], [1, 1], [11, 13])
NAME = f"`ConvEncoder{SIZES}`"
WHAT = f"{NAME[:-1]}(x)`"


@pytest.fixture
def weights(reference, generator):
    """Weights under which the ReLU cuts off about half."""
    return random_weights(
        reference.ConvEncoder(*SIZES), {"conv1": 0.3, "conv2": 0.15, "latent_transform": 0.1}, generator
    )


@pytest.fixture
def x(generator):
    """A batch of images."""
    return torch.rand(BATCH, 3, 28, 28, generator=generator)


def encoder(submission, device):
    """The student's encoder with its own first weights."""
    submission.seed(0)
    return submission.ConvEncoder(*SIZES).to(str(device)).eval()


@pytest.mark.points(3)
def test_layers(submission, weights):
    """There are two convolutions and a linear layer, of the sizes that are asked for."""
    submission.seed(0)
    check_layers(submission.ConvEncoder(*SIZES), weights, NAME)


@pytest.mark.points(1)
def test_strides(submission):
    """The convolutions have the strides that are asked for."""
    module = submission.ConvEncoder(1, 7, [4, 4], [3, 2], [5, 11])
    strides = [tuple(module.conv1.stride), tuple(module.conv2.stride)]
    expect.equal(strides, [(3, 3), (2, 2)], "The strides of `ConvEncoder(1, 7, [4, 4], [3, 2], [5, 11])`")


@pytest.mark.points(1)
def test_shapes(submission, x, device):
    """Each image gives one point of the latent space."""
    out = encoder(submission, device)(x.to(device))
    expect.shape(out, (BATCH, LATENT), f"{WHAT} for x of shape {tuple(x.shape)}")


@pytest.mark.points(3)
def test_values(submission, reference, weights, x, device):
    """The encoding is convolution, ReLU and pooling, twice, and a linear layer."""
    expected = reference.ConvEncoder(*SIZES)
    expected.load_state_dict(weights)
    out = build(submission, "ConvEncoder", weights, device, arguments=SIZES)(x.to(device))
    hint = "Convolution, ReLU, pooling; the same again; a row for each image; and a linear layer without ReLU."
    expect.close(out, expected(x).detach(), WHAT, hint)


@pytest.mark.points(1)
def test_gradients(submission, weights, x, generator, device):
    """All layers learn from the encodings."""
    module = encoder(submission, device)
    out = submission.keep(module)(x.to(device))
    check_gradients(submission, module, out, WHAT, generator, set(weights))


@pytest.mark.points(1)
def test_device(submission, x):
    """The encoder works on the device of its inputs."""
    module = encoder(submission, torch.device("cpu"))
    check_device(module, module, [x], f"{WHAT} should work on the device of x, but mixes devices.")
