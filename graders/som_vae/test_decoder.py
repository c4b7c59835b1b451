"""The checks of `ConvDecoder`."""

import pytest
import torch

from graders.helpers import build, check_device, check_gradients, check_layers, random_weights
from proctor.checks import expect

BATCH, LATENT, SIZE = 5, 7, (17, 19)
# A picture of 3 x 4 pixels (width, height) becomes 6 x 8, and 3 x 4 again by a stride of 2.
SIZES = (3, SIZE, LATENT, [3, 4, 5], [2, 3], [2, 1], [11, 13])
NAME = f"`ConvDecoder{SIZES}`"
WHAT = f"{NAME[:-1]}(z)`"


@pytest.fixture
def weights(reference, generator):
    """Weights under which the ReLU cuts off about half, and the pixels are neither black nor white."""
    scales = {"latent_transform": 0.5, "deconv1": 0.3, "deconv2": 0.15, "out_transform": 0.5}
    return random_weights(reference.ConvDecoder(*SIZES), scales, generator)


@pytest.fixture
def z(generator):
    """A batch of points."""
    return torch.randn(BATCH, LATENT, generator=generator)


def decoder(submission, device):
    """The student's decoder with its own first weights."""
    submission.seed(0)
    return submission.ConvDecoder(*SIZES).to(str(device)).eval()


@pytest.mark.points(3)
def test_layers(submission, weights):
    """There are a linear layer and three convolutions, of the sizes that are asked for."""
    submission.seed(0)
    check_layers(submission.ConvDecoder(*SIZES), weights, NAME)


@pytest.mark.points(1)
def test_shapes(submission, z, device):
    """Each point gives an image of the size and the channels that are asked for."""
    out = decoder(submission, device)(z.to(device))
    hint = "Enlarge to `self.output_size` before `deconv2`, whose padding of 1 keeps the size."
    expect.shape(out, (BATCH, 3, *SIZE), WHAT, hint)


@pytest.mark.points(3)
def test_values(submission, reference, weights, z, device):
    """The image is made as the text says: linear, enlarged, convolved, enlarged, convolved, mixed."""
    expected = reference.ConvDecoder(*SIZES)
    expected.load_state_dict(weights)
    out = build(submission, "ConvDecoder", weights, device, arguments=SIZES)(z.to(device))
    hint = "The small picture has its channels first, then height and width; ReLU after `deconv1` and `deconv2` only."
    expect.close(out, expected(z).detach(), WHAT, hint)


@pytest.mark.points(1)
def test_range(submission, z, device):
    """All pixels are between 0 and 1, whatever the point."""
    out = decoder(submission, device)(1000 * z.to(device))
    expect.type(out, torch.Tensor, WHAT)
    inside = bool(((out >= 0) & (out <= 1)).all())
    expect.true(inside, "All pixels should be between 0 and 1, but some are outside. A sigmoid comes last.", out)


@pytest.mark.points(1)
def test_gradients(submission, weights, z, generator, device):
    """All layers learn from the images."""
    module = decoder(submission, device)
    out = submission.keep(module)(z.to(device))
    check_gradients(submission, module, out, WHAT, generator, set(weights))


@pytest.mark.points(1)
def test_device(submission, z):
    """The decoder works on the device of its inputs."""
    module = decoder(submission, torch.device("cpu"))
    check_device(module, module, [z], f"{WHAT} should work on the device of z, but mixes devices.")
