"""The checks of `ConvDecoder`."""

import pytest
import torch

from graders.carried import built
from graders.helpers import check_device, check_gradients, check_layers, check_training_mode
from graders.som_vae.helpers import check_twice, first_input_hint
from graders.som_vae.mistakes import DECODER
from proctor.checks import expect

# No two sizes are the same. A picture of 7 x 11 pixels (width, height) becomes 14 x 22, and 5 x 9 by a stride of 2.
BATCH, LATENT, SIZE = 6, 13, (31, 37)
SIZES = (29, SIZE, LATENT, [7, 11, 17], [5, 3], [2, 1], [19, 23])
NAME = f"`ConvDecoder{SIZES}`"
WHAT = f"{NAME[:-1]}(z)`"
# The ReLU cuts off about half, and the pixels are neither black nor white.
SCALES = {"latent_transform": 0.3, "deconv1": 0.08, "deconv2": 0.1, "out_transform": 0.5}
# With these the image has another size, and only the layers are looked at.
OTHER_SIZES = (3, SIZE, LATENT, [7, 11, 17], [2, 5], [4, 3], [19, 23])


@pytest.fixture
def z(generator):
    """A batch of points."""
    return torch.randn(BATCH, LATENT, generator=generator)


@pytest.fixture
def made(submission, reference, generator, device, z):
    """The student's decoder and the version that is like it, with the same weights."""
    return built(submission, reference, "ConvDecoder", DECODER, SCALES, generator, device, SIZES, inputs=[z])


@pytest.fixture
def carried(submission, reference, generator, device, z):
    """The student's decoder and the version that gives the same."""

    def call(module, device):
        return module(z.to(device))

    return built(submission, reference, "ConvDecoder", DECODER, SCALES, generator, device, SIZES, call, [z])


@pytest.mark.points(1.5)
def test_layers(submission, reference):
    """There are a linear layer and three convolutions, of the sizes and strides that are asked for."""
    paddings = set()
    # The others first: by them, one stride is never taken for another.
    for sizes in (OTHER_SIZES, SIZES):
        submission.seed(0)
        module, wanted = submission.ConvDecoder(*sizes), reference.ConvDecoder(*sizes)
        check_layers(module, wanted.state_dict(), f"`ConvDecoder{sizes}`")
        strides = [tuple(module.deconv1.stride), tuple(module.deconv2.stride)]
        expect.equal(strides, [wanted.deconv1.stride, wanted.deconv2.stride], f"The strides of `ConvDecoder{sizes}`")
        paddings.add(str(module.deconv2.padding))
    # Another padding than 1 shows in the shapes and values.
    message = f"The padding of `deconv2` should be the same for any kernel, but there are several: {sorted(paddings)}."
    expect.true(len(paddings) == 1, message, sorted(paddings))
    check_twice(submission, reference, "ConvDecoder")


@pytest.mark.points(0.5)
def test_shapes(made, z, device):
    """Each point gives an image of the size and the channels that are asked for."""
    module, version = made
    out = module(z.to(device))
    hint = "Enlarge to `self.output_size` before `deconv2`, whose padding of 1 keeps the size."
    expect.shape(out, version(z).shape, WHAT, hint)
    expect.different(module(z.flip(0).to(device)), out, f"{WHAT} for some points and for others")
    hint = "A point that is alone keeps the axis of the batch: `squeeze()` drops it."
    expect.shape(module(z[:1].to(device)), version(z[:1]).shape, f"{WHAT} for a batch of one point", hint)


@pytest.mark.points(1.5)
def test_values(submission, made, z, device):
    """The image is made as the text says: linear, enlarged, convolved, enlarged, convolved, mixed."""
    module, version = made
    hint = "The small picture has its channels first, then height and width. ReLU after `deconv1` and `deconv2` only."
    hint = first_input_hint(submission, module, "latent_transform", z.to(device), hint)
    expect.close(module(z.to(device)), version(z).detach(), WHAT, hint)


@pytest.mark.points(0.5)
def test_range(made, z, device):
    """All pixels are between 0 and 1, whatever the point, from black to white."""
    module, _ = made
    out = module(1000 * z.to(device))
    expect.type(out, torch.Tensor, WHAT)
    inside = bool(((out >= 0) & (out <= 1)).all())
    expect.true(inside, "All pixels should be between 0 and 1, but some are outside. A sigmoid comes last.", out)
    wide = float(out.max() - out.min())
    expect.true(wide > 0.9, f"Far points should give black and white, but pixels differ by {wide:.3g} only.", wide)


@pytest.mark.points(0.5)
def test_gradients(submission, carried, z, generator, device):
    """All layers and the points learn from the images, and training mode changes nothing."""
    module, version = carried
    check_training_mode(module, [z.to(device)], WHAT)
    check_gradients(submission, module, version, {"z": z}, WHAT, generator, device)


@pytest.mark.points(0.5)
def test_device(made, z, device):
    """The decoder works on the device of its inputs."""
    module, _ = made
    expect.different(module(z.flip(0).to(device)), module(z.to(device)), f"{WHAT} for some points and for others")
    check_device(module.cpu(), module, [z], f"{WHAT} should work on the device of z, but mixes devices.")
