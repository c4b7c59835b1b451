"""What a SOM-VAE is compared with: the VQ-VAE, a SOM that learns by gradients, and two methods on the pixels."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


class VQVAE(nn.Module):
    """The VQ-VAE: the nearest of a set of embeddings, but no map.

    After van den Oord and others, 2017.

    Parameters
    ----------
    encoder, decoder : modules, images to (batch, latent_dim) and back
    find_nearest : function of (batch, latent_dim) encodings and of the
        embeddings; gives the number of each encoding's nearest first
    latent_dim : int
    som_dim : [rows, columns], only for the number of embeddings
    beta : float, the weight of what pulls encodings to embeddings
    """

    def __init__(self, encoder, decoder, find_nearest, latent_dim=64,
                 som_dim=(8, 8), beta=0.25):
        super().__init__()
        self.encoder, self.decoder, self.beta = encoder, decoder, beta
        self.find_nearest = find_nearest
        start = torch.randn(*som_dim, latent_dim)
        self.embeddings = nn.Parameter(0.05 * start)

    def forward(self, x):
        """Decode the embeddings that are nearest to the encodings of x.

        Parameters
        ----------
        x : (batch, channels, height, width) float, images

        Returns
        -------
        x_q : as x; its gradient goes to the encodings as if they were the
            embeddings
        z_e, z_q : (batch, latent_dim) float
        """
        z_e = self.encoder(x)
        k, *_ = self.find_nearest(z_e, self.embeddings)
        z_q = self.embeddings.flatten(0, 1)[k]
        return self.decoder(z_e + (z_q - z_e).detach()), z_e, z_q

    def loss(self, x, x_q, z_e, z_q):
        """The error of the decoded images, and two pulls, each one-sided."""
        to_encodings = F.mse_loss(z_q, z_e.detach())
        to_embeddings = F.mse_loss(z_e, z_q.detach())
        return F.mse_loss(x_q, x) + to_encodings + self.beta * to_embeddings


def gradient_som(som_vae, image_shape, som_dim, **weights):
    """The SOM that learns by gradients: a SOM-VAE whose encoder and decoders only change the shape.

    Parameters
    ----------
    som_vae : class, such as `StaticSOMVAE`
    image_shape : (channels, height, width)
    som_dim : [rows, columns]
    weights : alpha and beta

    Returns
    -------
    a model of that class
    """
    parts = (nn.Flatten(), nn.Unflatten(1, image_shape), nn.Unflatten(1, image_shape))
    return som_vae(*parts, latent_dim=int(np.prod(image_shape)), som_dim=som_dim, **weights)


def cluster_by_kmeans(train_images, test_images, n_clusters, seed=0, n_init=10):
    """The clusters of the test images, (n,) int array, by k-means of the training images' pixels."""
    from sklearn.cluster import KMeans

    kmeans = KMeans(n_clusters, n_init=n_init, random_state=seed)
    kmeans.fit(train_images.reshape(len(train_images), -1))
    return kmeans.predict(test_images.reshape(len(test_images), -1))


def cluster_by_minisom(train_images, test_images, som_dim, n_steps=10000, seed=0):
    """The clusters of the test images, (n,) int array, by the classical SOM of the training images' pixels."""
    from minisom import MiniSom

    pixels = train_images.reshape(len(train_images), -1)
    som = MiniSom(*som_dim, pixels.shape[1], random_seed=seed)
    som.train(pixels, n_steps, random_order=True)
    winners = [som.winner(image.reshape(-1)) for image in test_images]
    return np.ravel_multi_index(np.transpose(winners), som_dim)
