"""The checks of `Seq2Seq`.

The encoder and the decoder are stand-ins that write down how they are called, so that an earlier exercise's mistake
costs nothing here.
"""

import pytest
import torch
from torch import nn

from graders.helpers import check_device
from graders.seq2seq.helpers import NUM_CODES, binary
from proctor.checks import expect

PATIENTS, VISITS = 5, 7


class RecordingEncoder(nn.Module):
    """A context that tells patients, codes and masks apart."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.linspace(0.1, 1.0, 128))
        self.calls = []

    def forward(self, x, masks):
        self.calls.append((x.detach().clone(), masks.clone()))
        place = torch.arange(1.0, x.shape[1] + 1, device=x.device)
        weighted = x.mean(dim=2) * (1.0 + masks) * place
        return weighted.sum(dim=1, keepdim=True) * self.scale


class RecordingDecoder(nn.Module):
    """A step that is a little different each time, and whose first prediction owes nothing to the context."""

    def __init__(self):
        super().__init__()
        self.inputs, self.hiddens, self.predictions, self.new_hiddens = [], [], [], []

    def forward(self, x, hiddens):
        number = len(self.inputs) + 1
        self.inputs.append(x.detach().clone())
        self.hiddens.append(hiddens.detach().clone())
        new_hiddens = 0.7 * hiddens + 0.1 * number
        state = new_hiddens if number > 1 else new_hiddens.detach()
        predictions = torch.sigmoid(state[:, :105] - 0.4 * x - 0.05 * number)
        self.predictions.append(predictions.detach().clone())
        self.new_hiddens.append(new_hiddens.detach().clone())
        return predictions, new_hiddens


class DeviceDecoder(nn.Module):
    """A step that only writes down the devices of what it is given."""

    def __init__(self):
        super().__init__()
        self.devices = []

    def forward(self, x, hiddens):
        self.devices.append((x.device.type, hiddens.device.type))
        return hiddens[:, :105], hiddens


class Recording:
    """One pass of the student's `Seq2Seq` over fresh visits, with stand-ins in place of its parts.

    Parameters
    ----------
    submission, generator, device : the fixtures
    ratio : float, the teacher forcing ratio
    visits : int
    """

    def __init__(self, submission, generator, device, ratio, visits=VISITS):
        self.x = binary(PATIENTS, visits, NUM_CODES, generator=generator)
        lengths = torch.arange(PATIENTS) % visits + 1
        self.masks = torch.arange(visits) < lengths.unsqueeze(1)
        self.encoder = submission.send(RecordingEncoder)().to(str(device))
        self.decoder = submission.send(RecordingDecoder)()
        submission.seed(0)
        model = submission.Seq2Seq(self.encoder, self.decoder, ratio).eval()
        self.output = submission.keep(model)(self.x.to(device), self.masks.to(device))
        steps = len(self.decoder.inputs)
        expect.equal(steps, visits, f"The number of decoding steps for {visits} visits", "One step for each visit.")

    def read(self, name):
        """What the decoder wrote down at each step, on the CPU."""
        return [value.cpu() for value in getattr(self.decoder, name)]


@pytest.mark.points(3)
def test_start(submission, generator, device):
    """The decoder starts from a zero visit and from the encoder's context."""
    recording = Recording(submission, generator, device, ratio=1.0)
    calls = recording.encoder.calls
    expect.equal(len(calls), 1, "The number of times that the encoder is called", "Once, before the first step.")
    hint = "The encoder is called with x and the masks, as they come."
    expect.close(calls[0][0].cpu(), recording.x, "The x that the encoder is given", hint)
    expect.close(calls[0][1].cpu() != 0, recording.masks, "The mask that the encoder is given", hint)
    first_input, first_hiddens = recording.read("inputs")[0], recording.read("hiddens")[0]
    expect.close(first_input, torch.zeros(PATIENTS, NUM_CODES), "The first input of the decoder")
    context = RecordingEncoder()(recording.x, recording.masks).detach()
    expect.close(first_hiddens, context, "The first hidden state of the decoder", "It is the encoder's context.")


@pytest.mark.points(4)
def test_hidden_state(submission, generator, device):
    """Each step goes on from the hidden state of the step before, all the way back to the encoder."""
    recording = Recording(submission, generator, device, ratio=1.0)
    given, returned = recording.read("hiddens"), recording.read("new_hiddens")
    for step in range(1, VISITS):
        expect.close(
            given[step],
            returned[step - 1],
            f"The hidden state that step {step + 1} is given",
            f"It is the one that step {step} returned.",
        )
    output = recording.output
    reached = False
    if output.type_name == "Tensor" and output.requires_grad is True:
        submission.keep(output.sum)().backward()
        gradient = submission.gradients(recording.encoder)["scale"]
        reached = gradient is not None and bool((gradient != 0).any())
    expect.true(
        reached,
        "The error of the later visits should reach the encoder through the hidden states, but does not: something "
        "on the way cuts the gradient off (`detach`, `.data`, `torch.no_grad`).",
        "no gradient",
    )


@pytest.mark.points(4)
def test_teacher_forcing(submission, generator, device):
    """With teacher forcing, each step is given the true visit before it."""
    recording = Recording(submission, generator, device, ratio=1.0)
    inputs = recording.read("inputs")
    for step in range(1, VISITS):
        expect.close(
            inputs[step],
            recording.x[:, step - 1],
            f"With a teacher forcing ratio of 1, the input of step {step + 1}",
            f"It is visit {step} of x. The visit that is to be decoded must not be given away.",
        )


@pytest.mark.points(4)
def test_own_predictions(submission, generator, device):
    """Without teacher forcing, each step is given the prediction of the step before."""
    recording = Recording(submission, generator, device, ratio=0.0)
    inputs, predictions = recording.read("inputs"), recording.read("predictions")
    for step in range(1, VISITS):
        expect.close(
            inputs[step],
            predictions[step - 1],
            f"With a teacher forcing ratio of 0, the input of step {step + 1}",
            f"It is what step {step} predicted, as probabilities.",
        )


@pytest.mark.points(1)
def test_ratio_between(submission, generator, device):
    """At a ratio of one half, some steps see the true visit and others the prediction."""
    visits = 41
    recording = Recording(submission, generator, device, ratio=0.5, visits=visits)
    inputs, predictions = recording.read("inputs"), recording.read("predictions")
    forced = [torch.isclose(inputs[step], recording.x[:, step - 1]).all(1) for step in range(1, visits)]
    own = [torch.isclose(inputs[step], predictions[step - 1]).all(1) for step in range(1, visits)]
    # Each of 40 steps throws a coin: that all fall alike has a probability below 1e-11.
    for seen, what in ((forced, "the true visit"), (own, "the prediction")):
        expect.true(
            any(bool(step.any()) for step in seen),
            f"With a teacher forcing ratio of 0.5, about half of the steps should be given {what} before them, but "
            f"none of {visits - 1} is. Each step decides anew, with `teacher_force`.",
            what,
        )


@pytest.mark.points(3)
def test_output(submission, generator, device):
    """The predictions of all steps come back as one tensor: patients, then visits, then codes."""
    for visits in (VISITS, 1):
        recording = Recording(submission, generator, device, ratio=1.0, visits=visits)
        output = submission.get(recording.output)
        what = f"`Seq2Seq(...)(x, masks)` with x of shape {(PATIENTS, visits, NUM_CODES)}"
        expect.shape(output, (PATIENTS, visits, NUM_CODES), what, "The steps are the visits: put them on axis 1.")
        expected = torch.stack(recording.read("predictions"), dim=1)
        hint = "`reshape` and `view` do not swap axes: they would mix the patients."
        expect.close(output, expected, what, hint)


@pytest.mark.points(1)
def test_device(submission, generator):
    """All inputs of the decoder are on the device of x."""
    encoder = submission.send(RecordingEncoder)()
    decoder = submission.send(DeviceDecoder)()
    model = submission.Seq2Seq(encoder, decoder, 1.0)
    message = (
        "`Seq2Seq(...)(x, masks)` should work on the device of x, but mixes devices, and so fails on a GPU. "
        "Make new tensors with `device=x.device`."
    )
    x = binary(PATIENTS, VISITS, NUM_CODES, generator=generator)
    check_device(model, encoder, [x, torch.ones(PATIENTS, VISITS, dtype=torch.bool)], message)
    devices = decoder.devices
    expect.true(len(devices) > 0, "The decoder should be called at each step, but was never called.", devices)
    expect.true(all(first == second for first, second in devices), message, devices)
