"""One training step of the SOM-VAE, beside the loop-indexed way of the published assignment.

    python -m benchmarks.som_vae_step

The published `_gather_nd` picks embeddings and transitions one by one in a Python loop, in eight gathers a step, each
over the whole batch. Here both ways do the same work on the same batch, and their losses are compared. (The loop is
repaired so far that it picks the right rows and takes any device.) Three parts are timed, each with its gradients:

- the indexing alone: what the loop does, and what has taken its place;
- the map and the time: the nearest nodes, the indexing, all losses but those of the images, and Adam, over a linear
  layer for an encoder;
- the whole step, with the published networks, which cost the same in both.
"""

import argparse
import time

import numpy as np
import torch
from torch import nn

from solutions import som_vae

LATENT_DIM = 64


def gather_nd(params, idx):
    """Rows of `params` at `idx`, (batch, axes), one after the other in a Python loop."""
    return torch.stack([params[tuple(idx[i][j] for j in range(idx.shape[1]))] for i in range(len(idx))])


def gather_neighbors(embeddings, k):
    """As `som_vae.gather_neighbors`, in five loops."""
    rows, columns = embeddings.shape[:2]
    row, column = k // columns, k % columns
    gathered = [gather_nd(embeddings, torch.stack([row, column], dim=1))]
    for down, right in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        r, c = row + down, column + right
        exists = (r >= 0) & (r < rows) & (c >= 0) & (c < columns)
        places = torch.stack([r.clamp(0, rows - 1), c.clamp(0, columns - 1)], dim=1)
        gathered.append(gather_nd(embeddings, places) * exists.unsqueeze(1))
    return torch.stack(gathered, dim=1)


class LoopedSOMVAE(som_vae.SOMVAE):
    """A `SOMVAE` that indexes in loops, over a batch that is one series."""

    def forward(self, x):
        z_e = self.encoder(x)
        k, z_dist_flat = som_vae.find_nearest(z_e, self.embeddings)
        z_q_neighbors = gather_neighbors(self.embeddings, k)
        z_q = z_q_neighbors[:, 0]
        return self.decoder_e(z_e), self.decoder_q(z_q), z_e, z_q, z_q_neighbors, k, z_dist_flat

    def _places(self, k):
        return torch.stack([k // self.som_dim[1], k % self.som_dim[1]], dim=1)

    def loss_prob(self, k):
        log_transitions = self.log_transitions().reshape(self.probs.shape)
        places = torch.cat([self._places(k[:-1]), self._places(k[1:])], dim=1)
        return -gather_nd(log_transitions, places).mean()

    def _loss_z_prob(self, k, z_dist_flat):
        probabilities = self.log_transitions().exp().detach().reshape(self.probs.shape)
        before = gather_nd(probabilities, self._places(k[:-1])).flatten(1)
        return (before * z_dist_flat[1:]).sum(dim=-1).mean() / self.latent_dim

    def loss(self, x, x_e, x_q, z_e, z_q, z_q_neighbors, k, z_dist_flat):
        whole = super().loss(x, x_e, x_q, z_e, z_q, z_q_neighbors, k, z_dist_flat)
        # The published step computes this loss a second time, for an optimizer of its own.
        return whole + 0 * self.loss_prob(k)


def make_model(kind, networks):
    """A model with the published networks, or with parts that only pass points on."""
    torch.manual_seed(0)
    if networks:
        parts = (som_vae.ConvEncoder(1), som_vae.ConvDecoder(1), som_vae.ConvDecoder(1))
    else:
        shape = nn.Unflatten(1, (1, 1, LATENT_DIM))
        parts = (nn.Sequential(nn.Flatten(), nn.Linear(LATENT_DIM, LATENT_DIM)), shape, shape)
    return kind(*parts, latent_dim=LATENT_DIM)


def stepper(kind, x, networks):
    """A function that does one step of gradient descent on x, (batch, channels, height, width), and gives its loss."""
    model = make_model(kind, networks).to(x.device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.0005)

    def step():
        loss = model.loss(x, *model(x))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def indexer(gather, pick, batch, device):
    """A function that gathers nodes with their neighbors, and transitions, goes backward, and gives their sum."""
    generator = torch.Generator().manual_seed(0)
    embeddings = torch.randn(8, 8, LATENT_DIM, generator=generator).to(device).requires_grad_()
    transitions = torch.randn(64, 64, generator=generator).to(device).requires_grad_()
    k = torch.randint(64, (batch,), generator=generator).to(device)

    def index():
        steps = [pick(transitions, k) for _ in range(2)]
        before = pick(transitions.detach(), k, whole_row=True)
        total = gather(embeddings, k).sum() + sum(step.sum() for step in steps) + before.sum()
        embeddings.grad = transitions.grad = None
        total.backward()
        return total.item()

    return index


def pick_looped(transitions, k, whole_row=False):
    """The transitions of a series' steps, or all that go out from their nodes, in a loop."""
    places = k[:-1].unsqueeze(1) if whole_row else torch.stack([k[:-1], k[1:]], dim=1)
    return gather_nd(transitions, places)


def pick(transitions, k, whole_row=False):
    """The same by indexing with tensors."""
    return transitions[k[:-1]] if whole_row else transitions[k[:-1], k[1:]]


def measure(looped, vectorised, rounds):
    """The milliseconds of both ways, (rounds, 2), by turns, so that whatever else the machine does slows down both."""
    seconds = []
    # The first two rounds warm up.
    for number in range(rounds + 2):
        found = []
        for way in (looped, vectorised):
            start = time.perf_counter()
            # A number on the processor: the device is done.
            value = way()
            found.append((value, time.perf_counter() - start))
        # Later, what rounding differs in has grown: a GPU does not add up in the same order every time.
        if number < 2:
            np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-3)
        seconds.append([elapsed for _, elapsed in found])
    return 1000 * np.array(seconds[2:])


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=100, help="images; the authors' series has 100, their batch 32")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args(arguments)
    draw = torch.Generator().manual_seed(0)
    points = torch.rand(options.batch, 1, 1, LATENT_DIM, generator=draw).to(options.device)
    pictures = torch.rand(options.batch, 1, 28, 28, generator=draw).to(options.device)
    kinds = (LoopedSOMVAE, som_vae.SOMVAE)
    gathers = ((gather_neighbors, pick_looped), (som_vae.gather_neighbors, pick))
    parts = {
        "indexing alone": [indexer(*ways, options.batch, options.device) for ways in gathers],
        "map and time": [stepper(kind, points, networks=False) for kind in kinds],
        "whole step": [stepper(kind, pictures, networks=True) for kind in kinds],
    }
    card = torch.cuda.get_device_name() if options.device == "cuda" else options.device
    where = f"{card}, {torch.get_num_threads()} threads"
    print(f"{options.batch} images, {where}, {options.rounds} rounds; medians.\n")
    print("| part | looped (ms) | vectorised (ms) | times faster |\n| --- | --: | --: | --: |")
    for part, ways in parts.items():
        looped, vectorised = np.median(measure(*ways, options.rounds), axis=0)
        print(f"| {part} | {looped:.2f} | {vectorised:.2f} | {looped / vectorised:.1f} |", flush=True)


if __name__ == "__main__":
    main()
