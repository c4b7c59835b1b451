# %% [markdown]
# # MINA: a network that says where it looked
#
# **You learn**
#
# - to cut recordings into segments so that no patient is on both sides of a split;
# - to write attention that is guided by knowledge, and to use it at three levels;
# - to keep shapes of four axes in order, through convolutions and a bidirectional LSTM;
# - to train and judge a classifier by AUROC and F1, and to ask what each part of it is worth.
#
# **You need** PyTorch's tensors, `nn.Module`, and the loop that trains a network; what a convolution and
# an LSTM do, and what softmax is. No medicine: what an ECG shows is told.
#
# **It takes** about five hours, by our estimate, of which the computer needs four minutes. By section,
# in minutes: 1 The data **30** · 2 Feeding the network **25** · 3 The model **150** · 4 Training and
# evaluation **50** · 5 Where does it look? **20** · 6 What does knowledge buy? **20** · 7 What to take
# away **5**.
#
# **How hard it is:** 3 of 5. The hardest part is 3.2.
#
# Which skill comes back in which notebook is on the [course map](docs/course_map.md); what a word means
# here, in the [glossary](docs/glossary.md).
#
# A heart in *normal sinus rhythm* beats like a clock: a small P wave as the atria contract, a tall QRS complex
# as the ventricles do, a T wave as they recover, and again. In **atrial fibrillation** (AF) the atria only
# quiver. There is no P wave, the line between the beats trembles, and the beats come when they like. It is the
# most common serious disturbance of the heart's rhythm, it multiplies the risk of a stroke, and it comes and
# goes, so that someone has to look through hours of recordings.
#
# A network can do that. But a doctor who is to act on its verdict wants to know what it saw. In this assignment
# you build [MINA](https://arxiv.org/abs/1905.11333) (Hong and others, 2019), a network that tells AF from normal
# rhythm in ten seconds of an electrocardiogram (ECG), and has an answer to *where did you look?* at three levels:
# which part of a beat, which beats of the rhythm, which band of frequencies. The answer is its **attention**, and
# this attention is not left to itself: it is guided by what is **known** about ECGs.

# %% install=dlh
# Where you are stuck, `hint("beat_net")` in a cell of your own says where to look again.
from dlh.guide import guide

hint = guide("mina")

# %% tags=["plot"]
from dlh.plots import draw_mina

figure = draw_mina()

# %% [markdown]
# From left to right: a segment of ten seconds comes in four channels, one for each band of frequencies. Each
# channel is cut into 60 windows. A convolution reads each window, an LSTM reads the windows in order, and at the
# end the channels come together. Wherever many things become one, attention ($\alpha$, $\beta$, $\gamma$) decides
# how much each counts.
#
# | | exercise | |
# | --- | --- | --- |
# | 2.1 | the dataset | {{points:dataset}} |
# | 2.2 | batches | {{points:loader}} |
# | 3.1 | attention guided by knowledge | {{points:knowledge_attn}} |
# | 3.2 | the beats | {{points:beat_net}} |
# | 3.3 | the rhythm | {{points:rhythm_net}} |
# | 3.4 | the frequencies, and all together | {{points:freq_net}} |
# | 4.1 | training | {{points:training}} |
# | 4.2 | evaluation | {{points:evaluation}} |
# | | **together** | **{{points}}** |
#
# ### How it works
#
# - Write your code where it says `# your code here`, in place of the line below it that raises
#   `NotImplementedError`. Leave names and arguments as they are.
# - A cell of checks follows each exercise. It prints what it expected and what it got, stops at the first
#   difference, and says in its last line what has passed.
# - Where a cell needs an exercise that you have not finished, it says which one. Are you stuck? In a cell of your
#   own, `hint("3.2")` or `hint(BeatNet)` says where to look again; called again, it says more. That costs nothing.
# - After you hand in, more checks run, on other data. Each exercise is shared out over several of them, so a
#   part that is right earns its part of the points. An exercise that builds on an earlier one is judged on
#   its own: one mistake costs you once.
# - The cells that prepare the recordings, train the models and draw the figures are for you. They do not run
#   when your work is graded.
# - Nothing here needs a GPU. If you have one, it is used.

# %%
import random

import numpy as np
import torch
from sklearn.metrics import f1_score, roc_auc_score
from torch import nn
from torch.utils.data import DataLoader, Dataset

from dlh.checks import compare

# The same random numbers, and so much the same results, at every run.
SEED = 24
torch.manual_seed(SEED)
random.seed(SEED)
np.random.seed(SEED)

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

# %% [markdown]
# What takes time is set here. More recordings and more epochs give better results.

# %% tags=["training"]
EPOCHS = 4
RECORDINGS = 1000
BATCH_SIZE = 16

# %% [markdown]
# ## 1 The data
#
# ### 1.1 Recordings
#
# The [PhysioNet/CinC Challenge 2017](https://physionet.org/content/challenge-2017/1.0.0/) collected recordings
# that people had made of themselves with a hand-held device: one lead, 300 samples a second, from 9 to 61
# seconds. Experts labeled each: `N` is normal rhythm, `A` atrial fibrillation. (Two more labels are left out
# here.)
#
# If you have the challenge's recordings, this notebook uses them: `python -m dlh.data ecg --download` fetches
# them. Otherwise it simulates recordings in the same format. The line that the next cell prints tells which these
# are. Remember it when you read the results.

# %% tags=["training"]
from dlh.data import ecg

directory, source = ecg.default_directory(RECORDINGS, af_fraction=0.3)
print(source)
everything = ecg.load_challenge2017(directory, classes=("N", "A"))

# Of the challenge's thousands of recordings take as many as there would be
# simulated ones, in the same proportions.
n_af = round(0.3 * RECORDINGS)
stream = np.random.default_rng(SEED)
chosen = np.sort(np.concatenate([
    stream.permutation(np.flatnonzero(everything.labels == label))[:count]
    for label, count in [(0, RECORDINGS - n_af), (1, n_af)]
]))
recordings = [everything.recordings[index] for index in chosen]
labels = everything.labels[chosen]
seconds = [len(recording) / ecg.SAMPLING_RATE for recording in recordings]
print(f"normal rhythm:        {sum(labels == 0)} recordings")
print(f"atrial fibrillation:  {sum(labels == 1)} recordings")
print(f"length: {min(seconds):.0f} to {max(seconds):.0f} seconds,"
      f" half of them at least {np.median(seconds):.0f}")

# %% [markdown]
# Look at one of each. Can you see the difference? Look for the small bump before each tall spike, and at the
# distances between the spikes.

# %% tags=["plot"]
from matplotlib import pyplot as plt

long_enough = np.array(seconds) >= 20
figure, rows = plt.subplots(
    2, 1, figsize=(11, 4), sharex=True, layout="constrained"
)
for axes, label, name, which in zip(
    rows, (0, 1), ["normal rhythm", "atrial fibrillation"], (7, 3), strict=True
):
    example = np.flatnonzero((labels == label) & long_enough)[which]
    millivolts = recordings[example][1500:4500] / ecg.UNITS_PER_MILLIVOLT
    axes.plot(np.arange(3000) / ecg.SAMPLING_RATE, millivolts,
              color="#333333", linewidth=0.8)
    axes.set(title=name, ylabel="mV", xlim=(0, 10))
    axes.spines[["top", "right"]].set_visible(False)
rows[1].set_xlabel("seconds")
plt.show()

# %% [markdown]
# ### 1.2 From recordings to segments
#
# What follows is the recipe of MINA's authors. Each step has a reason.
#
# 1. **Split first.** A fifth of the recordings is set aside for testing. It is the *recordings* that are dealt
#    out, not the segments that we will cut them into. Otherwise a test segment could overlap with a segment that
#    the network has learned by heart, and the test would tell nothing about new patients.
# 2. **Normalize each recording** to mean 0 and standard deviation 1. How tall the spikes are depends on the
#    person and on how the device is held, and says nothing about the rhythm.
# 3. **Cut into segments** of ten seconds, 3000 samples. How far apart two segments start is called the stride.
#    AF is the rarer class, so its stride is shorter. Then there are about as many segments of AF as of normal
#    rhythm, many of them overlapping. (Here the strides are 10 seconds and 10/3 seconds; the published ones are
#    5/3 and 5/30 seconds. They give more segments of the same recordings, and take longer to learn from.)
# 4. **Filter into bands.** A *finite impulse response* filter replaces each sample by a weighted sum of its
#    neighbors. With the right weights, slow changes pass and fast ones cancel out, or the reverse. Four channels
#    come out: the signal as it is, what is below 0.5 Hz (breathing, moving), 0.5 to 50 Hz (the heart), above 50
#    Hz (muscles, mains).

# %% tags=["training"]
from dlh import ecg_features

train, test = ecg_features.split_recordings(labels, seed=SEED)
strides = (3000, 1000)
train_dict, test_dict = (
    ecg_features.make_segments(
        [recordings[index] for index in side], labels[side],
        strides=strides, seed=SEED,
    )
    for side in (train, test)
)
for name, side in [("training", train_dict), ("test", test_dict)]:
    print(f"{name}: {len(side['Y'])} segments of"
          f" {len(set(side['recording']))} recordings,"
          f" {side['Y'].mean():.0%} with atrial fibrillation")

# %% [markdown]
# Are the filters what they claim to be? Here is how much of a wave of each frequency they let pass. With 91
# weights, 0.3 seconds of signal, no filter can tell 0.5 Hz from 2 Hz: such a wave hardly changes while the
# filter looks at it. So "below 0.5 Hz" is rather "mostly slow", and "0.5 to 50 Hz" keeps most of what is slow. To
# be sharp, a filter has to be long.

# %% tags=["plot"]
from scipy import signal

filters = ecg_features.design_filters()
figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
for name, weights in zip(ecg_features.CHANNEL_NAMES, filters, strict=True):
    frequencies, passed = signal.freqz(
        weights, worN=np.geomspace(0.1, 149, 500), fs=ecg.SAMPLING_RATE
    )
    axes.semilogx(frequencies, np.abs(passed), label=name)
axes.set(xlabel="Hz", ylabel="passes", title="The four filters")
axes.legend(frameon=False, bbox_to_anchor=(1, 1))
axes.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# ### 1.3 Knowledge
#
# An expert who reads an ECG does not look at all samples alike. What draws the eye can be computed, roughly:
#
# | level | one number for each | knowledge | because |
# | --- | --- | --- | --- |
# | beat | sample | steepness: the absolute difference from the sample before | the QRS complex is steep |
# | rhythm | window of 50 samples | variation: the standard deviation of the window | a window with a beat varies more |
# | frequency | channel | power: the sum of the power spectral density | a channel without power has nothing to say |
#
# The *power spectral density* tells how the power of a signal is shared out over the frequencies. Its sum over all
# frequencies, times the step between two of them, is the power of the whole channel, its variance. The step is 0.1
# Hz for ten seconds, so the plain sum is ten times the power. That factor is the same for all channels and segments,
# and we leave it there. Nothing here knows of P waves or of fibrillation; the network has to find those out. Knowledge
# only tells where it is worth looking.

# %% tags=["plot"]
from dlh.plots import draw_channels

example = np.flatnonzero(train_dict["Y"] == 1)[4]
keys = ("X", "K_beat", "K_rhythm", "K_freq")
figure = draw_channels(
    *(train_dict[key][:, example] for key in keys),
    ecg_features.CHANNEL_NAMES, title="A segment with atrial fibrillation",
)
plt.show()

# %% [markdown]
# These are the shapes to work with. Note the order: the **channels come first**, then the segments.

# %% tags=["training"]
for key in keys:
    print(f"{key:9}", train_dict[key].shape)
print(f"{'Y':9}", train_dict["Y"].shape)

# %% [markdown]
# ## 2 Feeding the network
#
# ### 2.1 The dataset ({{points:dataset}})
#
# A dataset knows how many samples it has and hands out one of them. Here `data_dict` holds arrays with the
# **segments on the second axis** (but for `Y`, which has no other). One sample is a pair of inputs and label, and
# the inputs are four: `((X, K_beat, K_rhythm, K_freq), Y)`, in this order.
#
# - `__init__` keeps the five arrays of `data_dict`.
# - `__len__` returns the number of *segments*. (`len(X)` is something else. What?)
# - `__getitem__` returns segment `i`, all channels of it.

# %% exercise=dataset include=ECGDataset points=5

# %% check=dataset
"""The dataset hands out each segment with its knowledge and its label."""

# Seven small segments, in which each number tells channel and segment.
place = 10 * np.arange(4)[:, None, None] + np.arange(7)[:, None] + 0.0
small = {"X": np.repeat(place, 6, axis=2),
         "K_beat": np.repeat(place, 6, axis=2) + 0.1,
         "K_rhythm": np.repeat(place, 3, axis=2) + 0.2, "K_freq": place + 0.3,
         "Y": np.array([0, 1, 1, 0, 1, 0, 0])}
dataset = ECGDataset(small)
compare("number of segments", len(dataset), 7, "Not the number of channels.")
sample = dataset[5]
compare("items of dataset[5]", len(sample), 2, "Return (inputs, label).")
compare("inputs of dataset[5]", len(sample[0]), 4)
compare("shapes of the inputs", [part.shape for part in sample[0]],
        [(4, 6), (4, 6), (4, 3), (4, 1)],
        "The segments are on the second axis.")
for name, part, first in zip(("X", "K_beat", "K_rhythm", "K_freq"),
                             sample[0], (5.0, 5.1, 5.2, 5.3), strict=True):
    compare(f"{name} of segment 5, the first number of each channel",
            part[:, 0], first + 10 * np.arange(4))
compare("labels of dataset[3] and dataset[4]",
        [int(dataset[3][1]), int(dataset[4][1])], [0, 1])

# The published shapes, of the real segments.
compare("shapes of a segment of ten seconds",
        [part.shape for part in ECGDataset(train_dict)[0][0]],
        [(4, 3000), (4, 3000), (4, 60), (4, 1)])
print("The dataset passes: each segment with its knowledge and its label.")

# %% [markdown]
# ### 2.2 Batches ({{points:loader}})
#
# A data loader asks the dataset for some samples, and leaves it to `my_collate` to make a batch of the list. The
# samples have shapes such as (4, 3000). In the batch, **the channels still come first**: (4, batch, 3000). That
# way `X[i]` is channel `i` of all segments, which is what the network wants.
#
# ```
# batch[0]  ((4, 3000), (4, 3000), (4, 60), (4, 1)), 0
# batch[1]  ((4, 3000), (4, 3000), (4, 60), (4, 1)), 1            X         (4, 128, 3000)  float
# ...                                                      ->     K_beat    (4, 128, 3000)  float
# batch[127]                                                      K_rhythm  (4, 128, 60)    float
#                                                                 K_freq    (4, 128, 1)     float
#                                                                 Y         (128,)          long
# ```
#
# Your part: `my_collate` returns `(X, K_beat, K_rhythm, K_freq), Y`. The inputs are float tensors, the labels a
# long (integer) tensor. One warning: `torch.tensor` of a *list of arrays* looks at every single number. Make one
# array of the list first; it is many times faster.
#
# The segments were shuffled when they were made, so the loader keeps their order.

# %% exercise=loader include=load_data points=5

# %% check=loader
"""A batch has the channels first, then the segments, in order."""

# Seven small segments, as above.
place = 10 * np.arange(4)[:, None, None] + np.arange(7)[:, None] + 0.0
small = {"X": np.repeat(place, 6, axis=2),
         "K_beat": np.repeat(place, 6, axis=2) + 0.1,
         "K_rhythm": np.repeat(place, 3, axis=2) + 0.2, "K_freq": place + 0.3,
         "Y": np.array([0, 1, 1, 0, 1, 0, 0])}
loader = load_data(ECGDataset(small), batch_size=3)
batches = list(loader)
compare("batches of at most 3", len(batches), 3)
(X, K_beat, K_rhythm, K_freq), Y = batches[1]
compare("shape of X in the second batch", X.shape, (4, 3, 6),
        "Channels, segments, samples.")
compare("shape of K_beat", K_beat.shape, (4, 3, 6))
compare("shape of K_rhythm", K_rhythm.shape, (4, 3, 3))
compare("shape of K_freq", K_freq.shape, (4, 3, 1))
compare("dtype of X", X.dtype, torch.float)
compare("dtype of Y", Y.dtype, torch.long)
compare("channel 2 of X", X[2, :, 0], torch.tensor([23.0, 24.0, 25.0]),
        "Reordering axes is not the same as reshaping.")
compare("K_freq", K_freq[:, 1, 0], torch.tensor([4.3, 14.3, 24.3, 34.3]))
compare("labels", Y.tolist(), [0, 1, 0])
inputs, Y = batches[2]
compare("shapes of a batch of one segment",
        [inputs[0].shape, inputs[3].shape, Y.shape],
        [(4, 1, 6), (4, 1, 1), (1,)], "squeeze() takes off too much.")

compare("batch size unless told otherwise",
        load_data(ECGDataset(small)).batch_size, 128)
print("Batches pass: channels first, then the segments, in order.")

# %% [markdown]
# ## 3 The model
#
# ### 3.1 Attention guided by knowledge ({{points:knowledge_attn}})
#
# All three levels face the same task: *many items have to become one*. Ten places of a window, sixty windows of a
# channel, four channels of a segment. To take their mean would treat a beat and the line between beats alike.
# **Attention** takes a weighted mean, and computes the weights from the items themselves.
#
# MINA lets the weights depend on one thing more, the **knowledge** $k_i$ about each item. It is put beside the
# item before the score is computed:
#
# $$ s_i = V^\top \tanh\!\left( W^\top \begin{bmatrix} x_i \\ k_i \end{bmatrix} \right), \qquad
#    \text{attn}_i = \frac{\exp(s_i)}{\sum_j \exp(s_j)}, \qquad \text{out} = \sum_i \text{attn}_i\, x_i. $$
#
# The knowledge has a say in *where to look*, but is not itself part of what is seen: the sum is over the items
# $x_i$ alone.
#
# Do it by hand once. Three items of two numbers, one hidden number, $W = (0.5,\ 0,\ 1)$, $V = 2$:
#
# | item $x$ | knowledge $k$ | $W^\top [x; k]$ | tanh | score $s$ | $e^s$ | attention |
# | --- | --- | --- | --- | --- | --- | --- |
# | (1, 0) | 0 | $0.5 \cdot 1 + 0 \cdot 0 + 1 \cdot 0 = 0.5$ | 0.462 | 0.924 | 2.520 | **0.311** |
# | (0, 2) | 1 | $0.5 \cdot 0 + 0 \cdot 2 + 1 \cdot 1 = 1$ | 0.762 | 1.523 | 4.587 | **0.566** |
# | (2, 1) | -1 | $0.5 \cdot 2 + 0 \cdot 1 - 1 \cdot 1 = 0$ | 0 | 0 | 1 | **0.123** |
#
# The output is $0.311 \cdot (1, 0) + 0.566 \cdot (0, 2) + 0.123 \cdot (2, 1) = (0.558,\ 1.255)$. Now forget the
# knowledge, set all $k$ to 0, and compute again. The last item has the highest score then, 1.523, and the
# attention is 0.311, 0.123, 0.566: knowledge has turned the eye from the last item to the second.
#
# Your part:
#
# 1. `__init__`: `self.att_W`, a linear layer from `input_features + n_knowledge` numbers to `attn_dim`, and
#    `self.att_v`, one from `attn_dim` numbers to one. Both without bias, as in the formula.
# 2. `attention_sum`: the weighted sum of the items, (batch, D, features) and (batch, D, 1) to (batch, features).
# 3. `forward`: put `x` and `k` together on the last axis, compute the scores, then softmax **over the items**.
#    Name the attention `attn` and the sum, by `self.attention_sum`, `out`.

# %% exercise=knowledge_attn include=KnowledgeAttn points=15

# %% check=knowledge_attn
"""Attention looks at items and knowledge, sums to one, adds up the items."""

attention = KnowledgeAttn(2, 1)
compare("weights of att_W", attention.att_W.weight.shape, (1, 3))
compare("weights of att_v", attention.att_v.weight.shape, (1, 1))
compare("biases", [attention.att_W.bias, attention.att_v.bias], [None, None])

# The example above.
items = torch.tensor([[[1.0, 0.0], [0.0, 2.0], [2.0, 1.0]]])
knowledge = torch.tensor([[[0.0], [1.0], [-1.0]]])
with torch.inference_mode():
    attention.att_W.weight.copy_(torch.tensor([[0.5, 0.0, 1.0]]))
    attention.att_v.weight.copy_(torch.tensor([[2.0]]))
out, attn = attention(items, knowledge)
compare("shape of the attention", attn.shape, (1, 3, 1))
compare("attention of the three items", attn[0, :, 0],
        torch.tensor([0.311, 0.566, 0.123]),
        "Softmax over the items (dim=1), not over the batch or the numbers.")
compare("shape of the output", out.shape, (1, 2))
compare("output", out[0], torch.tensor([0.558, 1.255]),
        "Sum the items x, not x and k together.")
out, attn = attention(items, 0 * knowledge)
compare("attention without knowledge", attn[0, :, 0],
        torch.tensor([0.311, 0.123, 0.566]))
compare("weighted sum, with weights 1, 2 and 4",
        KnowledgeAttn.attention_sum(
            items, torch.tensor([[[1.0], [2.0], [4.0]]])),
        torch.tensor([[9.0, 8.0]]))

# The published values.
attention = KnowledgeAttn(2, 2)
with torch.inference_mode():
    attention.att_W.weight.copy_(torch.tensor(
        [[0.3298, 0.7045, -0.1067], [0.9656, 0.3090, 1.2627]]))
    attention.att_v.weight.copy_(torch.tensor([[-0.2368, 0.5824]]))
x = torch.tensor([
    [[-0.6898, -0.9098], [0.0230, 0.2879], [-0.2534, -0.3190]],
    [[0.5412, -0.3434], [0.0289, -0.2837], [-0.4120, -0.7858]],
])
k = torch.tensor([[0.5469, 0.3948, -1.1430], [0.7815, -1.4787, -0.2929]])
out, attn = attention(x, k.unsqueeze(-1))
compare("published output", out,
        torch.tensor([[-0.2817, -0.2531], [0.2144, -0.4387]]))
compare("published attention", attn.squeeze(-1), torch.tensor(
    [[0.3482, 0.4475, 0.2043], [0.5696, 0.1894, 0.2410]]))
print("Attention passes: it looks at both, and adds up the items alone.")

# %% [markdown]
# ### 3.2 The beats ({{points:beat_net}})
#
# `BeatNet` reads one channel. Each window of `T = 50` samples, a sixth of a second, is treated by itself, so the
# given code makes a batch of windows out of a batch of segments. A convolution with 32 samples and stride 2 looks
# at each window from $N = (50 - 32) / 2 + 1 = 10$ places, with 64 filters; and attention makes one vector of the
# ten places. With `M = 60` windows in a segment:
#
# | | shape | with the numbers for 128 segments |
# | --- | --- | --- |
# | one channel | (batch, n) | (128, 3000) |
# | its windows, given | (batch * M, 1, T) | (7680, 1, 50) |
# | after the convolution | (batch * M, filters, N) | (7680, 64, 10) |
# | what attention wants: items, then their numbers | (batch * M, N, filters) | (7680, 10, 64) |
# | `alpha` | (batch * M, N, 1) | (7680, 10, 1) |
# | out of attention | (batch * M, filters) | (7680, 64) |
# | `out`, given | (batch, M, filters) | (128, 60, 64) |
#
# The knowledge is the steepness at each of the 3000 samples. Attention wants one number for each *place*, so the
# knowledge goes through a convolution of its own, with the same size and stride, but a single filter.
#
# Your part:
#
# 1. `self.conv`: an `nn.Conv1d` from 1 channel to `conv_out_channels`, with kernel size `self.conv_kernel_size`
#    and stride `self.conv_stride`. `self.conv_k`: the same with 1 output channel.
# 2. `self.attn`: a `KnowledgeAttn` for items of `conv_out_channels` numbers, with `attn_dim` `self.att_cnn_dim`.
# 3. `forward`: convolve `x` and `k_beat`, each followed by ReLU. Bring the axes into the order that attention
#    wants, by transposing (a `view` would mix places and filters). Attend: `out` and `alpha`.

# %% exercise=beat_net include=BeatNet points=20

# %% check=beat_net
"""Each window is summed up by itself, from its places, by knowledge."""

# The published shapes: segments of 12 windows of 34 samples, 56 filters.
net = BeatNet(12 * 34, 34, 56)
compare("conv and conv_k are nn.Conv1d",
        isinstance(net.conv, nn.Conv1d) and isinstance(net.conv_k, nn.Conv1d),
        True)
compare("weights of conv", net.conv.weight.shape, (56, 1, 32))
compare("weights of conv_k", net.conv_k.weight.shape, (1, 1, 32))
compare("strides", (net.conv.stride, net.conv_k.stride), ((2,), (2,)))
compare("attn is a KnowledgeAttn", isinstance(net.attn, KnowledgeAttn), True)
compare("sizes of attn",
        (net.attn.input_features, net.attn.attn_dim), (56, 8))
x, k_beat = torch.randn(37, 12 * 34), torch.rand(37, 12 * 34)
with torch.inference_mode():
    out, alpha = net(x, k_beat)
compare("shape of alpha", alpha.shape, (444, 2, 1),
        "Each of 37 * 12 windows has two places.")
compare("shape of out", out.shape, (37, 12, 56))
compare("largest sum of a window's attention off one",
        (alpha.sum(1) - 1).abs().max().item(), 0.0)
compare("smallest output", out.min().item() >= 0, True,
        "ReLU comes after the convolution.")

# A changed window changes itself and no other.
other = x.clone()
other[5, 3 * 34 : 4 * 34] += 1
with torch.inference_mode():
    changed = (net(other, k_beat)[0] - out).abs().amax(-1) > 1e-6
compare("windows that change with window 3 of segment 5",
        changed.nonzero().tolist(), [[5, 3]])

# Filter 0 passes the first sample of its place on, all others nothing.
x[0, 0], x[0, 2] = 1, 3
with torch.inference_mode():
    net.conv.weight.zero_()
    net.conv.bias.zero_()
    net.conv.weight[0, 0, 0] = 1
    net.attn.att_v.weight.zero_()
    out, _ = net(x, k_beat)
compare("first number of the first window, the mean of 1 and 3",
        out[0, 0, 0], torch.tensor(2.0),
        "The two places start at samples 0 and 2; their scores are equal.")
compare("largest of the other numbers", out[:, :, 1:].max().item(), 0.0,
        "Bring places and filters into order by transposing.")

# Attention that looks at knowledge alone.
with torch.inference_mode():
    net.conv_k.weight.zero_()
    net.conv_k.weight[0, 0, 31] = 1
    net.conv_k.bias.zero_()
    net.attn.att_W.weight.zero_()
    net.attn.att_W.weight[:, -1] = 1
    net.attn.att_v.weight.fill_(1)
    out, alpha = net(x, torch.arange(34.0).repeat(37, 12) - 32)
compare("attention where only the last sample of the second place is known",
        alpha[0, :, 0], torch.softmax(8 * torch.tensor([0.0, 1.0]).tanh(), 0),
        "Convolve k_beat with conv_k, then ReLU.")
compare("1 and 3, weighted by this attention (0.002 and 0.998)",
        out[0, 0, 0], torch.tensor(2.9955), "`out` is what attn returns.")
print("BeatNet passes: each window by itself, weighted by attention.")

# %% [markdown]
# ### 3.3 The rhythm ({{points:rhythm_net}})
#
# Sixty windows have become sixty vectors. Whether the beats are regular can only be seen by comparing them, so
# `RhythmNet` sends a **bidirectional LSTM** over them: one LSTM reads from the first window to the last, another
# back, and each window gets the hidden states of both, side by side: 2 * 32 = 64 numbers. Attention makes one
# vector of the sixty, guided by how much each window varies. A linear layer, ReLU and dropout follow.
#
# | | shape |
# | --- | --- |
# | `x`, from `BeatNet` | (batch, M, input_size) |
# | out of the LSTM | (batch, M, 64) |
# | `k_rhythm` | (batch, M), but attention wants an axis more |
# | `beta` | (batch, M, 1) |
# | out of attention | (batch, 64) |
# | `out` | (batch, rhythm_out_size) |
#
# `nn.LSTM` returns a pair: the outputs of all steps, and the last states. You need the first.
#
# Your part:
#
# 1. `self.lstm`: an `nn.LSTM` from `self.input_size` to `self.rnn_hidden_size` numbers, one layer,
#    `batch_first=True`, `bidirectional=True`.
# 2. `self.attn`: a `KnowledgeAttn` for items of `lstm_out_size` numbers, with `attn_dim` `self.att_rnn_dim`.
# 3. `self.fc`: a linear layer from `lstm_out_size` to `self.out_size` numbers. `self.do`: dropout of one half.
# 4. `forward`: LSTM, attention, linear layer, ReLU, dropout. Name the results `out` and `beta`.

# %% exercise=rhythm_net include=RhythmNet points=20

# %% check=rhythm_net
"""The windows are read in both directions and summed up by attention."""

net = RhythmNet(23 * 31, 31, 37).eval()
compare("lstm is an nn.LSTM", isinstance(net.lstm, nn.LSTM), True)
compare("the LSTM reads both ways", net.lstm.bidirectional, True)
compare("sizes of the LSTM",
        (net.lstm.input_size, net.lstm.hidden_size, net.lstm.num_layers),
        (37, 32, 1))
compare("the LSTM has biases, as it comes", net.lstm.bias, True)
compare("attn is a KnowledgeAttn", isinstance(net.attn, KnowledgeAttn), True)
compare("sizes of attn",
        (net.attn.input_features, net.attn.attn_dim), (64, 8))
compare("weights of fc", net.fc.weight.shape, (8, 64))
compare("do is dropout", isinstance(net.do, nn.Dropout), True)
compare("rate of the dropout", net.do.p, 0.5)

x, k_rhythm = torch.randn(17, 23, 37), torch.rand(17, 23)
with torch.inference_mode():
    out, beta = net(x, k_rhythm)
compare("shape of beta", beta.shape, (17, 23, 1))
compare("shape of out", out.shape, (17, 8))
compare("largest sum of a segment's attention off one",
        (beta.sum(1) - 1).abs().max().item(), 0.0)
compare("smallest output", out.min().item() >= 0, True, "ReLU comes last.")
with torch.inference_mode():
    alone, _ = net(x[:1], k_rhythm[:1])
compare("difference of a segment alone and among others",
        (alone[0] - out[0]).abs().max().item(), 0.0, "Is batch_first set?")
with torch.inference_mode():
    net.fc.bias.fill_(5)
    varied = torch.stack([net.train()(x, k_rhythm)[0] for _ in range(200)])
share = (varied == 0).float().mean().item()
compare("share of numbers that dropout leaves out in training", share, 0.5,
        "Dropout comes after ReLU.", tolerance=0.05)

# Attention that looks at knowledge alone.
with torch.inference_mode():
    net.attn.att_W.weight.zero_()
    net.attn.att_W.weight[0, -1] = 1
    net.attn.att_v.weight.fill_(1)
    _, beta = net(x, k_rhythm)
compare("attention where only the knowledge counts", beta[3, :, 0],
        torch.softmax(k_rhythm[3].tanh(), 0),
        "Give attention the outputs of the LSTM, and k_rhythm.")

# Knowledge that points to window 4 alone, and an fc that passes on eight of
# its 64 numbers, every second one with its sign turned round.
signs = torch.tensor([1.0, -1.0] * 4)
pointer = torch.zeros(17, 23)
pointer[:, 4] = 3
with torch.inference_mode():
    net.eval().attn.att_v.weight.fill_(30)
    net.fc.weight.zero_()
    net.fc.bias.zero_()
    net.fc.weight[range(8), range(0, 64, 8)] = signs
    out, _ = net(x, pointer)
    lstm = nn.LSTM(37, 32, batch_first=True, bidirectional=True)
    lstm.load_state_dict(net.lstm.state_dict())
    window = lstm(x)[0][:, 4]
compare("largest difference from what the LSTM says of window 4",
        (out - (signs * window[:, ::8]).clamp(0)).abs().max().item(), 0.0,
        "What attention returns goes through fc, then ReLU.")
print("RhythmNet passes: read both ways, and summed up by attention.")

# %% [markdown]
# ### 3.4 The frequencies, and all together ({{points:freq_net}})
#
# The channels mean different things, so each has a `BeatNet` and a `RhythmNet` of its own, with weights of its
# own. They are kept in an `nn.ModuleList`: in a plain Python list, PyTorch would not find their weights, and would
# never train them.
#
# The given part of `forward` sends each channel through its two networks and stacks what comes out: (batch, 4,
# 8). Now the channels are the items, their power is the knowledge, and one last attention, `gamma`, decides how
# much each counts. A linear layer and softmax turn the result into the **probabilities** of the two classes:
# `out[:, 1]` is the probability of AF.
#
# Beware: the stacked channels have the batch first, but `k_freq` comes as (channels, batch, 1).
#
# Your part:
#
# 1. In `__init__`, append `self.n_channels` `BeatNet`s to `self.beat_nets` and as many `RhythmNet`s to
#    `self.rhythm_nets`, all with the sizes that `self` has.
# 2. `self.attn`: a `KnowledgeAttn` for items of `self.rhythm_out_size` numbers, with `attn_dim`
#    `self.att_channel_dim`. `self.fc`: a linear layer to `self.n_class` numbers.
# 3. In `forward`, attend to the channels (`x` and `k_freq`), then linear layer and softmax. Name the results `out`
#    and `gamma`.

# %% exercise=freq_net include=FreqNet points=20

# %% check=freq_net
"""Four channels, each with networks of its own, become two probabilities."""

n_windows, width = 59, 53
model = FreqNet(n=n_windows * width, T=width).eval()
compare("the lists are nn.ModuleList",
        isinstance(model.beat_nets, nn.ModuleList)
        and isinstance(model.rhythm_nets, nn.ModuleList), True)
compare("networks for beats and rhythms",
        (len(model.beat_nets), len(model.rhythm_nets)), (4, 4))
compare("different networks",
        len({id(net) for net in [*model.beat_nets, *model.rhythm_nets]}), 8,
        "Make new ones for each channel.")
compare("networks for three channels", len(FreqNet(3).beat_nets), 3)
compare("windows of the networks",
        {net.T for net in [*model.beat_nets, *model.rhythm_nets]}, {width})
compare("attn is a KnowledgeAttn",
        isinstance(model.attn, KnowledgeAttn), True)
compare("sizes of attn", (model.attn.input_features, model.attn.attn_dim),
        (8, 2))
compare("weights of fc", model.fc.weight.shape, (2, 8))

inputs = (torch.randn(4, 17, n_windows * width),
          torch.rand(4, 17, n_windows * width),
          torch.rand(4, 17, n_windows), torch.rand(4, 17, 1))
out, gamma = model(*inputs)
compare("shape of gamma", gamma.shape, (17, 4, 1),
        "The batch comes first: transpose k_freq.")
compare("shape of out", out.shape, (17, 2))
compare("largest sum of a segment's probabilities off one",
        (out.sum(1) - 1).abs().max().item(), 0.0, "Softmax over the classes.")
compare("smallest probability above 0", out.min().item() > 0, True)
alone, _ = model(*(part[:, 3:4] for part in inputs))
compare("difference of a segment alone and among others",
        (alone[0] - out[3]).abs().max().item(), 0.0,
        "Transposing is not reshaping.")
out[:, 1].log().sum().backward()
compare("channels whose convolution gets a gradient",
        sum(net.conv.weight.grad is not None for net in model.beat_nets), 4)

# Attention that looks at knowledge alone.
with torch.inference_mode():
    model.attn.att_W.weight.zero_()
    model.attn.att_W.weight[0, -1] = 1
    model.attn.att_v.weight.fill_(1)
    _, gamma = model(*inputs)
compare("attention where only the knowledge counts", gamma[5, :, 0],
        torch.softmax(inputs[3][:, 5, 0].tanh(), 0))

# Knowledge that points to channel 2 alone, and an fc with known scores.
signs = torch.tensor([10.0, -10.0] * 4)
pointer = torch.tensor([0.0, 0, 3, 0])[:, None, None].expand(4, 17, 1)
with torch.inference_mode():
    model.attn.att_v.weight.fill_(30)
    model.fc.weight.copy_(torch.stack([-signs, signs]))
    model.fc.bias.copy_(torch.tensor([0.0, 0.5]))
    out, _ = model(*inputs[:3], pointer)
    windows, _ = model.beat_nets[2](inputs[0][2], inputs[1][2])
    channel, _ = model.rhythm_nets[2](windows, inputs[2][2])
odds = (out[:, 1] / out[:, 0]).log()
compare("largest difference of the log odds from those of channel 2",
        (odds - 2 * channel @ signs - 0.5).abs().max().item(), 0.0,
        "What attention returns goes through fc, then softmax, once.")
print("FreqNet passes: four channels, each by itself, become two numbers.")

# %% [markdown]
# ## 4 Training and evaluation
#
# ### 4.1 Training ({{points:training}})
#
# The model returns probabilities $p_0$ and $p_1$. The loss that fits them is the *negative log likelihood*: minus
# the logarithm of the probability that the model gave to the true class.
#
# $$ \text{loss} = -\frac{1}{n} \sum_{i=1}^{n} \log p_{y_i} $$
#
# A model that is sure and right (0.9) pays 0.105, one that tosses a coin 0.693, one that is sure and wrong 2.303.
#
# **A trap.** `nn.CrossEntropyLoss` is the usual loss for classes, and it runs here without complaint. But it wants
# raw scores, and does softmax itself. On probabilities that is softmax twice: scores between 0 and 1 come out
# between 0.27 and 0.73, the sure and right model pays 0.371, and the loss can never fall below 0.313, however good
# the model. It learns, but as if it were not allowed to be sure of anything. PyTorch's `nn.functional.nll_loss`
# wants the *logarithms* of the probabilities. One more thing: a probability can become 0 in the computer, and its
# logarithm minus infinity; `clamp` it to something like 1e-8 at least.
#
# Your part:
#
# 1. `optimizer`: Adam for the parameters of `model`, with the learning rate `lr`.
# 2. One step for a batch: send the inputs through the model, compute the loss as `loss`, set the gradients to
#    zero, backpropagate, let the optimizer step.

# %% exercise=training include=train_model points=8

# %% check=training
"""The loss is that of probabilities, and training makes it smaller."""


# A stand-in for your model: it guesses the same for every segment.
class SameForAll(nn.Module):
    def __init__(self, p1):
        super().__init__()
        self.logits = nn.Parameter(torch.tensor([1 - p1, p1]).log())

    def forward(self, x, k_beats, k_rhythms, k_freq):
        return self.logits.softmax(0).expand(x.shape[1], 2), None


inputs = (torch.zeros(4, 6, 100), torch.zeros(4, 6, 100),
          torch.zeros(4, 6, 2), torch.zeros(4, 6, 1))
Y = torch.ones(6, dtype=torch.long)
_, history = train_model(SameForAll(0.9), [(inputs, Y)], n_epoch=1)
compare("type of the history", type(history), list)
compare("loss of a model that is sure (0.9) and right", history[0], 0.1054,
        "0.371 is softmax twice: the model returns probabilities.")
_, history = train_model(SameForAll(0.9), [(inputs, 1 - Y)], n_epoch=1)
compare("loss of a model that is sure (0.9) and wrong", history[0], 2.3026)
mixed = torch.tensor([1, 1, 0, 1, 0, 1])
_, history = train_model(SameForAll(0.9), [(inputs, mixed)], n_epoch=1)
compare("loss where it is wrong about two of six", history[0], 0.8378,
        "The plain mean of 4 times 0.105 and 2 times 2.303.")
_, history = train_model(SameForAll(1.0), [(inputs, 1 - Y)], n_epoch=1)
compare("loss of a model that gives the true class 0: large, but finite",
        10 < history[0] < float("inf"), True,
        "clamp the probabilities to something like 1e-8 at least.")

torch.manual_seed(SEED)
stand_in = SameForAll(0.5)
trained, history = train_model(stand_in, [(inputs, Y)] * 5, n_epoch=3, lr=0.1)
compare("the trained model is the one given", trained is stand_in, True)
compare("entries of the history, three epochs of five batches",
        len(history), 15)
compare("loss falls at each step",
        history == sorted(set(history), reverse=True), True,
        "loss, zero_grad, backward, step; on the `model` that is given.")
compare("difference of the two logits after 15 steps of Adam",
        (stand_in.logits[1] - stand_in.logits[0]).item(), 2.6205,
        "One step for each batch, along its own gradient; use `lr`.")
print("Training passes: the loss of probabilities, and it falls.")

# %% [markdown]
# ### 4.2 Evaluation ({{points:evaluation}})
#
# `eval_model` collects the probabilities of all segments, and the true labels. The model must be in evaluation
# mode, or dropout would go on leaving numbers out. And nobody needs gradients here: without `torch.no_grad()`,
# PyTorch would keep all that it needs to compute them, for nothing.
#
# `evaluate_predictions` makes two numbers of it, both about finding class 1, AF:
#
# - **AUROC**, the area under the ROC curve: of two segments, one with AF and one without, how often does the one
#   with AF get the higher probability of AF? It needs the **probabilities** $p_1$. From verdicts of 0 and 1 it
#   would be something else.
# - **F1** needs **verdicts**: it weighs how many of the alarms are right and how many of the AF segments are
#   found. The verdict is the class with the higher probability.
#
# By hand: six segments, $p_1 = 0.3, 0.55, 0.4, 0.45, 0.2, 0.1$, truly AF are the second and the third. Of the
# $2 \cdot 4$ pairs, seven are in the right order (0.4 against 0.45 is not): AUROC 0.875. The verdict is AF for the
# second alone: all alarms are right (a precision of 1), half of the AF segments are found (a recall of 1/2), and F1 is
# $2 \cdot 1 \cdot \frac{1}{2} / (1 + \frac{1}{2}) = 0.667$. (Five verdicts of six are right: that is the accuracy.)
#
# Your part:
#
# 1. `eval_model`: evaluation mode, no gradients; for each batch, move the inputs to `device`, and append the
#    probabilities to `pred_all` and the labels to `Y_test`, both as numpy arrays (`.cpu().numpy()`).
# 2. `evaluate_predictions`: `auroc` by `roc_auc_score` and `f1` by `f1_score`, each a single number. (F1 is that of
#    class 1, as `f1_score` gives it unless told otherwise: no mean over both classes.)

# %% exercise=evaluation include=eval_model,evaluate_predictions points=7

# %% check=evaluation
"""Probabilities come in order; AUROC takes them as they are, F1 verdicts."""


# A stand-in for your model, which looks at the first sample only.
class FirstSample(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.do = nn.Dropout()
        self.with_gradients = False

    def forward(self, x, k_beats, k_rhythms, k_freq):
        p1 = self.do(x[0, :, 0]) * self.weight
        self.with_gradients |= p1.requires_grad
        return torch.stack([1 - p1, p1], dim=1), None


stand_in = FirstSample()
p1 = torch.tensor([0.3, 0.55, 0.4, 0.45, 0.2, 0.1])
has_af = torch.tensor([0, 1, 1, 0, 0, 0])


def batch_of(places):
    part = p1[places].reshape(1, -1, 1).expand(4, -1, 2)
    return (part, part, part, part), has_af[places]


six = DataLoader(range(6), batch_size=4, collate_fn=batch_of)
pred, truth = eval_model(stand_in, six)
compare("types", (type(pred), type(truth)), (np.ndarray, np.ndarray))
compare("shape of the probabilities", pred.shape, (6, 2))
compare("probabilities of AF, in order", pred[:, 1], p1.numpy(),
        "Is the model in evaluation mode?")
compare("labels", truth.tolist(), [0, 1, 1, 0, 0, 0])
compare("gradients kept", stand_in.with_gradients, False,
        "Use torch.no_grad().")

auroc, f1 = evaluate_predictions(truth, pred)
compare("AUROC of the example", float(auroc), 0.875,
        "0.75 is that of verdicts: give it the probabilities of class 1.")
compare("F1 of the example", float(f1), 0.6667,
        "That of class 1. 0.833 is accuracy, 0.778 the mean of both classes.")
print("Evaluation passes: probabilities for AUROC, verdicts for F1.")

# %% [markdown]
# ### 4.3 The run
#
# Now for the real thing. On a laptop this takes a minute or two.

# %% tags=["training"]
import time

train_loader = load_data(ECGDataset(train_dict), BATCH_SIZE)
test_loader = load_data(ECGDataset(test_dict), BATCH_SIZE)
torch.manual_seed(SEED)
start = time.perf_counter()
model, loss_history = train_model(
    FreqNet().to(device), train_loader, n_epoch=EPOCHS, device=device
)
print(f"{time.perf_counter() - start:.0f} seconds")
pred, truth = eval_model(model, test_loader, device)
auroc, f1 = evaluate_predictions(truth, pred)
print(f"AUROC {auroc:.3f}, F1 {f1:.3f}")
if auroc < 0.8 or f1 < 0.7:
    print("That is low. With simulated recordings something is wrong; with")
    print("the challenge's, which are harder, use more RECORDINGS and EPOCHS.")

# %% tags=["plot"]
batches_per_epoch = len(train_loader)
epochs = (np.arange(len(loss_history)) + 1) / batches_per_epoch
width = min(20, len(loss_history))
smooth = np.convolve(loss_history, np.ones(width) / width, mode="valid")
figure, axes = plt.subplots(figsize=(7, 2.8), layout="constrained")
axes.plot(epochs, loss_history, color="#CCCCCC", linewidth=0.8,
          label="each batch")
axes.plot(epochs[width - 1:], smooth, color="#0072B2",
          label=f"mean of {width} batches")
axes.axhline(np.log(2), color="#999999", linestyle="--", linewidth=1,
             label="tossing a coin")
axes.set(xlabel="epoch", ylabel="loss", title="Training loss", ylim=0)
axes.legend(frameon=False, loc="lower left")
axes.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# How sure is the AUROC? With other test patients it would have been another number. The **bootstrap** imitates
# that: draw as many patients as there are, with replacement, so that some come twice and some not at all, compute
# the AUROC, and do so a thousand times. The middle 95% of the results is an interval to go with the number.
#
# It must be *recordings* that are drawn. The segments of a recording resemble each other, and some even overlap,
# so they are no independent witnesses. Compare what happens if one draws segments all the same:

# %% tags=["training"]
from dlh.metrics import bootstrap_auroc

auroc, low, high = bootstrap_auroc(
    truth, pred[:, 1], test_dict["recording"]
)
print(f"AUROC {auroc:.3f}, 95% interval {low:.3f} to {high:.3f}")
_, low, high = bootstrap_auroc(truth, pred[:, 1])
print(f"  (drawing segments, wrongly: {low:.3f} to {high:.3f})")

# %% [markdown]
# ## 5 Where does it look?
#
# Now ask the network. `FreqNet` returns `gamma`, but throws `alpha` and `beta` away, so we go through its parts
# once more and keep all three.

# %% tags=["plot"]
def attention_of(model, index):
    """The attention at all three levels for one test segment."""
    inputs = [torch.as_tensor(test_dict[key][:, index : index + 1],
                              device=device) for key in keys]
    X, K_beat, K_rhythm, K_freq = inputs
    model.eval()
    alphas, betas = [], []
    with torch.inference_mode():
        for i in range(model.n_channels):
            beats, alpha = model.beat_nets[i](X[i], K_beat[i])
            _, beta = model.rhythm_nets[i](beats, K_rhythm[i])
            alphas.append(alpha.squeeze(-1).cpu().numpy())
            betas.append(beta[0, :, 0].cpu().numpy())
        _, gamma = model(*inputs)
    return np.stack(alphas), np.stack(betas), gamma[0, :, 0].cpu().numpy()


from dlh.plots import draw_attention

for label, name in enumerate(["normal rhythm", "atrial fibrillation"]):
    # A clear case of each class.
    index = np.argmax(np.where(truth == label, pred[:, label], 0))
    draw_attention(
        test_dict["X"][:, index], *attention_of(model, index),
        ecg_features.CHANNEL_NAMES,
        title=f"{name}; the model gives AF {pred[index, 1]:.0%}",
    )
    plt.show()

# %% [markdown]
# How to read it. Above, the darker a window, the more it counts for the rhythm. Below, two seconds enlarged: the ten
# dots of each window are the places of the convolution, and the dark ones are those that the window is judged by. On
# the right, the share of each channel; the green one is drawn.
#
# Questions to ask: do the dark windows lie on the beats or between them, where P waves and fibrillation are? Are the
# dark dots on the steep flanks, where knowledge points to? Do both segments get their answer from the same channel?

# %% [markdown]
# Two segments are an anecdote. Over all test segments: which share of the attention goes to each channel, and how
# much more does a window with a beat get than one without? (A window "with a beat" is here one whose steepest
# place is above half of the steepest place of the segment.)

# %% tags=["plot"]
import pandas as pd

sample_of_test = np.arange(0, len(truth), 4)
results = [attention_of(model, index) for index in sample_of_test]
gammas = np.stack([gamma for _, _, gamma in results])
betas = np.stack([beta for _, beta, _ in results])
steep = test_dict["K_beat"][:, sample_of_test]
steep = steep.reshape(*steep.shape[:2], 60, 50).max(-1).transpose(1, 0, 2)
with_beat = steep[:, :1] > 0.5 * steep[:, :1].max(-1, keepdims=True)
with_beat = np.broadcast_to(with_beat, betas.shape)
pd.DataFrame({
    "channel": ecg_features.CHANNEL_NAMES,
    "attention of the channel": gammas.mean(0),
    "window with a beat": [
        betas[:, i][with_beat[:, i]].mean() * 60 for i in range(4)],
    "window without": [
        betas[:, i][~with_beat[:, i]].mean() * 60 for i in range(4)],
}).set_index("channel").round(2)

# %% [markdown]
# (The last two columns are relative: 1 is what each window would get if all got the same.)
#
# Look at the last two columns for each channel: above 1 on the left and below 1 on the right means that the network
# reads the rhythm off the beats; the reverse, that it looks at what lies between them. Both make sense for AF.
#
# Then look at "below 0.5 Hz". In our run it got some two fifths of the channels' attention, and shared it out among
# the windows nearly evenly, with a beat or without. Does breathing give AF away? That is more than the table says.
# Section 1.2 has shown that this filter is not sharp, so that the slow part of every beat is still in there. And windows
# that count alike mean that the LSTM's states over the whole channel go into a plain mean: there is no place in it to
# point at. Half of "where did you look?" then has no answer. Whether the network *needs* that channel, only a network
# without it can tell.
#
# **A caution.** Attention tells which items were weighted; it does not prove why. The convolution of a window
# sees only that window, but the LSTM carries what it has seen along, so the vector of a window holds
# something of all others. A doctor may use such a figure as a hint where to look, not as a reason.

# %% [markdown]
# ## 6 What does knowledge buy?
#
# A part of a model is worth what is lost without it. So take parts away (that is called an *ablation*) and train
# again, as long, on the same segments, from the same seed:
#
# - **attention without knowledge**: the same network, with all knowledge set to zero. The attention can only look
#   at the items.
# - **no attention**: all scores are fixed at zero, so that every attention is a plain mean. This is the usual
#   convolutional recurrent network.
# - **knowledge without a network**: a logistic regression on a few summaries of the knowledge. If that were as
#   good, nobody would need a network.

# %% tags=["training"]
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def without_knowledge(data):
    zeros = {key: np.zeros_like(data[key]) for key in keys[1:]}
    return {**data, **zeros}


def without_attention(model):
    for layer in model.modules():
        if isinstance(layer, KnowledgeAttn):
            layer.att_v.weight.requires_grad_(False).zero_()
    return model


def summaries(data):
    """Power, and mean and spread of steepness and variation, of each channel."""
    parts = [data["K_freq"][..., 0]]
    for key in ("K_beat", "K_rhythm"):
        parts += [data[key].mean(-1), data[key].std(-1)]
    return np.log(np.concatenate(parts).T + 1e-6)


scores = {"MINA": pred[:, 1]}
for name, change, prepare in [
    ("attention without knowledge", without_knowledge, lambda model: model),
    ("no attention", lambda data: data, without_attention),
]:
    print(name)
    torch.manual_seed(SEED)
    ablated, _ = train_model(
        prepare(FreqNet().to(device)),
        load_data(ECGDataset(change(train_dict)), BATCH_SIZE),
        n_epoch=EPOCHS, device=device,
    )
    scores[name] = eval_model(
        ablated, load_data(ECGDataset(change(test_dict)), BATCH_SIZE), device
    )[0][:, 1]
regression = make_pipeline(StandardScaler(), LogisticRegression())
regression.fit(summaries(train_dict), train_dict["Y"])
scores["knowledge without a network"] = regression.predict_proba(
    summaries(test_dict))[:, 1]

# %% tags=["plot"]
from sklearn.metrics import average_precision_score

from dlh.metrics import bootstrap_difference
from dlh.plots import draw_roc_pr

rows = []
for name, p1 in scores.items():
    auroc, low, high = bootstrap_auroc(truth, p1, test_dict["recording"])
    rows.append({
        "model": name, "AUROC": auroc, "low": low, "high": high,
        "PR-AUC": average_precision_score(truth, p1),
        "F1": f1_score(truth, p1 > 0.5),
    })
figure = draw_roc_pr(truth, scores)
plt.show()
pd.DataFrame(rows).set_index("model").round(3)

# %% [markdown]
# Each interval says how sure one number is. It is tempting to compare two models by whether their intervals overlap,
# and it is wrong: both were tested on the *same* recordings, and a draw that is hard for one is hard for the other. So
# draw the recordings once for both, and bootstrap the **difference**:

# %% tags=["plot"]
pd.DataFrame([
    dict(zip(["AUROC less that of MINA", "low", "high"], bootstrap_difference(
        truth, p1, scores["MINA"], test_dict["recording"])), model=name)
    for name, p1 in scores.items() if name != "MINA"
]).set_index("model").round(3)

# %% [markdown]
# Where such an interval holds zero, these test recordings do not tell which of the two is better, whatever the third
# digit says. In our run it held zero for both ablations, and the differences, below 0.01, were even in favor of the
# networks with a part taken away. (Yours need not be the same: on another number of cores, other digits come out.) So
# say it: as far as telling AF goes, **no loss can be seen** here, neither without knowledge nor without attention. What
# the two buy is no better verdict, but an answer to the question where the network looked. And one training run is one
# draw: with another seed, two models that are close may change places. To decide, repeat the run with several seeds, on
# the same test recordings.
#
# Look at the last row, too. A regression on a handful of summaries knows nothing of the order of beats, but it does know
# how fast and how strongly the heart beats, and patients with AF have faster hearts. What a simple model can do is not
# the network's merit.

# %% [markdown]
# ## 7 What to take away
#
# - Attention turns many items into one, by weights that depend on the items, and here on knowledge about them.
#   The knowledge steers the eye and is not itself seen.
# - Every weight can be drawn over the ECG. That is more than most networks offer, and less than a reason.
# - Split by patient before anything else, and draw patients in the bootstrap. Overlapping segments on both sides
#   of a split make any model look good.
# - Know what your loss expects. Probabilities into a loss for scores runs without an error, and learns worse.
# - Take parts away and see what is lost, with an interval for each difference. It may be nothing.
#
# **What this does not show.** A model that tells `N` from `A` has not learned to find AF: real recordings have
# other rhythms and noise too, which we left out. And test patients from the same devices as the training patients
# are the easiest kind of new patients. If your recordings were simulated, the network has learned what we
# know about AF and wrote into the simulation, and nothing about anyone's heart.
#
# **Where to go from here.** Fetch the challenge's recordings (section 1.1) and run the notebook again. Set
# `RECORDINGS`, `EPOCHS`, and the strides higher, and average the probabilities of all segments of a recording to
# a verdict on the whole. The paper reports an AUROC of 0.949 and an F1 of 0.834.
#
# **Further reading**
#
# - [MINA](https://arxiv.org/abs/1905.11333) (Hong and others, 2019): the paper of this notebook, with
#   noise added to see what knowledge is worth.
# - [Attention is not explanation](https://arxiv.org/abs/1902.10186) (Jain and Wallace, 2019): very
#   different weights can give the same verdict; read it before you show anybody a picture of attention.
# - [The challenge of 2017](https://doi.org/10.22489/CinC.2017.065-469) (Clifford and others, 2017): how
#   the recordings were collected and labeled, and how far the experts agreed.
