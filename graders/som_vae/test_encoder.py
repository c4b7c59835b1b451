"""The checks of `ConvEncoder`."""

import pytest
import torch

from graders.carried import built
from graders.helpers import check_device, check_gradients, check_layers, check_training_mode
from graders.som_vae.helpers import check_twice, first_input_hint
from graders.som_vae.mistakes import ENCODER
from proctor.checks import expect

# No two sizes are the same. 28 pixels become 27, 13, 9, 4: both poolings drop a row that is left over.
BATCH, CHANNELS, LATENT = 17, 19, 7
SIZES = (CHANNELS, LATENT, [2, 5], [1, 1], [11, 13])
NAME = f"`ConvEncoder{SIZES}`"
WHAT = f"{NAME[:-1]}(x)`"
# The ReLU cuts off about half.
SCALES = {"conv1": 0.18, "conv2": 0.15, "latent_transform": 0.1}


@pytest.fixture
def x(generator):
    """A batch of images, each a little darker, with noise that makes pixels negative or larger than one."""
    brightness = torch.linspace(1.5, 1, BATCH).view(-1, 1, 1, 1)
    return brightness * torch.rand(BATCH, CHANNELS, 28, 28, generator=generator) - 0.25


@pytest.fixture
def made(submission, reference, generator, device, x):
    """The student's encoder and the version that is like it, with the same weights."""
    return built(submission, reference, "ConvEncoder", ENCODER, SCALES, generator, device, SIZES, inputs=[x])


@pytest.fixture
def carried(submission, reference, generator, device, x):
    """The student's encoder and the version that gives the same."""

    def call(module, device):
        return module(x.to(device))

    return built(submission, reference, "ConvEncoder", ENCODER, SCALES, generator, device, SIZES, call, [x])


@pytest.mark.points(1.5)
def test_layers(submission, reference):
    """There are two convolutions and a linear layer, of the sizes that are asked for."""
    submission.seed(0)
    check_layers(submission.ConvEncoder(*SIZES), reference.ConvEncoder(*SIZES).state_dict(), NAME)
    check_twice(submission, reference, "ConvEncoder")


@pytest.mark.points(0.5)
def test_strides(submission):
    """The convolutions have the strides that are asked for."""
    module = submission.ConvEncoder(1, 7, [4, 4], [3, 2], [5, 11])
    strides = [tuple(module.conv1.stride), tuple(module.conv2.stride)]
    expect.equal(strides, [(3, 3), (2, 2)], "The strides of `ConvEncoder(1, 7, [4, 4], [3, 2], [5, 11])`")


@pytest.mark.points(0.5)
def test_shapes(made, x, device):
    """Each image gives one point of the latent space."""
    module, version = made
    out = module(x.to(device))
    expect.shape(out, version(x).shape, f"{WHAT} for x of shape {tuple(x.shape)}")
    expect.different(module(x.flip(0).to(device)), out, f"{WHAT} for some images and for others")
    hint = "An image that is alone keeps the axis of the batch: `squeeze()` drops it."
    expect.shape(module(x[:1].to(device)), version(x[:1]).shape, f"{WHAT} for a batch of one image", hint)


@pytest.mark.points(1.5)
def test_values(submission, made, x, device):
    """The encoding is convolution, ReLU and pooling, twice, and a linear layer."""
    module, version = made
    hint = "Convolution, ReLU, pooling; the same again; a row for each image; and a linear layer without ReLU."
    hint = first_input_hint(submission, module, "conv1", x.to(device), hint)
    expect.close(module(x.to(device)), version(x).detach(), WHAT, hint)


@pytest.mark.points(0.5)
def test_gradients(submission, carried, x, generator, device):
    """All layers and the images learn from the encodings, and training mode changes nothing."""
    module, version = carried
    check_training_mode(module, [x.to(device)], WHAT)
    check_gradients(submission, module, version, {"x": x}, WHAT, generator, device)


@pytest.mark.points(0.5)
def test_device(made, x, device):
    """The encoder works on the device of its inputs."""
    module, _ = made
    expect.different(module(x.flip(0).to(device)), module(x.to(device)), f"{WHAT} for some images and for others")
    check_device(module.cpu(), module, [x], f"{WHAT} should work on the device of x, but mixes devices.")
