"""The checks of `Decoder`."""

import pytest
import torch

from graders.helpers import (
    alone,
    build,
    check_device,
    check_gradients,
    check_inputs_kept,
    check_layers,
    check_not_constant,
    check_varied,
    random_weights,
)
from graders.layers import fit, is_close
from graders.seq2seq.helpers import NUM_CODES, NUM_HIDDEN, binary
from proctor.checks import expect

WHAT = "`Decoder()(x, hiddens)`"


@pytest.fixture
def weights(reference, generator):
    """Weights under which neither the gates nor the sigmoid saturate."""
    return random_weights(reference.Decoder(), {"rnn": 0.15, "linear1": 0.1, "linear2": 0.1}, generator)


@pytest.fixture
def twin(reference, weights):
    """The reference decoder with these weights, on the CPU."""
    decoder = reference.Decoder().eval()
    decoder.load_state_dict(weights)
    return decoder


def step(decoder, x, hiddens, device):
    """One step of the student's decoder: preds and hiddens."""
    result = decoder(x.to(device), hiddens.to(device))
    expect.type(result, (tuple, list), WHAT)
    expect.equal(len(result), 2, f"The number of values that {WHAT} returns", "Return preds and hiddens.")
    return result


def decode(submission, twin, x, hiddens, device):
    """One step of the student's decoder with the twin's weights, in the shapes that are due: preds and hiddens."""
    decoder = build(submission, "Decoder", twin.state_dict(), device, twin=twin, inputs=(x, hiddens))
    preds, new = step(decoder, x, hiddens, device)
    return fit(preds, (len(x), NUM_CODES)), fit(new, (len(x), NUM_HIDDEN))


@pytest.mark.points(1)
def test_layers(submission, weights, generator):
    """The decoder has a GRU `rnn` from 105 codes to 128 hidden units, and two linear layers."""
    decoder = submission.Decoder()
    check_layers(decoder, weights, "`Decoder()`")
    extra = sorted(name for name in decoder.state_dict() if name.startswith("rnn.") and name not in weights)
    expect.true(
        not extra,
        f"The GRU should have one layer in one direction, but `Decoder()` also has {extra}.",
        extra,
    )
    x = binary(7, NUM_CODES, generator=generator)
    check_not_constant(decoder, (x, torch.randn(7, NUM_HIDDEN, generator=generator)), "`Decoder()`")


@pytest.mark.points(1)
def test_shapes(submission, generator, device):
    """A step gives 105 probabilities and 128 hidden values for each patient, also for a single one."""
    submission.seed(0)
    decoder = submission.Decoder().to(str(device)).eval()
    for patients in (7, 1, 103):
        x = binary(patients, NUM_CODES, generator=generator)
        where = f" for {patients} patient{'s' * (patients > 1)}"
        with alone(patients == 1, f"{WHAT}{where}"):
            preds, hiddens = step(decoder, x, torch.randn(patients, NUM_HIDDEN, generator=generator), device)
            expect.shape(preds, (patients, NUM_CODES), f"preds{where}")
            hint = "The GRU's last hidden state has an axis for its layers in front."
            expect.shape(hiddens, (patients, NUM_HIDDEN), f"hiddens{where}", hint)
        expect.true(
            bool(((preds >= 0) & (preds <= 1)).all()),
            "preds should be probabilities between 0 and 1, but has values outside.",
            preds,
        )
        if patients > 1:
            check_varied(preds, "preds of different patients")


@pytest.mark.points(1)
def test_predictions(submission, twin, generator, device):
    """The predictions come from the new hidden state, through `linear1`, `act`, `linear2` and `sigmoid`."""
    x, hiddens = binary(5, NUM_CODES, generator=generator), torch.zeros(5, NUM_HIDDEN)
    preds, new = decode(submission, twin, x, hiddens, device)
    # A wrong hidden state is another check's matter, as long as it tells patients apart.
    if isinstance(new, torch.Tensor) and new.shape == (5, NUM_HIDDEN) and bool((new != new[:1]).any()):
        own = twin.sigmoid(twin.linear2(twin.act(twin.linear1(new.cpu().float()))))
        if is_close(preds, own):
            return
    hint = "The returned hidden state goes through the two layers, with `act` between them and `sigmoid` at the end."
    expect.close(preds, twin(x, hiddens)[0], "`preds`, starting from hiddens of zero,", hint)


@pytest.mark.points(1)
def test_hidden_state(submission, twin, generator, device):
    """The returned hidden state is the GRU's after this step."""
    x, hiddens = binary(5, NUM_CODES, generator=generator), torch.zeros(5, NUM_HIDDEN)
    _, new = decode(submission, twin, x, hiddens, device)
    expect.close(
        new,
        twin(x, hiddens)[1],
        "The returned hidden state, starting from one of zero,",
        "A GRU returns its outputs and its last hidden state; the decoder returns the latter.",
    )


@pytest.mark.points(1)
def test_continues(submission, twin, generator, device):
    """A step goes on from the hidden state that it is given."""
    # A step's own prediction may be the visit before the next one: probabilities.
    x = torch.rand(5, NUM_CODES, generator=generator)
    hiddens = torch.randn(5, NUM_HIDDEN, generator=generator)
    preds, new = decode(submission, twin, x, hiddens, device)
    expected = twin(x, hiddens)
    hint = "Is the hidden state handed to the GRU as its second argument, each patient with its own?"
    expect.close(preds, expected[0], "`preds`, starting from hiddens that are not zero,", hint)
    expect.close(new, expected[1], "The returned hidden state, starting from one that is not zero,", hint)


@pytest.mark.points(1)
def test_gradients(submission, twin, generator, device):
    """Every weight of the decoder can learn, and so can what made its hidden state; training mode changes nothing."""
    x, hiddens = binary(7, NUM_CODES, generator=generator), torch.randn(7, NUM_HIDDEN, generator=generator)
    decoder = build(submission, "Decoder", twin.state_dict(), device, twin=twin, inputs=(x, hiddens))
    for place, what in enumerate(("preds", "the returned hidden state")):
        inputs = {"x": x, "hiddens": hiddens}
        check_gradients(submission, decoder, twin, inputs, what, generator, device, place=place)


@pytest.mark.points(1)
def test_device(submission, generator):
    """A step works on the device of its inputs, and leaves them as they were."""
    submission.seed(0)
    decoder = submission.Decoder().eval()
    x, hiddens = binary(3, NUM_CODES, generator=generator), torch.randn(3, NUM_HIDDEN, generator=generator)
    message = (
        f"{WHAT} should work on the device of x, but mixes devices, and so fails on a GPU. "
        "Make new tensors with `device=x.device`."
    )
    check_varied(fit(step(decoder, x, hiddens, "cpu")[1], (3, NUM_HIDDEN)), "The hidden states of different patients")
    check_inputs_kept(submission, decoder, {"x": x, "hiddens": hiddens}, WHAT)
    check_device(decoder, decoder, [x, hiddens], message)
