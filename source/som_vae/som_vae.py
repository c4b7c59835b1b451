# %% [markdown]
# # SOM-VAE: a map of states, and the way over it
#
# **You learn**
#
# - to write a convolutional encoder and decoder, and to work out every shape on the way;
# - to find nearest nodes and their neighbors with tensors, without a loop;
# - to train through a choice that has no gradient, and to check which loss moves what;
# - to learn a Markov model of series, and to judge clusters by purity and normalized mutual information.
#
# **You need** PyTorch's tensors and indexing, `nn.Module`, and the loop that trains a network; what a
# convolution does; gradients, and what `detach` is for. No medicine.
#
# **It takes** about six and a half hours, by our estimate, of which the computer needs three minutes. By
# section, in minutes: 1 The data **15** · 2 From images to points, and back **50** · 3 The map **120** · 4
# The way over the map **60** · 5 Training **45** · 6 Is it a good map? **55** · 7 The paper's table **25** ·
# 8 A chaotic system **25** · 9 What to take away **5**.
#
# **How hard it is:** 4 of 5. The hardest part is 3.3.
#
# Which skill comes back in which notebook is on the [course map](docs/course_map.md); what a word means
# here, in the [glossary](docs/glossary.md).
#
# A patient in intensive care is measured every few minutes, dozens of numbers at a time. Nobody can look at all of
# them for all patients. What a doctor would like to see is a *map*: each place on it a typical state of patients,
# similar states side by side, and the patient's way over it, drawn as a line. Is this patient walking towards those
# who got better? And how likely is that step?
#
# In this assignment you build such a map, the [SOM-VAE](https://arxiv.org/abs/1806.02199) (Fortuin and others,
# 2019). Its authors used it on intensive-care data of the eICU database. Here, as in the first half of their paper, it
# learns from small images, because there you can *see* whether a map is good: everybody can read a digit. Then, as in
# the second half, it learns from a chaotic system. No label is used to make the map; labels are only used to judge it.

# %% install=dlh
# Where you are stuck, `hint("encoder")` in a cell of your own says where to
# look again.
from dlh.guide import guide

hint = guide("som_vae")

# %% tags=["plot"]
from dlh.plots import draw_som_vae, show

show(draw_som_vae(), "An image goes through the encoder to a point, the"
     " nearest node of a map is found, and two decoders make images again:"
     " one of the point, one of the node.")

# %% [markdown]
# An **encoder** turns the image $x$ into a point $z_e$ of a latent space. In the same space lie the nodes of the map, one
# **embedding** each. The node nearest to $z_e$, number $k$, stands for the image; its embedding is $z_q$. Two
# **decoders** turn $z_e$ and $z_q$ back into images. What makes it a *map* is the orange part: not only the
# nearest node is pulled to $z_e$, but its neighbors on the grid come along. So neighbors become alike. That is the idea of the
# **self-organizing map** (SOM; Kohonen, 1990).
#
# | | exercise | |
# | --- | --- | --- |
# | 2.1 | the encoder | {{points:encoder}} |
# | 2.2 | the decoder | {{points:decoder}} |
# | 3.1 | the nearest node | {{points:nearest_node}} |
# | 3.2 | its neighbors | {{points:neighbors}} |
# | 3.3 | three losses | {{points:losses}} |
# | 4.1 | transitions in time | {{points:transitions}} |
# | 5.1 | training | {{points:training}} |
# | 5.2 | all at once, foretold and read | {{points:foretell_extremes}}, {{points:collapse_reading}} |
# | 6.1 | evaluation | {{points:evaluation}} |
# | 6.2 | more clusters, foretold and read | {{points:foretell_halves}}, {{points:purity_reading}} |
# | 6.5 | learnt or counted, guessed and read | {{points:guess_counted}}, {{points:counted_reading}} |
# | 7.2 | without a gradient, foretold and read | {{points:foretell_gradient}}, {{points:ablation_reading}} |
# | 8.3 | how far ahead, guessed and read | {{points:guess_horizon}}, {{points:chaos_reading}} |
# | | **together** | **{{points}}** |
#
# ### How it works
#
# - Write your code where it says `# your code here`, in place of the line below it that raises
#   `NotImplementedError`. Leave names and arguments as they are.
# - A cell of checks follows each exercise. It prints what it expected and what it got, stops at the first
#   difference, and says in its last line what has passed.
# - Where a cell needs an exercise that you have not finished, it says which one. Are you stuck? In a cell of your
#   own, `hint("2.1")` or `hint(ConvEncoder)` says where to look again; called again, it says more. That costs nothing.
# - After you hand in, more checks run, on other data. The points of an exercise are shared out over several of
#   them, so that a part that is right earns its part. An exercise that builds on an earlier one is judged on
#   its own: one mistake costs you once.
# - **Before a result** you say what you expect. Where the text says *foretell*, you can work it out: it counts
#   whether it is right. Where it says *guess*, nobody can know: any of the answers earns the point, for standing
#   there before you ran the cell. So leave it as it was, most of all where it was wrong.
# - **After a result** you say in two or three sentences what it means. A person reads that. Take the numbers from
#   your own run; to have guessed wrong costs nothing here, either.
# - The cells that read the images, train the models and draw the figures are for you. They do not run when your work
#   is graded.
# - Nothing here needs a GPU. If you have one, it is used.

# %%
import random

import numpy as np
import torch
from sklearn.metrics.cluster import contingency_matrix
from torch import nn
from torch.nn import functional as F

from dlh.checks import compare, compare_letter, compare_shape, parts_of

# The same random numbers, and so much the same results, at every run.
SEED = 24
torch.manual_seed(SEED)
random.seed(SEED)
np.random.seed(SEED)

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
# On one core the results are the same however many your machine has, and
# networks this small would gain next to nothing from more.
torch.set_num_threads(1)

# %% [markdown]
# What takes time is set here. The published networks have 32 and 128 channels in the encoder, 128 in the decoders, and 64
# latent dimensions; on a processor without a GPU, those take twenty times as long.
#
# What has been trained is kept in a folder on your machine: as long as nothing that it depends on has changed, your code
# included, the same training is not done twice. So after a restart you can go on where you stopped: run the notebook up
# to there, which then is quick.

# %% tags=["training"]
# None: MNIST where it is on this machine, else scikit-learn's digits. Or
# "mnist", "fashion_mnist", "digits".
DATA = None
CHANNELS = 16
LATENT_DIM = 32
IMAGE_EPOCHS = 20
SERIES_EPOCHS = 8
N_SERIES = 320
STEPS = 16
# Of a large data set, only so many images are used.
MAX_IMAGES = 2000
# True: section 6.3 also makes the paper's map of 512 nodes, in a minute.
LARGE_MAP = False
# A folder with tables of the eICU database, for section 8.4, if you have it.
EICU = None

# %% [markdown]
# ## 1 The data
#
# ### 1.1 Images
#
# The paper uses [MNIST](https://doi.org/10.1109/5.726791), 70 000 handwritten digits, and
# [Fashion-MNIST](https://arxiv.org/abs/1708.07747), as many pictures of clothes. `python -m dlh.data mnist
# --download` and `python -m dlh.data fashion_mnist --download` fetch them. Without them, the notebook takes 1797
# digits that come with scikit-learn, enlarged to the same 28 x 28 pixels. The next cell says which these are: remember it
# when you compare with the paper. What is known about each is on their [data card](docs/data_card_images.md).

# %% tags=["training"]
from dlh.data import images

data = images.load(DATA)
print(data.source)
train_images = torch.tensor(data.train_images[:MAX_IMAGES])
test_images = torch.tensor(data.test_images[:MAX_IMAGES])
train_labels = data.train_labels[:MAX_IMAGES]
test_labels = data.test_labels[:MAX_IMAGES]
print("training:", tuple(train_images.shape),
      "test:", tuple(test_images.shape))

# %% tags=["plot"]
from matplotlib import pyplot as plt

from dlh.plots import draw_images

figure = draw_images(
    train_images[:20, 0], [data.classes[label] for label in train_labels[:20]]
)
show(figure, "The first twenty training images, each with its class above.")

# %% [markdown]
# Mind the shape: (images, **channels**, height, width). Gray images have one channel, and convolutions want to see it.
#
# ### 1.2 Series
#
# The map is to show ways, so images need a time. The authors make series like this: take an image of a class, and one of
# the *next* class (after 3 comes 4, after the last class the first). The series shows the first for a while, changes
# into the second pixel by pixel along a straight line, and shows the second for a while. A little noise is added.

# %% tags=["training"]
series, ends = images.make_series(
    train_images.numpy(), train_labels, N_SERIES, STEPS, seed=SEED
)
series = torch.tensor(series)
print("series:", tuple(series.shape))
# Others to test with, made of test images.
test_series, test_ends = images.make_series(
    test_images.numpy(), test_labels, 100, STEPS, seed=SEED + 1
)
test_series = torch.tensor(test_series)

# %% tags=["plot"]
figure = draw_images(series[:3].reshape(-1, 28, 28).clip(0, 1), columns=STEPS)
show(figure, "Three series of sixteen images, one a row; in each, an image"
     " turns into one of the next class.")

# %% [markdown]
# The shape is (series, **steps**, channels, height, width). Keeping the time on an axis of its own is not pedantry. Put all
# images into one long row, and the last image of one series would be followed by the first of the next: a step
# that never happened, and that a model of the steps would learn.

# %% [markdown]
# ## 2 From images to points, and back
#
# ### 2.1 The encoder ({{points:encoder}})
#
# Two convolutions, each followed by ReLU and by a pooling that keeps the largest of each 2 x 2 pixels, then a linear layer:
#
# | | shape, with the default sizes |
# | --- | --- |
# | `x` | (batch, 1, 28, 28) |
# | `conv1` with a kernel of 4 x 4, ReLU | (batch, 32, 25, 25) |
# | `maxpool1` | (batch, 32, 12, 12) |
# | `conv2` with a kernel of 4 x 4, ReLU | (batch, 128, 9, 9) |
# | `maxpool2` | (batch, 128, 4, 4) |
# | one row for each image | (batch, 2048) |
# | `latent_transform` | (batch, 64) |
#
# A convolution without padding makes an image smaller by the kernel's size minus one; a pooling of 2 halves it, and drops
# what is left over. So 28 becomes 25, 12, 9, 4, and 4 * 4 * 128 numbers are left.
#
# Your part:
#
# 1. `__init__`: `self.conv1` from `input_channels` to `n_channels[0]` channels and `self.conv2` from there to
#    `n_channels[1]`, with `kernel_size` and `strides`; `self.maxpool1` and `self.maxpool2`, `nn.MaxPool2d(2, 2)`;
#    `self.latent_transform`, linear, from 4 * 4 * `n_channels[-1]` numbers to `latent_dim`.
# 2. `forward`: as in the table. The last layer has no ReLU: encodings may be negative.

# %% exercise=encoder include=ConvEncoder points=5

# %% check=encoder
"""Images become points, through two convolutions."""

encoder = ConvEncoder(3, latent_dim=7, n_channels=[5, 11])
compare_shape("conv1.weight", encoder.conv1.weight, (5, 3, 4, 4),
              "From `input_channels` to n_channels[0].")
compare_shape("conv2.weight", encoder.conv2.weight, (11, 5, 4, 4),
              "From n_channels[0] to n_channels[1].")
compare_shape("latent_transform.weight", encoder.latent_transform.weight,
              (7, 176), "From 4 * 4 * the channels of conv2 to `latent_dim`.")
x = torch.rand(13, 3, 28, 28)
with torch.inference_mode():
    z_e = encoder(x)
    compare_shape("the encodings", z_e, (13, 7), "One row for each image.")
    compare("some are negative", bool((z_e < 0).any()), True,
            "No ReLU after the last layer.")
    alone = encoder(x[4:5])
compare("difference of an image alone and among others",
        (alone[0] - z_e[4]).abs().max().item(), 0.0,
        "Flatten each image by itself: flatten(1).")
other = ConvEncoder(1, kernel_size=[5, 3], strides=[2, 3])
compare("kernels and strides, where they are others",
        [other.conv1.kernel_size, other.conv2.kernel_size,
         other.conv1.stride, other.conv2.stride],
        [(5, 5), (3, 3), (2, 2), (3, 3)],
        "Two kernels, then two strides: place 0 of each list for conv1,"
        " place 1 for conv2.")

# One pixel on its way. The image counts its pixels, 0 to 783, row after row.
# Each kernel looks at the first pixel of its window alone; what it makes
# negative, ReLU has to stop.
image = torch.arange(784.0).reshape(1, 1, 28, 28)
by_hand = ConvEncoder(1, latent_dim=3, n_channels=[2, 3])
with torch.inference_mode():
    for parameter in by_hand.parameters():
        parameter.zero_()
    by_hand.conv1.weight[:, 0, 0, 0] = torch.tensor([1.0, -1.0])
    by_hand.conv2.weight[0, 0, 0, 0] = 1
    by_hand.conv2.weight[1, 1, 0, 0] = -1
    by_hand.conv2.weight[2, 0, 0, 0] = -1
    # Row 1 and column 2 of the 4 x 4 places are number 6 of 16.
    by_hand.latent_transform.weight[range(3), [6, 22, 38]] = 1
    z_e = by_hand(torch.cat([image, 2 * image]))
compare("encoding of the image: pixel (7, 11), number 7 * 28 + 11", z_e[0],
        torch.tensor([207.0, 0, 0]),
        "Convolution, ReLU, the largest of 2 x 2; twice; channels in front.")
compare("encoding of the image times two, in the same batch", z_e[1],
        torch.tensor([414.0, 0, 0]), "Each image by itself.")
compare("parameters with the default sizes",
        sum(p.numel() for p in ConvEncoder(1).parameters()), 197344,
        "Three layers with weights, each with a bias.")
print("The encoder passes: every pixel takes the way that the table says.")

# %% [markdown]
# ### 2.2 The decoder ({{points:decoder}})
#
# The way back. A linear layer makes a small picture of many channels, which is enlarged twice by repeating pixels
# (`F.interpolate`), each time followed by a convolution and ReLU. (The published names say `deconv`, but they are
# convolutions.) The last layer mixes the channels, and a sigmoid brings every pixel between 0 and 1.
#
# | | shape, with the default sizes |
# | --- | --- |
# | `z` | (batch, 64) |
# | `latent_transform` | (batch, 2048) |
# | each row cut into a small picture: channels, then height, then width, in this order | (batch, 128, 4, 4) |
# | twice as large: `F.interpolate(x, scale_factor=2)` | (batch, 128, 8, 8) |
# | `deconv1`, kernel 4 x 4, ReLU | (batch, 128, 5, 5) |
# | as large as the image: `F.interpolate(x, size=self.output_size)` | (batch, 128, 28, 28) |
# | `deconv2`, kernel 3 x 3, padding 1, ReLU | (batch, 128, 28, 28) |
# | `out_transform`, kernel 1 x 1, sigmoid | (batch, 1, 28, 28) |
#
# Your part:
#
# 1. `__init__`: `self.latent_transform`, linear, from `latent_dim` numbers to the product of the three in
#    `flatten_shape`; `self.deconv1` from `flatten_shape[2]` to `n_channels[0]` channels; `self.deconv2` from there to
#    `n_channels[1]`, with `padding=1`; both with `kernel_size` and `strides`; `self.out_transform`, from there to
#    `output_channels`, with a kernel of 1.
# 2. `forward`: as in the table. Mind that `flatten_shape` is [width, height, channels].

# %% exercise=decoder include=ConvDecoder points=5

# %% check=decoder
"""Points become images with pixels between 0 and 1."""

decoder = ConvDecoder(3, latent_dim=7, flatten_shape=[4, 4, 5],
                      n_channels=[11, 13])
compare_shape("latent_transform.weight", decoder.latent_transform.weight,
              (80, 7), "From `latent_dim` to the product of flatten_shape.")
compare_shape("deconv1.weight", decoder.deconv1.weight, (11, 5, 4, 4),
              "nn.Conv2d, from flatten_shape[2] to n_channels[0].")
compare_shape("deconv2.weight", decoder.deconv2.weight, (13, 11, 3, 3),
              "nn.Conv2d, from n_channels[0] to n_channels[1].")
compare_shape("out_transform.weight", decoder.out_transform.weight,
              (3, 13, 1, 1), "nn.Conv2d, to `output_channels`, kernel 1.")
with torch.inference_mode():
    x = decoder(5 * torch.randn(17, 7))
compare_shape("the images", x, (17, 3, 28, 28))
compare("all pixels between 0 and 1", bool(((x > 0) & (x < 1)).all()), True,
        "A sigmoid comes last.")
with torch.inference_mode():
    x = ConvDecoder(1, output_size=(20, 24))(torch.randn(2, 64))
compare_shape("images of another size", x, (2, 1, 20, 24),
              "Enlarge to `self.output_size`; then padding=1 in deconv2.")
other = ConvDecoder(1, kernel_size=[5, 3], strides=[2, 3])
compare("strides, where they are others",
        [other.deconv1.stride, other.deconv2.stride], [(2, 2), (3, 3)],
        "Place 0 of `strides` for deconv1, place 1 for deconv2.")

# By hand: a small picture 5 wide and 4 high. Its second channel counts -5 to
# 14, row after row; deconv1 passes that on, plus 25, so 20 to 39.
by_hand = ConvDecoder(1, latent_dim=2, flatten_shape=[5, 4, 2],
                      n_channels=[2, 3])
with torch.inference_mode():
    for parameter in by_hand.parameters():
        parameter.zero_()
    by_hand.latent_transform.weight[:, 0] = torch.arange(40.0) - 25
    by_hand.deconv1.weight[:, 1, 0, 0] = torch.tensor([1.0, -1.0])
    by_hand.deconv1.bias.copy_(torch.tensor([25.0, -25.0]))
    # deconv2 takes each pixel from its right. What is negative, ReLU stops.
    by_hand.deconv2.weight[range(3), [0, 1, 0], 1, 2] = torch.tensor(
        [1.0, -1.0, -1.0])
    by_hand.out_transform.weight[0, :, 0, 0] = torch.tensor([0.1, 0.1, 0.2])
    by_hand.out_transform.bias.fill_(-2.5)
    logits = by_hand(torch.tensor([[1.0, 0.0], [0.0, 1.0]])).logit()
compare("logits of five pixels: a tenth of 20, 23, 26, 30, 33, less 2.5",
        logits[0, 0, [0, 0, 13, 27, 27], [0, 26, 13, 0, 26]],
        torch.tensor([-0.5, -0.2, 0.1, 0.5, 0.8]),
        "Rows of width 5; repeat pixels before each convolution; ReLU.")
compare("of a point that gives a small picture of zeros",
        logits[1, 0, [0, 27], [0, 26]], torch.tensor([0.0, 0.0]),
        "Each point by itself.")
compare("parameters with the default sizes",
        sum(p.numel() for p in ConvDecoder(1).parameters()), 543105,
        "Four layers with weights, each with a bias.")
print("The decoder passes: a small picture, enlarged twice, to pixels.")

# %% [markdown]
# ## 3 The map
#
# ### 3.1 The nearest node ({{points:nearest_node}})
#
# The map is a tensor `embeddings` of shape (rows, columns, latent_dim): node (row, column) lies at
# `embeddings[row, column]` in the latent space. Nodes are numbered row after row, so node (row, column) has the number
# $k = \text{row} \cdot \text{columns} + \text{column}$.
#
# For each encoding $z_e$, compute the squared distance to every node, and take the nearest:
#
# $$ d_j = \sum_i \left( z_{e,i} - e_{j,i} \right)^2, \qquad k = \arg\min_j d_j. $$
#
# By hand: a map of 2 rows and 3 columns in two dimensions, and $z_e = (1.2,\ 1.5)$:
#
# | node | 0 | 1 | 2 | 3 | 4 | 5 |
# | --- | --- | --- | --- | --- | --- | --- |
# | (row, column) | (0, 0) | (0, 1) | (0, 2) | (1, 0) | (1, 1) | (1, 2) |
# | embedding | (0, 0) | (1, 0) | (2, 0) | (0, 2) | (1, 2) | (2, 2) |
# | $d$ | 3.69 | 2.29 | 2.89 | 1.69 | **0.29** | 0.89 |
#
# so $k = 4$. A batch has many encodings, and a loop over them in Python is dozens of times slower than it need be. Let
# broadcasting do it: (batch, **1**, latent_dim) minus (nodes, latent_dim) is (batch, nodes, latent_dim).
#
# Your part: `k` and `z_dist_flat`, the squared distances to all nodes, in the order of their numbers. No loop over the
# batch.

# %% exercise=nearest_node include=find_nearest points=15

# %% check=nearest_node
"""The distances to all nodes, and the number of the nearest."""

# The example above.
embeddings = torch.tensor([[[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]],
                           [[0.0, 2.0], [1.0, 2.0], [2.0, 2.0]]])
k, z_dist_flat = find_nearest(torch.tensor([[1.2, 1.5]]), embeddings)
compare_shape("z_dist_flat", z_dist_flat, (1, 6),
              "The nodes in one row: flatten(0, 1) of the map.")
compare("squared distances", z_dist_flat[0],
        torch.tensor([3.69, 2.29, 2.89, 1.69, 0.29, 0.89]),
        "Squared, summed over the latent dimensions; nodes row after row.")
compare_shape("k", k, (1,), "One number for each encoding.")
compare("the nearest node", k.tolist(), [4],
        "The place of the least distance, not the distance itself.")
compare("dtype of k", k.dtype, torch.long, "As argmin gives it.")

# Each node is nearest to itself.
embeddings = torch.randn(3, 5, 7, requires_grad=True)
k, z_dist_flat = find_nearest(embeddings.flatten(0, 1).detach(), embeddings)
compare_shape("z_dist_flat, of a batch of 15 and 15 nodes", z_dist_flat,
              (15, 15))
compare("nearest nodes of all nodes", k.tolist(), list(range(15)),
        "Over the nodes (dim=-1), for each encoding by itself.")
compare("distances carry gradients", z_dist_flat.requires_grad, True,
        "No .detach(), .data or no_grad here.")
print("The nearest node passes: all distances, squared, and the least.")

# %% [markdown]
# ### 3.2 Its neighbors ({{points:neighbors}})
#
# The neighbors of a node are those above, below, to the right and to the left of it on the **grid**, however far away they
# are in the latent space. `z_q_neighbors` holds, for each encoding, five embeddings in this order:
#
# | place | 0 | 1 | 2 | 3 | 4 |
# | --- | --- | --- | --- | --- | --- |
# | node | itself | (row **+ 1**, column) | (row **- 1**, column) | (row, column **+ 1**) | (row, column **- 1**) |
# | for node 4 above | 4 | none | 1 | 5 | 3 |
#
# **The map has edges.** A node in a corner has two neighbors and not four, and the map is no globe: the right-most column
# does not touch the left-most. Where there is no neighbor, its place holds zeros. Two traps: a column of -1 means the *last*
# column to Python, and the number $k + 1$ of a node at the right edge belongs to the first node of the next row.
#
# Indexing does a whole batch at once: `embeddings[rows, columns]`, with two integer tensors of the same shape, gives an
# embedding for each pair. To deal with the edges, you may put a border of zeros around the map first (`F.pad`), or
# compute which neighbors exist and set the others to zero.
#
# (In the published code of this assignment, one of the four lines reads `==` where it should read `=`. It compares and
# throws the result away, so the right neighbor never learns. No error is raised, the loss falls, and the map gets
# stretched. This is why neighbors have checks of their own.)

# %% exercise=neighbors include=gather_neighbors points=15

# %% check=neighbors
"""A node and its four neighbors, as far as the map has them."""

# Node (row, column) of this map has the embedding (row, column) + 1.
rows, columns = torch.meshgrid(torch.arange(3.0), torch.arange(4.0),
                               indexing="ij")
embeddings = torch.stack([rows, columns], dim=-1) + 1
embeddings.requires_grad_()
out = gather_neighbors(embeddings, torch.tensor([5, 0, 11, 7]))
compare_shape("z_q_neighbors", out, (4, 5, 2), "(batch, five places, dims)")
compare("node 5, inside, and its neighbors (row, column, counted from 1)",
        out[0], torch.tensor([[2.0, 2], [3, 2], [1, 2], [2, 3], [2, 1]]),
        "In this order: itself, row + 1, row - 1, column + 1, column - 1.")
compare("node 0, in the first corner", out[1],
        torch.tensor([[1.0, 1], [2, 1], [0, 0], [1, 2], [0, 0]]),
        "No neighbor: zeros. An index of -1 takes the last.")
compare("node 11, in the last corner", out[2],
        torch.tensor([[3.0, 4], [0, 0], [2, 4], [0, 0], [3, 3]]),
        "No neighbor: zeros. The map is no globe.")
compare("node 7, at the right edge", out[3],
        torch.tensor([[2.0, 4], [3, 4], [1, 4], [0, 0], [2, 3]]),
        "Node k + 1 is in the next row here: no neighbor.")
compare("neighbors carry gradients", out.requires_grad, True,
        "No .detach(), .data or no_grad here.")
# Every node is taken as often as it has neighbors, and once for itself.
gather_neighbors(embeddings, torch.arange(12)).sum().backward()
compare("how often each node learns", embeddings.grad[..., 0],
        torch.tensor([[3.0, 4, 4, 3], [4, 5, 5, 4], [3, 4, 4, 3]]),
        "A neighbor is missing, or one too many, at some edge; or gradients"
        " do not reach all of them.")
compare_shape("z_q_neighbors, of one node",
              gather_neighbors(embeddings, torch.tensor([0])), (1, 5, 2),
              "squeeze() takes off every axis of length 1.")
print("The neighbors pass: four at most, and none across an edge.")

# %% [markdown]
# ### 3.3 Three losses ({{points:losses}})
#
# The given `forward` puts the pieces together. What should the model be good at?
#
# **Reconstruction.** Both decoded images should be like $x$: $\text{mse}(x_e, x) + \text{mse}(x_q, x)$. The second is the
# aim: an image of the map's node. But choosing the nearest node ($\arg\min$) has no gradient, and through $z_q$ nothing
# reaches the encoder. The first gives the encoder its gradient.
#
# **Commitment.** The encodings and their nodes should be close: $\text{mse}(z_e, z_q)$. It moves both.
#
# **The map.** The neighbors, too, should be close to $z_e$. But this time only the *nodes* should move: a node's neighbor has
# no business pulling encodings away from their node. So the gradient is stopped at $z_e$, written
# $\text{sg}[z_e]$ and done by `z_e.detach()`:
#
# $$ \mathcal{L}_\text{SOM} = \frac{1}{5} \sum_{e \,\in\, \text{node and its neighbors}} \text{mse}\left(e,\ \text{sg}[z_e]\right) $$
#
# for one encoding, and the mean of this for a batch. Neighbors that do not exist (rows of zeros) **add nothing**: otherwise the
# loss would also measure how far $z_e$ is from zero. We divide by five in any case, so that a node at the edge is pulled as
# strongly as others.
#
# By hand, with the example of 3.1: $z_e = (1.2, 1.5)$, node 4 and its neighbors 1, 5, 3. A mean over two dimensions is half of
# $d$: $0.145 + 1.145 + 0.445 + 0.845 = 2.58$, divided by five: 0.516.
#
# The whole loss is $\mathcal{L}_\text{reconstruct} + \alpha\, \mathcal{L}_\text{commit} + \beta\, \mathcal{L}_\text{SOM}$.
#
# Your part: `_loss_reconstruct`, `_loss_commit`, `_loss_som`, and `loss`, which adds them up. Each returns a single number, as
# a tensor of shape (), for gradients have to find the way back. They must work for any axes in front, as `forward` does:
# `z_q_neighbors` has exactly one axis more than `z_e`, before the last.

# %% exercise=losses include=StaticSOMVAE points=20

# %% check=losses
"""What each loss measures, and whom it moves."""

som = StaticSOMVAE(None, None, None, latent_dim=2, som_dim=[2, 3],
                   alpha=2.0, beta=3.0)
# Two images of 4 and 8: the first is decoded to 6 (x_e) and 1 (x_q).
x = torch.tensor([4.0, 8.0]).reshape(2, 1, 1, 1).expand(2, 1, 2, 2)
x_e, x_q = x + 2, x - 3
x_q = torch.cat([x_q[:1], x[1:] - 1])
compare_shape("the reconstruction loss", som._loss_reconstruct(x, x_e, x_q),
              (), "A tensor, not a float.")
compare("reconstruction loss: 4 for x_e, (9 + 1) / 2 for x_q",
        som._loss_reconstruct(x, x_e, x_q), torch.tensor(9.0),
        "Two means of squares, each against x, added up.")
z_e = torch.tensor([[1.2, 1.5]], requires_grad=True)
z_q = torch.tensor([[1.0, 2.0]], requires_grad=True)
compare_shape("the commitment loss", som._loss_commit(z_e, z_q), (),
              "A tensor, not a float.")
compare("commitment loss: 0.04 and 0.25, a mean over two dimensions",
        som._loss_commit(z_e, z_q), torch.tensor(0.145),
        "The mean of the squared differences, without a root.")
around = torch.tensor([[[1.0, 2.0], [0.0, 0.0], [1.0, 0.0], [2.0, 2.0],
                        [0.0, 2.0]]], requires_grad=True)
loss = som._loss_som(z_e, around)
compare_shape("the SOM loss", loss, (), "A tensor, not a float.")
compare("SOM loss of the example", loss, torch.tensor(0.516),
        "0.885 counts the missing neighbor, 0.645 divides by four, 1.032 adds"
        " up the dimensions.")
compare("SOM loss carries gradients", loss.requires_grad, True,
        "It is z_e alone that is detached.")
loss.backward()
compare("encodings are moved by the SOM loss", z_e.grad is not None, False,
        "Stop the gradient at z_e: z_e.detach().")
compare("places whose nodes are moved",
        (around.grad != 0).any(-1)[0].tolist(),
        [True, False, True, True, True],
        "Only z_e is detached; a row of zeros adds nothing.")
som._loss_commit(z_e, z_q).backward()
compare("encodings and nodes are moved by the commitment loss",
        (z_e.grad is not None, z_q.grad is not None), (True, True),
        "Here nothing is detached.")
loss = som.loss(x, x_e, x_q, z_e, z_q, around, None, None)
compare("all together", loss, torch.tensor(9 + 2 * 0.145 + 3 * 0.516),
        "Weights: self.alpha for commitment, self.beta for the SOM.")
loss = som._loss_som(z_e.expand(3, 4, 2), around.expand(3, 4, 5, 2))
compare("SOM loss of three series of four steps", loss, torch.tensor(0.516),
        "The mean over all encodings, of whatever axes in front.")
# Not there is a row of zeros alone: here is one of sum 0, and a short one.
around = torch.tensor([[[1.0, -1], [0, 0], [0, 0], [-0.1, 0], [0, 0]]])
compare("SOM loss at zero, of nodes (1, -1) and (-0.1, 0)",
        som._loss_som(torch.zeros(1, 2), around),
        torch.tensor((1 + 0.005) / 5),
        "A row is missing where all of its numbers are zero: not their sum,"
        " not one of them.")
print("The losses pass: each measures, and moves, what it should.")

# %% [markdown]
# ## 4 The way over the map
#
# ### 4.1 Transitions in time ({{points:transitions}})
#
# Now time comes in. A series becomes a row of node numbers $k_1, k_2, \dots$, and the simplest model of where one goes
# next is a **Markov model**: a matrix of probabilities, from each node to each node. `SOMVAE` has it as the parameter
# `probs`, of shape (rows, columns, rows, columns): from, to. In it are no probabilities but **logits**, any numbers. A softmax
# over all nodes that one can go to makes probabilities of them, whenever they are used. (The published code
# replaces the parameter by a normalized one in every step. Then the optimizer holds a tensor that nobody uses any more, and
# never changes a probability.)
#
# Two losses use it. **The transition loss** makes the steps that happen likely:
#
# $$ \mathcal{L}_\text{transitions} = -\text{mean}_{t \ge 2}\ \log P(k_{t-1} \to k_t). $$
#
# **The smoothness loss** makes the encodings lie where the node before would lead, so that the way gets smoother:
#
# $$ \mathcal{L}_\text{smoothness} = \text{mean}_{t \ge 2}\ \sum_j P(k_{t-1} \to j)\ \frac{d_{t,j}}{\text{latent\_dim}}, $$
#
# with $d_{t,j}$ the squared distance of $z_{e,t}$ to node $j$, which is in `z_dist_flat`. It moves encodings and nodes, but not the
# probabilities: those are learnt from the transitions alone (`detach`).
#
# The first image of a series has none before it, so a series of $T$ images has $T - 1$ transitions. And the time is the
# **last axis** of `k`, so that series do not run into each other: (series, steps).
#
# By hand: a map of 1 row and 2 columns in five dimensions; from node 0 one stays with probability 0.75. The series is
# $k = (0, 0, 1)$, two steps, of probabilities 0.75 and 0.25: the transition loss is $(0.288 + 1.386) / 2 = 0.837$. With squared
# distances $d_2 = (0.4, 2.0)$ and $d_3 = (1.6, 0.2)$, the expected ones are $0.75 \cdot 0.4 + 0.25 \cdot 2.0 = 0.8$ and
# $0.75 \cdot 1.6 + 0.25 \cdot 0.2 = 1.25$ (both steps start at node 0). Their mean is 1.025, for each dimension 0.205.
#
# Your part:
#
# 1. `log_transitions`: the logarithms of the probabilities as a matrix (nodes, nodes), rows from, columns to.
# 2. `loss_prob` and `_loss_z_prob`, as above, each a single number in a tensor of shape ().
# 3. `loss`: add $\gamma\, \mathcal{L}_\text{transitions} + \tau\, \mathcal{L}_\text{smoothness}$ to `static`, and return it.

# %% exercise=transitions include=SOMVAE points=15

# %% check=transitions
"""Probabilities from node to node, and two losses that use them."""

markov = SOMVAE(None, None, None, latent_dim=5, som_dim=[1, 2],
                gamma=2.0, tau=3.0)
with torch.inference_mode():
    markov.probs[0, 0] = torch.tensor([[0.75, 0.25]]).log() + 7
compare("transition probabilities", markov.log_transitions().exp(),
        torch.tensor([[0.75, 0.25], [0.5, 0.5]]),
        "A softmax over all nodes that one can go to.")
compare("from and to each of 2 x 3 nodes, as long as all logits are zero",
        SOMVAE(None, None, None, som_dim=[2, 3]).log_transitions().exp(),
        torch.full((6, 6), 1 / 6), "Over rows and columns at once.")
k = torch.tensor([0, 0, 1])
compare_shape("the transition loss", markov.loss_prob(k), (),
              "A tensor, not a float.")
compare("transition loss of the example", markov.loss_prob(k),
        torch.tensor(0.8370), "Minus the mean over two steps, each from a"
        " node to the next; gamma comes later.")
distances = torch.tensor([[9.0, 9.0], [0.4, 2.0], [1.6, 0.2]],
                         requires_grad=True)
smoothness = markov._loss_z_prob(k, distances)
compare_shape("the smoothness loss", smoothness, (), "A tensor, not a float.")
compare("smoothness loss of the example", smoothness, torch.tensor(0.205),
        "A step's distances, weighed by what follows the node before it,"
        " added up over the nodes; the mean, divided by latent_dim, 5.")
compare("smoothness loss carries gradients", smoothness.requires_grad, True,
        "It is the probabilities alone that are detached.")
smoothness.backward()
compare("probabilities are not moved by the smoothness loss",
        markov.probs.grad is None or not markov.probs.grad.any(), True,
        "Detach them there.")
# Two series: 0 to 0, and 1 to 1. There is no step from 0 to 1.
two = markov.loss_prob(torch.tensor([[0, 0], [1, 1]]))
compare("transition loss of two series", two,
        -torch.tensor([0.75, 0.5]).log().mean(),
        "The time is the last axis.")
two = markov._loss_z_prob(torch.tensor([[0, 0], [1, 1]]), torch.tensor(
    [[[9.0, 9.0], [0.4, 2.0]], [[9.0, 9.0], [1.6, 0.2]]]))
compare("smoothness loss of two series: 0.8 and 0.9, a mean over 5", two,
        torch.tensor(0.17), "From node 1, both are as likely.")
probs = markov.probs
markov.loss_prob(k).backward()
compare("the parameter is still the same object", markov.probs is probs, True,
        "Normalize a copy; never put another tensor in its place.")
compare("the parameter gets a gradient",
        probs.grad is not None and bool(probs.grad.any()), True,
        "In loss_prob nothing is detached.")
images_of = torch.zeros(3, 1, 2, 2)
whole = markov.loss(images_of, images_of + 2, images_of, torch.zeros(3, 5),
                    torch.zeros(3, 5), torch.zeros(3, 5, 5), k, distances)
compare("the whole loss, with a reconstruction loss of 4", whole,
        torch.tensor(4 + 2 * 0.8370 + 3 * 0.205),
        "static, self.gamma for transitions, self.tau for smoothness.")
print("Time passes: steps are made likely, and the way over the map smooth.")

# %% [markdown]
# ## 5 Training
#
# ### 5.1 One step ({{points:training}})
#
# The loss of a batch is `model.loss(x, *model(x))`. One thing is special: the transition probabilities learn faster than
# everything else, with a hundred times the learning rate, since they have to follow the nodes as these move about. Adam takes
# **parameter groups**, a list of dicts with `"params"` and, where it differs, `"lr"`.
#
# (The published code has two optimizers and two losses, and goes backward twice. PyTorch lets it: the transition loss
# builds a graph of its own. But the parameter that the second optimizer holds is no longer the one in use, see 4.1, so
# it never gets a gradient and never moves. One optimizer is enough: the transition loss has a gradient for `probs`
# alone, because $\arg\min$ has none, and no other loss has one for `probs`.)
#
# Your part:
#
# 1. `optimizer`: Adam with learning rate `lr` for all parameters of `model`, but `100 * lr` for the one that is named
#    `"probs"`, if there is one (`model.named_parameters()`).
# 2. One step for a batch: the loss as `loss`, set the gradients to zero, backpropagate, let the optimizer step.

# %% exercise=training include=train_model points=5

# %% check=training
"""Steps go downhill, a hundred times as far for `probs`."""


# A stand-in for your model: all its parameters start at 10, and the loss is
# three times their sum. On such a slope, each of Adam's steps is as long as
# the learning rate.
class Slope(nn.Module):
    def __init__(self, *names):
        super().__init__()
        for name in names:
            setattr(self, name, nn.Parameter(torch.tensor(10.0)))

    def forward(self, x):
        return [parameter * x.mean() for parameter in self.parameters()]

    def loss(self, x, *parts):
        return sum(parts)


x = torch.full((3, 2), 3.0)
slope = Slope("weight", "probs")
trained, history = train_model(slope, [x], n_epoch=1, lr=0.01)
compare("the trained model is the one given", trained is slope, True)
compare("history of one batch", history, [60.0],
        "The loss is model.loss(x, *model(x)), before the step.")
compare("weight after one step with lr=0.01", slope.weight.item(), 9.99,
        "Adam, with the learning rate `lr`; zero_grad, backward, step.")
compare("probs after the same step", slope.probs.item(), 9.0,
        "In a group of its own, with a hundred times the learning rate.")
slope = Slope("weight", "probs", "my_probs")
_, history = train_model(slope, [x] * 4, n_epoch=2, lr=0.01)
compare("length of the history of two epochs", len(history), 8)
compare("the loss falls at each step",
        history == sorted(set(history), reverse=True), True,
        "zero_grad, backward, step, for each batch.")
compare("probs, and one of another name, after eight steps",
        [round(slope.probs.item(), 2), round(slope.my_probs.item(), 2)],
        [2.0, 9.92], "Set the gradients to zero; `probs` alone is special.")
slope = Slope("weight")
train_model(slope, [x], n_epoch=1, lr=0.01)
compare("weight of a model without probs", slope.weight.item(), 9.99,
        "All parameters, also where none is named `probs`.")
print("Training passes: downhill, and `probs` a hundred times as fast.")

# %% [markdown]
# ### 5.2 All at once? ({{points:foretell_extremes}})
#
# The model for series has five losses. Could it learn all of them at once, from series, from the beginning? Ask first
# what the losses of time would like best. **Foretell** the transition loss, for a map of `nodes` nodes, in two cases.
# (It counts if it is right, half a point each.)
#
# - `start`: all of `probs` is still zero.
# - `one_node`: *all* images lie on one and the same node, and the probabilities have learned that.

# %% exercise=foretell_extremes include=foretell_extremes points=1

# %% check=foretell_extremes
"""A map of a single node has one way to go, from the start."""

compare("transition losses of a map of one node",
        [float(value) for value in foretell_extremes(1)], [0.0, 0.0],
        "Minus the logarithm of a probability: which one, on such a map?")
print("Right for one node. What it says of 64 counts if it is right: the next"
      " cell shows it.")

# %% tags=["training"]
from dlh.kept import kept


def make_networks():
    """An encoder and two decoders of the size set above."""
    sizes = {"latent_dim": LATENT_DIM, "n_channels": [CHANNELS, CHANNELS]}
    small = [4, 4, CHANNELS]
    return (ConvEncoder(1, **sizes),
            ConvDecoder(1, flatten_shape=small, **sizes),
            ConvDecoder(1, flatten_shape=small, **sizes))


class Watched:
    """A loader; before each epoch, a model is judged."""

    def __init__(self, loader, model, judge):
        self.loader, self.model, self.judge = loader, model, judge
        self.seen = []

    def look(self):
        if self.judge is None:
            return
        with torch.inference_mode():
            self.seen.append(self.judge(self.model))

    def __iter__(self):
        self.look()
        return iter(self.loader)


def train_kept(model, data, batch_size, epochs, judge=None, lr=0.001):
    """Train a model, or take what came of just this training before.

    Gives the mean loss of each epoch, and what `judge` says of the model
    before each of them and at the end.
    """
    def train():
        torch.manual_seed(SEED)
        loader = Watched(torch.utils.data.DataLoader(
            data, batch_size=batch_size, shuffle=True), model, judge)
        _, history = train_model(model, loader, epochs, lr, device)
        loader.look()
        return np.reshape(history, (epochs, -1)).mean(axis=1).tolist(), \
            loader.seen

    return kept(model.to(device), train, data, batch_size, epochs, lr, SEED,
                judge, test_images, test_series, train_model, find_nearest,
                gather_neighbors)


def judge_series(model):
    """Of test series: nodes in use, three losses, the whole loss."""
    x = test_series[:40].to(device)
    parts = model(x)
    k, z_dist_flat = parts[-2:]
    losses = (model._loss_reconstruct(x, *parts[:2]), model.loss_prob(k),
              model._loss_z_prob(k, z_dist_flat), model.loss(x, *parts))
    return [len(k.unique()), *(float(loss) for loss in losses)]

# %% tags=["training"]
import pandas as pd

settings = {"latent_dim": LATENT_DIM, "som_dim": [8, 8],
            "alpha": 1.0, "beta": 10.0}
in_time = {"gamma": 1.8, "tau": 1.4}
torch.manual_seed(SEED)
at_once = SOMVAE(*make_networks(), **settings, **in_time)
_, seen = train_kept(at_once, series, 4, 4, judge_series)
at_once_table = pd.DataFrame(
    seen, columns=["nodes in use", "reconstruction", "transitions",
                   "smoothness", "whole loss"],
    index=["at the start", *(f"after epoch {n}" for n in (1, 2, 3, 4))])
print("foretold, for 64 nodes: {:.3f} and {:.3f}".format(
    *foretell_extremes(64)))
at_once_table.round(4)

# %% [markdown]
# ### The best loss ({{points:collapse_reading}})
#
# All losses are of series that the model has not seen. When is the whole loss lowest, and what does the map look like
# then? Why can this loss not tell a good map from a bad one, and what would you print beside it?

# %% [markdown] written=collapse_reading points=1
# ### BEGIN SOLUTION
# The whole loss is lowest after the second epoch, at 0.11, and then all images lie on one single node: no map at all.
# As the map unfolds, it rises to more than 2. For on one node every step is foreseeable, and the way is as smooth as
# can be, so both losses of time are all but zero, as foretold. What 20 nodes gain in reconstruction is less than a
# hundredth; what they cost in transitions is more than one. So the loss prefers no map. I would print how many nodes
# are in use, and look at the reconstruction by itself.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: the loss is lowest while all images are on one node (or very few), with numbers of the student's table.
# - 0.5 points: why: on one node the losses of time are (nearly) zero, and they outweigh what the reconstruction gains;
#   or, in its place, what to watch: the number of nodes in use, or the reconstruction by itself.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# **The loss is lowest when the map is worst.** It cannot tell whether a map is any good, so we have to look at the map
# itself.
#
# ### 5.3 The run
#
# So a map of 8 x 8 nodes is trained in two stages: from single images first, with `StaticSOMVAE`, so that the map
# unfolds; then from series, four in a batch, with the same networks and the same nodes, so that the map learns the ways
# over it.
#
# Another choice is $\beta$, how strongly neighbors are pulled along. Here it is 10, where the paper has 0.9. What comes of it is
# measured: how far apart nodes are that lie side by side on the grid, against any two nodes. Section 6.3 prints that for
# this map, and section 7 for a smaller one that has the published 0.9.

# %% tags=["training"]
def judge_images(model):
    """The loss of the test images."""
    x = test_images[:500].to(device)
    return float(model.loss(x, *model(x)))


torch.manual_seed(SEED)
networks = make_networks()
print("the map, from images")
image_map = StaticSOMVAE(*networks, **settings)
image_losses = train_kept(image_map, train_images, 32, IMAGE_EPOCHS,
                          judge_images)
print("the way, from series")
model = SOMVAE(*networks, **settings, **in_time)
model.embeddings = image_map.embeddings
series_losses, seen = train_kept(model, series, 4, SERIES_EPOCHS,
                                 judge_series)
series_losses = series_losses, [row[-1] for row in seen]

# %% tags=["plot"]
stages = {"the map, from images": image_losses,
          "the way, from series": series_losses}
figure, panels = plt.subplots(1, 2, figsize=(11, 3.2), layout="constrained")
for axes, (title, (train_losses, test_losses)) in zip(
    panels, stages.items()
):
    # The mean of an epoch belongs to its middle.
    axes.plot(np.arange(len(train_losses)) + 0.5, train_losses, marker="o",
              color="#0072B2", label="training, mean of the epoch")
    axes.plot(test_losses, marker="^", linestyle="--", color="#A85400",
              label="test, before and after each epoch")
    axes.set(title=title, xlabel="epoch", ylabel="whole loss", ylim=0)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
show(figure, "The loss of training and test images falls over the epochs of"
     " the first stage; in the second, the loss of series falls from 8.")

# %% [markdown]
# (A loss of another number of terms is another loss: the second stage's cannot be compared with the first's.) In the first
# stage, test images fare as training images do. In the second, the test loss stays near 2 from the third epoch on, and
# that of training ends near 1.7.

# %% [markdown]
# ## 6 Is it a good map?
#
# ### 6.1 Evaluation ({{points:evaluation}})
#
# The nodes are clusters. If the clusters found something real, images of one node should be of one class. Two numbers
# measure it.
#
# **Purity**: give each cluster its most frequent class, and count which share of the images is right. It is easy to read;
# 6.2 asks how far it can be trusted.
#
# **Normalized mutual information** (NMI): how much does the cluster tell about the class? With $p_{ij}$ the share of images
# that are in cluster $i$ and of class $j$, and $p_i$, $q_j$ the shares of clusters and classes,
#
# $$ I = \sum_{i,j} p_{ij} \log \frac{p_{ij}}{p_i\, q_j}, \qquad H_\text{clusters} = -\sum_i p_i \log p_i, \qquad
#    H_\text{classes} = -\sum_j q_j \log q_j, $$
#
# $$ \text{NMI} = \frac{I}{\frac{1}{2} \left( H_\text{clusters} + H_\text{classes} \right)}. $$
#
# ($H$ is an *entropy*: how much has to be said to tell in which cluster, or of which class, an image is.) A term with
# $p_{ij} = 0$ counts zero.
#
# By hand: clusters (0, 0, 0, 1, 1, 2) of six images with classes (0, 0, 1, 1, 1, 2). The most frequent classes are right
# for $2 + 2 + 1 = 5$ of 6: purity 0.833. Both have shares of 1/2, 1/3, 1/6, so both entropies are 1.011; $I$ is 0.693, NMI
# 0.685.
#
# Your part:
#
# 1. `assign_nodes`: the number of each image's node, as a numpy array in the order of the images. Encode `batch_size` images at a
#    time on `device`, in evaluation mode and without gradients, with `model.encoder`, and find the nearest of
#    `model.embeddings` with `find_nearest`.
# 2. `compute_purity` and `compute_nmi`. `contingency_matrix(classes, clusters)` counts how many images have which class (rows)
#    and which cluster (columns). You may use scikit-learn's own, too, if you know what it computes.

# %% exercise=evaluation include=assign_nodes,compute_purity,compute_nmi points=10

# %% check=evaluation
"""Nodes come in order; purity and NMI are those of the example."""


# A stand-in for your model: an encoder that passes its input on, in training
# with a dropout.
class Straight(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Dropout(0.9))
        self.embeddings = nn.Parameter(torch.tensor([[[0.0], [1.0], [2.0]]]))


values = torch.tensor([0.1, 1.9, 1.2, 0.4, 5.0, 1.0, 0.0])
found = assign_nodes(Straight(), values.reshape(7, 1, 1, 1), batch_size=3)
compare("type of the nodes", type(found), np.ndarray,
        "NumPy arrays: .numpy() on the CPU, then np.concatenate.")
compare_shape("the nodes", found, (7,), "All batches, end to end: only `k`.")
compare("nodes", found.tolist(), [0, 2, 1, 0, 2, 1, 0],
        "In evaluation mode, in the order of the images.")

in_clusters = np.array([0, 0, 0, 1, 1, 2])
of_classes = np.array([0, 0, 1, 1, 1, 2])
compare("purity of the example",
        float(compute_purity(in_clusters, of_classes)), 5 / 6,
        "The largest count of each cluster (axis 0), added up, over all 6.")
compare("NMI of the example", float(compute_nmi(in_clusters, of_classes)),
        0.6854, "Natural logarithms, empty fields left out; 0.3427 divides by"
        " the sum of the entropies.")
compare("NMI of clusters that are the classes",
        float(compute_nmi(of_classes + 5, of_classes)), 1.0)
compare("purity of a cluster for each image",
        float(compute_purity(np.arange(6), of_classes)), 1.0,
        "Rows are classes, columns clusters: which are you going over?")
compare("NMI of a cluster for each image",
        float(compute_nmi(np.arange(6), of_classes)), 0.7215,
        "Divide by the mean of both entropies.")
print("Evaluation passes: nodes in order, purity and NMI as by hand.")

# %% [markdown]
# ### 6.2 More clusters, better clusters? ({{points:foretell_halves}})
#
# Take the clusters that we have, and cut each into two halves, such that each half has half of the cluster's images of
# *every* class. Nothing has been learned by that. **Foretell** the NMI after the cut, from the three numbers of 6.1
# before it: $I$, $H_\text{clusters}$ and $H_\text{classes}$, with natural logarithms. Which of them change, and by how
# much? (It counts if it is right.)

# %% exercise=foretell_halves include=foretell_halves points=1

# %% check=foretell_halves
"""Clusters that tell nothing tell nothing in halves."""

compare("NMI of halves of clusters without any information",
        float(foretell_halves(0.0, 1.5, 2.0)), 0.0,
        "In the numerator is the information.")
print("Right where there is nothing to tell. Elsewhere it counts if it is"
      " right: the next cell shows it for our map.")

# %% tags=["training"]
from dlh.baselines import cluster_by_kmeans


def entropy(values):
    shares = np.unique(values, return_counts=True)[1] / len(values)
    return -(shares * np.log(shares)).sum()


nodes = assign_nodes(model, test_images, device=device)
before = entropy(nodes), entropy(test_labels)
information = compute_nmi(nodes, test_labels) * np.mean(before)
print(f"NMI of halves, foretold: {foretell_halves(information, *before):.3f}")
# Halves with the same classes: every image twice, once in each half.
in_halves = np.concatenate([nodes, nodes + 64]), np.tile(test_labels, 2)
coin = np.random.default_rng(SEED).integers(2, size=len(nodes))
found = {"our map": (nodes, test_labels),
         "its nodes in equal halves": in_halves,
         "its nodes cut by tossing a coin": (nodes + 64 * coin, test_labels)}
for n in (16, 64, 256):
    found[f"k-means, {n} clusters"] = cluster_by_kmeans(
        train_images.numpy(), test_images.numpy(), n, SEED, n_init=1
    ), test_labels
more_clusters = pd.DataFrame(
    {name: {"clusters": len(set(clusters)),
            "purity": compute_purity(clusters, classes),
            "NMI": compute_nmi(clusters, classes)}
     for name, (clusters, classes) in found.items()}).T
more_clusters.round(3)

# %% [markdown]
# ### Whose map is better? ({{points:purity_reading}})
#
# A colleague reports a purity of 0.97, and has 512 nodes for as many images as you. What does your table say to that?
# What would you ask of your colleague, and what does NMI mend, and what not?

# %% [markdown] written=purity_reading points=1
# ### BEGIN SOLUTION
# Nothing can be said without the number of nodes. Cut into equal halves, our nodes keep their purity, and tossing a
# coin even raises it, from 0.905 to 0.916, though it knows nothing: in a small cluster, one class is easily in the
# majority. With k-means, purity rises from 0.86 with 16 clusters to 0.98 with 256, which have two or three test images
# each. I would ask for clusters in the same number, of the same images. NMI punishes what is only more: equal halves
# lower it from 0.69 to 0.62, as foretold. But it is not free of chance where clusters are small: cut by a coin, it
# falls to 0.64 only.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: purity rises with the number of clusters by itself (the coin, or k-means, with a number of the table),
#   so only equal numbers of clusters, on the same images, compare.
# - 0.5 points: NMI has the entropy of the clusters below the line, so it falls where a cut tells nothing new; it is
#   not free of chance either where clusters are small (one of the two is enough).
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### 6.3 The map
#
# Three views of it. On the left, every node is decoded to an image. Read it like a map: do neighbors resemble each
# other? On the right, above, the **U-matrix**: how far each node is, in the latent space, from its neighbors. Dark regions
# are plains of similar states, bright ones are ridges between them. Below it, the most frequent class of the test images
# at each node. Do ridges lie where the class changes?

# %% tags=["training"]
with torch.inference_mode():
    flat = model.embeddings.flatten(0, 1)
    decoded = model.decoder_q(flat).cpu().numpy().reshape(8, 8, 28, 28)
print(f"{len(set(nodes))} of 64 nodes have test images;"
      f" purity {compute_purity(nodes, test_labels):.3f},"
      f" NMI {compute_nmi(nodes, test_labels):.3f}")


@torch.inference_mode()
def apart(grid):
    """How far neighbors are from each other, in units of any two nodes."""
    beside = torch.cat([(grid[1:] - grid[:-1]).flatten(0, 1),
                        (grid[:, 1:] - grid[:, :-1]).flatten(0, 1)])
    any_two = torch.pdist(grid.flatten(0, 1))
    return float(beside.norm(dim=-1).mean() / any_two.mean())


print(f"Neighbors are {apart(model.embeddings):.2f} times as far apart as any"
      " two nodes are.")

# %% tags=["plot"]
from dlh.plots import draw_map

figure = draw_map(decoded, model.embeddings.detach().cpu().numpy(), nodes,
                  test_labels)
show(figure, "Left, the images of 8 x 8 nodes, neighbors alike. Top right,"
     " how far nodes are from their neighbors. Below, the most frequent class"
     " of each node, and of how many test images.")

# %% [markdown]
# The paper also has a map of 16 x 32 nodes, which shows all the shapes there are between a class and the next. Set
# `LARGE_MAP` above, and the next cell makes one. (The paper reports a lower NMI for it, as you have foretold in 6.2. As a
# map to read, it is worth it.)

# %% tags=["training"]
if LARGE_MAP:
    torch.manual_seed(SEED)
    large = StaticSOMVAE(*make_networks(), **settings | {"som_dim": [16, 32]})
    train_kept(large, train_images, 32, IMAGE_EPOCHS, judge_images)
    large_nodes = assign_nodes(large, test_images, device=device)
    print(f"{len(set(large_nodes))} of 512 nodes have test images;"
          f" purity {compute_purity(large_nodes, test_labels):.3f},"
          f" NMI {compute_nmi(large_nodes, test_labels):.3f}")
    with torch.inference_mode():
        mosaic = large.decoder_q(large.embeddings.flatten(0, 1)).cpu()
    mosaic = mosaic.reshape(16, 32, 28, 28).swapaxes(1, 2).flatten(2).flatten(
        0, 1)
    figure, axes = plt.subplots(figsize=(13, 6.6), layout="constrained")
    axes.imshow(mosaic, cmap="gray_r", vmin=0, vmax=1)
    axes.axis("off")
    show(figure, "The images of 16 x 32 nodes, in the places of the map.")

# %% [markdown]
# ### 6.4 A walk
#
# Now a series that the model has not seen, made of test images. Its way over the map is drawn on the left, with the
# probability of each move. On the right, the probability of every step, those that stay where they are and those that
# move. Which images do you see where it moves?

# %% tags=["training"]
walks = assign_nodes(
    model, test_series.flatten(0, 1), device=device).reshape(100, STEPS)
with torch.inference_mode():
    transitions = model.log_transitions().exp().cpu().numpy()

# %% tags=["plot"]
from dlh.plots import draw_walk

# The first series with three moves or more.
moves = (np.diff(walks, axis=1) != 0).sum(axis=1)
example = int(np.argmax(moves >= 3))
first, last = (data.classes[label] for label in test_ends[example])
figure = draw_walk(
    decoded, walks[example], transitions, test_series[example, :, 0].numpy(),
    title=f"from {first} to {last}")
show(figure, "Left, the way of a test series over the map, a probability at"
     " each move. Right, some of its images, and the probability of each"
     " step, with other marks for those that stay and those that move.")

# %% [markdown]
# ### Try it: click a node
#
# Each button is a node, in its place on the map: its number, and the most frequent class of the test images that live
# there, if any do. Click one, and see where it lies, where its next step leads by your `log_transitions`, how far all other
# nodes are by your `find_nearest`, and its images. Walk over a border between two classes: do distances grow where the
# U-matrix has a ridge? Are nodes that are near in the latent space near on the map, too? And do steps lead to neighbors, or
# anywhere?

# %% tags=["plot"]
from dlh.interactive import Grid, explore
from dlh.plots import draw_node

inhabitants = [test_labels[nodes == node] for node in range(64)]
buttons = [f"{node}: {np.bincount(own).argmax()}" if len(own) else f"{node}"
           for node, own in enumerate(inhabitants)]
fullest = max(range(64), key=lambda node: len(inhabitants[node]))


@explore(node=Grid([buttons[row:row + 8] for row in range(0, 64, 8)]))
def show_node(node=fullest):
    """One node of the map: where it leads, what is near, who lives there."""
    with torch.inference_mode():
        here = model.embeddings.flatten(0, 1)[node]
        _, squares = find_nearest(here[None], model.embeddings)
    distances = squares[0].clamp(min=0).sqrt().cpu().numpy().reshape(8, 8)
    there = test_images[nodes == node, 0].numpy()
    figure = draw_node(node, decoded, transitions, distances, there)
    leads = transitions[node].copy()
    stays, leads[node] = leads[node], 0
    return figure, (
        f"Node {node} framed on the map, with {len(there)} test"
        f" images. Its next step stays with {stays:.0%}, and of all others"
        f" leads most likely to node {leads.argmax()}, with"
        f" {leads.max():.0%}. The node nearest to it in the latent space is"
        f" node {np.argsort(distances.ravel())[1]}.")


# %% [markdown]
# ### 6.5 Learnt or counted? ({{points:guess_counted}})
#
# Are these probabilities any good? Without the network, one would count: of all steps from a node, which share goes
# where? That is the maximum likelihood estimate. (A tenth is added to each count, or a step that was never counted would
# be infinitely surprising.) We compare how likely each makes the steps of the *test* series, by the mean of minus the
# logarithm: lower is better, and one of 64 by chance gives 4.159.
#
# **Guess** by a letter. (Any of the three earns the point.)
#
# - a: learnt is better, by more than 0.05;
# - b: they are within 0.05 of each other;
# - c: counted is better, by more than 0.05.

# %% exercise=guess_counted include=guess_counted points=1

# %% check=guess_counted
"""A guess is one of the letters."""

compare_letter("guess_counted()", guess_counted(), "abc")
print("Your guess stands.")

# %% tags=["training"]
train_walks = assign_nodes(
    model, series.flatten(0, 1), device=device).reshape(len(series), STEPS)
counts = np.full((64, 64), 0.1)
np.add.at(counts, (train_walks[:, :-1], train_walks[:, 1:]), 1)
counted = counts / counts.sum(axis=1, keepdims=True)
estimates = {"by chance": np.full((64, 64), 1 / 64), "counted": counted,
             "learnt": transitions}
stays = walks[:, :-1] == walks[:, 1:]
surprise = {}
for name, probabilities in estimates.items():
    each = -np.log(probabilities[walks[:, :-1], walks[:, 1:]])
    surprise[name] = {"all steps": each.mean(), "stays": each[stays].mean(),
                      "moves": each[~stays].mean()}
surprise = pd.DataFrame(surprise).T
print(f"{stays.mean():.0%} of the steps stay where they are")
surprise.round(3)

# %% [markdown]
# ### On a par? ({{points:counted_reading}})
#
# The paper finds the learnt probabilities on a par with the counted ones. Is that borne out? Look at steps that stay and at moves, each by itself and against chance: what have the
# probabilities learned, and what have they not?

# %% [markdown] written=counted_reading points=1
# ### BEGIN SOLUTION
# Here it is: 1.14 learnt and 1.16 counted, a difference of two hundredths. But four steps in five stay, and to stay
# costs no more than 0.3. The moves, which are the way over the map, cost 4.5 counted and 4.7 learnt, both more than
# the 4.159 of chance. So both have learned to stay, and hardly where a move leads: 320 series have about a thousand
# moves, and the map has 4032 that are possible. The mean over all steps hides that.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: the two compared by the student's own numbers.
# - 0.5 points: staying is learned well, moves hardly (beside chance, 4.159), since there are many and each is rare; most
#   steps stay, so the mean over all steps hides that.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ## 7 The paper's table
#
# ### 7.1 Simpler methods
#
# Does the map help, or would simpler methods do? The paper's Table 1 compares, all with **16 clusters**, on single images:
#
# - **k-means**, on the pixels;
# - **minisom**, the classical SOM, on the pixels (`%pip install minisom` where Python does not find it);
# - **GB-SOM**, a SOM that learns by gradients: a SOM-VAE whose encoder and decoder do nothing;
# - **VQ-VAE**: the encoder and one decoder, but no map: only the nearest embedding learns;
# - **SOM-VAE**: both, a map of 4 x 4 nodes (without the transitions: there is no time here);
# - **gradcopy** and **no_grads**: the SOM-VAE without one of its parts, see 7.2.
#
# Here is `VQVAE`, which is given. Look at its `forward`: where SOM-VAE decodes twice, it copies the gradient of $z_q$ to
# $z_e$, a trick called *straight-through*.

# %% tags=["plot"]
import inspect

from dlh.baselines import VQVAE

print(inspect.getsource(VQVAE))

# %% [markdown]
# ### 7.2 Which part carries it? ({{points:foretell_gradient}})
#
# SOM-VAE has a second decoder, for $z_e$, so that the encoder gets a gradient. What if it is taken away? Then only
# $x_q$, the image of the node, is compared with $x$. Below are two ways to go on: `NoGradients` leaves it at that, the
# paper's *no_grads*; `CopiedGradients` copies the gradient as VQ-VAE does, the paper's *gradcopy*. All else is your
# `StaticSOMVAE`.

# %% tags=["training"]
class NoGradients(StaticSOMVAE):
    """Without the decoder of encodings: only nodes are decoded."""

    def _loss_reconstruct(self, x, x_e, x_q):
        return F.mse_loss(x_q, x)


class CopiedGradients(NoGradients):
    """Without it, too; z_e gets the gradient of z_q."""

    def forward(self, x):
        x_e, _, z_e, z_q, *others = super().forward(x)
        x_q = self.decoder_q(z_e + (z_q - z_e).detach())
        return x_e, x_q, z_e, z_q, *others


# %% [markdown]
# **Foretell** by a letter: which of its three losses still moves the *encoder* of `NoGradients`? (It counts if it is
# right.)
#
# - a: none;
# - b: the commitment loss alone;
# - c: the commitment loss and the SOM loss;
# - d: the reconstruction loss, through $z_q$.

# %% exercise=foretell_gradient include=foretell_gradient points=1

# %% check=foretell_gradient
"""The answer is one of the letters."""

compare_letter("foretell_gradient()", foretell_gradient(), "abcd")
print("Taken down. It counts if it is right: the next cell shows it.")

# %% tags=["training"]
SMALL = {"latent_dim": LATENT_DIM, "som_dim": [4, 4]}
WEIGHTS = {"alpha": 1.0, "beta": 0.9}


def reach(kind):
    """How long the gradient of each loss is at the encoder, at the start."""
    torch.manual_seed(SEED)
    encoder, decoder, _ = make_networks()
    model = kind(encoder, decoder, nn.Identity(), **SMALL, **WEIGHTS)
    x = train_images[:100]
    x_e, x_q, z_e, z_q, z_q_neighbors, *_ = model(x)
    losses = {"reconstruction": model._loss_reconstruct(x, x_e, x_q),
              "commitment": model._loss_commit(z_e, z_q),
              "SOM": model._loss_som(z_e, z_q_neighbors)}
    found = {}
    for name, loss in losses.items():
        gradients = torch.autograd.grad(
            loss, list(encoder.parameters()), retain_graph=True,
            allow_unused=True)
        found[name] = sum(float(gradient.square().sum())
                          for gradient in gradients
                          if gradient is not None) ** 0.5
    return found


reached = pd.DataFrame({"no_grads": reach(NoGradients),
                        "gradcopy": reach(CopiedGradients)}).T
reached

# %% [markdown]
# And this is what comes of all seven methods.

# %% tags=["training"]
from dlh.baselines import cluster_by_minisom, gradient_som


def cluster_by_model(name, make, lr=0.001):
    """The nodes of the test images, and the trained model."""
    print(name)
    torch.manual_seed(SEED)
    model = make(*make_networks())
    train_kept(model, train_images, 32, IMAGE_EPOCHS, judge_images, lr)
    return assign_nodes(model, test_images, device=device), model


clusters = {
    "k-means": cluster_by_kmeans(train_images.numpy(),
                                 test_images.numpy(), 16, SEED),
    "minisom": cluster_by_minisom(train_images.numpy(),
                                  test_images.numpy(), [4, 4], seed=SEED),
}
clusters["GB-SOM"], _ = cluster_by_model(
    "GB-SOM", lambda *_: gradient_som(
        StaticSOMVAE, (1, 28, 28), [4, 4], **WEIGHTS), lr=0.003)
clusters["VQ-VAE"], _ = cluster_by_model(
    "VQ-VAE", lambda encoder, decoder, _: VQVAE(
        encoder, decoder, find_nearest, **SMALL))
clusters["SOM-VAE"], small_map = cluster_by_model(
    "SOM-VAE", lambda *parts: StaticSOMVAE(*parts, **SMALL, **WEIGHTS))
for name, kind in [("gradcopy", CopiedGradients), ("no_grads", NoGradients)]:
    clusters[name], _ = cluster_by_model(
        name, lambda encoder, decoder, _, kind=kind: kind(
            encoder, decoder, nn.Identity(), **SMALL, **WEIGHTS))

# %% tags=["plot"]
published = {
    "k-means": (0.690, 0.541, 0.654, 0.545),
    "minisom": (0.406, 0.342, 0.413, 0.475),
    "GB-SOM": (0.653, 0.519, 0.606, 0.514),
    "VQ-VAE": (0.538, 0.409, 0.611, 0.517),
    "SOM-VAE": (0.731, 0.594, 0.678, 0.590),
    "gradcopy": (0.583, 0.436, 0.556, 0.444),
    "no_grads": (0.114, 0.001, 0.110, 0.018),
}
columns = pd.MultiIndex.from_tuples([
    ("here", "clusters in use"), ("here", "purity"), ("here", "NMI"),
    ("paper, MNIST", "purity"), ("paper, MNIST", "NMI"),
    ("paper, Fashion-MNIST", "purity"), ("paper, Fashion-MNIST", "NMI")])
table = pd.DataFrame(
    {name: (len(set(found)), compute_purity(found, test_labels),
            compute_nmi(found, test_labels), *published[name])
     for name, found in clusters.items()}, index=columns).T
table.round(3)

# %% [markdown]
# How to read it.
#
# - The columns "here" are of *your* images. Only MNIST can be compared with the paper's MNIST, and then only with all of its
#   images and networks of the published size; scikit-learn's digits are small and easy, and most methods do better on them.
# - k-means is strong. It has no map, though: its clusters have no neighbors.
# - An NMI of zero means that all images went to one node. A node that is never the nearest never moves, unless, on a
#   map, its neighbors pull it along.
# - One run each, from one seed. Two methods that are less than a few hundredths apart may change places with another seed. To
#   decide, take several.
#
# ### What is each part worth? ({{points:ablation_reading}})
#
# The paper says of no_grads that its encoder "does not receive any gradient information any more and the learning fails
# completely". Do your two tables bear out both halves of that? And what is the map worth (SOM-VAE against VQ-VAE), and
# the second decoder (SOM-VAE against gradcopy)? (To think about: which method is better here than the paper would have made
# you expect?)

# %% [markdown] written=ablation_reading points=1
# ### BEGIN SOLUTION
# The learning fails: a purity of 0.14 with ten classes, and an NMI of 0.07. But not because the encoder gets no gradient
# at all. In this code the commitment loss still moves it; the reconstruction and the SOM loss do not. What it gets only
# says where nodes are, and nothing asks it to keep images apart. The map is worth a tenth of purity here (0.81 against
# 0.71 for VQ-VAE), and so is the second decoder (against 0.70 for gradcopy), in the order that the paper has; NMI says
# the same. It is one seed, and I would take several before I believed in the second digit. The old methods on the
# pixels, minisom and k-means, are ahead of all of these on such small images.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: no_grads fails, but not for want of any gradient: the commitment loss still moves the encoder, and only
#   to where nodes are; nothing asks it to keep images apart.
# - 0.5 points: one of the two comparisons, with the student's own numbers, and with the caution that it is one seed (or
#   that the difference is large enough for one).
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# And the map of SOM-VAE with its 16 nodes, trained with the published $\beta = 0.9$: here, neighbors are 0.80 times as far
# apart as any two nodes, where the map of section 6.3 has 0.55. It clusters well, and is hardly a map. (The two differ in
# their number of nodes as well. To know what $\beta$ does, change it alone.)

# %% tags=["plot"]
print(f"Neighbors are {apart(small_map.embeddings):.2f} times as far apart as"
      " any two nodes are.")
with torch.inference_mode():
    flat = small_map.embeddings.flatten(0, 1)
    small = small_map.decoder_q(flat).cpu().numpy().reshape(4, 4, 28, 28)
figure = draw_map(small, small_map.embeddings.detach().cpu().numpy(),
                  clusters["SOM-VAE"], test_labels)
show(figure, "The map of 4 x 4 nodes, as in section 6.3: its images, the"
     " distances to the neighbors, and the most frequent class.")

# %% [markdown]
# ## 8 A chaotic system
#
# ### 8.1 Two wings
#
# Straight lines between images are easy ways. The paper goes on with a *chaotic* system, which Lorenz found in 1963 when
# he calculated weather:
#
# $$ \dot x = 10\,(y - x), \qquad \dot y = x\,(28 - z) - y, \qquad \dot z = x y - \tfrac{8}{3} z. $$
#
# There is no chance in it: a state decides all that follow. What is chaotic about it, 8.3 will show. The way goes
# around one wing a few times, then around the other. We follow it from many random starts, and write down its state
# (x, y, z) every 0.1 units of time; once around takes 0.75 or so. Could a map find the two wings, if nobody
# tells it of any? (How it is calculated is on the [data card](docs/data_card_states.md).)

# %% tags=["training"]
from dlh.data import lorenz

states = lorenz.simulate(100, 100, interval=0.1, seed=SEED)
test_states = lorenz.simulate(200, 100, interval=0.1, seed=SEED + 1)
wings, test_wings = lorenz.wing(states), lorenz.wing(test_states)
print("states:", states.shape, " on wing 1:", f"{wings.mean():.0%}")
changes = (np.diff(wings, axis=1) != 0).mean()
print(f"{changes:.1%} of the steps change the wing")

# %% tags=["plot"]
from dlh.plots import draw_lorenz

show(draw_lorenz(states, wings), "Left, the states of the Lorenz system make"
     " two wings, side by side. Right, x over time: it swings on one side of"
     " zero, then on the other.")

# %% [markdown]
# ### 8.2 Their map
#
# A state of three numbers needs no convolutions: linear layers do. `forward` wants an image's three axes, so a state is an
# image of three channels and one pixel. All else is your model, trained in the same two stages.

# %% tags=["training"]
STATE_DIM = 8
scale = states.mean((0, 1)), states.std((0, 1))


def as_images(states):
    """States as (..., 3, 1, 1), each number at mean 0 and deviation 1."""
    return torch.tensor((states - scale[0]) / scale[1])[..., None, None]


def dense(*sizes):
    """Linear layers with ReLU between them."""
    layers = [layer for pair in zip(sizes, sizes[1:])
              for layer in (nn.Linear(*pair), nn.ReLU())]
    return nn.Sequential(*layers[:-1])


def make_dense_networks(numbers):
    """An encoder and two decoders of states of so many numbers."""
    parts = [nn.Sequential(nn.Flatten(), *dense(numbers, 64, 64, STATE_DIM))]
    for _ in range(2):
        parts.append(nn.Sequential(*dense(STATE_DIM, 64, 64, numbers),
                                   nn.Unflatten(1, (numbers, 1, 1))))
    return parts


def map_of_states(states):
    """A map, and the way over it, of (series, steps, numbers, 1, 1)."""
    torch.manual_seed(SEED)
    parts = make_dense_networks(states.shape[2])
    same = settings | {"latent_dim": STATE_DIM}
    first = StaticSOMVAE(*parts, **same)
    train_kept(first, states.flatten(0, 1), 100, 10, lr=0.002)
    second = SOMVAE(*parts, **same, **in_time)
    second.embeddings = first.embeddings
    train_kept(second, states, 4, 12)
    return second


# Wrong shapes would stop far inside of `forward`.
compare_shape("the neighbors of 100 states (3.1, 3.2)", gather_neighbors(
    torch.zeros(8, 8, 3),
    find_nearest(torch.zeros(100, 3), torch.zeros(8, 8, 3))[0]), (100, 5, 3))
print("the map, from states; then the way, from series")
state_map = map_of_states(as_images(states))


def walk(states):
    """The nodes of (series, steps, 3) states."""
    images = as_images(states).flatten(0, 1)
    return assign_nodes(state_map, images, device=device).reshape(
        states.shape[:2])


state_walks, test_walks = walk(states), walk(test_states)
of_wing_1 = np.array([
    wings[state_walks == node].mean() if (state_walks == node).any()
    else np.nan for node in range(64)])
print(f"{len(np.unique(test_walks))} of 64 nodes have test states; purity of"
      f" wings {compute_purity(test_walks.ravel(), test_wings.ravel()):.3f}")
mixed = (of_wing_1 > 0.1) & (of_wing_1 < 0.9)
print(f"{mixed.sum()} nodes have states of both wings, a tenth or more")

# %% tags=["plot"]
from dlh.plots import draw_states

with torch.inference_mode():
    decoded_states = state_map.decoder_q(
        state_map.embeddings.flatten(0, 1)).flatten(1).cpu().numpy()
    onwards = state_map.log_transitions().exp().cpu().numpy()
places = (decoded_states * scale[1] + scale[0]).reshape(8, 8, 3)
show(draw_states(places[..., [0, 2]], of_wing_1.reshape(8, 8), onwards,
                 test_states.reshape(-1, 3)[::10, [0, 2]]),
     "Left, the nodes lie among the states, with arrows to the likeliest next"
     " one, around each wing and across. Right, the map with the share of"
     " wing 1 at each node: few nodes have both.")

# %% [markdown]
# ### 8.3 How far ahead? ({{points:guess_horizon}})
#
# One step of the Markov model leads from a node to the next; $h$ steps are the $h$-th power of the matrix of
# probabilities. So it can foretell on which wing the system will be. It can be compared with a guess that
# needs no model: *it stays on its wing*. Both wings are equally frequent, so by chance half would be right.
#
# **Guess** by a letter: up to which time ahead does the map foretell the wing rightly in more than 60% of all cases?
# (Any of the four earns the point.)
#
# - a: up to 0.3 units of time;
# - b: up to 0.75, about once around;
# - c: up to 2;
# - d: further than that.

# %% exercise=guess_horizon include=guess_horizon points=1

# %% check=guess_horizon
"""A guess is one of the letters."""

compare_letter("guess_horizon()", guess_horizon(), "abcd")
print("Your guess stands.")

# %% tags=["training"]
shares = np.nan_to_num(of_wing_1, nan=0.5)
horizons = np.arange(1, 31)
by_map, by_staying = [], []
for h in horizons:
    now, later = slice(None, -h), slice(h, None)
    foretold = np.linalg.matrix_power(onwards, h) @ shares > 0.5
    by_map.append(np.mean(foretold[test_walks[:, now]]
                          == test_wings[:, later]))
    by_staying.append(np.mean(test_wings[:, now] == test_wings[:, later]))
ahead = pd.DataFrame({"map": by_map, "stays": by_staying},
                     index=pd.Index(horizons, name="steps"))
print("the map is right in more than 60% of all cases up to"
      f" {ahead.index[ahead['map'] > 0.6].max() / 10:.1f} units of time")

# %% tags=["plot"]
lines = [("foretold by the map", ahead["map"], "o", "-", "#0072B2"),
         ("it stays on its wing", ahead["stays"], "^", "--", "#A85400")]
figure, axes = plt.subplots(figsize=(8, 3.4), layout="constrained")
for name, share, marker, style, color in lines:
    axes.plot(horizons / 10, share, marker=marker, linestyle=style,
              color=color, label=name)
axes.axhline(0.5, color="#666666", linestyle=":", label="by chance")
axes.set(xlabel="units of time ahead", ylabel="wing foretold rightly",
         ylim=(0.4, 1))
axes.legend(frameon=False)
axes.spines[["top", "right"]].set_visible(False)
show(figure, "The share of wings foretold rightly falls from nearly 1 towards"
     " one half; the map's falls later than that of staying.")

# %% [markdown]
# ### What can be foretold ({{points:chaos_reading}})
#
# What has the map found that nobody told it, and where is it unsure? Why does foretelling die out, though the equations
# leave nothing to chance? (Think of two states of the same node: are they the same, and where will they be a while
# later?) And what would you say to a doctor who wants to read from such a map where a patient will be tomorrow?

# %% [markdown] written=chaos_reading points=1
# ### BEGIN SOLUTION
# The two wings lie on different parts of the map: 97% of the test states are on the wing of most states of their node.
# Some eight nodes are mixed, and they lie where the wings meet. The map foretells better than staying, 0.74 against
# 0.58 after 0.8 units of time, once around; after 1.7 it is no better. A node stands for many states: however close
# they are, they part, and the Markov model knows nothing but the node, not even from where one came. I would tell the
# doctor how often the map was right about new patients, hour by hour ahead, beside "it stays as it is"; and that
# further ahead than it was right, a line over the map is only a picture.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: the wings lie on different parts of the map, and nodes are mixed where the wings meet, with a number or
#   as seen in the figure.
# - 0.5 points: why it dies out: small differences within a node grow (chaos), or: the Markov model knows the node and
#   nothing of before; so the doctor may trust a step or so, and should see how often it was right at which distance.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### 8.4 With real patients
#
# The paper's last experiment is of patients in intensive care, of the
# [eICU Collaborative Research Database](https://eicu-crd.mit.edu/). Its tables may be had by whoever has done the course on
# research with people that PhysioNet asks for; they may not be handed on. If you have them, set `EICU` above to the folder with
# `patient.csv.gz` and `vitalPeriodic.csv.gz` and run the next cell. It takes the last 72 hours of each stay, one row
# of vital signs an hour, makes a map of them, and says for each node which share of its hours was of patients who died
# in the hospital. Before you believe it: what else do these nodes differ in?

# %% tags=["training"]
if EICU:
    from dlh.data import eicu

    stays_data = eicu.load(EICU, max_stays=2000)
    print(stays_data.source)
    values = torch.tensor(stays_data.series)[..., None, None]
    patient_map = map_of_states(values)
    hours = assign_nodes(patient_map, values.flatten(0, 1), device=device)
    died = np.repeat(stays_data.died, values.shape[1])
    rate = [died[hours == node].mean() if (hours == node).any() else np.nan
            for node in range(64)]
    print(f"died in the hospital: {died.mean():.1%} of all; by node:")
    print(np.round(np.reshape(rate, (8, 8)), 2))

# %% [markdown]
# ## 9 What to take away
#
# - A self-organizing map is clustering with a geography: because neighbors learn together, the picture of all clusters can
#   be *read*.
# - $\arg\min$ has no gradient. SOM-VAE goes around it with a second decoder, VQ-VAE by copying the gradient. It pays to ask of
#   each loss whom it moves, and to check it.
# - Keep time on an axis of its own. What lies side by side in memory has not always followed in time.
# - Indexing with tensors instead of loops changes nothing in the result, and is many times faster.
# - A loss can be lowest where the result is worst. What a model should not be able to do, all images on one node, is a thing to
#   look for.
# - Purity without the number of clusters means nothing.
# - A model of the next step is not a model of the day after tomorrow. Measure how far ahead it is worth anything.
#
# **What this does not show.** Straight lines between images are no patients. That a map can be read does not make it right:
# the U-matrix and the classes are the evidence, not the pretty picture. And a Markov model forgets everything but the last
# state, which no patient does.
#
# **Where to go from here.** Fetch MNIST or Fashion-MNIST (section 1.1), set `CHANNELS` and `MAX_IMAGES` higher, and run it again
# on a GPU. Take the smoothness loss away (`tau=0`): do the walks jump more? Take several seeds: which differences of the
# table stay?
#
# **Further reading**
#
# - [SOM-VAE](https://arxiv.org/abs/1806.02199) (Fortuin and others, 2019): the paper of this notebook;
#   its second half goes over the map with patients in intensive care.
# - [Neural discrete representation learning](https://arxiv.org/abs/1711.00937) (van den Oord and others,
#   2017): VQ-VAE, which has the nodes without the map, and the straight-through gradient in place of a
#   second decoder.
# - [The self-organizing map](https://doi.org/10.1109/5.58325) (Kohonen, 1990): the idea by whoever had
#   it, with neighborhoods that shrink as the map learns.
# - Deterministic nonperiodic flow (Lorenz, 1963, *Journal of the Atmospheric Sciences*, volume 20, pages 130 to
#   141): twelve pages in which chaos is found.

# %% [markdown]
# Before you hand in, restart the kernel and run all cells. The last one then says how far each exercise is.

# %% tags=["plot"]
hint.summary()
