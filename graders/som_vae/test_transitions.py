"""The checks of `SOMVAE`, over a stand-in for the loss of `StaticSOMVAE`."""

import pytest
import torch

from graders.helpers import check_meta
from graders.som_vae.helpers import go_backward, gradient, learnable, number
from proctor.checks import expect

ROWS, COLUMNS, LATENT, STEPS = 2, 3, 5, 11
NODES = ROWS * COLUMNS
WEIGHTS = {"gamma": 0.7, "tau": 1.3}


def static_loss(self, x, x_e, x_q, z_e, z_q, z_q_neighbors, k, z_dist_flat):
    return x.sum() + 2 * x_e.sum() + 3 * z_q_neighbors.sum()


@pytest.fixture(autouse=True)
def static(submission, reference, monkeypatch):
    """A mistake in the losses of `StaticSOMVAE` costs nothing here."""
    monkeypatch.setattr(reference.StaticSOMVAE, "loss", static_loss)
    base = submission.StaticSOMVAE
    before = base.loss
    base.loss = submission.send(static_loss)
    yield
    base.loss = before


@pytest.fixture
def probs(generator):
    """Logits of the transitions."""
    return torch.randn(ROWS, COLUMNS, ROWS, COLUMNS, generator=generator)


@pytest.fixture
def k(generator):
    """The nodes of three series."""
    return torch.randint(NODES, (3, STEPS), generator=generator)


@pytest.fixture
def distances(generator):
    """The squared distances of all steps of three series to all nodes."""
    return torch.rand(3, STEPS, NODES, generator=generator)


def model(of, probs, device="cpu"):
    """A model of the submission or the reference with these logits, and without networks."""
    made = of.SOMVAE(None, None, None, latent_dim=LATENT, som_dim=[ROWS, COLUMNS], alpha=5.0, beta=3.0, **WEIGHTS)
    made.load_state_dict({"probs": probs, "embeddings": torch.zeros(ROWS, COLUMNS, LATENT)})
    return made.to(str(device))


@pytest.mark.points(3)
def test_log_transitions(submission, reference, probs, device):
    """`log_transitions` are the logarithms of probabilities that sum to one over all nodes that one can go to."""
    found = model(submission, probs, device).log_transitions()
    what = f"`log_transitions()` of a map of {ROWS} x {COLUMNS} nodes"
    expect.shape(found, (NODES, NODES), what, "From each node, to each node.")
    sums = found.exp().sum(dim=-1)
    expect.true(
        bool(torch.isclose(sums, torch.ones_like(sums), atol=1e-4).all()),
        "The probabilities from a node to all nodes should sum to one, but sum to other numbers, such as "
        f"{float(sums[0]):.4g}. A softmax over both of the last axes of `probs`.",
        found,
    )
    expect.close(found, model(reference, probs).log_transitions().detach(), what, "Rows are from, columns are to.")


@pytest.mark.points(2)
def test_transition_loss(submission, probs, k, device):
    """The transition loss is the mean of minus the logarithm of the probabilities of a series' steps."""
    mine = model(submission, probs, device)
    loss = number(mine.loss_prob(k[0].to(device)), "`loss_prob(k)`")
    expected = -mine.log_transitions().cpu()[k[0, :-1], k[0, 1:]].mean()
    hint = f"A series of {STEPS} images has {STEPS - 1} steps, each from a node to the next."
    expect.close(loss, expected, "`loss_prob(k)` of one series, beside your own `log_transitions`,", hint)


@pytest.mark.points(2)
def test_series_apart(submission, probs, k, device):
    """No step leads from the end of a series into the next."""
    mine = model(submission, probs, device)
    loss = number(mine.loss_prob(k.to(device)), "`loss_prob(k)`")
    expected = -mine.log_transitions().cpu()[k[:, :-1], k[:, 1:]].mean()
    hint = "The time is the last axis of k, whatever comes before."
    expect.close(loss, expected, "`loss_prob(k)` of three series, beside your own `log_transitions`,", hint)


@pytest.mark.points(3)
def test_smoothness(submission, probs, k, distances, device):
    """The smoothness loss is the expected squared distance to where the step before leads, by dimension."""
    mine = model(submission, probs, device)
    probabilities = mine.log_transitions().exp().cpu()
    for which, name in ((0, "one series"), (slice(None), "three series")):
        steps, far = k[which], distances[which]
        loss = number(mine._loss_z_prob(steps.to(device), far.to(device)), "`_loss_z_prob(k, z_dist_flat)`")
        expected = (probabilities[steps[..., :-1]] * far[..., 1:, :]).sum(dim=-1).mean() / LATENT
        hint = "Sum over the nodes, mean over all steps but the first, divided by the latent dimensions."
        expect.close(loss, expected, f"`_loss_z_prob` of {name}, beside your own `log_transitions`,", hint)


@pytest.mark.points(1)
def test_smoothness_moves_no_probability(submission, probs, k, distances, device):
    """The smoothness loss moves encodings and nodes, through the distances, and no probability."""
    mine = model(submission, probs, device)
    far = learnable(submission, distances, device)
    go_backward(submission.keep(mine._loss_z_prob)(k.to(device), far), "`_loss_z_prob`")
    expect.true(gradient(submission, far) is not None, "The smoothness loss should move the distances.", "none")
    moved = submission.gradients(mine)["probs"]
    still = moved is None or not bool((moved != 0).any())
    expect.true(still, "The smoothness loss should not move `probs`, but does: detach the probabilities.", moved)


@pytest.mark.points(2)
def test_same_parameter(submission, probs, k, distances, device):
    """`probs` is one and the same parameter all the time, and learns from the transition loss."""
    mine = model(submission, probs, device)
    get = submission.keep(submission.library("builtins.getattr"))
    parameter = get(mine, "probs")
    mine._loss_z_prob(k.to(device), distances.to(device))
    loss = submission.keep(mine.loss_prob)(k.to(device))
    same = submission.library("operator.is_")(get(mine, "probs"), parameter)
    message = "Computing losses should leave `probs` the parameter that it is, but puts another in its place."
    expect.true(same, message, same)
    what = "`probs`, after losses were computed and before any step,"
    expect.close(mine.probs, probs, what, "Only an optimizer moves it.")
    go_backward(loss, "`loss_prob`")
    moved = submission.gradients(mine)["probs"]
    message = "The transition loss should give `probs` a gradient, but does not. Is it cut off, or a copy used?"
    expect.true(moved is not None and bool((moved != 0).any()), message, moved)


@pytest.mark.points(1)
def test_sum(submission, probs, k, distances, generator, device):
    """The whole loss adds gamma times the transition loss and tau times the smoothness loss."""
    mine = model(submission, probs, device)
    steps, far = k.to(device), distances.to(device)
    others = [torch.rand(3, STEPS, 2, generator=generator).to(device) for _ in range(6)]
    loss = number(mine.loss(*others, steps, far), "`loss`")
    expected = static_loss(None, *others, steps, far).cpu()
    expected = expected + WEIGHTS["gamma"] * mine.loss_prob(steps).cpu()
    expected = expected + WEIGHTS["tau"] * mine._loss_z_prob(steps, far).cpu()
    expect.close(loss, expected, "`loss`, beside your own parts of it,", "Two losses, each with its weight.")


@pytest.mark.points(1)
def test_device(submission, probs, k, distances):
    """The losses work on the device of their inputs."""
    mine = model(submission, probs)
    calls = [(mine.loss_prob, (k,)), (mine._loss_z_prob, (k, distances))]
    for function, inputs in calls:
        function(*inputs)
    mine.to("meta")
    message = "The losses should work on the device of the model, but mix devices, and so fail on a GPU."
    for function, inputs in calls:
        check_meta(lambda f=function, given=inputs: f(*(value.to("meta") for value in given)), message)
