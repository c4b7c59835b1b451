"""What a SOM-VAE is compared with: who moves whom in a VQ-VAE, and clusters of pixels."""

import numpy as np
import pytest
import torch
from torch import nn

from dlh import baselines


def nearest(z_e, embeddings):
    """The number of the nearest embedding, and something else."""
    return torch.cdist(z_e, embeddings.flatten(0, 1)).argmin(dim=1), None


@pytest.fixture
def model():
    torch.manual_seed(0)
    return baselines.VQVAE(nn.Linear(6, 4), nn.Linear(4, 6), nearest, latent_dim=4, som_dim=(2, 3))


def test_images_are_decoded_from_the_nearest_embeddings_and_the_gradient_is_copied(model):
    x = torch.randn(5, 6)
    x_q, z_e, z_q = model(x)
    k, _ = nearest(z_e, model.embeddings)
    assert torch.equal(z_q, model.embeddings.flatten(0, 1)[k])
    torch.testing.assert_close(x_q, model.decoder(z_q))
    upstream = torch.randn(5, 6)
    (found,) = torch.autograd.grad(x_q, z_e, upstream, retain_graph=True)
    torch.testing.assert_close(found, upstream @ model.decoder.weight)
    assert torch.autograd.grad(x_q, model.embeddings, upstream, allow_unused=True) == (None,)


def test_each_pull_moves_one_side(model):
    z_e, z_q = torch.randn(5, 4, requires_grad=True), torch.randn(5, 4, requires_grad=True)
    x = torch.zeros(5, 6)
    model.loss(x, x, z_e, z_q).backward()
    away = 2 * (z_q - z_e).detach() / z_e.numel()
    torch.testing.assert_close(z_q.grad, away)
    torch.testing.assert_close(z_e.grad, -model.beta * away)


def test_a_som_by_gradients_has_the_pixels_for_its_latent_space():
    given = {}

    def som_vae(encoder, decoder_q, decoder_e, **settings):
        given.update(settings)
        return encoder, decoder_q, decoder_e

    images = torch.rand(3, 1, 4, 5)
    encoder, *decoders = baselines.gradient_som(som_vae, (1, 4, 5), [2, 3], alpha=2.0)
    assert given == {"latent_dim": 20, "som_dim": [2, 3], "alpha": 2.0}
    assert encoder(images).shape == (3, 20)
    assert all(torch.equal(decoder(encoder(images)), images) for decoder in decoders)


def test_clusters_of_pixels_part_light_from_dark():
    stream = np.random.default_rng(0)
    images = np.repeat([0.0, 1.0], 20)[:, None, None] + 0.01 * stream.normal(size=(40, 3, 3))
    for found in (
        baselines.cluster_by_kmeans(images, images, 2),
        baselines.cluster_by_minisom(images, images, [1, 2], n_steps=200),
    ):
        assert found.shape == (40,)
        assert len(set(found[:20])) == len(set(found[20:])) == 1
        assert found[0] != found[-1]
