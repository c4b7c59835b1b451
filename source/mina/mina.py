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
# **It takes** about five and a half hours, by our estimate, of which the computer needs five minutes. By
# section, in minutes: 1 The data **30** · 2 Feeding the network **25** · 3 The model **150** · 4 Training
# and evaluation **85** · 5 Where does it look? **20** · 6 What does knowledge buy? **20** · 7 What to take
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
# Where you are stuck, `hint("beat_net")` in a cell of your own says where to
# look again.
from dlh.guide import guide

hint = guide("mina")

# %% tags=["plot"]
from dlh.plots import draw_mina, show

show(draw_mina(), "Four bands of an ECG go through BeatNet, RhythmNet and"
     " FreqNet, each with an attention of its own, to a verdict.")

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
# | 4.4 | how sure it is, foretold and read | {{points:foretell_interval}}, {{points:interval_reading}} |
# | 4.5 | what it goes by, guessed and read | {{points:guess_order}}, {{points:order_reading}} |
# | 4.6 | in a clinic: prevalence | {{points:at_prevalence}} |
# | 4.7 | in a clinic: a threshold | {{points:choose_threshold}} |
# | 4.8 | in a clinic: probabilities, and what you would advise | {{points:recalibrate}}, {{points:clinic}} |
# | 4.9 | in a clinic: for whom?, guessed and read | {{points:guess_rate}}, {{points:rate_reading}} |
# | 6 | what knowledge buys, guessed and read | {{points:guess_ablation}}, {{points:ablation_reading}} |
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
# - After you hand in, more checks run, on other data. The points of an exercise are shared out over several of
#   them, so that a part that is right earns its part. An exercise that builds on an earlier one is judged on
#   its own: one mistake costs you once.
# - **Before a result** you say what you expect. Where the text says *foretell*, you can work it out: it counts
#   whether it is right. Where it says *guess*, nobody can know: any of the answers earns the point, for standing
#   there before you ran the cell. So leave it as it was, most of all where it was wrong.
# - **After a result** you say in two or three sentences what it means. A person reads that. Take the numbers from
#   your own run; to have guessed wrong costs nothing here, either.
# - The cells that prepare the recordings, train the models and draw the figures are for you. They do not run
#   when your work is graded.
# - Nothing here needs a GPU. If you have one, it is used.

# %%
import math
import random

import numpy as np
import torch
from sklearn.metrics import f1_score, roc_auc_score
from torch import nn
from torch.utils.data import DataLoader, Dataset

from dlh.checks import compare, compare_kind, compare_letter

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
    rows, (0, 1), ["normal rhythm", "atrial fibrillation"], (13, 3)
):
    example = np.flatnonzero((labels == label) & long_enough)[which]
    millivolts = recordings[example][1500:4500] / ecg.UNITS_PER_MILLIVOLT
    axes.plot(np.arange(3000) / ecg.SAMPLING_RATE, millivolts,
              color="#333333", linewidth=0.8)
    axes.set(title=name, ylabel="mV", xlim=(0, 10))
    axes.spines[["top", "right"]].set_visible(False)
rows[1].set_xlabel("seconds")
show(figure, "Ten seconds of an ECG with normal rhythm, even, and ten with"
     " atrial fibrillation, uneven and trembling.")

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

from dlh.plots import COLORS

filters = ecg_features.design_filters()
figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
for name, weights, color, marker in zip(
    ecg_features.CHANNEL_NAMES, filters, COLORS, "os^D"
):
    frequencies, passed = signal.freqz(
        weights, worN=np.geomspace(0.1, 149, 500), fs=ecg.SAMPLING_RATE
    )
    axes.semilogx(frequencies, np.abs(passed), color=color, marker=marker,
                  markevery=60, label=name)
axes.set(xlabel="Hz", ylabel="passes", title="The four filters")
axes.legend(frameon=False, bbox_to_anchor=(1, 1))
axes.spines[["top", "right"]].set_visible(False)
show(figure, "What each of the four filters lets pass, from 0.1 to 150 Hz;"
     " the lower two meet between 0.5 and 6 Hz.")

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
show(figure, "A segment with atrial fibrillation in its four channels, beside"
     " each the steepness of its beats and the variation of its windows.")

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
sample = dataset[3]
compare("items of dataset[3]", len(sample), 2, "Return (inputs, label).")
compare("inputs of dataset[3]", len(sample[0]), 4,
        "X, K_beat, K_rhythm and K_freq, together in one tuple.")
compare("shapes of the inputs", [part.shape for part in sample[0]],
        [(4, 6), (4, 6), (4, 3), (4, 1)],
        "The segments are on the second axis.")
for name, part, first in zip(("X", "K_beat", "K_rhythm", "K_freq"),
                             sample[0], (3.0, 3.1, 3.2, 3.3), strict=True):
    compare(f"{name} of segment 3, the first number of each channel",
            part[:, 0], first + 10 * np.arange(4),
            "Tens tell the channel, ones the segment, tenths the array.")
compare("labels of dataset[5] and dataset[4]",
        [int(dataset[5][1]), int(dataset[4][1])], [0, 1])

# The published shapes, of two segments of nothing but zeros.
long = {name: np.zeros((4, 2, size)) for name, size in [
    ("X", 3000), ("K_beat", 3000), ("K_rhythm", 60), ("K_freq", 1)]}
dataset = ECGDataset(long | {"Y": np.zeros(2, int)})
compare("shapes of a segment of ten seconds",
        [part.shape for part in dataset[0][0]],
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
compare("dtype of X", X.dtype, torch.float,
        "A tensor, no array, of single floats.")
compare("dtype of Y", Y.dtype, torch.long, "A tensor of whole numbers.")
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
compare("layers with a bias",
        sum(layer.bias is not None
            for layer in (attention.att_W, attention.att_v)), 0,
        "The formula has none: bias=False.")

# The example above.
items = torch.tensor([[[1.0, 0.0], [0.0, 2.0], [2.0, 1.0]]])
knowledge = torch.tensor([[[0.0], [1.0], [-1.0]]])
with torch.inference_mode():
    attention.att_W.weight.copy_(torch.tensor([[0.5, 0.0, 1.0]]))
    attention.att_v.weight.copy_(torch.tensor([[2.0]]))
out, attn = attention(items, knowledge)
compare("shape of the attention", attn.shape, (1, 3, 1))
compare("sum of the attention over the three items", attn.sum().item(), 1.0,
        "Softmax over the items (dim=1), not over the batch or the numbers.")
compare("attention of the three items", attn[0, :, 0],
        torch.tensor([0.311, 0.566, 0.123]),
        "tanh between the two layers; the items first, then the knowledge.")
compare("shape of the output", out.shape, (1, 2),
        "Sum the items x, not x and k together.")
compare("output", out[0], torch.tensor([0.558, 1.255]),
        "The sum of the items x, each times its attention; no mean of them.")
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

# %% exercise=beat_net include=BeatNet points=15

# %% check=beat_net
"""Each window is summed up by itself, from its places, by knowledge."""

# The published shapes: segments of 12 windows of 34 samples, 56 filters.
net = BeatNet(12 * 34, 34, 56)
compare_kind("net.conv", net.conv, nn.Conv1d)
compare_kind("net.conv_k", net.conv_k, nn.Conv1d)
compare("weights of conv", net.conv.weight.shape, (56, 1, 32))
compare("weights of conv_k", net.conv_k.weight.shape, (1, 1, 32))
compare("strides", (net.conv.stride, net.conv_k.stride), ((2,), (2,)))
compare_kind("net.attn", net.attn, KnowledgeAttn)
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
compare("largest number that is not of filter 0",
        out[:, :, 1:].max().item(), 0.0,
        "Bring places and filters into order by transposing, not reshaping.")
compare("first number of the first window, the mean of 1 and 3",
        out[0, 0, 0], torch.tensor(2.0),
        "The two places start at samples 0 and 2; their scores are equal.")

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

# %% exercise=rhythm_net include=RhythmNet points=15

# %% check=rhythm_net
"""The windows are read in both directions and summed up by attention."""

net = RhythmNet(23 * 31, 31, 37).eval()
compare_kind("net.lstm", net.lstm, nn.LSTM)
compare("the LSTM reads both ways", net.lstm.bidirectional, True)
compare("sizes of the LSTM",
        (net.lstm.input_size, net.lstm.hidden_size, net.lstm.num_layers),
        (37, 32, 1))
compare("the LSTM has biases, as it comes", net.lstm.bias, True)
compare_kind("net.attn", net.attn, KnowledgeAttn)
compare("sizes of attn",
        (net.attn.input_features, net.attn.attn_dim), (64, 8))
compare("weights of fc", net.fc.weight.shape, (8, 64))
compare_kind("net.do", net.do, nn.Dropout)
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
    lstm = nn.LSTM(37, 32, bidirectional=True, batch_first=True)
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

# %% exercise=freq_net include=FreqNet points=15

# %% check=freq_net
"""Four channels, each with networks of its own, become two probabilities."""

n_windows, width = 59, 53
mina = FreqNet(n=n_windows * width, T=width).eval()
compare_kind("mina.beat_nets", mina.beat_nets, nn.ModuleList)
compare_kind("mina.rhythm_nets", mina.rhythm_nets, nn.ModuleList)
compare("networks for beats and rhythms",
        (len(mina.beat_nets), len(mina.rhythm_nets)), (4, 4))
compare("different networks",
        len({id(net) for net in [*mina.beat_nets, *mina.rhythm_nets]}), 8,
        "Make new ones for each channel.")
compare("networks for three channels", len(FreqNet(3).beat_nets), 3)
compare("windows of the networks",
        {net.T for net in [*mina.beat_nets, *mina.rhythm_nets]}, {width})
compare_kind("mina.attn", mina.attn, KnowledgeAttn)
compare("sizes of attn", (mina.attn.input_features, mina.attn.attn_dim),
        (8, 2))
compare("weights of fc", mina.fc.weight.shape, (2, 8))

inputs = (torch.randn(4, 17, n_windows * width),
          torch.rand(4, 17, n_windows * width),
          torch.rand(4, 17, n_windows), torch.rand(4, 17, 1))
out, gamma = mina(*inputs)
compare("shape of gamma", gamma.shape, (17, 4, 1),
        "The batch comes first: transpose k_freq.")
compare("shape of out", out.shape, (17, 2))
compare("largest sum of a segment's probabilities off one",
        (out.sum(1) - 1).abs().max().item(), 0.0, "Softmax over the classes.")
compare("smallest probability above 0", out.min().item() > 0, True)
alone, _ = mina(*(part[:, 3:4] for part in inputs))
compare("difference of a segment alone and among others",
        (alone[0] - out[3]).abs().max().item(), 0.0,
        "Transposing is not reshaping.")
out[:, 1].log().sum().backward()
compare("channels whose convolution gets a gradient",
        sum(net.conv.weight.grad is not None for net in mina.beat_nets), 4)

# Attention that looks at knowledge alone.
with torch.inference_mode():
    mina.attn.att_W.weight.zero_()
    mina.attn.att_W.weight[0, -1] = 1
    mina.attn.att_v.weight.fill_(1)
    _, gamma = mina(*inputs)
compare("attention where only the knowledge counts", gamma[5, :, 0],
        torch.softmax(inputs[3][:, 5, 0].tanh(), 0),
        "Of k_freq, swap the axes: a reshape mixes segments and channels.")

# Knowledge that points to channel 2 alone, and an fc with known scores.
signs = torch.tensor([10.0, -10.0] * 4)
pointer = torch.tensor([0.0, 0, 3, 0])[:, None, None].expand(4, 17, 1)
with torch.inference_mode():
    mina.attn.att_v.weight.fill_(30)
    mina.fc.weight.copy_(torch.stack([-signs, signs]))
    mina.fc.bias.copy_(torch.tensor([0.0, 0.5]))
    out, _ = mina(*inputs[:3], pointer)
    windows, _ = mina.beat_nets[2](inputs[0][2], inputs[1][2])
    channel, _ = mina.rhythm_nets[2](windows, inputs[2][2])
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
        "0.371 is softmax twice, -0.9 lacks the logarithm, 0.632 is a sum.")
_, history = train_model(SameForAll(0.9), [(inputs, 1 - Y)], n_epoch=1)
compare("loss of a model that is sure (0.9) and wrong", history[0], 2.3026,
        "The probability that counts is that of the true class, here 0.")
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
        "In each step, in this order: zero_grad, backward, optimizer.step.")
compare("difference of the two logits after 15 steps of Adam",
        (stand_in.logits[1] - stand_in.logits[0]).item(), 2.6205,
        "3.049 adds up old gradients, 0.030 leaves `lr` as Adam has it.")
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
six_p1 = torch.tensor([0.3, 0.55, 0.4, 0.45, 0.2, 0.1])
has_af = torch.tensor([0, 1, 1, 0, 0, 0])


def batch_of(places):
    part = six_p1[places].reshape(1, -1, 1).expand(4, -1, 2)
    return (part, part, part, part), has_af[places]


six = DataLoader(range(6), batch_size=4, collate_fn=batch_of)
said, known = eval_model(stand_in, six)
compare("types", (type(said), type(known)), (np.ndarray, np.ndarray))
compare("shape of the probabilities", said.shape, (6, 2))
compare("probabilities of AF, in order", said[:, 1], six_p1.numpy(),
        "Is the model in evaluation mode?")
compare("labels", known.tolist(), [0, 1, 1, 0, 0, 0])
compare("gradients kept", stand_in.with_gradients, False,
        "Use torch.no_grad().")

area, f1_six = evaluate_predictions(known, said)
compare("AUROC of the example", float(area), 0.875,
        "0.75 is that of verdicts, 0.125 that of the column of class 0.")
compare("numbers in F1", np.size(f1_six), 1, "That of class 1 alone.")
compare("F1 of the example", float(f1_six), 0.6667,
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

# %% [markdown]
# Is that good enough to go on? This much the assignment asks of its models. With as many simulated recordings as
# were set above, less means that something is wrong; with fewer, or with the challenge's, which are harder, use more
# `RECORDINGS` and `EPOCHS`.

# %% tags=["training"]
advice = "Where all checks have passed: more `EPOCHS` or `RECORDINGS`."
compare(f"AUROC above 0.8 (it is {auroc:.3f})", bool(auroc > 0.8), True,
        advice)
compare(f"F1 above 0.7 (it is {f1:.3f})", bool(f1 > 0.7), True, advice)
print("The run passes: an AUROC above 0.8 and an F1 above 0.7.")

# %% tags=["plot"]
batches_per_epoch = len(train_loader)
epochs = (np.arange(len(loss_history)) + 1) / batches_per_epoch
width = min(20, len(loss_history))
smooth = np.convolve(loss_history, np.ones(width) / width, mode="valid")
figure, axes = plt.subplots(figsize=(7, 2.8), layout="constrained")
axes.plot(epochs, loss_history, color="#8C8C8C", linewidth=0.5,
          label="each batch")
axes.plot(epochs[width - 1:], smooth, color="#0072B2",
          label=f"mean of {width} batches")
axes.axhline(np.log(2), color="#666666", linestyle="--", linewidth=1,
             label="tossing a coin")
axes.set(xlabel="epoch", ylabel="loss", title="Training loss", ylim=0)
axes.legend(frameon=False, loc="lower left")
axes.spines[["top", "right"]].set_visible(False)
show(figure, "The training loss falls, from near the dashed line of tossing"
     " a coin in the first batches to well below it.")

# %% [markdown]
# ### 4.4 How sure is it? ({{points:foretell_interval}})
#
# With other test patients the AUROC would have been another number. The **bootstrap** imitates that: draw as many
# patients as there are, with replacement, so that some come twice and some not at all, compute the AUROC, and do so a
# thousand times. The middle 95% of the results is an interval to go with the number.
#
# What is drawn are *recordings*, each with all of its segments, which resemble each other, and some of which even
# overlap. Suppose that somebody overlooks that, and draws *segments*,
# as if each came from a patient of its own. **Foretell** by a letter how that interval will be, beside the one of
# recordings. (It counts if it is right.)
#
# - a: wider;
# - b: as wide, within a tenth;
# - c: narrower.

# %% exercise=foretell_interval include=foretell_interval points=1

# %% check=foretell_interval
"""The answer is one of the letters."""

compare_letter("foretell_interval()", foretell_interval(), "abc")
print("Taken down. It counts if it is right: the next cell shows it.")

# %% tags=["training"]
from dlh.metrics import bootstrap_auroc

auroc, low, high = bootstrap_auroc(
    truth, pred[:, 1], test_dict["recording"]
)
print(f"AUROC {auroc:.3f}, 95% interval {low:.3f} to {high:.3f},"
      f" {high - low:.3f} wide")
_, low_s, high_s = bootstrap_auroc(truth, pred[:, 1])
print(f"  (drawing segments, wrongly: {low_s:.3f} to {high_s:.3f},"
      f" {high_s - low_s:.3f} wide)")

# %% [markdown]
# ### Two intervals ({{points:interval_reading}})
#
# How do the two differ, and why? What would somebody wrongly believe who reports the second one?

# %% [markdown] written=interval_reading points=1
# ### BEGIN SOLUTION
# The interval of segments is narrower: 0.021 wide, where that of recordings is 0.036. The bootstrap takes what it
# draws for independent: it counts several segments of one recording as so many witnesses, although they resemble each
# other, some even overlap, and where one is easy to judge the others mostly are, too. Who reports it believes to know
# the AUROC for new patients more surely than the test can tell, and may take a difference of two models for proven
# that other patients would undo.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: the interval by segments is narrower (with the student's own numbers), because segments of one recording
#   resemble each other and are no independent witnesses.
# - 0.5 points: one would believe to know the AUROC for new patients more surely than the test can tell (or: would take a
#   difference of two models for proven that other patients could undo).
# - Who foretold it wrongly, and says here why it came out otherwise, gets both.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### 4.5 What does it go by? ({{points:guess_order}})
#
# AF has two marks: the beats come irregularly, and there are no P waves. Which does the network go by? Ask it: cut each
# test segment into its 60 windows and put them together in a **random order**, the same in all channels, with their
# knowledge. Each window still looks as it did, but no rhythm is left. As a control, the windows in **reverse order**:
# the beats are as regular as they were. Nothing is trained anew.
#
# **Guess** by a letter: what will the AUROC be for windows in random order? (Any of the four earns the point.)
#
# - a: above 0.9: it goes by what the windows look like;
# - b: 0.75 to 0.9;
# - c: 0.6 to 0.75;
# - d: below 0.6, by chance or nearly so: it goes by the rhythm alone.

# %% exercise=guess_order include=guess_order points=1

# %% check=guess_order
"""A guess is one of the letters."""

compare_letter("guess_order()", guess_order(), "abcd")
print("Your guess stands.")

# %% tags=["training"]
def reordered(data, orders):
    """The segments with their windows in another order, (segments, 60)."""
    places = orders[None, :, :, None]
    changed = dict(data)
    for key in ("X", "K_beat", "K_rhythm"):
        windows = data[key].reshape(*data[key].shape[:2], 60, -1)
        changed[key] = np.take_along_axis(windows, places, axis=2).reshape(
            data[key].shape)
    return changed


random_order = np.random.default_rng(SEED).permuted(
    np.tile(np.arange(60), (len(truth), 1)), axis=1)
orders = {"as they were": np.sort(random_order),
          "reverse order": np.sort(random_order)[:, ::-1],
          "random order": random_order}


def judged(order, at_once=10 * BATCH_SIZE):
    """The probabilities of AF, with the windows in this order."""
    said = []
    # A part at a time: a copy of all segments takes much memory.
    for start in range(0, len(order), at_once):
        part = slice(start, start + at_once)
        some = {key: test_dict[key][:, part] for key in keys}
        some = reordered(some | {"Y": truth[part]}, order[part])
        loader = load_data(ECGDataset(some), BATCH_SIZE)
        said.append(eval_model(model, loader, device)[0][:, 1])
    return np.concatenate(said)


by_order = {name: judged(order) for name, order in orders.items()}
for name, said in by_order.items():
    print(f"windows {name:14} AUROC {roc_auc_score(truth, said):.3f},"
          f" called AF: {np.mean(said[truth == 0] > 0.5):.0%} of normal,"
          f" {np.mean(said[truth == 1] > 0.5):.0%} of AF segments")

# %% [markdown]
# ### Order and looks ({{points:order_reading}})
#
# Compare random order with the control: in AUROC, and in what is called AF in each of the two classes. What does each say
# about what this network goes by?

# %% [markdown] written=order_reading points=1
# ### BEGIN SOLUTION
# In AUROC, any order that the network has never seen costs it some tenth or more, if only because beats lie across
# windows: from 0.970 to 0.877 in random order, and to 0.873 in the control. (The same code on another maker's
# processor, where sums are rounded otherwise, trained a network with 0.976, 0.768 and 0.875.) So the AUROC alone does
# not say how much it heeds the rhythm. But the errors are of opposite kinds. In reverse order 16% of the normal
# segments are called AF, and of AF only 66% are found. In random order more than half of the normal ones are called
# AF (60%, on the other processor 83%), where it was 10%: their beats come irregularly now, and that is taken for AF.
# So it does listen to the order. What it still tells apart in random order, it tells by what single windows look like.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: the AUROC in random order, beside the control and beside chance: what is left is told by what single windows
#   look like; what is lost beyond the control is owed to the order.
# - 0.5 points: the shares called AF: normal segments in random order have irregular beats, and are taken for AF (or: a
#   reason that fits the student's own numbers).
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### 4.6 In a clinic: prevalence ({{points:at_prevalence}})
#
# So far about half of the segments had AF, because we cut them so. Of the challenge's recordings one in eight or so
# has it; of people who are called in to be screened, fewer. The share of AF among all who are tested is
# the **prevalence**. What becomes of the F1 where it is 12%?
#
# Three things belong to the network and its threshold, wherever it is used: the AUROC; the **recall**, the share of
# AF segments that are called AF; and the **specificity**, the share of normal ones that are called normal. The
# **precision**, the share of AF among all alarms, does not.
#
# **Foretell** precision and F1 from recall, specificity and prevalence. Think of a thousand segments: how many have AF and
# are found? How many have none and are called AF all the same? (It counts if it is right: one point for the precision,
# one for F1.)

# %% exercise=at_prevalence include=at_prevalence points=2

# %% check=at_prevalence
"""Where half of the segments have AF, an alarm is worth more."""

precision, f1_there = at_prevalence(0.6, 0.8, 0.5)
compare("precision where half have AF, recall 0.6, specificity 0.8",
        float(precision), 0.75,
        "Of 1000: 300 are found, and 100 false alarms given.")
compare("F1 there", float(f1_there), 0.6667,
        "From precision and recall, as in 4.2; 0.675 is their plain mean.")
compare("perfect: precision and F1",
        [float(value) for value in at_prevalence(1.0, 1.0, 0.3)], [1.0, 1.0])
print("Foretold where half have AF; now see where 12% do.")

# %% [markdown]
# Now measure it. The same test segments are weighted such that 12% of the weight is on those with AF: it is as if
# normal segments came more often.

# %% tags=["training"]
import pandas as pd
from sklearn.metrics import accuracy_score, precision_score

CLINIC = 0.12
p1 = pred[:, 1]


def weights_at(prevalence, truth):
    """Weights that give AF this share of all segments."""
    share = np.mean(truth)
    return np.where(truth == 1, prevalence / share,
                    (1 - prevalence) / (1 - share))


recall = np.mean(p1[truth == 1] > 0.5)
specificity = np.mean(p1[truth == 0] <= 0.5)
places = {}
for name, prevalence in [("test segments", np.mean(truth)),
                         ("clinic", CLINIC)]:
    weights = weights_at(prevalence, truth)
    precision_there, f1_there = at_prevalence(recall, specificity, prevalence)
    places[name] = {
        "prevalence": prevalence,
        "AUROC": roc_auc_score(truth, p1, sample_weight=weights),
        "recall": recall, "specificity": specificity,
        "accuracy": accuracy_score(truth, p1 > 0.5, sample_weight=weights),
        "precision": precision_score(truth, p1 > 0.5, sample_weight=weights),
        "foretold": precision_there,
        "F1": f1_score(truth, p1 > 0.5, sample_weight=weights),
        "F1 foretold": f1_there,
    }
pd.DataFrame(places).T.round(3)

# %% tags=["plot"]
from dlh.plots import COLORS

prevalences = np.linspace(0.01, 0.6, 60)
curves = np.array([at_prevalence(recall, specificity, prevalence)
                   for prevalence in prevalences]).T
figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
for name, curve, color, marker in zip(
    ("precision", "F1", "recall"), [*curves, np.full(60, recall)],
    COLORS, "os^"
):
    axes.plot(prevalences, curve, color=color, marker=marker, markevery=6,
              label=name)
for place in places.values():
    axes.axvline(place["prevalence"], color="#666666", linestyle="--",
                 linewidth=1)
axes.set(xlabel="prevalence (dashed: a clinic, and our test segments)",
         ylim=(0, 1.02), title="The same network, the same threshold")
axes.legend(frameon=False, loc="lower right")
axes.spines[["top", "right"]].set_visible(False)
show(figure, "Recall is the same at every prevalence; precision and F1 fall"
     " towards zero as AF becomes rare, most steeply below 0.1.")

# %% [markdown]
# ### 4.7 In a clinic: a threshold ({{points:choose_threshold}})
#
# Who says that an alarm begins at one half? Nobody in a clinic would. A missed AF may become a stroke; a false alarm
# costs a second look, or a second ECG. How much of the one is worth how much of the other is not for a network to
# decide. Say that the doctors want **95% of the AF segments found**, at as few false alarms as that allows.
#
# Write `choose_threshold`: a segment is called AF where `p1 >= threshold`, and asked for is the *largest* threshold at
# which at least the share `recall` of the AF segments is found. (Think of the probabilities of the AF segments, in
# order: which of them is the last that has to be found?)

# %% exercise=choose_threshold include=choose_threshold points=1

# %% check=choose_threshold
"""Enough of the AF segments are found, and no more than that."""

some_truth = np.array([1, 0, 1, 1, 0, 1, 1, 0])
some_p1 = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.3, 0.2, 0.1])
compare("threshold to find 3 of 5 (a share of 0.5 is not enough with 2)",
        float(choose_threshold(some_truth, some_p1, 0.5)), 0.6,
        "With 0.6 as the threshold, 0.9, 0.7 and 0.6 are found.")
compare("threshold to find 4 of 5 (a share of 0.7 is not enough with 3)",
        float(choose_threshold(some_truth, some_p1, 0.7)), 0.3,
        "It is the probability of an AF segment, the last one to be found.")
compare("threshold to find all 5",
        float(choose_threshold(some_truth, some_p1, 1.0)), 0.2,
        "The lowest probability of an AF segment.")
# Seven of eight are 0.875 to the digit, and six of seven are less.
eight_truth = np.array([0, 1, 1, 1, 1, 1, 1, 1, 1])
eight_p1 = np.array([0.35, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2])
compare("threshold to find 7 of 8 (a share of 0.875 is just enough)",
        float(choose_threshold(eight_truth, eight_p1, 0.875)), 0.3,
        "With 0.2, all 8 are found, and there may be more false alarms.")
compare("threshold to find 7 of 7 (a share of 0.875 is not enough with 6)",
        float(choose_threshold(eight_truth[:-1], eight_p1[:-1], 0.875)), 0.3,
        "0.875 of 7 are 6.125: 6 are not enough.")
print("The threshold passes: enough is found, and no alarm more.")

# %% [markdown]
# A threshold that is chosen on some recordings looks best on just these. So we choose it on one half of the test
# recordings, and look at what comes of it in the other half, at a prevalence of 12%.

# %% tags=["training"]
WANTED = 0.95
test_recordings = np.unique(test_dict["recording"])
to_choose = np.random.default_rng(SEED).permutation(test_recordings)
to_choose = np.isin(test_dict["recording"],
                    to_choose[:len(to_choose) // 2])
threshold = choose_threshold(truth[to_choose], p1[to_choose], WANTED)
new_truth, new_p1 = truth[~to_choose], p1[~to_choose]
per_thousand = {}
for name, limit in [("one half", 0.5), ("chosen", threshold)]:
    found = np.mean(new_p1[new_truth == 1] >= limit)
    quiet = np.mean(new_p1[new_truth == 0] < limit)
    precision_there, f1_there = at_prevalence(found, quiet, CLINIC)
    per_thousand[f"{name}: {limit:.3f}"] = {
        "AF found": 1000 * CLINIC * found,
        "AF missed": 1000 * CLINIC * (1 - found),
        "false alarms": 1000 * (1 - CLINIC) * (1 - quiet),
        "recall": found, "precision": precision_there, "F1": f1_there,
    }
print("of 1000 segments in a clinic, 120 of them AF:")
thresholds = pd.DataFrame(per_thousand).T
thresholds.round(2)

# %% [markdown]
# ### Try it: the threshold, and the place
#
# Move the threshold, and see who is found, who is missed, and who is called for nothing; precision and F1 are those of
# your `at_prevalence`. Where would you put it, if a missed AF cost as much as ten false alarms? Then move the prevalence,
# and leave the threshold: two of the scores move, and two do not. (This is about the whole test, and only a look: a
# threshold that you choose here looks best just here.)

# %% tags=["plot"]
from dlh.interactive import explore
from dlh.plots import draw_threshold


@explore(threshold=(0.0, 1.0, 0.01), prevalence=(0.01, 0.6, 0.01))
def show_threshold(threshold=0.5, prevalence=0.12):
    """What a threshold makes of our network where AF is so frequent."""
    says = pred[:, 1]
    recall = float(np.mean(says[truth == 1] >= threshold))
    specificity = float(np.mean(says[truth == 0] < threshold))
    # Without any alarm, nothing is right among them.
    precision, f1 = 0.0, 0.0
    if recall > 0:
        precision, f1 = at_prevalence(recall, specificity, prevalence)
    scores = {"recall": recall, "specificity": specificity,
              "precision (PPV)": float(precision), "F1": float(f1)}
    figure = draw_threshold(truth, says, threshold, prevalence, scores)
    numbers = ", ".join(f"{name} {x:.2f}" for name, x in scores.items())
    return figure, (
        "Left, the probabilities of normal and of AF segments, and a line at"
        f" the threshold {threshold:.2f}. Middle, of 1000 segments,"
        f" {prevalence:.0%} of them with AF, how many are found, missed,"
        f" called for nothing and rightly quiet. Right, scores: {numbers}.")


# %% [markdown]
# ### 4.8 In a clinic: what is a probability? ({{points:recalibrate}})
#
# "AF, 70%", says the network. A doctor takes that to mean that of ten such segments seven have AF. Where that is so, a
# network is **calibrated**. Ours has been trained where half of the segments had AF, and knows no other world. By Bayes'
# rule, its probabilities can be moved to another: the *odds* of AF are what the segment says, times how frequent AF is
# beside normal rhythm. Only the second factor differs.
#
# By hand: trained at one half, used where one in ten has AF. Of ten segments, one has AF and nine are normal, where there
# were five and five before: AF comes a fifth as often, normal rhythm nine fifths as often. So 70% against 30% becomes
# $0.7 \cdot \frac{1}{5} = 0.14$ against $0.3 \cdot \frac{9}{5} = 0.54$, and $0.14 / (0.14 + 0.54) = 0.206$. (Mind 0 and 1:
# who is sure stays sure.)
#
# **Foretell** the probabilities elsewhere: write `recalibrate`. (It counts if it is right.)

# %% exercise=recalibrate include=recalibrate points=2

# %% check=recalibrate
"""Probabilities move with the prevalence; who is sure stays sure."""

compare("70%, moved from one half to one tenth",
        float(recalibrate(np.array([0.7]), 0.5, 0.1)[0]), 0.2059,
        "0.14 and 0.54 above are no probabilities yet; 0.866 has the ratios"
        " upside down.")
compare("70%, moved from three tenths to one tenth",
        float(recalibrate(np.array([0.7]), 0.3, 0.1)[0]), 0.3769,
        "0.7 / 3 for AF against 0.3 * 9 / 7: where it was trained counts.")
compare("0 and 1 stay", recalibrate(np.array([0.0, 1.0]), 0.5, 0.1),
        np.array([0.0, 1.0]), "Do not divide by 1 - p1.")
print("Foretold for one segment; now for all of the test.")

# %% tags=["plot"]
trained = train_dict["Y"].mean()
in_clinic = weights_at(CLINIC, truth)
probabilities = {"as trained": p1,
                 "recalibrated": recalibrate(p1, trained, CLINIC)}
edges = np.array([0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.001])
figure, axes = plt.subplots(figsize=(4.6, 4.2), layout="constrained")
axes.plot([0, 1], [0, 1], color="#666666", linestyle="--", linewidth=1,
          label="calibrated")
for (name, said), color, marker in zip(
    probabilities.items(), COLORS, "os"
):
    bins = np.digitize(said, edges)
    kept = [b for b in range(1, len(edges)) if np.sum(bins == b) >= 20]
    axes.plot(
        [np.average(said[bins == b], weights=in_clinic[bins == b])
         for b in kept],
        [np.average(truth[bins == b], weights=in_clinic[bins == b])
         for b in kept],
        color=color, marker=marker, label=name)
    f1_here = f1_score(truth, said > 0.5, sample_weight=in_clinic)
    squared = np.average((said - truth) ** 2, weights=in_clinic)
    print(f"{name:12}  mean probability"
          f" {np.average(said, weights=in_clinic):.3f} (AF: {CLINIC}),"
          f" mean squared error {squared:.3f}, F1 at one half {f1_here:.3f}")
axes.set(xlabel="probability of AF that the network gives",
         ylabel="share that has AF", xlim=(0, 1), ylim=(0, 1),
         title=f"Where {CLINIC:.0%} have AF")
axes.legend(frameon=False, loc="upper left")
axes.spines[["top", "right"]].set_visible(False)
show(figure, "As trained, the network gives higher probabilities than the"
     " share that has AF; recalibrated, it comes nearer to the diagonal.")

# %% [markdown]
# ### What would you advise? ({{points:clinic}})
#
# A clinic reads that your network has the F1 of section 4.3, and wants to use it where 12% have AF. Its director asks
# why the F1 there is another one, whether the network has become worse, and at which threshold to use it, for what.
# Answer in a few sentences, with the numbers of your tables.

# %% [markdown] written=clinic points=2
# ### BEGIN SOLUTION
# The network is the same in both places: AUROC, recall and specificity do not change, as each is about one class, or
# about pairs of one of each. What changes are the people. Where 12% have AF, there are seven normal segments for each
# with AF, and a tenth of these gives a false alarm; so the precision falls from 0.91 to 0.58, and F1, which is made of
# precision and recall, from 0.93 to 0.72. Advice: if an alarm only means that a cardiologist looks at the ECG, a false
# one costs minutes and a missed AF perhaps a stroke. Then take the threshold that was chosen for a recall of 95%, and
# say beforehand what it brings: of a thousand segments 118 of the 120 with AF are found, at 143 false alarms. (At one
# half it would be 117, at 115: one more AF costs some twenty more false alarms.) If an alarm were to start a
# treatment, which has risks of its own, take the recalibrated probabilities, and a threshold of one half of these or
# above: that gives F1 0.75 or more. In any case choose it on recordings of that very clinic, and judge a patient by more than
# one segment.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: the network is the same: recall, specificity and AUROC do not change with the prevalence.
# - 0.5 points: precision, and F1 with it, fall because the false alarms come from the normal segments, of which there
#   are now far more; with numbers.
# - 1 point for advice with a reason that weighs misses against false alarms: a low threshold where an alarm only
#   leads to a second look (a cardiologist, a longer ECG), a high one or the recalibrated probability where it leads to
#   treatment; or several segments of a patient before an alarm. Half a point where only one side is weighed.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### 4.9 In a clinic: for whom? ({{points:guess_rate}})
#
# One number for all may hide that the network is good for some and bad for others. Age and sex are not in our files, but
# something that every doctor would ask for can be read off the ECG: **how fast the heart beats**. In AF it usually beats
# faster, but there are fast hearts in normal rhythm (fever, exercise) and slow ones in AF (of patients who take medicine
# for it). Are all judged equally well?
#
# Cut the AF segments in two by speed, the slower and the faster ones. **Guess** by a letter of which a larger share is
# *missed* at a threshold of one half: (any of the three earns the point)
#
# - a: of the slower ones;
# - b: of the faster ones;
# - c: about the same share of both, within 0.03.

# %% exercise=guess_rate include=guess_rate points=1

# %% check=guess_rate
"""A guess is one of the letters."""

compare_letter("guess_rate()", guess_rate(), "abc")
print("Your guess stands.")

# %% [markdown]
# A beat is a steep place that is the steepest for a quarter of a second around. That is rough, but enough to
# tell slow hearts from fast ones. Each class is cut in two at its own median; whoever is right at it counts as slower. (In
# ten seconds, rates come in steps of six, so many are right at it, and the two parts are not of the same size.)

# %% tags=["training"]
from scipy import signal


def beats_per_minute(steepness, sampling_rate=300):
    """The beats of a segment of 10 seconds, (samples,), times six."""
    smooth = np.convolve(steepness, np.ones(15) / 15, mode="same")
    peaks, _ = signal.find_peaks(
        smooth, height=0.4 * np.quantile(smooth, 0.99),
        distance=sampling_rate // 4)
    return 6 * len(peaks)


rate = np.array([beats_per_minute(k) for k in test_dict["K_beat"][2]])
groups = []
for label, name in enumerate(["normal rhythm", "atrial fibrillation"]):
    middle = np.median(rate[truth == label])
    parts = {"slower": rate <= middle, "faster": rate > middle}
    for part, inside in parts.items():
        own = inside & (truth == label)
        wrong = (p1[own] > 0.5) != label
        groups.append({
            "": f"{name}, {part}", "beats per minute": np.median(rate[own]),
            "segments": own.sum(),
            "recordings": len(set(test_dict["recording"][own])),
            "judged wrongly": wrong.mean(),
        })
by_rate = pd.DataFrame(groups).set_index("")
by_rate.round(3)

# %% [markdown]
# ### Fast hearts and slow ones ({{points:rate_reading}})
#
# Who pays for the network's errors? And what, in this table, tells how far to trust the difference?

# %% [markdown] written=rate_reading points=1
# ### BEGIN SOLUTION
# Slow hearts with AF are missed four times as often as fast ones (0.084 against 0.020), and fast hearts in normal
# rhythm give about twice as many false alarms as slow ones (0.141 against 0.054). So speed is taken for AF, as it
# mostly goes with it. Those pay whose hearts are of the other kind: patients with AF whom medicine has slowed down,
# and healthy people who were running. But look at the recordings: the two parts of AF have fewer than forty each,
# some six segments from one. The slow segments that are missed are 19, and three or four recordings that are judged
# wrongly throughout would do for that. Before one says that a group is worse off, the difference needs an interval, by
# recordings.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: which hearts are judged worse, in both classes, with the student's own numbers.
# - 0.5 points: the parts hold few recordings, whose segments resemble each other, so that a small difference proves
#   nothing (or: an interval by recordings is needed); or, of a large one, why it arises: speed is taken for AF.
# ### END MARK SCHEME
# ### END SOLUTION


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
    figure = draw_attention(
        test_dict["X"][:, index], *attention_of(model, index),
        ecg_features.CHANNEL_NAMES,
        title=f"{name}; the model gives AF {pred[index, 1]:.0%}",
    )
    show(figure, f"A segment with {name}: its windows shaded by their"
         " attention, two seconds of it with a dot for each place, and the"
         " share of each channel.")

# %% [markdown]
# How to read it. Above, the darker a window, the more it counts for the rhythm. Below, two seconds enlarged: the ten
# dots of each window are the places of the convolution, and the dark ones are those that the window is judged by. On
# the right, the share of each channel, and which one is drawn.
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
# Then look at "below 0.5 Hz". In our run it got more than a quarter of the channels' attention, and shared it out among
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

# %% [markdown]
# ### A guess ({{points:guess_ablation}})
#
# **Guess** by a letter what the network without attention will lose in AUROC, beside MINA. (Any of the four earns the
# point.)
#
# - a: more than 0.05;
# - b: between 0.02 and 0.05;
# - c: less than 0.02, in either direction;
# - d: nothing; it gains more than 0.02.

# %% exercise=guess_ablation include=guess_ablation points=1

# %% check=guess_ablation
"""A guess is one of the letters."""

compare_letter("guess_ablation()", guess_ablation(), "abcd")
print("Your guess stands.")

# %% tags=["training"]
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def without_knowledge(data):
    # Pages of zeros that nobody writes to take no memory.
    zeros = {key: np.zeros(data[key].shape, np.float32) for key in keys[1:]}
    return {**data, **zeros}


def without_attention(model):
    for layer in model.modules():
        if isinstance(layer, KnowledgeAttn):
            layer.att_v.weight.requires_grad_(False).zero_()
    return model


def summaries(data):
    """Power, mean and spread of steepness and variation, by channel."""
    parts = [data["K_freq"][..., 0]]
    for key in ("K_beat", "K_rhythm"):
        parts += [[part.mean(-1) for part in data[key]],
                  [part.std(-1) for part in data[key]]]
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
for name, said in scores.items():
    area, *interval = bootstrap_auroc(truth, said, test_dict["recording"])
    rows.append({
        "model": name, "AUROC": area, "low": interval[0], "high": interval[1],
        "PR-AUC": average_precision_score(truth, said),
        "F1": f1_score(truth, said > 0.5),
    })
show(draw_roc_pr(truth, scores),
     "The ROC curves and the precision-recall curves of the four models. The"
     " areas, which the legends give, are in the table below, too.")
pd.DataFrame(rows).set_index("model").round(3)

# %% [markdown]
# Each interval says how sure one number is. It is tempting to compare two models by whether their intervals overlap,
# and it is wrong: both were tested on the *same* recordings, and a draw that is hard for one is hard for the other. So
# draw the recordings once for both, and bootstrap the **difference**:

# %% tags=["plot"]
pd.DataFrame([
    dict(zip(["AUROC less that of MINA", "low", "high"], bootstrap_difference(
        truth, said, scores["MINA"], test_dict["recording"])), model=name)
    for name, said in scores.items() if name != "MINA"
]).set_index("model").round(3)

# %% [markdown]
# Where such an interval holds zero, these test recordings do not tell which of the two is better, whatever the third
# digit says.
#
# ### What was lost? ({{points:ablation_reading}})
#
# What do the two ablations tell you about knowledge and about attention, and what do they not tell? What would you do
# to decide?

# %% [markdown] written=ablation_reading points=1
# ### BEGIN SOLUTION
# Judged by the intervals of the differences, which hold zero or miss it by a few thousandths, hardly a loss can be
# seen: as far as telling AF goes, these test recordings do not show that knowledge or attention is worth much. That is
# not to say that they are worth nothing: a small loss would stay within such an interval, and one training is one draw; with another seed, two
# models that are close may change places. To decide, train each with several seeds, and test on more recordings. What
# attention does buy is another thing than a better verdict: an answer to the question where the network looked.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: what follows for both, judged by the intervals of the *differences*: where one holds zero, no loss can be
#   seen; "there is none" is more than that.
# - 0.5 points: one training is one draw: repeat with several seeds (or more test recordings) before deciding; or: what
#   attention buys is an answer to where the network looked, and not a better verdict.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
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

# %% [markdown]
# Before you hand in, restart the kernel and run all cells. The last one then says how far each exercise is.

# %% tags=["plot"]
hint.summary()
