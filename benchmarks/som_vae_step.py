"""One training step of the SOM-VAE, beside the loop-indexed way of the published assignment.

    python -m benchmarks.som_vae_step

The published `_gather_nd` picks embeddings and transitions one by one in a Python loop, in eight gathers a step, each
over the whole batch. Here both ways do the same work on the same batch, and their losses are compared: the nearest
nodes, their neighbors, the losses, backward, and Adam. (The loop is repaired so far that it picks the right rows and
takes any device.) Without `--networks`, a linear layer stands for the encoder, and nothing for the decoders: what is
left is the map and the time, where the two differ. With it, the published networks are there, which cost the same in
both.
"""

import argparse
import time

import numpy as np
import torch
from torch import nn

from solutions import som_vae


def gather_nd(params, idx):
    """Rows of `params` at `idx`, (batch, axes), one after the other in a Python loop."""
    return torch.stack([params[tuple(idx[i][j] for j in range(idx.shape[1]))] for i in range(len(idx))])


class LoopedSOMVAE(som_vae.SOMVAE):
    """A `SOMVAE` that indexes in loops, over a batch that is one series."""

    def forward(self, x):
        z_e = self.encoder(x)
        k, z_dist_flat = som_vae.find_nearest(z_e, self.embeddings)
        rows, columns = self.som_dim
        k_1, k_2 = k // columns, k % columns
        neighbors = [gather_nd(self.embeddings, torch.stack([k_1, k_2], dim=1))]
        for down, right in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            r, c = k_1 + down, k_2 + right
            exists = (r >= 0) & (r < rows) & (c >= 0) & (c < columns)
            places = torch.stack([r.clamp(0, rows - 1), c.clamp(0, columns - 1)], dim=1)
            neighbors.append(gather_nd(self.embeddings, places) * exists.unsqueeze(1))
        z_q_neighbors = torch.stack(neighbors, dim=1)
        z_q = neighbors[0]
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


def make_model(kind, networks, latent_dim):
    """A model with the published networks, or with parts that only pass points on."""
    torch.manual_seed(0)
    if networks:
        parts = (som_vae.ConvEncoder(1), som_vae.ConvDecoder(1), som_vae.ConvDecoder(1))
    else:
        shape = nn.Unflatten(1, (1, 1, latent_dim))
        parts = (nn.Sequential(nn.Flatten(), nn.Linear(latent_dim, latent_dim)), shape, shape)
    return kind(*parts, latent_dim=latent_dim)


def step(model, optimizer, x):
    """One step of gradient descent: its loss, and the seconds that it took."""
    start = time.perf_counter()
    loss = model.loss(x, *model(x))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item(), time.perf_counter() - start


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=100, help="images; the authors' series has 100, their batch 32")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--networks", action="store_true", help="with the published encoder and decoders")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args(arguments)
    latent_dim = 64
    shape = (1, 28, 28) if options.networks else (1, 1, latent_dim)
    x = torch.rand(options.batch, *shape, generator=torch.Generator().manual_seed(0)).to(options.device)
    kinds = (LoopedSOMVAE, som_vae.SOMVAE)
    models = [make_model(kind, options.networks, latent_dim).to(options.device) for kind in kinds]
    optimizers = [torch.optim.Adam(model.parameters(), lr=0.0005) for model in models]
    seconds = []
    # By turns, so that whatever else the machine does slows down both; the first two rounds warm up.
    for _ in range(options.rounds + 2):
        (looped_loss, looped), (loss, vectorised) = map(step, models, optimizers, [x, x])
        np.testing.assert_allclose(looped_loss, loss, rtol=1e-3)
        seconds.append((looped, vectorised))
    looped, vectorised = 1000 * np.array(seconds[2:]).T
    part = "whole step" if options.networks else "step without networks"
    where = f"{options.device}, {torch.get_num_threads()} threads"
    print(f"{part}, {options.batch} images, {where}, {options.rounds} rounds")
    for name, values in (("looped", looped), ("vectorised", vectorised)):
        print(f"{name:10} median {np.median(values):.2f} ms, fastest {values.min():.2f} ms")
    ratios = np.median(looped) / np.median(vectorised), looped.min() / vectorised.min()
    print("faster by a factor of {:.1f} (medians), {:.1f} (fastest)".format(*ratios))


if __name__ == "__main__":
    main()
