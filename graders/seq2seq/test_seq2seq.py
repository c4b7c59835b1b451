"""The checks of `Seq2Seq`.

The encoder and the decoder are stand-ins that write down how they are called, so that an earlier exercise's mistake
costs nothing here.
"""

import pytest
import torch
from torch import nn

from graders.helpers import alone, check_device, check_gradients, check_inputs_kept
from graders.layers import is_close
from graders.seq2seq.helpers import NUM_CODES, binary
from proctor.checks import expect

PATIENTS, VISITS = 5, 7


class RecordingEncoder(nn.Module):
    """A context that tells patients, codes and masks apart."""

    def __init__(self):
        super().__init__()
        # Of both signs, as a context is.
        self.scale = nn.Parameter(torch.linspace(-0.7, 1.0, 128))
        self.calls = []

    def forward(self, x, masks):
        self.calls.append((x.detach().clone(), masks.clone()))
        # A mask with an axis too many is told by what it was given.
        masks = masks.reshape(x.shape[:2])
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


class SmoothDecoder(nn.Module):
    """A step with a weight; gradients go on to the hidden state, or else to the visit that the step is given."""

    def __init__(self, from_state):
        super().__init__()
        self.from_state = from_state
        self.weight = nn.Parameter(torch.linspace(0.2, 0.9, 128))

    def forward(self, x, hiddens):
        hiddens, x = (hiddens, x.detach()) if self.from_state else (hiddens.detach(), x)
        new_hiddens = torch.sin(0.8 * hiddens * self.weight + 0.1)
        return torch.sigmoid(new_hiddens[:, :105] - 2 * self.weight[:105] * x), new_hiddens


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
    training : bool, whether in training mode
    seed : int, of the coin
    patients : int
    """

    def __init__(self, submission, generator, device, ratio, visits=VISITS, training=False, seed=0, patients=PATIENTS):
        self.submission = submission
        self.x = binary(patients, visits, NUM_CODES, generator=generator)
        # A true visit may be empty.
        self.x[:, 2:3] *= torch.arange(patients).remainder(2).view(-1, 1, 1)
        lengths = torch.arange(patients) % visits + 1
        self.masks = torch.arange(visits) < lengths.unsqueeze(1)
        self.encoder = submission.send(RecordingEncoder)().to(str(device))
        self.decoder = submission.send(RecordingDecoder)()
        put_in_notebook(submission, self.encoder, self.decoder)
        submission.seed(seed)
        self.model = submission.Seq2Seq(self.encoder, self.decoder, ratio).train(training)
        self.output = submission.keep(self.model)(self.x.to(device), self.masks.to(device))
        self.require_own_notes()
        self.calls = self.calls_of_steps(visits)

    def require_own_notes(self):
        """What the decoder wrote down is what it does: it lies where the submission can write, too."""
        twin = RecordingDecoder()
        given = [[value.cpu() for value in getattr(self.decoder, name)] for name in ("inputs", "hiddens")]
        for pair in zip(*given, strict=False):
            twin(*pair)
        for name in ("predictions", "new_hiddens"):
            found, expected = [value.cpu() for value in getattr(self.decoder, name)], getattr(twin, name)
            own = len(found) == len(expected) and all(
                one.shape == other.shape and torch.allclose(one, other, rtol=1e-4, atol=1e-5, equal_nan=True)
                for one, other in zip(found, expected, strict=True)
            )
            message = "The decoder should be called, and left as it is, but what it has kept of its steps is not its."
            expect.true(own, message, name)

    def calls_of_steps(self, visits):
        """Which call of the decoder made each visit, where it is called more often than there are steps."""
        predictions = [value.cpu() for value in self.decoder.predictions]
        output = self.submission.get(self.output)
        if len(predictions) != visits and getattr(output, "shape", ()) == self.x.shape:
            same = [[torch.equal(output[:, step].cpu(), value) for value in predictions] for step in range(visits)]
            if all(any(calls) for calls in same):
                return [calls.index(True) for calls in same]
        expect.equal(len(predictions), visits, f"The number of decoding steps for {visits} visits", "One for each.")
        return list(range(visits))

    def read(self, name):
        """What the decoder wrote down at each step, on the CPU."""
        written = getattr(self.decoder, name)
        return [written[call].cpu() for call in self.calls]


def put_in_notebook(submission, encoder, decoder):
    """Puts parts in the place of the notebook's `encoder` and `decoder`: who calls those is charged in one check."""
    submission.replace("encoder", encoder)
    submission.replace("decoder", decoder)


def check_learning(submission, reference, generator, device, ratio):
    """The gradients that go back through all steps are the reference's, and training mode changes nothing."""
    from_state = ratio == 1
    encoder, decoder = submission.send(RecordingEncoder)(), submission.send(SmoothDecoder)(from_state)
    put_in_notebook(submission, encoder, decoder)
    model = submission.Seq2Seq(encoder, decoder, ratio).to(str(device))
    twin = reference.Seq2Seq(RecordingEncoder(), SmoothDecoder(from_state), ratio)
    x = binary(PATIENTS, VISITS, NUM_CODES, generator=generator)
    # Which mask the encoder is given is another check's matter.
    inputs = {"x": x, "masks": torch.ones(PATIENTS, VISITS, dtype=torch.bool)}
    what = f"`Seq2Seq(...)(x, masks)` at a teacher forcing ratio of {ratio:g}"
    found = model.eval()(*(value.to(device) for value in inputs.values()))
    if not is_close(found, twin(*inputs.values())):
        return  # other checks charge that
    check_gradients(submission, model, twin, inputs, what, generator, device)


@pytest.mark.points(3)
def test_start(submission, generator, device):
    """The decoder starts from a zero visit and from the encoder's context."""
    recording = Recording(submission, generator, device, ratio=1.0)
    calls = recording.encoder.calls
    expect.true(len(calls) > 0, "The encoder should be called before the first step, but never is.", "never")
    hint = "The encoder is called with x and the masks, as they come."
    expect.close(calls[0][0].cpu(), recording.x, "The x that the encoder is given", hint)
    expect.dtype(calls[0][1], torch.bool, "The mask that the encoder is given", hint)
    expect.close(calls[0][1].cpu(), recording.masks, "The mask that the encoder is given", hint)
    first_input, first_hiddens = recording.read("inputs")[0], recording.read("hiddens")[0]
    expect.close(first_input, torch.zeros(PATIENTS, NUM_CODES), "The first input of the decoder")
    context = RecordingEncoder()(recording.x, recording.masks).detach()
    expect.close(first_hiddens, context, "The first hidden state of the decoder", "It is the encoder's context.")
    others = submission.send(RecordingEncoder)(), submission.send(RecordingDecoder)()
    put_in_notebook(submission, *others)
    submission.keep(recording.model)(recording.x.to(device), recording.masks.to(device))
    called = [name for name, calls in (("encoder", others[0].calls), ("decoder", others[1].inputs)) if len(calls)]
    expect.true(
        not called,
        f"`Seq2Seq` calls the notebook's `{' and '.join(called)}`. It has an encoder and a decoder of its own, "
        "`self.encoder` and `self.decoder`, as it was given them.",
        called,
    )


@pytest.mark.points(4)
def test_hidden_state(submission, reference, generator, device):
    """Each step goes on from the hidden state of the step before, all the way back to the encoder."""
    recording = Recording(submission, generator, device, ratio=1.0)
    for hiddens in recording.read("hiddens"):
        expect.shape(hiddens, (PATIENTS, 128), "The hidden state that a step is given")
    before, returned = (torch.stack(recording.read(name), dim=1) for name in ("hiddens", "new_hiddens"))
    given, old, new = before[:, 1:], before[:, :-1], returned[:, :-1]
    # Patient by patient and step by step.
    waits, goes_on = (torch.isclose(given, one, rtol=1e-4, atol=1e-5).all(dim=-1) for one in (old, new))
    some = bool((waits | goes_on).all()) and bool((waits.any(dim=0) & ~waits.all(dim=0)).any())
    message = "The hidden state of some patients stays what it was before a step. Each step goes on, for all patients."
    expect.true(not some, message, "waits for some")
    what = f"What steps 2 to {VISITS} are given as hidden state (patients, steps, units)"
    expect.close(given, new, what, "It is what the step before returned.")
    check_learning(submission, reference, generator, device, ratio=1.0)


@pytest.mark.points(4)
def test_teacher_forcing(submission, generator, device):
    """With teacher forcing, each step is given the true visit before it."""
    recording = Recording(submission, generator, device, ratio=1.0)
    what = f"With a teacher forcing ratio of 1, what steps 2 to {VISITS} are given (patients, steps, codes)"
    hint = "Each is given the visit of x before its own. The visit that is to be decoded must not be given away."
    expect.close(torch.stack(recording.read("inputs")[1:], dim=1), recording.x[:, :-1], what, hint)


@pytest.mark.points(4)
def test_own_predictions(submission, reference, generator, device):
    """Without teacher forcing, each step is given the prediction of the step before."""
    recording = Recording(submission, generator, device, ratio=0.0)
    inputs, predictions = recording.read("inputs"), recording.read("predictions")
    what = f"With a teacher forcing ratio of 0, what steps 2 to {VISITS} are given (patients, steps, codes)"
    hint = "Each is given what the step before it predicted, as probabilities."
    expect.close(torch.stack(inputs[1:], dim=1), torch.stack(predictions[:-1], dim=1), what, hint)
    check_learning(submission, reference, generator, device, ratio=0.0)


@pytest.mark.points(1)
def test_ratio_between(submission, generator, device):
    """At a ratio of one half, some steps see the true visit and others the prediction."""
    # Each of 40 steps throws a coin: that all fall alike has a probability below 1e-11. A second pass tells who throws
    # one coin for all steps from who throws none: it falls the other way there.
    passes = [coins(submission, generator, device, 41, seed) for seed in (0, 1)]
    missing = [what for forced, own in passes for seen, what in ((forced, "the true visit"), (own, "the prediction"))
               if not any(seen)]
    expect.true(
        not missing,
        f"With a teacher forcing ratio of 0.5, about half of the steps should be given {' and '.join(missing[:1])} "
        "before them, but none of 40 is. Each step decides anew, with `teacher_force`.",
        missing,
    )
    expect.true(
        passes[0] != passes[1],
        "With a teacher forcing ratio of 0.5, the steps that are given the true visit should be others each time, but "
        "are the same in two passes of 40. Each step decides anew, with `teacher_force`; start no generator again.",
        "the same",
    )


def coins(submission, generator, device, visits, seed):
    """Which steps of a pass at a ratio of one half are given the true visit, and which the prediction."""
    recording = Recording(submission, generator, device, ratio=0.5, visits=visits, training=True, seed=seed)
    inputs, predictions = recording.read("inputs"), recording.read("predictions")
    forced = [torch.isclose(inputs[step], recording.x[:, step - 1]).all(1) for step in range(1, visits)]
    own = [torch.isclose(inputs[step], predictions[step - 1]).all(1) for step in range(1, visits)]
    return [[bool(step.any()) for step in steps] for steps in (forced, own)]


@pytest.mark.points(3)
def test_output(submission, generator, device):
    """The predictions of all steps come back as one tensor: patients, then visits, then codes."""
    for patients, visits in ((PATIENTS, VISITS), (PATIENTS, 1), (37, 41)):
        recording = Recording(submission, generator, device, ratio=1.0, visits=visits, patients=patients)
        output = submission.get(recording.output)
        what = f"`Seq2Seq(...)(x, masks)` with x of shape {(patients, visits, NUM_CODES)}"
        expect.shape(output, (patients, visits, NUM_CODES), what, "The steps are the visits: put them on axis 1.")
        expected = torch.stack(recording.read("predictions"), dim=1)
        hint = "What the decoder predicted at each step stands there as it is, each patient's in the patient's own row."
        expect.close(output, expected, what, hint)
    with alone(True, "`Seq2Seq(...)(x, masks)`"):
        recording = Recording(submission, generator, device, ratio=0.0, patients=1)
        expect.shape(submission.get(recording.output), (1, VISITS, NUM_CODES), "The output for one patient")


@pytest.mark.points(1)
def test_device(submission, generator):
    """All inputs of the decoder are on the device of x; x and the masks are left as they were."""
    encoder = submission.send(RecordingEncoder)()
    decoder = submission.send(DeviceDecoder)()
    model = submission.Seq2Seq(encoder, decoder, 1.0)
    message = (
        "`Seq2Seq(...)(x, masks)` should work on the device of x, but mixes devices, and so fails on a GPU. "
        "Make new tensors with `device=x.device`."
    )
    x = binary(PATIENTS, VISITS, NUM_CODES, generator=generator)
    masks = torch.ones(PATIENTS, VISITS, dtype=torch.bool)
    # Whoever writes predictions into x does so where there is no teacher forcing.
    own = submission.Seq2Seq(submission.send(RecordingEncoder)(), submission.send(RecordingDecoder)(), 0.0)
    for tried in (model, own):
        put_in_notebook(submission, tried.encoder, tried.decoder)
        check_inputs_kept(submission, tried, {"x": x, "masks": masks}, "`Seq2Seq(...)(x, masks)`")
    put_in_notebook(submission, encoder, decoder)
    check_device(model, encoder, [x, masks], message)
    devices = decoder.devices
    expect.true(len(devices) > 0, "The decoder should be called at each step, but was never called.", devices)
    expect.true(all(first == second for first, second in devices), message, devices)
