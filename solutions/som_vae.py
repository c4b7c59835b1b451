"""SOM-VAE: a self-organizing map in the latent space of an autoencoder, and a Markov model of the walk over it.

Images become points in a latent space, each point belongs to the nearest node of a map, and the nodes learn together
with their neighbors, so that what is alike lies side by side (Fortuin and others, 2019). For time series there is a
matrix of transition probabilities from node to node. What the notebook compares it with is in `dlh.baselines`.
Between `### BEGIN SOLUTION` and `### END SOLUTION` stands what students write.
"""

# ruff: noqa: B006 (the defaults of the published assignment)

import numpy as np
import torch
from sklearn.metrics.cluster import contingency_matrix
from torch import nn
from torch.nn import functional as F


class ConvEncoder(nn.Module):
    """Images of 28 x 28 to points in the latent space.

    Parameters
    ----------
    input_channels : int, 1 for gray images
    latent_dim : int, the dimensions of the latent space
    kernel_size, strides, n_channels : lists of two ints, one for each of the
        two convolutions
    """

    def __init__(self, input_channels, latent_dim=64, kernel_size=[4, 4],
                 strides=[1, 1], n_channels=[32, 128]):
        super().__init__()
        # 1. The layers: `conv1`, `maxpool1`, `conv2`, `maxpool2`,
        #    `latent_transform`.
        ### BEGIN SOLUTION
        self.conv1 = nn.Conv2d(input_channels, n_channels[0],
                               kernel_size[0], stride=strides[0])
        self.maxpool1 = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(n_channels[0], n_channels[1],
                               kernel_size[1], stride=strides[1])
        self.maxpool2 = nn.MaxPool2d(2, 2)
        self.latent_transform = nn.Linear(4 * 4 * n_channels[-1], latent_dim)
        ### END SOLUTION

    def forward(self, x):
        """Encode images.

        Parameters
        ----------
        x : (batch, input_channels, 28, 28) float

        Returns
        -------
        z_e : (batch, latent_dim) float
        """
        # 2. Convolution, ReLU, pooling; the same again; then one row of
        #    numbers for each image, and the linear layer.
        ### BEGIN SOLUTION
        x = self.maxpool1(torch.relu(self.conv1(x)))
        x = self.maxpool2(torch.relu(self.conv2(x)))
        return self.latent_transform(x.flatten(1))
        ### END SOLUTION


class ConvDecoder(nn.Module):
    """Points of the latent space to images, whose pixels are between 0 and 1.

    Parameters
    ----------
    output_channels : int, 1 for gray images
    output_size : (height, width) of the images
    latent_dim : int, the dimensions of the latent space
    flatten_shape : [width, height, channels] of the small picture that the
        point is turned into
    kernel_size, strides, n_channels : lists of two ints, one for each of the
        two convolutions
    """

    def __init__(self, output_channels, output_size=(28, 28), latent_dim=64,
                 flatten_shape=[4, 4, 128], kernel_size=[4, 3],
                 strides=[1, 1], n_channels=[128, 128]):
        super().__init__()
        self.flatten_shape = flatten_shape
        self.output_size = output_size
        # 1. The layers: `latent_transform`, `deconv1`, `deconv2`,
        #    `out_transform`.
        ### BEGIN SOLUTION
        width, height, channels = flatten_shape
        self.latent_transform = nn.Linear(
            latent_dim, width * height * channels)
        self.deconv1 = nn.Conv2d(channels, n_channels[0],
                                 kernel_size[0], stride=strides[0])
        self.deconv2 = nn.Conv2d(n_channels[0], n_channels[1],
                                 kernel_size[1], stride=strides[1], padding=1)
        self.out_transform = nn.Conv2d(n_channels[1], output_channels, 1)
        ### END SOLUTION

    def forward(self, z):
        """Decode points.

        Parameters
        ----------
        z : (batch, latent_dim) float

        Returns
        -------
        x : (batch, output_channels, *output_size) float, between 0 and 1
        """
        # 2. Linear layer, a small picture with its channels first, twice as
        #    large, `deconv1`, ReLU, as large as the output, `deconv2`, ReLU,
        #    `out_transform`, sigmoid.
        ### BEGIN SOLUTION
        width, height, channels = self.flatten_shape
        x = self.latent_transform(z).reshape(-1, channels, height, width)
        x = torch.relu(self.deconv1(F.interpolate(x, scale_factor=2)))
        x = torch.relu(self.deconv2(F.interpolate(x, size=self.output_size)))
        return torch.sigmoid(self.out_transform(x))
        ### END SOLUTION


def find_nearest(z_e, embeddings):
    """The node of the map that is nearest to each encoding.

    Parameters
    ----------
    z_e : (batch, latent_dim) float, the encodings
    embeddings : (rows, columns, latent_dim) float, the place of each node in
        the latent space

    Returns
    -------
    k : (batch,) long, the number of the nearest node; nodes are numbered row
        after row
    z_dist_flat : (batch, rows * columns) float, the squared distances to all
        nodes
    """
    ### BEGIN SOLUTION
    nodes = embeddings.flatten(0, 1)
    z_dist_flat = ((z_e.unsqueeze(1) - nodes) ** 2).sum(dim=-1)
    k = z_dist_flat.argmin(dim=-1)
    ### END SOLUTION
    return k, z_dist_flat


def gather_neighbors(embeddings, k):
    """The embeddings of nodes and of their neighbors on the map.

    Parameters
    ----------
    embeddings : (rows, columns, latent_dim) float
    k : (batch,) long, numbers of nodes, row after row

    Returns
    -------
    z_q_neighbors : (batch, 5, latent_dim) float: the node itself, the one a
        row further, a row before, a column further, a column before; zeros
        where the map ends
    """
    ### BEGIN SOLUTION
    row, column = k // embeddings.shape[1], k % embeddings.shape[1]
    # With a border of zeros, every node has four neighbors.
    padded = F.pad(embeddings, (0, 0, 1, 1, 1, 1))
    rows = torch.stack([row, row + 1, row - 1, row, row], dim=1)
    columns = torch.stack(
        [column, column, column, column + 1, column - 1], dim=1)
    return padded[rows + 1, columns + 1]
    ### END SOLUTION


class StaticSOMVAE(nn.Module):
    """The SOM-VAE for single images: nothing is known of time.

    Parameters
    ----------
    encoder : module, (batch, channels, height, width) images to
        (batch, latent_dim)
    decoder_q, decoder_e : modules, (batch, latent_dim) to images: for nodes
        and for encodings
    latent_dim : int
    som_dim : [rows, columns] of the map
    input_length, input_channels : ints, as in the published model, which
        does not use them
    beta, alpha : floats, the weights of the SOM loss and of commitment
    gamma, tau : floats, for `SOMVAE`
    """

    def __init__(self, encoder, decoder_q, decoder_e, latent_dim=64,
                 som_dim=[8, 8], input_length=28, input_channels=28,
                 beta=1, gamma=1, alpha=1, tau=1):
        super().__init__()
        self.encoder = encoder
        self.decoder_q = decoder_q
        self.decoder_e = decoder_e
        self.latent_dim, self.som_dim = latent_dim, list(som_dim)
        self.input_length, self.input_channels = input_length, input_channels
        self.alpha, self.beta, self.gamma, self.tau = alpha, beta, gamma, tau
        start = torch.randn(*som_dim, latent_dim)
        self.embeddings = nn.Parameter(0.05 * start)

    def forward(self, x):
        """Encode images, find their nodes, and decode both.

        Parameters
        ----------
        x : (..., channels, height, width) float, with any axes in front,
            such as (series, steps)

        Returns
        -------
        x_e, x_q : as x, decoded from the encodings and from the nodes
        z_e, z_q : (..., latent_dim) float, the encodings and the embeddings
            of their nodes
        z_q_neighbors : (..., 5, latent_dim) float, by `gather_neighbors`
        k : (...) long, the numbers of the nodes
        z_dist_flat : (..., nodes) float, squared distances to all nodes
        """
        z_e = self.encoder(x.flatten(0, -4))
        k, z_dist_flat = find_nearest(z_e, self.embeddings)
        z_q_neighbors = gather_neighbors(self.embeddings, k)
        z_q = z_q_neighbors[:, 0]
        parts = (self.decoder_e(z_e), self.decoder_q(z_q), z_e, z_q,
                 z_q_neighbors, k, z_dist_flat)
        axes = x.shape[:-3]
        return tuple(part.reshape(*axes, *part.shape[1:]) for part in parts)

    def _loss_reconstruct(self, x, x_e, x_q):
        """Both decoded images' mean squared errors, added up: a number."""
        ### BEGIN SOLUTION
        return F.mse_loss(x_e, x) + F.mse_loss(x_q, x)
        ### END SOLUTION

    def _loss_commit(self, z_e, z_q):
        """The mean squared difference of encodings and nodes: a number."""
        ### BEGIN SOLUTION
        return F.mse_loss(z_e, z_q)
        ### END SOLUTION

    def _loss_som(self, z_e, z_q_neighbors):
        """What pulls nodes and neighbors to the encodings: a number.

        The encodings themselves stay where they are. For each of them, the
        mean squared differences of five embeddings are added up, without
        those that are not there (rows of zeros), and divided by five. The
        loss is the mean over all encodings.
        """
        ### BEGIN SOLUTION
        squares = (z_e.detach().unsqueeze(-2) - z_q_neighbors) ** 2
        exists = (z_q_neighbors != 0).any(dim=-1)
        return (squares.mean(dim=-1) * exists).mean()
        ### END SOLUTION

    def loss(self, x, x_e, x_q, z_e, z_q, z_q_neighbors, k, z_dist_flat):
        """The whole loss of images x and what `forward` gives: a number."""
        ### BEGIN SOLUTION
        return (
            self._loss_reconstruct(x, x_e, x_q)
            + self.alpha * self._loss_commit(z_e, z_q)
            + self.beta * self._loss_som(z_e, z_q_neighbors)
        )
        ### END SOLUTION


class SOMVAE(StaticSOMVAE):
    """The SOM-VAE for time series: the map, and a Markov model of the way.

    Takes what `StaticSOMVAE` takes; `gamma` and `tau` are the weights of the
    transition loss and of the smoothness loss. In all inputs, the last axis
    before an image is the time: (..., steps, channels, height, width).
    """

    def __init__(self, *arguments, **named_arguments):
        super().__init__(*arguments, **named_arguments)
        self.probs = nn.Parameter(torch.zeros(*self.som_dim, *self.som_dim))

    def log_transitions(self):
        """The logarithms of the transition probabilities.

        Returns
        -------
        (nodes, nodes) float, [from, to]: `probs`, normalized over all nodes
            that one can go to
        """
        ### BEGIN SOLUTION
        return torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1)
        ### END SOLUTION

    def loss_prob(self, k):
        """The transition loss: how unlikely the steps are.

        Parameters
        ----------
        k : (..., steps) long, the nodes of one or more series, the time on
            the last axis

        Returns
        -------
        the mean of minus the logarithm of each step's probability: a number
        """
        ### BEGIN SOLUTION
        return -self.log_transitions()[k[..., :-1], k[..., 1:]].mean()
        ### END SOLUTION

    def _loss_z_prob(self, k, z_dist_flat):
        """The smoothness loss: how far from where the last step would lead.

        Parameters
        ----------
        k : (..., steps) long
        z_dist_flat : (..., steps, nodes) float, the squared distances of each
            encoding to all nodes

        Returns
        -------
        the mean over all steps but the first of the expected squared
            distance, for each latent dimension: a number
        """
        ### BEGIN SOLUTION
        # The probabilities are learnt from the transitions alone.
        probabilities = self.log_transitions().exp().detach()
        expected = (probabilities[k[..., :-1]] * z_dist_flat[..., 1:, :]).sum(
            dim=-1)
        return expected.mean() / self.latent_dim
        ### END SOLUTION

    def loss(self, x, x_e, x_q, z_e, z_q, z_q_neighbors, k, z_dist_flat):
        """The whole loss of series x and what `forward` gives: a number."""
        static = super().loss(
            x, x_e, x_q, z_e, z_q, z_q_neighbors, k, z_dist_flat)
        ### BEGIN SOLUTION
        smooth = self.tau * self._loss_z_prob(k, z_dist_flat)
        return static + self.gamma * self.loss_prob(k) + smooth
        ### END SOLUTION


def train_model(model, loader, n_epoch, lr=0.0005, device=None):
    """Train with Adam; prints the mean loss of each epoch.

    Parameters
    ----------
    model : has `loss(x, *model(x))`, such as a `SOMVAE`; trained in place
    loader : gives batches x of images or series, float
    n_epoch : int
    lr : float, the learning rate; that of `probs` is a hundred times as high.
        Both fall by a tenth every 1000 steps
    device : `torch.device`, where to train; by default where the model is

    Returns
    -------
    model : the trained model, the same object
    loss_history : list of float, the loss of each batch of each epoch
    """
    device = device or next(model.parameters()).device
    model.to(device)
    model.train()
    loss_history = []
    # 1. The optimizer, `optimizer`.
    ### BEGIN SOLUTION
    named = list(model.named_parameters())
    optimizer = torch.optim.Adam(
        [
            {"params": [parameter for name, parameter in named
                        if name != "probs"]},
            {"params": [parameter for name, parameter in named
                        if name == "probs"], "lr": 100 * lr},
        ],
        lr=lr,
    )
    ### END SOLUTION
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1000, 0.9)
    for epoch in range(n_epoch):
        epoch_losses = []
        for x in loader:
            x = x.to(device)
            # 2. One step of gradient descent; call the batch's loss `loss`.
            ### BEGIN SOLUTION
            loss = model.loss(x, *model(x))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            ### END SOLUTION
            scheduler.step()
            epoch_losses.append(loss.item())
        print(f"epoch {epoch + 1}: loss {np.mean(epoch_losses):.4f}")
        loss_history += epoch_losses
    return model, loss_history


def assign_nodes(model, images, batch_size=500, device=None):
    """The node that each image belongs to.

    Parameters
    ----------
    model : has an `encoder` and `embeddings`
    images : (n, channels, height, width) float tensor
    batch_size : int, how many images to encode at a time
    device : `torch.device`, where to compute; by default where the model is

    Returns
    -------
    (n,) int array
    """
    device = device or next(model.parameters()).device
    ### BEGIN SOLUTION
    model.eval()
    nodes = []
    with torch.no_grad():
        for batch in images.split(batch_size):
            k, _ = find_nearest(
                model.encoder(batch.to(device)), model.embeddings)
            nodes.append(k.cpu().numpy())
    return np.concatenate(nodes)
    ### END SOLUTION


def compute_purity(clusters, classes):
    """The share of samples of the most frequent class of their cluster.

    Parameters
    ----------
    clusters, classes : (n,) int arrays

    Returns
    -------
    float, between 0 and 1
    """
    ### BEGIN SOLUTION
    counts = contingency_matrix(classes, clusters)
    return counts.max(axis=0).sum() / len(classes)
    ### END SOLUTION


def compute_nmi(clusters, classes):
    """The mutual information of clusters and classes, by their mean entropy.

    Parameters
    ----------
    clusters, classes : (n,) int arrays

    Returns
    -------
    float, between 0 and 1
    """
    ### BEGIN SOLUTION
    joint = contingency_matrix(classes, clusters) / len(classes)
    class_shares, cluster_shares = joint.sum(axis=1), joint.sum(axis=0)
    seen = joint > 0
    if_independent = np.outer(class_shares, cluster_shares)
    information = (
        joint[seen] * np.log((joint / if_independent)[seen])).sum()
    entropies = [-(shares * np.log(shares)).sum()
                 for shares in (class_shares, cluster_shares)]
    return information / np.mean(entropies)
    ### END SOLUTION


def foretell_extremes(nodes):
    """The transition loss at its start, and of a map that is no map.

    Parameters
    ----------
    nodes : int, of the map

    Returns
    -------
    start : float, as long as all of `probs` is zero
    one_node : float, where all images lie on one node, and the
        probabilities have learned it
    """
    ### BEGIN SOLUTION
    return np.log(nodes), 0.0
    ### END SOLUTION


def foretell_halves(information, cluster_entropy, class_entropy):
    """NMI, when each cluster has been cut into two equal halves.

    Parameters
    ----------
    information, cluster_entropy, class_entropy : floats, before, in natural
        logarithms; of every class, each half has half of what its cluster had

    Returns
    -------
    float, the NMI afterwards
    """
    ### BEGIN SOLUTION
    return information / ((cluster_entropy + np.log(2) + class_entropy) / 2)
    ### END SOLUTION


def guess_counted():
    """Are learnt or counted probabilities better? A letter, as "a"."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


def foretell_gradient():
    """Which loss moves the encoder of `NoGradients`? A letter, as "a"."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


def guess_horizon():
    """How far ahead does the map tell more? A letter, as "a"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION
