"""Wrong solutions of `mina` that students write. They prove the checks, and they explain failures."""

from graders.guesses import slips_of_letter
from proctor.authoring.bank import Mistake

# As it stands in the solution, on two lines.
LOSS = "nn.functional.nll_loss(\n                torch.log(probabilities.clamp_min(1e-8)), Y)"

DATASET = [
    Mistake(
        name="channels_indexed",
        exercise="dataset",
        hint="You index the first axis of X, which has the channels. The segments are on the second.",
        changes=[("self.X[:, i]", "self.X[i]"), ("self.K_beat[:, i]", "self.K_beat[i]")],
    ),
    Mistake(
        name="channels_counted",
        exercise="dataset",
        hint="Your length is the number of channels, the first axis of X. Count the segments: each has a label.",
        changes=[("len(self.Y)", "len(self.X)")],
    ),
    Mistake(
        name="samples_counted",
        exercise="dataset",
        hint="Your length is the number of samples of a segment, the last axis of X. Count the segments.",
        changes=[("len(self.Y)", "self.X.shape[-1]")],
    ),
    Mistake(
        name="sample_flat",
        exercise="dataset",
        hint="Your sample is one tuple of five. The four inputs belong into a tuple of their own, with the label "
        "beside it.",
        changes=[("return inputs, self.Y[i]", "return (*inputs, self.Y[i])")],
    ),
    Mistake(
        name="label_before_inputs",
        exercise="dataset",
        hint="Your samples have the label first and the inputs second; `my_collate` counts on the other order.",
        changes=[("return inputs, self.Y[i]", "return self.Y[i], inputs")],
    ),
    Mistake(
        name="beat_and_rhythm_exchanged",
        exercise="dataset",
        hint="You give the rhythm knowledge where the beat knowledge is due, and the other way round.",
        changes=[
            ('self.K_beat = data_dict["K_beat"]', 'self.K_beat = data_dict["K_rhythm"]'),
            ('self.K_rhythm = data_dict["K_rhythm"]', 'self.K_rhythm = data_dict["K_beat"]'),
        ],
    ),
    Mistake(
        name="signal_as_beat_knowledge",
        exercise="dataset",
        hint="You give the signal a second time in the place of the beat knowledge.",
        changes=[("self.K_beat[:, i]", "self.X[:, i]")],
    ),
    Mistake(
        name="frequency_axis_lost",
        exercise="dataset",
        hint="Your frequency knowledge has lost its last axis, of length one. `FreqNet` needs it.",
        changes=[("self.K_freq[:, i]", "self.K_freq[:, i, 0]")],
    ),
    Mistake(
        name="notebook_data_kept",
        exercise="dataset",
        hint="Your dataset looks into the notebook's `train_dict`. It was given data of its own, which may be the "
        "test data.",
        changes=[('self.X = data_dict["X"]', 'self.X = train_dict["X"]')],
    ),
    Mistake(
        name="labels_left_out",
        exercise="dataset",
        hint="Your samples are the inputs alone. The label belongs to the sample, too.",
        changes=[("return inputs, self.Y[i]", "return inputs")],
    ),
    Mistake(
        name="length_of_notebook_data",
        exercise="dataset",
        hint="Your length is that of the notebook's `train_dict`. The dataset was given data of its own, which "
        "may be the test data.",
        changes=[("len(self.Y)", 'len(train_dict["Y"])')],
    ),
    Mistake(
        name="segment_axis_kept",
        exercise="dataset",
        hint="Your inputs keep an axis of length one for the segment. Index with `i`, which removes it.",
        changes=[
            (
                "(self.X[:, i], self.K_beat[:, i],\n                  self.K_rhythm[:, i], self.K_freq[:, i])",
                "tuple(part[:, i : i + 1] for part in (self.X, self.K_beat, self.K_rhythm, self.K_freq))",
            ),
        ],
    ),
    Mistake(
        name="signal_transposed",
        exercise="dataset",
        hint="Your X has the samples first and the channels second. The channels come first.",
        changes=[("self.X[:, i]", "self.X[:, i].T")],
    ),
    Mistake(
        name="first_channel_only",
        exercise="dataset",
        hint="Your X is the first channel alone. A segment has all of them.",
        changes=[("self.X[:, i]", "self.X[0, i]")],
    ),
    Mistake(
        name="label_of_next_segment",
        exercise="dataset",
        hint="Your labels are those of the next segment. Inputs and label have the same index.",
        changes=[("self.Y[i]", "self.Y[(i + 1) % len(self.Y)]")],
    ),
    Mistake(
        name="label_of_segment_before",
        exercise="dataset",
        hint="Your labels are those of the segment before. Inputs and label have the same index.",
        changes=[("self.Y[i]", "self.Y[i - 1]")],
    ),
    Mistake(
        name="label_in_array",
        exercise="dataset",
        hint="Your label is an array of one number. It has no axis: index with `i`.",
        changes=[("self.Y[i]", "self.Y[i : i + 1]")],
    ),
    Mistake(
        name="beat_knowledge_as_rhythm",
        exercise="dataset",
        hint="You give the beat knowledge a second time in the place of the rhythm knowledge.",
        changes=[('self.K_rhythm = data_dict["K_rhythm"]', 'self.K_rhythm = data_dict["K_beat"]')],
    ),
    Mistake(
        name="samples_as_integers",
        exercise="dataset",
        hint="You cut the samples of X to whole numbers. Keep them as they are.",
        changes=[("self.X[:, i]", "self.X[:, i].astype(int)")],
    ),
    Mistake(
        name="rhythm_and_frequency_exchanged",
        exercise="dataset",
        hint="You hand out the frequency knowledge in the place of the rhythm knowledge, and the other way round.",
        changes=[("self.K_rhythm[:, i], self.K_freq[:, i]", "self.K_freq[:, i], self.K_rhythm[:, i]")],
    ),
    Mistake(
        name="frequency_of_first_segment",
        exercise="dataset",
        hint="Your frequency knowledge is always that of the first segment. Index it with i, as the others.",
        changes=[("self.K_freq[:, i]", "self.K_freq[:, 0]")],
    ),
    Mistake(
        name="last_segment_left_out",
        exercise="dataset",
        hint="Your length is one too small, so that the last segment is never served.",
        changes=[("len(self.Y)", "len(self.Y) - 1")],
    ),
    Mistake(
        name="channels_of_signal_averaged",
        exercise="dataset",
        hint="You average the signal over its channels. A segment keeps all of them.",
        changes=[("self.X[:, i]", "self.X[:, i].mean(axis=0, keepdims=True)")],
    ),
    Mistake(
        name="arrays_by_order",
        exercise="dataset",
        hint="You take the arrays by their order in the dictionary. It is their names that tell them apart.",
        changes=[
            (
                'self.X = data_dict["X"]\n',
                "self.X, self.K_beat, self.K_rhythm, self.K_freq, self.Y = list(data_dict.values())[:5]\n",
            ),
            ('        self.K_beat = data_dict["K_beat"]\n', ""),
            ('        self.K_rhythm = data_dict["K_rhythm"]\n', ""),
            ('        self.K_freq = data_dict["K_freq"]\n', ""),
            ('        self.Y = data_dict["Y"]\n', ""),
        ],
    ),
    Mistake(
        name="signal_reshaped",
        exercise="dataset",
        hint=(
            "You reshape X to get its segments to the front. That keeps the order of the numbers, and mixes "
            "segments and channels. Index the second axis instead."
        ),
        changes=[("self.X[:, i]", "self.X.reshape(len(self.Y), len(self.X), -1)[i]")],
    ),
    Mistake(
        name="first_channel_of_beat_knowledge",
        exercise="dataset",
        hint="Your beat knowledge is that of the first channel alone. A segment has all of them.",
        changes=[("self.K_beat[:, i]", "self.K_beat[0, i]")],
    ),
    Mistake(
        name="first_channel_of_rhythm_knowledge",
        exercise="dataset",
        hint="Your rhythm knowledge is that of the first channel alone. A segment has all of them.",
        changes=[("self.K_rhythm[:, i]", "self.K_rhythm[0, i]")],
    ),
    Mistake(
        name="first_channel_of_frequency_knowledge",
        exercise="dataset",
        hint="Your frequency knowledge is that of the first channel alone. A segment has all of them.",
        changes=[("self.K_freq[:, i]", "self.K_freq[0, i]")],
    ),
    Mistake(
        name="beat_knowledge_by_channel",
        exercise="dataset",
        hint="You index the first axis of K_beat, which has the channels. The segments are on the second.",
        changes=[("self.K_beat[:, i]", "self.K_beat[i]")],
    ),
    Mistake(
        name="rhythm_knowledge_by_channel",
        exercise="dataset",
        hint="You index the first axis of K_rhythm, which has the channels. The segments are on the second.",
        changes=[("self.K_rhythm[:, i]", "self.K_rhythm[i]")],
    ),
    Mistake(
        name="frequency_knowledge_by_channel",
        exercise="dataset",
        hint="You index the first axis of K_freq, which has the channels. The segments are on the second.",
        changes=[("self.K_freq[:, i]", "self.K_freq[i]")],
    ),
    Mistake(
        name="rhythm_knowledge_as_frequency",
        exercise="dataset",
        hint="You give the rhythm knowledge a second time in the place of the frequency knowledge.",
        changes=[('data_dict["K_freq"]', 'data_dict["K_rhythm"]')],
    ),
    Mistake(
        name="beat_knowledge_as_signal",
        exercise="dataset",
        hint="You give the beat knowledge a second time in the place of the signal.",
        changes=[('data_dict["X"]', 'data_dict["K_beat"]')],
    ),
    Mistake(
        name="rhythm_knowledge_of_first_segment",
        exercise="dataset",
        hint="Your rhythm knowledge is always that of the first segment. Index it with i, as the others.",
        changes=[("self.K_rhythm[:, i]", "self.K_rhythm[:, 0]")],
    ),
    Mistake(
        name="label_of_first_segment",
        exercise="dataset",
        hint="Your label is always that of the first segment. Inputs and label have the same index.",
        changes=[("self.Y[i]", "self.Y[0]")],
    ),
    Mistake(
        name="signal_standardized",
        exercise="dataset",
        hint="You shift or scale the signal. It has been standardized when it was made; the dataset gives it as it is.",
        changes=[
            ('self.X = data_dict["X"]', 'self.X = (data_dict["X"] - data_dict["X"].mean()) / data_dict["X"].std()')
        ],
    ),
    Mistake(
        name="first_four_channels",
        exercise="dataset",
        hint="You take four channels, however many there are. Take all.",
        changes=[
            (
                "inputs = (self.X[:, i], self.K_beat[:, i],\n"
                "                  self.K_rhythm[:, i], self.K_freq[:, i])",
                "inputs = (self.X[:4, i], self.K_beat[:4, i],\n"
                "                  self.K_rhythm[:4, i], self.K_freq[:4, i])",
            ),
        ],
    ),
]

PARTS = {"signal": "X", "beat": "K_beat", "rhythm": "K_rhythm", "frequency": "K_freq"}

COLLATE = [
    Mistake(
        name="segments_first",
        exercise="loader",
        hint="Your batches have the segments on their first axis, where the channels belong. So "
        "does a `DataLoader` that is not told of `my_collate`.",
        changes=[("axis=1", "axis=0")],
    ),
    Mistake(
        name="stack_reshaped",
        exercise="loader",
        hint="You reshape the stacked segments. That keeps the order of the numbers, and mixes segments and "
        "channels; the first two axes have to be swapped.",
        changes=[
            (
                "np.stack(parts, axis=1)",
                "np.stack(parts).reshape(len(parts[0]), len(parts), -1)",
            )
        ],
    ),
    Mistake(
        name="segments_last",
        exercise="loader",
        hint="Your batches have the segments on their last axis. They belong on the second, after the channels.",
        changes=[("axis=1", "axis=-1")],
    ),
    Mistake(
        name="segments_joined",
        exercise="loader",
        hint="You put the segments end to end along the time axis. They need an axis of their own.",
        changes=[("np.stack(parts, axis=1)", "np.concatenate(parts, axis=1)")],
    ),
    Mistake(
        name="double_precision",
        exercise="loader",
        hint="Your inputs are doubles. The network's weights are floats, and torch does not mix them.",
        changes=[("dtype=torch.float)", "dtype=torch.double)")],
    ),
    Mistake(
        name="labels_as_floats",
        exercise="loader",
        hint="Your labels are floats. A loss that looks up the true class needs whole numbers: a long tensor.",
        changes=[("dtype=torch.long", "dtype=torch.float")],
    ),
    Mistake(
        name="labels_in_a_column",
        exercise="loader",
        hint="Your labels have a second axis. Y is one number for each segment.",
        changes=[("np.array(labels)", "np.array(labels)[:, None]")],
    ),
    Mistake(
        name="order_shuffled",
        exercise="loader",
        hint="You shuffle the segments. They are in random order already, and the test data's order should stay.",
        changes=[("shuffle=False", "shuffle=True")],
    ),
    Mistake(
        name="last_batch_dropped",
        exercise="loader",
        hint="You drop the last batch where it is not full. Those segments would be left out.",
        changes=[("shuffle=False", "shuffle=False, drop_last=True")],
    ),
    Mistake(
        name="batch_size_ignored",
        exercise="loader",
        hint="Your batches have 128 segments whatever `batch_size` says.",
        changes=[("batch_size=batch_size", "batch_size=128")],
    ),
    Mistake(
        name="labels_as_short_integers",
        exercise="loader",
        hint="Your labels are short integers. A loss that looks up the true class needs a long tensor.",
        changes=[("dtype=torch.long", "dtype=torch.int")],
    ),
    Mistake(
        name="batch_flat",
        exercise="loader",
        hint="Your batch is one tuple of five. The four inputs belong into a tuple of their own, with Y beside it.",
        costly="No batch can be taken apart into inputs and labels.",
        changes=[("return inputs, torch", "return *inputs, torch")],
    ),
    *(
        Mistake(
            name=f"{source}_as_{part}",
            exercise="loader",
            hint=f"You batch {PARTS[source]} a second time, in the place of {PARTS[part]}: a line that was copied?",
            changes=[("return inputs, torch", f"return ({order}), torch")],
        )
        for source, part, order in [
            ("signal", "beat", "inputs[0], inputs[0], inputs[2], inputs[3]"),
            ("beat", "rhythm", "inputs[0], inputs[1], inputs[1], inputs[3]"),
            ("rhythm", "frequency", "inputs[0], inputs[1], inputs[2], inputs[2]"),
        ]
    ),
    Mistake(
        name="beat_and_rhythm_swapped",
        exercise="loader",
        hint="You return the rhythm knowledge before the beat knowledge. The order is X, K_beat, K_rhythm, K_freq.",
        changes=[
            (
                "return inputs, torch",
                "inputs = (inputs[0], inputs[2], inputs[1], inputs[3])\n        return inputs, torch",
            ),
        ],
    ),
    Mistake(
        name="frequency_segments_first",
        exercise="loader",
        hint="Your K_freq has the segments on its first axis, where the channels belong. `FreqNet` swaps them itself.",
        changes=[
            (
                "return inputs, torch",
                "inputs = (*inputs[:3], inputs[3].transpose(0, 1))\n        return inputs, torch",
            ),
        ],
    ),
    Mistake(
        name="frequency_squeezed",
        exercise="loader",
        hint="Your K_freq has lost its last axis, of length one: leave the axes as they are.",
        changes=[
            ("return inputs, torch", "inputs = (*inputs[:3], inputs[3].squeeze(-1))\n        return inputs, torch"),
        ],
    ),
    Mistake(
        name="segments_sorted",
        exercise="loader",
        hint="You sort the segments of a batch. The loader keeps the order of the dataset.",
        changes=[
            ("samples, labels = zip(*batch)", "samples, labels = zip(*sorted(batch, key=lambda sample: -sample[1]))"),
        ],
    ),
    Mistake(
        name="half_precision",
        exercise="loader",
        hint="Your inputs are half floats. The network's weights are floats, and torch does not mix them.",
        changes=[("dtype=torch.float)", "dtype=torch.half)")],
    ),
    Mistake(
        name="labels_of_first_segments",
        exercise="loader",
        hint="Your labels are those at the start of the dataset in every batch. The samples of the batch have "
        "their own.",
        changes=[("np.array(labels)", "np.array([dataset[i][1] for i in range(len(batch))])")],
    ),
    Mistake(
        name="signal_standardized_by_batch",
        exercise="loader",
        hint="You shift or scale the signal of a batch. It was standardized when the segments were made.",
        changes=[
            (
                "        return inputs, torch.as_tensor",
                "        X = inputs[0]\n        inputs = ((X - X.mean()) / (X.std() + 1e-8), *inputs[1:])\n"
                "        return inputs, torch.as_tensor",
            ),
        ],
    ),
    Mistake(
        name="single_segment_squeezed",
        exercise="loader",
        hint="A batch of a single segment loses the axis of the segments (`squeeze`). Leave the axes as they are.",
        changes=[("np.stack(parts, axis=1)", "np.stack(parts, axis=1).squeeze(axis=1 if len(parts) == 1 else ())")],
    ),
    Mistake(
        name="arrays_left",
        exercise="loader",
        hint="Your inputs are still numpy arrays. Make float tensors of them.",
        costly="No input is a tensor.",
        changes=[("torch.as_tensor(np.stack(parts, axis=1), dtype=torch.float)", "np.stack(parts, axis=1)")],
    ),
    Mistake(
        name="rhythm_segments_first",
        exercise="loader",
        hint=(
            "Your rhythm knowledge has the segments first. In all inputs, the channels come first and then the "
            "segments."
        ),
        changes=[
            (
                "        return inputs, torch",
                "        inputs = (inputs[0], inputs[1], inputs[2].transpose(0, 1), inputs[3])\n"
                "        return inputs, torch",
            )
        ],
    ),
    Mistake(
        name="first_channel_of_frequency",
        exercise="loader",
        hint="Your frequency knowledge is that of the first channel alone. Keep the axis of the channels.",
        changes=[
            (
                "        return inputs, torch",
                "        inputs = (*inputs[:3], inputs[3][0])\n        return inputs, torch",
            )
        ],
    ),
    Mistake(
        name="single_label_squeezed",
        exercise="loader",
        hint=(
            "`squeeze()` turns the labels of a single segment into a number without axes. Leave the labels as they are."
        ),
        changes=[
            (
                "torch.as_tensor(np.array(labels), dtype=torch.long)",
                "torch.as_tensor(np.array(labels), dtype=torch.long).squeeze()",
            )
        ],
    ),
    Mistake(
        name="signal_alone_channels_first",
        exercise="loader",
        hint="You bring the channels to the front for X alone. The three kinds of knowledge have them first as well.",
        changes=[
            (
                "        return inputs, torch",
                "        inputs = (inputs[0], *(part.transpose(0, 1) for part in inputs[1:]))\n"
                "        return inputs, torch",
            )
        ],
    ),
    Mistake(
        name="beat_knowledge_as_doubles",
        exercise="loader",
        hint="Your K_beat alone is a double tensor. All four inputs are to be float tensors.",
        changes=[
            (
                "return inputs, torch",
                "inputs = (*inputs[:1], inputs[1].double(), *inputs[2:])\n        return inputs, torch",
            ),
        ],
    ),
    Mistake(
        name="rhythm_knowledge_as_doubles",
        exercise="loader",
        hint="Your K_rhythm alone is a double tensor. All four inputs are to be float tensors.",
        changes=[
            (
                "return inputs, torch",
                "inputs = (*inputs[:2], inputs[2].double(), *inputs[3:])\n        return inputs, torch",
            ),
        ],
    ),
    Mistake(
        name="frequency_knowledge_as_doubles",
        exercise="loader",
        hint="Your K_freq alone is a double tensor. All four inputs are to be float tensors.",
        changes=[
            (
                "return inputs, torch",
                "inputs = (*inputs[:3], inputs[3].double(), *inputs[4:])\n        return inputs, torch",
            ),
        ],
    ),
    Mistake(
        name="rhythm_and_frequency_swapped",
        exercise="loader",
        hint=(
            "You return the frequency knowledge before the rhythm knowledge. The order is X, K_beat, K_rhythm, K_freq."
        ),
        changes=[
            ("return inputs, torch", "inputs = (*inputs[:2], inputs[3], inputs[2])\n        return inputs, torch"),
        ],
    ),
    Mistake(
        name="signal_and_beat_swapped",
        exercise="loader",
        hint="You return the beat knowledge before the signal. The order is X, K_beat, K_rhythm, K_freq.",
        changes=[
            ("return inputs, torch", "inputs = (inputs[1], inputs[0], *inputs[2:])\n        return inputs, torch"),
        ],
    ),
    Mistake(
        name="batch_filled_with_zeros",
        exercise="loader",
        hint=(
            "You make room for `batch_size` segments in every batch, so that the last one is filled up with "
            "zeros. A batch is as long as the list of samples that `my_collate` is given."
        ),
        changes=[
            (
                "np.stack(parts, axis=1)",
                "np.stack([*parts, *[np.zeros_like(parts[0])] * (batch_size - len(parts))], axis=1)",
            ),
        ],
    ),
]

KNOWLEDGE_ATTN = [
    Mistake(
        name="softmax_over_last_axis",
        exercise="knowledge_attn",
        hint="Your softmax runs over the last axis (dim=-1), which has a single score, and so gives 1 to every item. "
        "Attention is shared among the items (dim=1).",
        changes=[("torch.softmax(self.att_v(hidden), dim=1)", "torch.softmax(self.att_v(hidden), dim=-1)")],
    ),
    Mistake(
        name="softmax_over_batch",
        exercise="knowledge_attn",
        hint="Your softmax runs over the batch (dim=0), so that segments compete for attention. It is shared among "
        "the items of each (dim=1).",
        changes=[("torch.softmax(self.att_v(hidden), dim=1)", "torch.softmax(self.att_v(hidden), dim=0)")],
    ),
    Mistake(
        name="softmax_forgotten",
        exercise="knowledge_attn",
        hint="Your attention is the bare score. A softmax over the items makes weights of it.",
        changes=[("torch.softmax(self.att_v(hidden), dim=1)", "self.att_v(hidden)")],
    ),
    Mistake(
        name="softmax_before_scores",
        exercise="knowledge_attn",
        hint="Your softmax comes before `att_v`. The scores come first, then the softmax of the scores.",
        changes=[
            ("torch.softmax(self.att_v(hidden), dim=1)", "self.att_v(torch.softmax(hidden, dim=1))"),
        ],
    ),
    Mistake(
        name="tanh_forgotten",
        exercise="knowledge_attn",
        hint="There is no tanh between your two linear layers, which together are then only one.",
        changes=[
            ("torch.tanh(self.att_W(torch.cat([x, k], dim=-1)))", "self.att_W(torch.cat([x, k], dim=-1))"),
        ],
    ),
    Mistake(
        name="relu_for_tanh",
        exercise="knowledge_attn",
        hint="You have a ReLU where a tanh is asked for.",
        changes=[("torch.tanh(", "torch.relu(")],
    ),
    Mistake(
        name="sigmoid_for_tanh",
        exercise="knowledge_attn",
        hint="You have a sigmoid where a tanh is asked for.",
        changes=[("torch.tanh(", "torch.sigmoid(")],
    ),
    Mistake(
        name="tanh_after_scores",
        exercise="knowledge_attn",
        hint="Your tanh comes after `att_v`. It belongs between the two linear layers.",
        changes=[
            ("torch.tanh(self.att_W(torch.cat([x, k], dim=-1)))", "self.att_W(torch.cat([x, k], dim=-1))"),
            ("torch.softmax(self.att_v(hidden), dim=1)", "torch.softmax(torch.tanh(self.att_v(hidden)), dim=1)"),
        ],
    ),
    Mistake(
        name="knowledge_first",
        exercise="knowledge_attn",
        hint="You put the knowledge before the item. The last column of `att_W` belongs to the knowledge.",
        changes=[("torch.cat([x, k], dim=-1)", "torch.cat([k, x], dim=-1)")],
    ),
    Mistake(
        name="knowledge_not_used",
        exercise="knowledge_attn",
        hint="Your layer `att_W` has no place for the knowledge: it sees the items alone.",
        changes=[
            ("self.input_features + self.n_knowledge, self.attn_dim", "self.input_features, self.attn_dim"),
            ("torch.cat([x, k], dim=-1)", "x"),
        ],
    ),
    Mistake(
        name="knowledge_zeroed",
        exercise="knowledge_attn",
        hint="You join zeros to the items in place of their knowledge.",
        changes=[("torch.cat([x, k], dim=-1)", "torch.cat([x, torch.zeros_like(k)], dim=-1)")],
    ),
    Mistake(
        name="joined_along_items",
        exercise="knowledge_attn",
        hint="You join the knowledge along the items (dim=1). It is one number more of each item: the last axis.",
        costly="Items and knowledge cannot be joined so: nothing runs.",
        changes=[("torch.cat([x, k], dim=-1)", "torch.cat([x, k.expand_as(x)], dim=1)")],
    ),
    Mistake(
        name="layers_with_bias",
        exercise="knowledge_attn",
        hint="Your `att_W` has a bias, which the formula does not.",
        changes=[("self.attn_dim, bias=False", "self.attn_dim")],
    ),
    Mistake(
        name="score_for_each_hidden_number",
        exercise="knowledge_attn",
        hint="Your `att_v` gives several scores for an item. One score, one weight.",
        changes=[("nn.Linear(self.attn_dim, 1, bias=False)", "nn.Linear(self.attn_dim, self.attn_dim, bias=False)")],
    ),
    Mistake(
        name="mean_for_sum",
        exercise="knowledge_attn",
        hint="You average the weighted items. The weights sum to one, so their sum is an average already.",
        changes=[("(attn * x).sum(dim=1)", "(attn * x).mean(dim=1)")],
    ),
    Mistake(
        name="summed_over_features",
        exercise="knowledge_attn",
        hint="You sum over the numbers of each item (the last axis). Sum over the items (dim=1).",
        changes=[("(attn * x).sum(dim=1)", "(attn * x).sum(dim=-1)")],
    ),
    Mistake(
        name="items_not_summed",
        exercise="knowledge_attn",
        hint="You weigh the items, but do not sum them up.",
        changes=[("(attn * x).sum(dim=1)", "attn * x")],
    ),
    Mistake(
        name="sum_keeps_axis",
        exercise="knowledge_attn",
        hint="Your sum keeps an axis of length one in the place of the items.",
        changes=[("(attn * x).sum(dim=1)", "(attn * x).sum(dim=1, keepdim=True)")],
    ),
    Mistake(
        name="attention_not_applied",
        exercise="knowledge_attn",
        hint="You sum up the items as they are, and the attention plays no part.",
        changes=[("(attn * x).sum(dim=1)", "x.sum(dim=1)")],
    ),
    Mistake(
        name="knowledge_summed_too",
        exercise="knowledge_attn",
        hint="You sum up the items together with their knowledge. The knowledge only says how much an item counts.",
        changes=[("self.attention_sum(x, attn)", "self.attention_sum(torch.cat([x, k], dim=-1), attn)")],
    ),
    Mistake(
        name="hidden_summed",
        exercise="knowledge_attn",
        hint="You sum up the hidden numbers. The attention weighs the items, x.",
        changes=[("self.attention_sum(x, attn)", "self.attention_sum(hidden, attn)")],
    ),
    Mistake(
        name="attention_detached",
        exercise="knowledge_attn",
        hint="You cut the attention off from its gradient, so that its layers never learn.",
        changes=[("self.attention_sum(x, attn)", "self.attention_sum(x, attn.detach())")],
    ),
    Mistake(
        name="items_detached",
        exercise="knowledge_attn",
        hint="You cut the items that you sum up off from their gradient, so that what made them learns by way of the "
        "scores alone.",
        changes=[("(attn * x).sum(dim=1)", "(attn * x.detach()).sum(dim=1)")],
    ),
    Mistake(
        name="scores_with_bias",
        exercise="knowledge_attn",
        hint="Your `att_v` has a bias, which the formula does not.",
        changes=[("nn.Linear(self.attn_dim, 1, bias=False)", "nn.Linear(self.attn_dim, 1)")],
    ),
    Mistake(
        name="both_layers_with_bias",
        exercise="knowledge_attn",
        hint="Your two layers have biases, which the formula does not.",
        changes=[
            ("self.n_knowledge, self.attn_dim, bias=False", "self.n_knowledge, self.attn_dim"),
            ("nn.Linear(self.attn_dim, 1, bias=False)", "nn.Linear(self.attn_dim, 1)"),
        ],
    ),
    Mistake(
        name="weights_normalised_again",
        exercise="knowledge_attn",
        hint="Your `attention_sum` divides by the sum of the weights. It takes the weights as they are given.",
        changes=[("(attn * x).sum(dim=1)", "(attn * x).sum(dim=1) / attn.sum(dim=1)")],
    ),
    Mistake(
        name="attention_without_axis",
        exercise="knowledge_attn",
        hint="Your attention has no last axis. It is (batch, D, 1).",
        changes=[("return out, attn", "return out, attn.squeeze(-1)")],
    ),
    Mistake(
        name="sum_squeezed",
        exercise="knowledge_attn",
        hint="`squeeze()` without an axis also removes the axis of a single sequence. Name the axis.",
        changes=[("(attn * x).sum(dim=1)", "(attn.transpose(1, 2) @ x).squeeze()")],
    ),
    Mistake(
        name="attention_squeezed_too_much",
        exercise="knowledge_attn",
        hint="`squeeze()` without an axis also removes the batch's axis, where there is a single sequence. Name "
        "the axis.",
        changes=[
            (
                "self.attention_sum(x, attn)",
                "self.attention_sum(x, attn)\n        attn = attn.squeeze().unsqueeze(-1)",
            ),
        ],
    ),
    Mistake(
        name="items_changed_in_place",
        exercise="knowledge_attn",
        hint="You weigh the items in place (`mul_`, `*=`), and so change those of whoever calls you. `attn * x` "
        "makes new ones.",
        changes=[("(attn * x).sum(dim=1)", "x.mul_(attn).sum(dim=1)")],
    ),
    Mistake(
        name="scores_scaled",
        exercise="knowledge_attn",
        hint="You divide the scores by the root of `attn_dim`. The formula takes them as they are.",
        changes=[("self.att_v(hidden), dim=1", "self.att_v(hidden) / self.attn_dim**0.5, dim=1")],
    ),
    Mistake(
        name="hidden_numbers_added_up",
        exercise="knowledge_attn",
        hint="You add the hidden numbers up for a score, and `att_v` plays no part.",
        changes=[("self.att_v(hidden), dim=1", "hidden.sum(dim=-1, keepdim=True), dim=1")],
    ),
    Mistake(
        name="hidden_size_typed_in",
        exercise="knowledge_attn",
        hint="Your layers have 8 hidden numbers whatever `attn_dim` says.",
        changes=[
            ("self.n_knowledge, self.attn_dim", "self.n_knowledge, 8"),
            ("nn.Linear(self.attn_dim, 1", "nn.Linear(8, 1"),
        ],
    ),
    Mistake(
        name="scores_times_knowledge",
        exercise="knowledge_attn",
        hint="You multiply the scores by the knowledge. It has its say beside the item, before `att_W`, and "
        "nowhere else.",
        changes=[("self.att_v(hidden), dim=1", "self.att_v(hidden) * k, dim=1")],
    ),
    Mistake(
        name="sigmoid_of_scores",
        exercise="knowledge_attn",
        hint=("A sigmoid weighs each item for itself. Attention is shared out: a softmax over the items sums to one."),
        changes=[("torch.softmax(self.att_v(hidden), dim=1)", "torch.sigmoid(self.att_v(hidden))")],
    ),
    Mistake(
        name="sigmoids_by_their_sum",
        exercise="knowledge_attn",
        hint="You divide sigmoids by their sum. A softmax takes the exponentials of the scores.",
        changes=[
            (
                "attn = torch.softmax(self.att_v(hidden), dim=1)",
                "gates = torch.sigmoid(self.att_v(hidden))\n        attn = gates / gates.sum(dim=1, keepdim=True)",
            )
        ],
    ),
    Mistake(
        name="scored_items_times_knowledge",
        exercise="knowledge_attn",
        hint="You multiply the items by their knowledge before they are scored. It only stands beside them.",
        changes=[("torch.cat([x, k], dim=-1)", "torch.cat([x * k, k], dim=-1)")],
    ),
    Mistake(
        name="softmax_of_items_knowledge",
        exercise="knowledge_attn",
        hint="You put the knowledge through a softmax. It goes beside the items as it is.",
        changes=[("torch.cat([x, k], dim=-1)", "torch.cat([x, torch.softmax(k, dim=1)], dim=-1)")],
    ),
    Mistake(
        name="exponent_not_normalised",
        exercise="knowledge_attn",
        hint="You take the exponentials of the scores, but do not divide them by their sum: `softmax` does both.",
        changes=[("torch.softmax(self.att_v(hidden), dim=1)", "torch.exp(self.att_v(hidden))")],
    ),
    Mistake(
        name="log_softmax_for_softmax",
        exercise="knowledge_attn",
        hint="`log_softmax` gives the logarithm of the attention. Weights that sum to one come from `softmax`.",
        changes=[("torch.softmax(", "torch.log_softmax(")],
    ),
    Mistake(
        name="relu_of_scores",
        exercise="knowledge_attn",
        hint=(
            "You put a ReLU around the scores, so that all low ones count the same. The softmax takes them as "
            "`att_v` gives them."
        ),
        changes=[("self.att_v(hidden)", "torch.relu(self.att_v(hidden))")],
    ),
    Mistake(
        name="attention_applied_twice",
        exercise="knowledge_attn",
        hint="You weigh the items before `attention_sum`, which weighs them again.",
        changes=[("self.attention_sum(x, attn)", "self.attention_sum(attn * x, attn)")],
    ),
    Mistake(
        name="attended_detached",
        exercise="knowledge_attn",
        hint="You cut the output off from its gradient, so that nothing before it ever learns.",
        changes=[("self.attention_sum(x, attn)", "self.attention_sum(x, attn).detach()")],
    ),
    Mistake(
        name="knowledge_added",
        exercise="knowledge_attn",
        hint="You add the knowledge to the items. It is joined to them, as one more number at the end of each.",
        changes=[("torch.cat([x, k], dim=-1)", "torch.cat([x + k, k], dim=-1)")],
    ),
    Mistake(
        name="knowledge_of_items_detached",
        exercise="knowledge_attn",
        hint="You cut the knowledge off from its gradient. What made it could not learn.",
        changes=[("torch.cat([x, k], dim=-1)", "torch.cat([x, k.detach()], dim=-1)")],
    ),
    Mistake(
        name="attention_drops_out",
        exercise="knowledge_attn",
        hint="You drop some numbers in training. No dropout is asked for here.",
        changes=[
            ("self.attention_sum(x, attn)", "self.attention_sum(x, nn.functional.dropout(attn, 0.5, self.training))")
        ],
    ),
    Mistake(
        name="largest_item_only",
        exercise="knowledge_attn",
        hint="`attention_sum` takes the largest of the weighted items. Add them up.",
        changes=[("(attn * x).sum(dim=1)", "(attn * x).max(dim=1).values")],
    ),
    Mistake(
        name="scores_negative",
        exercise="knowledge_attn",
        hint="You turn the sign of the scores, so that the items of the lowest scores get most of the attention.",
        changes=[("torch.softmax(self.att_v(hidden), dim=1)", "torch.softmax(-self.att_v(hidden), dim=1)")],
    ),
    Mistake(
        name="tanh_of_output",
        exercise="knowledge_attn",
        hint="You put a tanh around the output. It is the weighted sum as it is.",
        changes=[("self.attention_sum(x, attn)", "torch.tanh(self.attention_sum(x, attn))")],
    ),
    Mistake(
        name="normalised_over_all",
        exercise="knowledge_attn",
        hint="You divide by the sum over the whole batch. The attention of each sequence sums to one by itself.",
        changes=[
            (
                "torch.softmax(self.att_v(hidden), dim=1)",
                "torch.softmax(self.att_v(hidden).flatten(), dim=0).reshape(*x.shape[:2], 1)",
            )
        ],
    ),
    Mistake(
        name="items_times_knowledge",
        exercise="knowledge_attn",
        hint="You multiply the items by their knowledge before they are summed up. The knowledge tells how much each "
        "counts, by the attention alone.",
        changes=[("self.attention_sum(x, attn)", "self.attention_sum(x * k, attn)")],
    ),
    Mistake(
        name="attention_times_knowledge",
        exercise="knowledge_attn",
        hint="You multiply the attention by the knowledge, so that it no longer sums to one. The knowledge goes into "
        "the scores.",
        changes=[("torch.softmax(self.att_v(hidden), dim=1)", "torch.softmax(self.att_v(hidden), dim=1) * k")],
    ),
    Mistake(
        name="hidden_numbers_as_many_as_features",
        exercise="knowledge_attn",
        hint="Your layers have as many hidden numbers as an item has features. It should be `attn_dim`.",
        changes=[
            ("self.n_knowledge, self.attn_dim", "self.n_knowledge, self.input_features"),
            ("nn.Linear(self.attn_dim, 1", "nn.Linear(self.input_features, 1"),
        ],
    ),
    Mistake(
        name="summed_over_batch",
        exercise="knowledge_attn",
        hint="You sum over the batch (dim=0), which mixes segments. Sum over the items of each (dim=1).",
        changes=[("(attn * x).sum(dim=1)", "(attn * x).sum(dim=0)")],
    ),
    Mistake(
        name="softmax_in_sum",
        exercise="knowledge_attn",
        hint=(
            "Your `attention_sum` puts the weights that it is given through a softmax again. It takes them as they are."
        ),
        changes=[("(attn * x).sum(dim=1)", "(torch.softmax(attn, dim=1) * x).sum(dim=1)")],
    ),
    Mistake(
        name="attention_of_first_call",
        exercise="knowledge_attn",
        hint=(
            "You keep the attention of the first call and use it for other items of the same shape. Compute it anew "
            "in each call."
        ),
        changes=[
            (
                "attn = torch.softmax(self.att_v(hidden), dim=1)",
                "if getattr(self, \"kept\", None) is None or self.kept.shape[:2] != x.shape[:2]:\n"
                "            self.kept = torch.softmax(self.att_v(hidden), dim=1)\n"
                "        attn = self.kept",
            ),
        ],
    ),
    Mistake(
        name="knowledge_added_to_items",
        exercise="knowledge_attn",
        hint=(
            "You add the knowledge to the items before you sum them up. It guides the attention alone; the sum is "
            "of the items."
        ),
        changes=[
            ("self.attention_sum(x, attn)", "self.attention_sum(x + k, attn)"),
        ],
    ),
]

BEAT_NET = [
    Mistake(
        name="stride_left_out",
        exercise="beat_net",
        hint="Your convolutions go sample by sample, the default. They should have the stride `self.conv_stride`.",
        changes=[
            (
                "conv_out_channels, self.conv_kernel_size,\n                              stride=self.conv_stride",
                "conv_out_channels, 32",
            ),
            ("1, 1, self.conv_kernel_size,\n                                stride=self.conv_stride", "1, 1, 32"),
        ],
    ),
    Mistake(
        name="kernel_as_long_as_window",
        exercise="beat_net",
        hint="Your kernel is as long as a window, so that it has one place only and nothing is left to attend to. It "
        "should be 32 samples long.",
        changes=[
            ("1, conv_out_channels, self.conv_kernel_size", "1, conv_out_channels, T"),
            ("1, 1, self.conv_kernel_size", "1, 1, T"),
        ],
    ),
    Mistake(
        name="convolution_padded",
        exercise="beat_net",
        hint="You pad the windows with zeros, so that the convolution has more places than were asked for.",
        changes=[
            (
                "conv_out_channels, self.conv_kernel_size,\n                              stride",
                "conv_out_channels, 32, padding=16, stride",
            ),
            ("1, 1, self.conv_kernel_size,\n                                stride", "1, 1, 32, padding=16, stride"),
        ],
    ),
    Mistake(
        name="many_filters_for_knowledge",
        exercise="beat_net",
        hint="Your `conv_k` has as many filters as `conv`. The knowledge is one number for each place: one filter.",
        changes=[("nn.Conv1d(1, 1, self", "nn.Conv1d(1, conv_out_channels, self")],
    ),
    Mistake(
        name="one_filter_for_signal",
        exercise="beat_net",
        hint="Your `conv` has a single filter. The number of filters is `conv_out_channels`.",
        changes=[("nn.Conv1d(1, conv_out_channels, self", "nn.Conv1d(1, 1, self")],
    ),
    Mistake(
        name="default_number_of_filters",
        exercise="beat_net",
        hint="Your `conv` has 64 filters whatever `conv_out_channels` says.",
        changes=[("nn.Conv1d(1, conv_out_channels, self", "nn.Conv1d(1, 64, self")],
    ),
    Mistake(
        name="attention_over_places",
        exercise="beat_net",
        hint="The first size of your attention is the length of a window. It should be how many numbers a place has, "
        "the filters.",
        changes=[("KnowledgeAttn(conv_out_channels, self.att_cnn_dim)", "KnowledgeAttn(T, self.att_cnn_dim)")],
    ),
    Mistake(
        name="knowledge_counted_as_filter",
        exercise="beat_net",
        hint="You make room for the knowledge in your attention, which `KnowledgeAttn` does by itself.",
        changes=[
            ("KnowledgeAttn(conv_out_channels, self", "KnowledgeAttn(conv_out_channels + 1, self"),
        ],
    ),
    Mistake(
        name="attention_sizes_exchanged",
        exercise="beat_net",
        hint="The two sizes of your attention are in the wrong order: how many numbers an item has, then the hidden "
        "ones.",
        changes=[("(conv_out_channels, self.att_cnn_dim)", "(self.att_cnn_dim, conv_out_channels)")],
    ),
    Mistake(
        name="relu_forgotten",
        exercise="beat_net",
        hint="There is no ReLU after your `conv`.",
        changes=[("torch.relu(self.conv(x))", "self.conv(x)")],
    ),
    Mistake(
        name="relu_of_knowledge_forgotten",
        exercise="beat_net",
        hint="There is no ReLU after your `conv_k`.",
        changes=[("torch.relu(self.conv_k(k_beat))", "self.conv_k(k_beat)")],
    ),
    Mistake(
        name="relu_forgotten_twice",
        exercise="beat_net",
        hint="There is no ReLU after either of your convolutions.",
        changes=[
            ("torch.relu(self.conv(x))", "self.conv(x)"),
            ("torch.relu(self.conv_k(k_beat))", "self.conv_k(k_beat)"),
        ],
    ),
    Mistake(
        name="relu_before_convolution",
        exercise="beat_net",
        hint="You put the ReLU of the signal before the convolution. It follows the convolution.",
        changes=[("torch.relu(self.conv(x))", "self.conv(torch.relu(x))")],
    ),
    Mistake(
        name="relu_before_both_convolutions",
        exercise="beat_net",
        hint="You put the ReLU of both signal and knowledge before the convolution. It follows the convolution.",
        changes=[
            ("torch.relu(self.conv(x))", "self.conv(torch.relu(x))"),
            ("torch.relu(self.conv_k(k_beat))", "self.conv_k(torch.relu(k_beat))"),
        ],
    ),
    Mistake(
        name="tanh_for_relu",
        exercise="beat_net",
        hint="You have a tanh where a ReLU is asked for.",
        changes=[
            ("torch.relu(self.conv(x))", "torch.tanh(self.conv(x))"),
            ("torch.relu(self.conv_k(k_beat))", "torch.tanh(self.conv_k(k_beat))"),
        ],
    ),
    Mistake(
        name="axes_not_swapped",
        exercise="beat_net",
        hint="You hand the convolutions' results to the attention as they are, filters before places. The places are "
        "the items, and belong on axis 1.",
        costly="Attention stops at it: nothing comes out.",
        changes=[
            ("torch.relu(self.conv(x)).transpose(1, 2)", "torch.relu(self.conv(x))"),
            ("torch.relu(self.conv_k(k_beat)).transpose(1, 2)", "torch.relu(self.conv_k(k_beat))"),
        ],
    ),
    Mistake(
        name="reshaped_not_transposed",
        exercise="beat_net",
        hint="You reshape where two axes have to be swapped. That keeps the order of the numbers, and mixes places "
        "and filters.",
        changes=[
            (
                "torch.relu(self.conv(x)).transpose(1, 2)",
                "torch.relu(self.conv(x))\n        places = places.reshape(len(places), -1, self.conv_out_channels)",
            )
        ],
    ),
    Mistake(
        name="signal_as_knowledge",
        exercise="beat_net",
        hint="You convolve the signal in the place of its knowledge: `k_beat` plays no part.",
        changes=[("self.conv_k(k_beat)", "self.conv_k(x)")],
    ),
    Mistake(
        name="inputs_exchanged",
        exercise="beat_net",
        hint="You convolve the knowledge with `conv` and the signal with `conv_k`. It is the other way round.",
        changes=[("self.conv(x)", "self.conv(k_beat)"), ("self.conv_k(k_beat)", "self.conv_k(x)")],
    ),
    Mistake(
        name="same_convolution_twice",
        exercise="beat_net",
        hint="You use `conv_k` for both, so that each place has one number only. The signal goes through `conv`.",
        costly="Attention stops at it: nothing comes out.",
        changes=[("self.conv(x)", "self.conv_k(x)")],
    ),
    Mistake(
        name="knowledge_detached",
        exercise="beat_net",
        hint="You cut the knowledge off from its gradient, so that `conv_k` never learns.",
        changes=[("self.attn(places, knowledge)", "self.attn(places, knowledge.detach())")],
    ),
    Mistake(
        name="places_averaged",
        exercise="beat_net",
        hint="You average the places of a window. `attn` returns their weighted sum already, as its first value.",
        changes=[("out, alpha = self.attn", "_, alpha = self.attn"), ("out.reshape", "places.mean(dim=1).reshape")],
    ),
    Mistake(
        name="mean_of_windows",
        exercise="beat_net",
        hint="You average each segment's windows at the end. `RhythmNet` needs them one by one.",
        changes=[
            (
                "out.reshape(-1, self.M, self.conv_out_channels)",
                "out.reshape(-1, self.M, self.conv_out_channels).mean(dim=1)",
            )
        ],
    ),
    Mistake(
        name="convolutions_without_bias",
        exercise="beat_net",
        hint="Your convolutions have no bias. With `bias` left at its default, they have.",
        changes=[
            (
                "conv_out_channels, self.conv_kernel_size,\n                              stride=self.conv_stride",
                "conv_out_channels, self.conv_kernel_size, stride=self.conv_stride, bias=False",
            ),
            (
                "1, 1, self.conv_kernel_size,\n                                stride=self.conv_stride",
                "1, 1, self.conv_kernel_size, stride=self.conv_stride, bias=False",
            ),
        ],
    ),
    Mistake(
        name="hidden_numbers_as_many_as_filters",
        exercise="beat_net",
        hint="Your attention has as many hidden numbers as there are filters. It should have `self.att_cnn_dim`.",
        changes=[("(conv_out_channels, self.att_cnn_dim)", "(conv_out_channels, conv_out_channels)")],
    ),
    Mistake(
        name="knowledge_by_first_filter",
        exercise="beat_net",
        hint="You convolve the knowledge with the first filter of `conv`, and `conv_k` plays no part.",
        changes=[("self.conv_k(k_beat)", "self.conv(k_beat)[:, :1]")],
    ),
    Mistake(
        name="sigmoid_for_relu",
        exercise="beat_net",
        hint="You have a sigmoid where a ReLU is asked for.",
        changes=[
            ("torch.relu(self.conv(x))", "torch.sigmoid(self.conv(x))"),
            ("torch.relu(self.conv_k(k_beat))", "torch.sigmoid(self.conv_k(k_beat))"),
        ],
    ),
    Mistake(
        name="leaky_relu",
        exercise="beat_net",
        hint="Your ReLU leaks: it lets a hundredth of what is negative pass. A plain ReLU is asked for.",
        changes=[("torch.relu(self.conv(x))", "nn.functional.leaky_relu(self.conv(x))")],
    ),
    Mistake(
        name="attention_by_segment",
        exercise="beat_net",
        hint="You give alpha an axis for the windows. It is (batch * M, N, 1), as `attn` returns it.",
        changes=[("return out, alpha", "return out, alpha.reshape(-1, self.M, alpha.shape[1])")],
    ),
    Mistake(
        name="knowledge_not_convolved",
        exercise="beat_net",
        hint="You take the knowledge at single samples. It goes through `conv_k`, and a ReLU.",
        changes=[("torch.relu(self.conv_k(k_beat))", "k_beat[:, :, self.conv_kernel_size - 1 :: self.conv_stride]")],
    ),
    Mistake(
        name="places_dropped",
        exercise="beat_net",
        hint="You drop some numbers in training. No dropout is asked for in this network.",
        changes=[("torch.relu(self.conv(x))", "nn.functional.dropout(torch.relu(self.conv(x)), 0.5, self.training)")],
    ),
    Mistake(
        name="batch_normalised_places",
        exercise="beat_net",
        hint="You normalise over the batch. Each window is treated by itself.",
        changes=[
            (
                "        self.conv_k = nn",
                "        self.norm = nn.BatchNorm1d(conv_out_channels)\n        self.conv_k = nn",
            ),
            ("torch.relu(self.conv(x))", "torch.relu(self.norm(self.conv(x)))"),
        ],
    ),
    Mistake(
        name="segment_squeezed",
        exercise="beat_net",
        hint="`squeeze()` without an axis also removes the axis of a single segment. Leave the given last line as"
        " it is.",
        changes=[("return out, alpha", "return out.squeeze(), alpha")],
    ),
    Mistake(
        name="windows_centered_in_place",
        exercise="beat_net",
        hint="You center the windows. They are convolved as they are; and done in place (`sub_`, `-=`), it changes "
        "the signal of whoever calls you, too.",
        changes=[("        places = torch", "        x -= x.mean(dim=-1, keepdim=True)\n        places = torch")],
    ),
    Mistake(
        name="signal_detached",
        exercise="beat_net",
        hint="You cut the convolved signal off from its gradient, so that `conv` never learns.",
        changes=[("self.attn(places, knowledge)", "self.attn(places.detach(), knowledge)")],
    ),
    Mistake(
        name="gelu_for_relu",
        exercise="beat_net",
        hint="You have a GELU after the convolutions, where a ReLU is asked for.",
        changes=[
            ("torch.relu(self.conv(x))", "nn.functional.gelu(self.conv(x))"),
            ("torch.relu(self.conv_k(k_beat))", "nn.functional.gelu(self.conv_k(k_beat))"),
        ],
    ),
    Mistake(
        name="largest_of_places",
        exercise="beat_net",
        hint="You take the largest of the places instead of what `attn` makes of them.",
        changes=[
            (
                "out, alpha = self.attn(places, knowledge)",
                "_, alpha = self.attn(places, knowledge)\n        out = places.max(dim=1).values",
            )
        ],
    ),
    Mistake(
        name="summed_without_attention",
        exercise="beat_net",
        hint="You add up the places as they are. What comes out is what `attn` makes of them.",
        changes=[
            (
                "out, alpha = self.attn(places, knowledge)",
                "_, alpha = self.attn(places, knowledge)\n        out = places.sum(dim=1)",
            )
        ],
    ),
    Mistake(
        name="knowledge_absolute",
        exercise="beat_net",
        hint="You take the absolute values of the beat knowledge before its convolution. It goes in as it is.",
        changes=[("self.conv_k(k_beat)", "self.conv_k(k_beat.abs())")],
    ),
    Mistake(
        name="relu_after_attention",
        exercise="beat_net",
        hint="Your ReLU follows the attention, where it belongs after `conv`: the attention is to see places with it.",
        changes=[
            ("torch.relu(self.conv(x))", "self.conv(x)"),
            (
                "out, alpha = self.attn(places, knowledge)",
                "out, alpha = self.attn(places, knowledge)\n        out = torch.relu(out)",
            ),
        ],
    ),
    Mistake(
        name="knowledge_by_mean_of_filters",
        exercise="beat_net",
        hint="You convolve the knowledge with the filters of `conv` and take their mean, and `conv_k` plays no part.",
        changes=[("torch.relu(self.conv_k(k_beat))", "torch.relu(self.conv(k_beat)).mean(dim=1, keepdim=True)")],
    ),
    Mistake(
        name="knowledge_by_sum_of_filters",
        exercise="beat_net",
        hint="You convolve the knowledge with the filters of `conv` and add them up, and `conv_k` plays no part.",
        changes=[("torch.relu(self.conv_k(k_beat))", "torch.relu(self.conv(k_beat)).sum(dim=1, keepdim=True)")],
    ),
    Mistake(
        name="knowledge_divided_by_its_largest",
        exercise="beat_net",
        hint="You divide the knowledge of each window by its largest number first. It is convolved as it is: that one "
        "window is steeper than another counts.",
        changes=[("self.conv_k(k_beat)", "self.conv_k(k_beat / (k_beat.abs().amax(dim=-1, keepdim=True) + 1e-8))")],
    ),
    Mistake(
        name="signal_divided_by_its_largest",
        exercise="beat_net",
        hint="You divide each window by its largest number first. It is convolved as it is.",
        changes=[("self.conv(x)", "self.conv(x / (x.abs().amax(dim=-1, keepdim=True) + 1e-8))")],
    ),
    Mistake(
        name="knowledge_standardised",
        exercise="beat_net",
        hint="You standardise the knowledge of each window first. It is convolved as it is.",
        changes=[
            (
                "self.conv_k(k_beat)",
                "self.conv_k((k_beat - k_beat.mean(-1, keepdim=True)) / (k_beat.std(-1, keepdim=True) + 1e-8))",
            )
        ],
    ),
    Mistake(
        name="relu_before_convolution_of_knowledge",
        exercise="beat_net",
        hint="You put the ReLU of the knowledge before the convolution. It follows the convolution.",
        changes=[("torch.relu(self.conv_k(k_beat))", "self.conv_k(torch.relu(k_beat))")],
    ),
    Mistake(
        name="tanh_of_signal",
        exercise="beat_net",
        hint="You have a tanh after `conv`, where a ReLU is asked for.",
        changes=[("torch.relu(self.conv(x))", "torch.tanh(self.conv(x))")],
    ),
    Mistake(
        name="tanh_of_knowledge",
        exercise="beat_net",
        hint="You have a tanh after `conv_k`, where a ReLU is asked for.",
        changes=[("torch.relu(self.conv_k(k_beat))", "torch.tanh(self.conv_k(k_beat))")],
    ),
    Mistake(
        name="sigmoid_of_signal",
        exercise="beat_net",
        hint="You have a sigmoid after `conv`, where a ReLU is asked for.",
        changes=[("torch.relu(self.conv(x))", "torch.sigmoid(self.conv(x))")],
    ),
    Mistake(
        name="sigmoid_of_knowledge",
        exercise="beat_net",
        hint="You have a sigmoid after `conv_k`, where a ReLU is asked for.",
        changes=[("torch.relu(self.conv_k(k_beat))", "torch.sigmoid(self.conv_k(k_beat))")],
    ),
    Mistake(
        name="gelu_of_signal",
        exercise="beat_net",
        hint="You have a GELU after `conv`, where a ReLU is asked for.",
        changes=[("torch.relu(self.conv(x))", "nn.functional.gelu(self.conv(x))")],
    ),
    Mistake(
        name="gelu_of_knowledge",
        exercise="beat_net",
        hint="You have a GELU after `conv_k`, where a ReLU is asked for.",
        changes=[("torch.relu(self.conv_k(k_beat))", "nn.functional.gelu(self.conv_k(k_beat))")],
    ),
    Mistake(
        name="leaky_relu_of_knowledge",
        exercise="beat_net",
        hint=(
            "Your ReLU of the knowledge leaks: it lets a hundredth of what is negative pass. A plain ReLU is asked for."
        ),
        changes=[("torch.relu(self.conv_k(k_beat))", "nn.functional.leaky_relu(self.conv_k(k_beat))")],
    ),
    Mistake(
        name="default_sizes_everywhere",
        exercise="beat_net",
        hint="Your `conv` has 64 filters and your attention takes 64 numbers, whatever `conv_out_channels` says.",
        changes=[
            ("nn.Conv1d(1, conv_out_channels, self", "nn.Conv1d(1, 64, self"),
            ("KnowledgeAttn(conv_out_channels,", "KnowledgeAttn(64,"),
        ],
    ),
    Mistake(
        name="knowledge_convolved_without_bias",
        exercise="beat_net",
        hint="Your `conv_k` has no bias. With `bias` left at its default, it has.",
        changes=[
            (
                "1, 1, self.conv_kernel_size,\n                                stride=self.conv_stride",
                "1, 1, self.conv_kernel_size, stride=self.conv_stride, bias=False",
            ),
        ],
    ),
    Mistake(
        name="signal_convolved_without_bias",
        exercise="beat_net",
        hint="Your `conv` has no bias. With `bias` left at its default, it has.",
        changes=[
            (
                "conv_out_channels, self.conv_kernel_size,\n                              stride=self.conv_stride",
                "conv_out_channels, self.conv_kernel_size, stride=self.conv_stride, bias=False",
            ),
        ],
    ),
    Mistake(
        name="alpha_without_axis",
        exercise="beat_net",
        hint="Your alpha has lost its last axis, of length one. Return it as `attn` does.",
        changes=[("return out, alpha", "return out, alpha.squeeze(-1)")],
    ),
    Mistake(
        name="places_of_segment_in_a_row",
        exercise="beat_net",
        hint=(
            "You put the attention of all windows of a segment into one row. Alpha is (batch * M, N, 1), a row "
            "for each window, as `attn` returns it."
        ),
        changes=[("return out, alpha", "return out, alpha.reshape(-1, self.M * alpha.shape[1], 1)")],
    ),
    Mistake(
        name="beat_knowledge_backwards",
        exercise="beat_net",
        hint="You turn the knowledge of each window round. It is convolved as it is, in the signal's order.",
        changes=[("self.conv_k(k_beat)", "self.conv_k(k_beat.flip(-1))")],
    ),
    Mistake(
        name="signal_backwards",
        exercise="beat_net",
        hint="You turn each window round. It is convolved as it is.",
        changes=[("self.conv(x)", "self.conv(x.flip(-1))")],
    ),
    Mistake(
        name="knowledge_averaged",
        exercise="beat_net",
        hint=(
            "You average the convolved knowledge over the places. Each place has a number of its own, which says "
            "how much it counts."
        ),
        changes=[
            (
                "torch.relu(self.conv_k(k_beat))",
                "torch.relu(self.conv_k(k_beat)).mean(dim=-1, keepdim=True).expand(-1, -1, places.shape[1])",
            ),
        ],
    ),
    Mistake(
        name="convolution_padded_by_one",
        exercise="beat_net",
        hint="You pad the windows with a zero at each end. The convolution goes over the samples that there are.",
        changes=[
            (
                "conv_out_channels, self.conv_kernel_size,\n                              stride",
                "conv_out_channels, 32, padding=1, stride",
            ),
            ("1, 1, self.conv_kernel_size,\n                                stride", "1, 1, 32, padding=1, stride"),
        ],
    ),
    Mistake(
        name="kernel_of_31",
        exercise="beat_net",
        hint="Your kernels are 31 samples long. `self.conv_kernel_size` says 32.",
        changes=[
            (
                "conv_out_channels, self.conv_kernel_size,\n                              stride",
                "conv_out_channels, 31, stride",
            ),
            ("1, 1, self.conv_kernel_size,\n                                stride", "1, 1, 31, stride"),
        ],
    ),
]

RHYTHM_NET = [
    Mistake(
        name="one_direction",
        exercise="rhythm_net",
        hint="Your LSTM goes one way only. It should be bidirectional.",
        changes=[(", bidirectional=True", ""), ("self.attn(states, k", "self.attn(torch.cat([states, states], -1), k")],
    ),
    Mistake(
        name="batch_not_first",
        exercise="rhythm_net",
        hint="Your LSTM takes the first axis for the windows, and so goes from patient to patient. Tell it that the "
        "batch comes first.",
        changes=[("batch_first=True, ", "")],
    ),
    Mistake(
        name="two_layers",
        exercise="rhythm_net",
        hint="Your LSTM has two layers. One is asked for.",
        changes=[("batch_first=True", "num_layers=2, batch_first=True")],
    ),
    Mistake(
        name="gru_for_lstm",
        exercise="rhythm_net",
        hint="Your recurrent network is a GRU. An LSTM is asked for.",
        changes=[("nn.LSTM", "nn.GRU")],
    ),
    Mistake(
        name="hidden_size_of_both_directions",
        exercise="rhythm_net",
        hint="Each direction of your LSTM has 64 hidden units. It should have `self.rnn_hidden_size`; the two "
        "together then make 64.",
        changes=[
            (
                "self.input_size, self.rnn_hidden_size,\n                            batch",
                "self.input_size, 2 * self.rnn_hidden_size, batch",
            ),
            ("KnowledgeAttn(lstm_out_size", "KnowledgeAttn(2 * lstm_out_size"),
            ("nn.Linear(lstm_out_size", "nn.Linear(2 * lstm_out_size"),
        ],
    ),
    Mistake(
        name="attention_of_one_direction",
        exercise="rhythm_net",
        hint="Your attention looks at 32 numbers, one direction. The LSTM gives those of both, side by side.",
        changes=[("KnowledgeAttn(lstm_out_size, self", "KnowledgeAttn(self.rnn_hidden_size, self")],
    ),
    Mistake(
        name="attention_of_inputs",
        exercise="rhythm_net",
        hint="Your attention has the size of the LSTM's input. It attends to the LSTM's output.",
        changes=[("KnowledgeAttn(lstm_out_size, self", "KnowledgeAttn(self.input_size, self")],
    ),
    Mistake(
        name="lstm_skipped",
        exercise="rhythm_net",
        hint="You hand x itself to the attention, and the LSTM plays no part.",
        changes=[
            ("self.attn(states, k", "self.attn(torch.nn.functional.pad(x, (0, states.shape[-1] - x.shape[-1])), k"),
        ],
    ),
    Mistake(
        name="last_state_repeated",
        exercise="rhythm_net",
        hint="You attend to the last window's output over and over. Each window has an output of its own.",
        changes=[("self.attn(states, k", "self.attn(states[:, -1:].expand_as(states), k")],
    ),
    Mistake(
        name="last_window_taken",
        exercise="rhythm_net",
        hint="You take the LSTM's output at the last window. `attn` sums up all of them, by its attention.",
        changes=[("self.fc(out)", "self.fc(states[:, -1])")],
    ),
    Mistake(
        name="windows_averaged",
        exercise="rhythm_net",
        hint="You average over the windows. `attn` sums them up by its attention, as its first value.",
        changes=[("self.fc(out)", "self.fc(states.mean(dim=1))")],
    ),
    Mistake(
        name="knowledge_without_axis",
        exercise="rhythm_net",
        hint="You hand `k_rhythm` to the attention as it is. It needs a last axis, of length one.",
        costly="Attention stops at it: nothing comes out.",
        changes=[("k_rhythm.unsqueeze(-1)", "k_rhythm")],
    ),
    Mistake(
        name="knowledge_axis_in_the_middle",
        exercise="rhythm_net",
        hint="Your knowledge has its new axis in the middle, as if a segment had one window. The new axis comes last.",
        costly="Attention stops at it: nothing comes out.",
        changes=[("k_rhythm.unsqueeze(-1)", "k_rhythm.unsqueeze(1)")],
    ),
    Mistake(
        name="knowledge_of_ones",
        exercise="rhythm_net",
        hint="You hand the attention ones in the place of the rhythm knowledge.",
        changes=[("k_rhythm.unsqueeze(-1)", "torch.ones_like(k_rhythm).unsqueeze(-1)")],
    ),
    Mistake(
        name="relu_before_fc",
        exercise="rhythm_net",
        hint="You apply ReLU to what goes into `fc`. It belongs after `fc`.",
        changes=[("torch.relu(self.fc(out))", "self.fc(torch.relu(out))")],
    ),
    Mistake(
        name="relu_after_fc_forgotten",
        exercise="rhythm_net",
        hint="There is no ReLU after your `fc`.",
        changes=[("torch.relu(self.fc(out))", "self.fc(out)")],
    ),
    Mistake(
        name="dropout_not_used",
        exercise="rhythm_net",
        hint="You make a dropout layer and never call it.",
        changes=[("self.do(torch.relu(self.fc(out)))", "torch.relu(self.fc(out))")],
    ),
    Mistake(
        name="dropout_before_fc",
        exercise="rhythm_net",
        hint="Your dropout comes before `fc`. It comes last.",
        changes=[("self.do(torch.relu(self.fc(out)))", "torch.relu(self.fc(self.do(out)))")],
    ),
    Mistake(
        name="dropout_of_one_fifth",
        exercise="rhythm_net",
        hint="Your dropout drops one number in five. It should drop every other, p=0.5.",
        changes=[("p=0.5", "p=0.2")],
    ),
    Mistake(
        name="dropout_always_on",
        exercise="rhythm_net",
        hint="Your dropout also drops in evaluation mode: `F.dropout` does not know the mode by itself. Use `self.do`.",
        changes=[("self.do(torch.relu", "nn.functional.dropout(torch.relu")],
    ),
    Mistake(
        name="output_of_fixed_size",
        exercise="rhythm_net",
        hint="Your `fc` has 8 outputs whatever `rhythm_out_size` says.",
        changes=[("nn.Linear(lstm_out_size, self.out_size)", "nn.Linear(lstm_out_size, 8)")],
    ),
    Mistake(
        name="first_state_on_cpu",
        exercise="rhythm_net",
        hint="Your LSTM starts from a tensor that lies on the CPU, also when x is on a GPU. It starts from "
        "zeros by itself.",
        changes=[("self.lstm(x)", "self.lstm(x, (torch.zeros(2, len(x), 32), torch.zeros(2, len(x), 32)))")],
    ),
    Mistake(
        name="states_detached",
        exercise="rhythm_net",
        hint="You cut the LSTM's outputs off from their gradient, so that neither it nor `BeatNet` ever learns.",
        changes=[("self.attn(states, k", "self.attn(states.detach(), k")],
    ),
    Mistake(
        name="windows_detached",
        exercise="rhythm_net",
        hint="You cut the windows off from their gradient, so that `BeatNet` never learns.",
        changes=[("self.lstm(x)", "self.lstm(x.detach())")],
    ),
    Mistake(
        name="dropout_twice",
        exercise="rhythm_net",
        hint="You drop numbers before `fc`, and again after the ReLU. Once is asked for, at the end.",
        changes=[("torch.relu(self.fc(out))", "torch.relu(self.fc(self.do(out)))")],
    ),
    Mistake(
        name="one_wide_direction",
        exercise="rhythm_net",
        hint="Your LSTM goes one way only, with 64 hidden units. It should be bidirectional, with 32 for each "
        "direction.",
        changes=[
            (
                "self.rnn_hidden_size,\n                            batch_first=True, bidirectional=True",
                "2 * self.rnn_hidden_size, batch_first=True",
            ),
        ],
    ),
    Mistake(
        name="attention_without_axis_returned",
        exercise="rhythm_net",
        hint="Your beta has no last axis. It is (batch, M, 1), as `attn` returns it.",
        changes=[("return out, beta", "return out, beta.squeeze(-1)")],
    ),
    Mistake(
        name="input_of_fixed_size",
        exercise="rhythm_net",
        hint="Your LSTM takes 64 numbers whatever `input_size` says.",
        changes=[("nn.LSTM(self.input_size", "nn.LSTM(64")],
    ),
    Mistake(
        name="tanh_for_relu_after_fc",
        exercise="rhythm_net",
        hint="You have a tanh after `fc` where a ReLU is asked for.",
        changes=[("torch.relu(self.fc(out))", "torch.tanh(self.fc(out))")],
    ),
    Mistake(
        name="hidden_numbers_of_lstm",
        exercise="rhythm_net",
        hint="Your attention has as many hidden numbers as the LSTM. It should have `self.att_rnn_dim`.",
        changes=[("(lstm_out_size, self.att_rnn_dim)", "(lstm_out_size, self.rnn_hidden_size)")],
    ),
    Mistake(
        name="windows_dropped",
        exercise="rhythm_net",
        hint="You also drop some of the LSTM's outputs. Dropout comes once, at the end.",
        changes=[("self.attn(states, k", "self.attn(self.do(states), k")],
    ),
    Mistake(
        name="fc_without_bias",
        exercise="rhythm_net",
        hint="Your `fc` has no bias. With `bias` left at its default, it has.",
        changes=[("nn.Linear(lstm_out_size, self.out_size)", "nn.Linear(lstm_out_size, self.out_size, bias=False)")],
    ),
    Mistake(
        name="softmax_of_knowledge",
        exercise="rhythm_net",
        hint="You put a softmax on the knowledge. `attn` takes it as it is.",
        changes=[("k_rhythm.unsqueeze(-1)", "k_rhythm.softmax(dim=1).unsqueeze(-1)")],
    ),
    Mistake(
        name="knowledge_unsqueezed_in_place",
        exercise="rhythm_net",
        hint="You give `k_rhythm` its axis in place (`unsqueeze_`), and so change that of whoever calls you.",
        changes=[("k_rhythm.unsqueeze(-1)", "k_rhythm.unsqueeze_(-1)")],
    ),
    Mistake(
        name="segment_squeezed_away",
        exercise="rhythm_net",
        hint="`squeeze()` without an axis also removes the axis of a single segment. Name the axis.",
        changes=[("return out, beta", "return out.squeeze(), beta")],
    ),
    Mistake(
        name="sum_detached",
        exercise="rhythm_net",
        hint="You cut what the attention gives off from its gradient: `fc` learns, and nothing before it.",
        changes=[("self.fc(out)", "self.fc(out.detach())")],
    ),
    Mistake(
        name="relu_of_states",
        exercise="rhythm_net",
        hint="You put a ReLU on the LSTM's outputs. The attention gets them as they are.",
        changes=[("self.attn(states,", "self.attn(torch.relu(states),")],
    ),
    Mistake(
        name="lstm_without_bias",
        exercise="rhythm_net",
        hint="Your LSTM has no biases. The layer that is asked for has them.",
        changes=[("batch_first=True, bid", "batch_first=True, bias=False, bid")],
    ),
    Mistake(
        name="sigmoid_for_relu_after_fc",
        exercise="rhythm_net",
        hint="You have a sigmoid after `fc`, where a ReLU is asked for.",
        changes=[("torch.relu(self.fc(out))", "torch.sigmoid(self.fc(out))")],
    ),
    Mistake(
        name="softmax_after_fc",
        exercise="rhythm_net",
        hint=(
            "You have a softmax after `fc`, where a ReLU is asked for. The classes come only at the end of `FreqNet`."
        ),
        changes=[("torch.relu(self.fc(out))", "torch.softmax(self.fc(out), dim=-1)")],
    ),
    Mistake(
        name="directions_added",
        exercise="rhythm_net",
        hint=(
            "You add up the two directions of the LSTM. Its outputs have both side by side, and the attention "
            "gets both."
        ),
        changes=[
            (
                "states, _ = self.lstm(x)",
                "states, _ = self.lstm(x)\n"
                "        states = states[..., :32] + states[..., 32:]\n"
                "        states = torch.cat([states, states], dim=-1)",
            )
        ],
    ),
    Mistake(
        name="last_states_classified",
        exercise="rhythm_net",
        hint="You classify the LSTM's last states. `fc` gets what the attention makes of all windows.",
        changes=[
            ("states, _ = self.lstm(x)", "states, (h, _) = self.lstm(x)"),
            ("self.fc(out)", "self.fc(torch.cat([h[0], h[1]], dim=-1))"),
        ],
    ),
    Mistake(
        name="leaky_relu_after_fc",
        exercise="rhythm_net",
        hint="A leaky ReLU lets numbers below zero through. After `fc` comes the plain one.",
        changes=[("torch.relu(self.fc(out))", "nn.functional.leaky_relu(self.fc(out))")],
    ),
    Mistake(
        name="rhythm_knowledge_of_unit_length",
        exercise="rhythm_net",
        hint="You scale the knowledge. It goes into the attention as it is.",
        changes=[("self.attn(states, k_rhythm", "self.attn(states, nn.functional.normalize(k_rhythm)")],
    ),
    Mistake(
        name="dropout_of_six_tenths",
        exercise="rhythm_net",
        hint="Your dropout takes more than half of the numbers. One half is asked for.",
        changes=[("p=0.5", "p=0.6")],
    ),
    Mistake(
        name="relu_of_windows",
        exercise="rhythm_net",
        hint="You put a ReLU on the windows before the LSTM. They go in as they are.",
        changes=[("self.lstm(x)", "self.lstm(torch.relu(x))")],
    ),
    Mistake(
        name="weighted_windows_averaged",
        exercise="rhythm_net",
        hint="You average the weighted windows. Attention is an average already: its weights sum to one.",
        changes=[
            (
                "out, beta = self.attn(states, k_rhythm.unsqueeze(-1))",
                "out, beta = self.attn(states, k_rhythm.unsqueeze(-1))\n        out = (beta * states).mean(dim=1)",
            )
        ],
    ),
    Mistake(
        name="windows_attended",
        exercise="rhythm_net",
        costly="With windows of other sizes than 64, nothing comes out.",
        hint="You attend to the windows as `BeatNet` gives them, past the LSTM. That it runs is luck: both have 64 "
        "numbers in the notebook.",
        changes=[("self.attn(states, k", "self.attn(x, k")],
    ),
    Mistake(
        name="first_states_random",
        exercise="rhythm_net",
        costly="What comes out is different each time.",
        hint="Your LSTM starts from random states, so that the same segment gets another answer each time. It starts "
        "from zeros by itself.",
        changes=[("self.lstm(x)", "self.lstm(x, (torch.randn(2, len(x), 32), torch.randn(2, len(x), 32)))")],
    ),
    Mistake(
        name="first_states_of_ones",
        exercise="rhythm_net",
        hint="Your LSTM starts from states of ones. It starts from zeros, and does so by itself.",
        changes=[("self.lstm(x)", "self.lstm(x, (x.new_ones(2, len(x), 32), x.new_ones(2, len(x), 32)))")],
    ),
    Mistake(
        name="rhythm_knowledge_backwards",
        exercise="rhythm_net",
        hint=(
            "You turn the order of the knowledge round, so that each window has that of another. They come in "
            "the same order."
        ),
        changes=[("k_rhythm.unsqueeze(-1)", "k_rhythm.flip(1).unsqueeze(-1)")],
    ),
    Mistake(
        name="windows_backwards",
        exercise="rhythm_net",
        hint="You turn the order of the windows round. The LSTM reads them as they come, and by itself both ways.",
        changes=[("self.lstm(x)", "self.lstm(x.flip(1))")],
    ),
    Mistake(
        name="state_of_last_call",
        exercise="rhythm_net",
        hint=(
            "Your LSTM goes on from the state of the last call, which is of other segments. Each call starts from "
            "zeros, which torch's LSTM does by itself."
        ),
        changes=[
            (
                "states, _ = self.lstm(x)",
                "kept = getattr(self, \"state\", None)\n"
                "        if kept is not None and kept[0].shape[1] != len(x):\n"
                "            kept = None\n"
                "        states, (h, c) = self.lstm(x, kept)\n"
                "        self.state = h.detach(), c.detach()",
            ),
        ],
        costly="What is kept from one call is in all that the next ones give.",
    ),
    Mistake(
        name="backward_half_flipped",
        exercise="rhythm_net",
        hint=(
            "You turn the backward half of the LSTM's outputs round in time. torch has done so: place t of either "
            "half is of window t."
        ),
        changes=[
            (
                "        out, beta = self.attn(states",
                "        half = self.rnn_hidden_size\n"
                "        states = torch.cat(\n"
                "            [states[..., :half], states[..., half:].flip(1)], dim=-1)\n"
                "        out, beta = self.attn(states",
            ),
        ],
    ),
]

FREQ_NET = [
    Mistake(
        name="same_network_for_all",
        exercise="freq_net",
        hint="You make one network and append it for every channel. Each channel needs a network of its own: make it "
        "inside the loop.",
        changes=[
            (
                "        for _ in range(self.n_channels):\n",
                "        beat_net = BeatNet(self.n, self.T, self.conv_out_channels)\n"
                "        for _ in range(self.n_channels):\n",
            ),
            ("BeatNet(self.n, self.T, self.conv_out_channels)\n            )", "beat_net\n            )"),
        ],
    ),
    Mistake(
        name="channel_left_out",
        exercise="freq_net",
        hint="You leave the first channel out of the attention.",
        changes=[
            ("x = torch.stack(new_x, dim=1)", "x = torch.stack(new_x[1:], dim=1)"),
            ("k_freq.transpose(0, 1)", "k_freq[1:].transpose(0, 1)"),
        ],
    ),
    Mistake(
        name="plain_lists",
        exercise="freq_net",
        hint="You put the networks into plain lists, which hide them from the optimizer. Append to the "
        "`nn.ModuleList`s that are there.",
        changes=[
            (
                "        for _ in range(self.n_channels):\n",
                "        self.beat_nets, self.rhythm_nets = None, None\n"
                "        del self.beat_nets, self.rhythm_nets\n"
                "        self.beat_nets, self.rhythm_nets = [], []\n"
                "        for _ in range(self.n_channels):\n",
            )
        ],
    ),
    Mistake(
        name="four_channels_always",
        exercise="freq_net",
        hint="You make networks for four channels whatever `n_channels` says.",
        changes=[
            (
                "for _ in range(self.n_channels):\n            self.beat_nets",
                "for _ in range(4):\n            self.beat_nets",
            )
        ],
    ),
    Mistake(
        name="one_network_only",
        exercise="freq_net",
        hint="You make one network of each kind. There should be one for each channel.",
        changes=[
            (
                "for _ in range(self.n_channels):\n            self.beat_nets",
                "for _ in range(1):\n            self.beat_nets",
            )
        ],
    ),
    Mistake(
        name="default_sizes",
        exercise="freq_net",
        hint="You make the networks with their default sizes, those of the notebook's data. Hand n, T and the "
        "others on.",
        changes=[
            ("BeatNet(self.n, self.T, self.conv_out_channels)", "BeatNet()"),
            (
                "RhythmNet(self.n, self.T, self.conv_out_channels,\n                          self.rhythm_out_size)",
                "RhythmNet()",
            ),
        ],
    ),
    Mistake(
        name="windows_for_length",
        exercise="freq_net",
        hint="You hand M to the networks, the number of windows, where T is due, the length of one.",
        changes=[
            ("BeatNet(self.n, self.T, self", "BeatNet(self.n, self.M, self"),
            ("RhythmNet(self.n, self.T, self", "RhythmNet(self.n, self.M, self"),
        ],
    ),
    Mistake(
        name="attention_over_filters",
        exercise="freq_net",
        hint="Your attention has the size of the filters. What it sums up are the outputs of the `RhythmNet`s.",
        changes=[("KnowledgeAttn(self.rhythm_out_size, self", "KnowledgeAttn(self.conv_out_channels, self")],
    ),
    Mistake(
        name="attention_over_number_of_channels",
        exercise="freq_net",
        hint="Your attention has the number of channels for its first size. It should be how many numbers each channel "
        "has.",
        changes=[("KnowledgeAttn(self.rhythm_out_size, self", "KnowledgeAttn(self.n_channels, self")],
    ),
    Mistake(
        name="one_output",
        exercise="freq_net",
        hint="Your `fc` has a single output, of which a softmax is always 1. There are two classes.",
        changes=[("nn.Linear(self.rhythm_out_size, self.n_class)", "nn.Linear(self.rhythm_out_size, 1)")],
    ),
    Mistake(
        name="knowledge_not_transposed",
        exercise="freq_net",
        hint="You hand k_freq to the attention as it is, channels first. In x, the segments come first.",
        costly="Attention stops at it: nothing comes out.",
        changes=[("k_freq.transpose(0, 1)", "k_freq")],
    ),
    Mistake(
        name="knowledge_reshaped",
        exercise="freq_net",
        hint="You reshape k_freq. That keeps the order of the numbers, and gives segments the knowledge of others; "
        "the first two axes have to be swapped.",
        changes=[("k_freq.transpose(0, 1)", "k_freq.reshape(-1, self.n_channels, 1)")],
    ),
    Mistake(
        name="frequency_knowledge_ignored",
        exercise="freq_net",
        hint="You hand the attention zeros in the place of the frequency knowledge.",
        changes=[("k_freq.transpose(0, 1)", "torch.zeros_like(k_freq).transpose(0, 1)")],
    ),
    Mistake(
        name="channels_averaged",
        exercise="freq_net",
        hint="You average the channels. `attn` sums them up by its attention, as its first value.",
        changes=[("self.fc(out)", "self.fc(x.mean(dim=1))")],
    ),
    Mistake(
        name="softmax_over_segments",
        exercise="freq_net",
        hint="Your softmax runs over the segments (dim=0), so that they share one probability. It runs over the two "
        "classes.",
        changes=[("self.fc(out), dim=-1", "self.fc(out), dim=0")],
    ),
    Mistake(
        name="scores_returned",
        exercise="freq_net",
        hint="You return the scores. A softmax makes probabilities of them.",
        changes=[("torch.softmax(self.fc(out), dim=-1)", "self.fc(out)")],
    ),
    Mistake(
        name="log_probabilities_returned",
        exercise="freq_net",
        hint="You return the logarithms of the probabilities. The probabilities themselves are asked for.",
        changes=[("torch.softmax(", "torch.log_softmax(")],
    ),
    Mistake(
        name="sigmoid_for_softmax",
        exercise="freq_net",
        hint="You apply a sigmoid to each score, so that the two classes no longer sum to one.",
        changes=[("torch.softmax(self.fc(out), dim=-1)", "torch.sigmoid(self.fc(out))")],
    ),
    Mistake(
        name="relu_before_softmax",
        exercise="freq_net",
        hint="You cut the negative scores off before the softmax.",
        changes=[("torch.softmax(self.fc(out), dim=-1)", "torch.softmax(torch.relu(self.fc(out)), dim=-1)")],
    ),
    Mistake(
        name="knowledge_returned",
        exercise="freq_net",
        hint="Your second value is the frequency knowledge. The attention is asked for.",
        changes=[("return out, gamma", "return out, k_freq.transpose(0, 1)")],
    ),
    Mistake(
        name="channels_detached",
        exercise="freq_net",
        hint="You cut the channels off from their gradient, so that their networks never learn.",
        changes=[("self.attn(x, k", "self.attn(x.detach(), k")],
    ),
    Mistake(
        name="rhythm_of_default_sizes",
        exercise="freq_net",
        hint="You make the `RhythmNet`s with their default n and T, those of the notebook's data. Hand them on.",
        changes=[
            (
                "RhythmNet(self.n, self.T, self.conv_out_channels,\n                          self.rhythm_out_size)",
                "RhythmNet(input_size=self.conv_out_channels, rhythm_out_size=self.rhythm_out_size)",
            ),
        ],
    ),
    Mistake(
        name="one_network_too_few",
        exercise="freq_net",
        hint="You make one network of each kind too few. There should be one for each channel.",
        changes=[
            (
                "for _ in range(self.n_channels):\n            self.beat_nets",
                "for _ in range(self.n_channels - 1):\n            self.beat_nets",
            ),
        ],
    ),
    Mistake(
        name="gamma_without_axis",
        exercise="freq_net",
        hint="Your gamma has no last axis. It is (batch, n_channels, 1), as `attn` returns it.",
        changes=[("return out, gamma", "return out, gamma.squeeze(-1)")],
    ),
    Mistake(
        name="gamma_first",
        exercise="freq_net",
        hint="You return gamma before out. The probabilities come first.",
        costly="Each of the two values is the other one.",
        changes=[("return out, gamma", "return gamma, out")],
    ),
    Mistake(
        name="hidden_numbers_as_many_as_outputs",
        exercise="freq_net",
        hint="Your attention has 8 hidden numbers. It should have `self.att_channel_dim`.",
        changes=[("(self.rhythm_out_size, self.att_channel_dim)", "(self.rhythm_out_size, self.rhythm_out_size)")],
    ),
    Mistake(
        name="dropout_before_last_layer",
        exercise="freq_net",
        hint="You drop some numbers in training. No dropout is asked for in this network.",
        changes=[("self.fc(out)", "self.fc(nn.functional.dropout(out, 0.5, self.training))")],
    ),
    Mistake(
        name="last_layer_without_bias",
        exercise="freq_net",
        hint="Your `fc` has no bias. With `bias` left at its default, it has.",
        changes=[
            (
                "nn.Linear(self.rhythm_out_size, self.n_class)",
                "nn.Linear(self.rhythm_out_size, self.n_class, bias=False)",
            ),
        ],
    ),
    Mistake(
        name="verdicts_returned",
        exercise="freq_net",
        hint="You round the probabilities. They are asked for as they are.",
        changes=[("torch.softmax(self.fc(out), dim=-1)", "torch.softmax(self.fc(out), dim=-1).round()")],
    ),
    Mistake(
        name="frequency_changed_in_place",
        exercise="freq_net",
        hint="You swap the axes of `k_freq` in place (`transpose_`), and so change that of whoever calls you.",
        changes=[("k_freq.transpose(0, 1)", "k_freq.transpose_(0, 1)")],
    ),
    Mistake(
        name="probabilities_squeezed",
        exercise="freq_net",
        hint="`squeeze()` without an axis also removes the axis of a single segment. Name the axis.",
        changes=[("return out, gamma", "return out.squeeze(), gamma")],
    ),
    Mistake(
        name="sum_of_channels_detached",
        exercise="freq_net",
        hint="You cut what the attention gives off from its gradient: `fc` learns, and nothing before it.",
        changes=[("self.fc(out)", "self.fc(out.detach())")],
    ),
    Mistake(
        name="logarithm_of_channel_knowledge",
        exercise="freq_net",
        hint="You take the logarithm of the power. It goes into the attention as it is.",
        changes=[("k_freq.transpose(0, 1)", "torch.log1p(k_freq.abs()).transpose(0, 1)")],
    ),
    Mistake(
        name="softmax_of_softmax",
        exercise="freq_net",
        hint="You take the softmax of the softmax, which makes all classes nearly as probable as each other.",
        changes=[("torch.softmax(self.fc(out), dim=-1)", "torch.softmax(torch.softmax(self.fc(out), dim=-1), dim=-1)")],
    ),
    Mistake(
        name="tanh_before_last_layer",
        exercise="freq_net",
        hint="You put a tanh before `fc`. It gets what the attention gives, as it is.",
        changes=[("self.fc(out)", "self.fc(torch.tanh(out))")],
    ),
    Mistake(
        name="relu_before_last_layer",
        exercise="freq_net",
        hint="You put a ReLU before `fc`. It gets what the attention gives, as it is.",
        changes=[("self.fc(out)", "self.fc(torch.relu(out))")],
    ),
    Mistake(
        name="channels_added_up",
        exercise="freq_net",
        hint="You add up the channels without their attention. `fc` gets what `attn` makes of them.",
        changes=[
            (
                "out, gamma = self.attn(x, k_freq.transpose(0, 1))",
                "_, gamma = self.attn(x, k_freq.transpose(0, 1))\n        out = x.sum(dim=1)",
            )
        ],
    ),
    Mistake(
        name="last_channel_taken",
        exercise="freq_net",
        hint="You classify the last channel alone. `fc` gets what `attn` makes of all of them.",
        changes=[
            (
                "out, gamma = self.attn(x, k_freq.transpose(0, 1))",
                "_, gamma = self.attn(x, k_freq.transpose(0, 1))\n        out = x[:, -1]",
            )
        ],
    ),
    Mistake(
        name="rhythm_knowledge_for_frequency",
        exercise="freq_net",
        hint=(
            "You give the attention over the channels the rhythm knowledge. It is guided by the frequency knowledge."
        ),
        changes=[("k_freq.transpose(0, 1)", "k_rhythms.mean(dim=-1, keepdim=True).transpose(0, 1)")],
    ),
    Mistake(
        name="gamma_detached",
        exercise="freq_net",
        hint=(
            "You cut the attention off from its gradient before it weighs the channels, so that `attn` never learns."
        ),
        changes=[
            (
                "out, gamma = self.attn(x, k_freq.transpose(0, 1))",
                "_, gamma = self.attn(x, k_freq.transpose(0, 1))\n        out = (gamma.detach() * x).sum(dim=1)",
            )
        ],
    ),
    Mistake(
        name="same_rhythm_network_for_all",
        exercise="freq_net",
        hint="You make one `RhythmNet` and use it for all channels. Each channel has its own.",
        changes=[
            (
                "        for _ in range(self.n_channels):\n",
                "        rhythm_net = RhythmNet(self.n, self.T, self.conv_out_channels, self.rhythm_out_size)\n"
                "        for _ in range(self.n_channels):\n",
            ),
            (
                "RhythmNet(self.n, self.T, self.conv_out_channels,\n                          self.rhythm_out_size)",
                "rhythm_net",
            ),
        ],
    ),
    Mistake(
        name="first_channel_taken",
        exercise="freq_net",
        hint="You classify the first channel alone. `fc` gets what `attn` makes of all of them.",
        changes=[("self.fc(out)", "self.fc(x[:, 0])")],
    ),
    Mistake(
        name="largest_of_channels",
        exercise="freq_net",
        hint="You classify the largest numbers of the channels. `fc` gets what `attn` makes of all of them.",
        changes=[("self.fc(out)", "self.fc(x.amax(dim=1))")],
    ),
    Mistake(
        name="classes_exchanged",
        exercise="freq_net",
        hint="You turn the order of the two classes round. What `fc` gives for class 0 comes first.",
        changes=[("torch.softmax(self.fc(out), dim=-1)", "torch.softmax(self.fc(out), dim=-1).flip(-1)")],
    ),
    Mistake(
        name="knowledge_shared_out",
        exercise="freq_net",
        hint="You divide the knowledge by its sum over the channels. `attn` takes it as it is.",
        changes=[("k_freq.transpose(0, 1)", "(k_freq / k_freq.sum(dim=0, keepdim=True)).transpose(0, 1)")],
    ),
    Mistake(
        name="channel_knowledge_divided_by_its_largest",
        exercise="freq_net",
        hint="You divide the knowledge by the largest of the channels. `attn` takes it as it is.",
        changes=[("k_freq.transpose(0, 1)", "(k_freq / k_freq.amax(dim=0, keepdim=True)).transpose(0, 1)")],
    ),
    Mistake(
        name="channel_knowledge_standardised",
        exercise="freq_net",
        hint="You standardise the knowledge over the channels. `attn` takes it as it is.",
        changes=[
            (
                "k_freq.transpose(0, 1)",
                "((k_freq - k_freq.mean(dim=0)) / (k_freq.std(dim=0) + 1e-8)).transpose(0, 1)",
            ),
        ],
    ),
    Mistake(
        name="softmax_of_channel_knowledge",
        exercise="freq_net",
        hint="You put the knowledge through a softmax. `attn` takes it as it is, and does what softmax is needed.",
        changes=[("k_freq.transpose(0, 1)", "torch.softmax(k_freq, dim=0).transpose(0, 1)")],
    ),
    Mistake(
        name="hidden_numbers_as_many_as_channels",
        exercise="freq_net",
        hint=(
            "Your attention has as many hidden numbers as there are channels. It should have `self.att_channel_dim`."
        ),
        changes=[("self.att_channel_dim)\n", "self.n_channels)\n")],
    ),
    Mistake(
        name="dropout_always_on_before_fc",
        exercise="freq_net",
        hint="You drop numbers before `fc`, in evaluation as well. No dropout is asked for here.",
        changes=[("self.fc(out)", "self.fc(nn.functional.dropout(out))")],
    ),
    Mistake(
        name="probabilities_in_evaluation_only",
        exercise="freq_net",
        hint=(
            "You give raw scores in training mode, and probabilities in evaluation mode only. They are asked for in "
            "both."
        ),
        changes=[
            (
                "out = torch.softmax(self.fc(out), dim=-1)",
                "out = self.fc(out)\n        out = out if self.training else torch.softmax(out, dim=-1)",
            ),
        ],
    ),
]

TRAINING = [
    Mistake(
        name="softmax_twice",
        exercise="training",
        hint="`cross_entropy` applies a softmax, and the model has applied one already. Take the logarithm of the "
        "probabilities, and `nll_loss`.",
        changes=[
            (LOSS, "nn.functional.cross_entropy(probabilities, Y)"),
        ],
    ),
    Mistake(
        name="logarithm_forgotten",
        exercise="training",
        hint="`nll_loss` expects logarithms of probabilities, and you give it the probabilities: your loss is "
        "negative.",
        changes=[("torch.log(probabilities.clamp_min(1e-8))", "probabilities")],
    ),
    Mistake(
        name="logarithm_of_zero",
        exercise="training",
        hint="You take the logarithm of the bare probability. Where it is zero, the loss is infinite, and the weights "
        "become NaN with the next step.",
        changes=[(".clamp_min(1e-8)", "")],
    ),
    Mistake(
        name="sum_of_losses",
        exercise="training",
        hint="You sum the losses of a batch, so that they grow with its size. Average them.",
        changes=[("clamp_min(1e-8)), Y)", 'clamp_min(1e-8)), Y, reduction="sum")')],
    ),
    Mistake(
        name="squared_error",
        exercise="training",
        hint="Your loss is the squared error of the probabilities. Take minus the logarithm of the true class's.",
        changes=[
            (
                LOSS,
                "nn.functional.mse_loss(probabilities, nn.functional.one_hot(Y, 2).float())",
            ),
        ],
    ),
    Mistake(
        name="gradients_not_cleared",
        exercise="training",
        hint="You never clear the gradients, so that each step also goes along those of all batches before.",
        changes=[("            optimizer.zero_grad()\n", "")],
    ),
    Mistake(
        name="gradients_cleared_once_an_epoch",
        exercise="training",
        hint="You clear the gradients once an epoch, so that each step also goes along those of the batches before.",
        changes=[
            ("            optimizer.zero_grad()\n", ""),
            ("curr_epoch_loss = []\n", "curr_epoch_loss = []\n        optimizer.zero_grad()\n"),
        ],
    ),
    Mistake(
        name="cleared_before_step",
        exercise="training",
        hint="You clear the gradients between `backward` and the step, which then has nothing to go by.",
        changes=[
            ("            optimizer.zero_grad()\n", ""),
            ("loss.backward()", "loss.backward()\n            optimizer.zero_grad()"),
        ],
    ),
    Mistake(
        name="no_step",
        exercise="training",
        hint="You compute gradients, but the optimizer never steps along them: is `step` missing, or "
        "called before `backward`?",
        changes=[("            optimizer.step()\n", "")],
    ),
    Mistake(
        name="no_backward",
        exercise="training",
        hint="You never go backward from the loss, so that the weights get no gradients.",
        changes=[("            loss.backward()\n", "")],
    ),
    Mistake(
        name="plain_gradient_descent",
        exercise="training",
        hint="Your optimizer is plain gradient descent. Adam is asked for.",
        changes=[("torch.optim.Adam", "torch.optim.SGD")],
    ),
    Mistake(
        name="default_learning_rate",
        exercise="training",
        hint="Your optimizer has its default learning rate. `train_model` is given one.",
        changes=[(", lr=lr)", ")")],
    ),
    Mistake(
        name="learning_rate_typed_in",
        exercise="training",
        hint="Your optimizer has a learning rate of its own, 0.003. `train_model` is given one, which may be another.",
        changes=[("lr=lr)", "lr=0.003)")],
    ),
    Mistake(
        name="weight_decay_added",
        exercise="training",
        hint="Your optimizer has a weight decay, which pulls all weights to zero. None is asked for.",
        changes=[("lr=lr)", "lr=lr, weight_decay=1e-4)")],
    ),
    Mistake(
        name="new_optimizer_each_batch",
        exercise="training",
        hint="You make a new optimizer for each batch, so that Adam forgets what it learned of the gradients.",
        changes=[
            (
                "optimizer.zero_grad()",
                "optimizer = torch.optim.Adam(model.parameters(), lr=lr)\n            optimizer.zero_grad()",
            ),
            ("    optimizer = torch.optim.Adam(model.parameters(), lr=lr)\n    for", "    for"),
        ],
    ),
    Mistake(
        name="new_optimizer_each_epoch",
        exercise="training",
        hint="You make a new optimizer for each epoch, so that Adam forgets what it learned of the gradients.",
        changes=[
            ("    optimizer = torch.optim.Adam(model.parameters(), lr=lr)\n    for", "    for"),
            (
                "        curr_epoch_loss = []\n",
                "        curr_epoch_loss = []\n        optimizer = torch.optim.Adam(model.parameters(), lr=lr)\n",
            ),
        ],
    ),
    Mistake(
        name="rate_halved_each_epoch",
        exercise="training",
        hint="Your learning rate is halved at the end of each epoch. It stays `lr`.",
        changes=[
            (
                "        loss_history += curr_epoch_loss\n",
                "        loss_history += curr_epoch_loss\n        optimizer.param_groups[0]['lr'] /= 2\n",
            ),
        ],
    ),
    Mistake(
        name="focal_loss",
        exercise="training",
        hint="You weigh each segment by how wrong the model is, as the focal loss does. The loss is the plain mean.",
        changes=[
            (
                LOSS,
                "probabilities.gather(1, Y[:, None]).clamp_min(1e-8)\n"
                "            loss = -((1 - loss) ** 2 * loss.log()).mean()",
            )
        ],
    ),
    Mistake(
        name="first_ten_segments_only",
        exercise="training",
        hint="You train on the first segments of a batch alone. Was it for trying things out?",
        changes=[
            (
                LOSS,
                "nn.functional.nll_loss(torch.log(probabilities[:10].clamp_min(1e-8)), Y[:10])",
            )
        ],
    ),
    Mistake(
        name="epoch_left_early",
        exercise="training",
        hint="You leave an epoch after its first batches. Was it for trying things out?",
        changes=[
            (
                "            optimizer.step()\n",
                "            optimizer.step()\n            if len(curr_epoch_loss) == 10:\n                break\n",
            ),
        ],
    ),
    Mistake(
        name="global_model_trained",
        exercise="training",
        hint="You train another model than the one that `train_model` is given: one of the notebook, or a copy.",
        changes=[("= model(X, K_beat", '= globals()["model"](X, K_beat')],
    ),
    Mistake(
        name="evaluation_mode",
        exercise="training",
        hint="You train in evaluation mode, where dropout does nothing.",
        changes=[("probabilities, _ = model", "model.eval()\n            probabilities, _ = model")],
    ),
    Mistake(
        name="class_weights_on_cpu",
        exercise="training",
        hint="You weigh the classes with a tensor that lies on the CPU, also when the model is on a GPU.",
        changes=[("clamp_min(1e-8)), Y)", "clamp_min(1e-8)), Y, weight=torch.ones(2))")],
    ),
    Mistake(
        name="inputs_left_on_cpu",
        exercise="training",
        hint="You leave the inputs on the CPU, where the loader has put them. The model may be on a GPU.",
        changes=[("(part.to(device) for part in inputs)", "inputs")],
    ),
    Mistake(
        name="labels_left_on_cpu",
        exercise="training",
        hint="You leave the labels on the CPU, where the loader has put them. The model may be on a GPU.",
        changes=[("            Y = Y.to(device)\n", "")],
    ),
    Mistake(
        name="clamped_coarsely",
        exercise="training",
        hint="You keep the probabilities above 0.1, so that being sure and wrong costs no more than that. "
        "Something like 1e-8 is enough.",
        changes=[("clamp_min(1e-8)", "clamp_min(0.1)")],
    ),
    Mistake(
        name="sign_lost",
        exercise="training",
        hint="Your loss is the logarithm without the minus, so that training makes the model worse.",
        changes=[("nn.functional.nll_loss(", "-nn.functional.nll_loss(")],
    ),
    Mistake(
        name="class_one_always",
        exercise="training",
        hint="You take the probability of class 1 for every segment. The true class is Y.",
        changes=[("clamp_min(1e-8)), Y)", "clamp_min(1e-8)), torch.ones_like(Y))")],
    ),
    Mistake(
        name="logarithm_to_base_ten",
        exercise="training",
        hint="Your logarithm is to base 10. The natural one is asked for.",
        changes=[("torch.log(", "torch.log10(")],
    ),
    Mistake(
        name="gradients_clipped",
        exercise="training",
        hint="You clip the gradients. The step is along the gradients as they are.",
        changes=[
            ("loss.backward()", "loss.backward()\n            nn.utils.clip_grad_norm_(model.parameters(), 0.1)"),
        ],
    ),
    Mistake(
        name="losses_recorded_twice",
        exercise="training",
        hint="You append the loss to the history, which the given line does already.",
        changes=[("optimizer.step()", "optimizer.step()\n            curr_epoch_loss.append(loss.item())")],
    ),
    Mistake(
        name="class_zero_always",
        exercise="training",
        hint="Your loss looks at the probability of class 0, whatever the label. It is that of the true class.",
        changes=[
            (
                LOSS,
                "-torch.log(probabilities[:, 0].clamp_min(1e-8)).mean()",
            )
        ],
    ),
    Mistake(
        name="one_added_in_logarithm",
        exercise="training",
        hint=(
            "You add 1 inside of the logarithm, which turns its slope over where a prediction is wrong. A tiny "
            "number is enough."
        ),
        changes=[("probabilities.clamp_min(1e-8)", "probabilities + 1")],
    ),
    Mistake(
        name="trained_with_rmsprop",
        exercise="training",
        hint="You train with RMSprop. Adam is asked for.",
        changes=[("torch.optim.Adam(", "torch.optim.RMSprop(")],
    ),
    Mistake(
        name="gradients_clipped_at_one",
        exercise="training",
        hint="You clip the gradients. The step is along the gradients as they are.",
        changes=[
            ("loss.backward()", "loss.backward()\n            nn.utils.clip_grad_norm_(model.parameters(), 1.0)"),
        ],
    ),
    Mistake(
        name="gradient_values_clipped",
        exercise="training",
        hint="You clip the values of the gradients. The step is along the gradients as they are.",
        changes=[
            ("loss.backward()", "loss.backward()\n            nn.utils.clip_grad_value_(model.parameters(), 0.5)"),
        ],
    ),
    Mistake(
        name="clamped_at_one_thousandth",
        exercise="training",
        hint="You keep the probabilities above 0.001, so that nothing is learned from what is sure and wrong. "
        "Something like 1e-8 is enough.",
        changes=[("clamp_min(1e-8)", "clamp_min(1e-3)")],
    ),
    Mistake(
        name="label_smoothing",
        exercise="training",
        hint="You smooth the labels. The loss is minus the logarithm of the true class's probability, and no more.",
        changes=[
            (
                LOSS,
                "nn.functional.cross_entropy(torch.log(probabilities.clamp_min(1e-8)), Y, label_smoothing=0.1)",
            )
        ],
    ),
    Mistake(
        name="classes_weighted",
        exercise="training",
        hint="You weigh the classes. The loss is the plain mean over the batch.",
        changes=[
            (
                LOSS,
                "nn.functional.nll_loss(torch.log(probabilities.clamp_min(1e-8)), Y, "
                "weight=torch.tensor([1.0, 3.0], device=device))",
            )
        ],
    ),
    Mistake(
        name="divided_by_batch_again",
        exercise="training",
        hint="You divide the loss by the size of the batch, but it is a mean already.",
        changes=[(", Y)\n", ", Y) / len(Y)\n")],
    ),
    Mistake(
        name="labels_exchanged_in_loss",
        exercise="training",
        hint="Your loss takes each label for the other one.",
        changes=[
            (
                LOSS,
                "nn.functional.nll_loss(torch.log(probabilities.clamp_min(1e-8)), 1 - Y)",
            )
        ],
    ),
    Mistake(
        name="rhythm_before_beat",
        exercise="training",
        hint="You give the model the rhythm knowledge before the beat knowledge. It takes X, K_beat, K_rhythm, K_freq.",
        changes=[("model(X, K_beat, K_rhythm, K_freq)", "model(X, K_rhythm, K_beat, K_freq)")],
    ),
    Mistake(
        name="frequency_before_rhythm",
        exercise="training",
        hint="You give the model the frequency knowledge before the rhythm knowledge. It takes X, K_beat, K_rhythm, "
        "K_freq.",
        changes=[("model(X, K_beat, K_rhythm, K_freq)", "model(X, K_beat, K_freq, K_rhythm)")],
    ),
    Mistake(
        name="weighted_by_counts",
        exercise="training",
        hint="You weigh the classes by how often the batch has them. The loss is the plain mean over the batch.",
        changes=[
            (
                LOSS,
                "nn.functional.nll_loss(\n"
                "                torch.log(probabilities.clamp_min(1e-8)),\n"
                "                Y,\n"
                "                weight=1 / torch.bincount(Y, minlength=2).clamp(min=1),\n"
                "            )",
            )
        ],
    ),
    Mistake(
        name="logarithm_clamped",
        exercise="training",
        hint=(
            "You clamp the logarithm, which is never above 0, so that the loss is the same whatever the model "
            "says. It is the probability that must not be 0."
        ),
        costly="A loss that is always the same has no gradient: nothing learns.",
        changes=[("torch.log(probabilities.clamp_min(1e-8))", "torch.log(probabilities).clamp_min(1e-8)")],
    ),
    Mistake(
        name="class_one_only",
        exercise="training",
        hint="Your loss counts the segments of class 1 alone. Those of class 0 have a loss, too.",
        changes=[
            (
                LOSS,
                "-(Y * torch.log(probabilities[:, 1].clamp_min(1e-8))).mean()",
            ),
        ],
    ),
    Mistake(
        name="probability_as_score",
        exercise="training",
        hint="You give the probability of class 1 to a loss that takes scores and applies a sigmoid itself.",
        changes=[
            (
                LOSS,
                "nn.functional.binary_cross_entropy_with_logits(probabilities[:, 1], Y.float())",
            ),
        ],
    ),
    Mistake(
        name="last_segment_only",
        exercise="training",
        hint="Your loss is that of the batch's last segment. It is the mean over all of them.",
        changes=[
            (
                LOSS,
                "nn.functional.nll_loss(torch.log(probabilities.clamp_min(1e-8))[-1:], Y[-1:])",
            ),
        ],
    ),
    Mistake(
        name="first_segment_only",
        exercise="training",
        hint="Your loss is that of the batch's first segment. It is the mean over all of them.",
        changes=[
            (
                LOSS,
                "nn.functional.nll_loss(torch.log(probabilities.clamp_min(1e-8))[:1], Y[:1])",
            ),
        ],
    ),
    Mistake(
        name="signal_as_beat_knowledge_in_training",
        exercise="training",
        hint="You give the model the signal a second time in the place of the beat knowledge.",
        changes=[("model(X, K_beat, K_rhythm, K_freq)", "model(X, X, K_rhythm, K_freq)")],
    ),
    Mistake(
        name="beat_knowledge_as_rhythm_in_training",
        exercise="training",
        hint="You give the model the beat knowledge a second time in the place of the rhythm knowledge.",
        changes=[("model(X, K_beat, K_rhythm, K_freq)", "model(X, K_beat, K_beat, K_freq)")],
    ),
    Mistake(
        name="rhythm_knowledge_as_frequency_in_training",
        exercise="training",
        hint="You give the model the rhythm knowledge a second time in the place of the frequency knowledge.",
        changes=[("model(X, K_beat, K_rhythm, K_freq)", "model(X, K_beat, K_rhythm, K_rhythm)")],
    ),
    Mistake(
        name="beat_before_signal",
        exercise="training",
        hint="You give the model the beat knowledge before the signal. It takes X, K_beat, K_rhythm, K_freq.",
        changes=[("model(X, K_beat, K_rhythm, K_freq)", "model(K_beat, X, K_rhythm, K_freq)")],
    ),
    Mistake(
        name="clamped_at_a_hundredth",
        exercise="training",
        hint=(
            "You keep the probabilities above a hundredth. Below, where the model errs most, nothing is learned: "
            "take something like 1e-8."
        ),
        changes=[
            ("clamp_min(1e-8)", "clamp_min(1e-2)"),
        ],
    ),
    Mistake(
        name="steps_at_every_second_batch",
        exercise="training",
        hint="You make a step at every second batch only. Each batch has its own.",
        changes=[
            (
                "            optimizer.zero_grad()\n            loss.backward()\n            optimizer.step()\n",
                "            loss.backward()\n"
                "            if len(curr_epoch_loss) % 2:\n"
                "                optimizer.step()\n"
                "                optimizer.zero_grad()\n"
                "",
            ),
        ],
    ),
    Mistake(
        name="logarithm_kept_from_its_end",
        exercise="training",
        hint=(
            "You keep the logarithm from becoming too small, but the gradient of log(0) is not a number all the "
            "same. Keep the probability above a small number."
        ),
        changes=[
            ("torch.log(probabilities.clamp_min(1e-8)), Y)", "torch.log(probabilities).clamp_min(math.log(1e-8)), Y)"),
        ],
    ),
]

EVALUATION = [
    Mistake(
        name="training_mode_left_on",
        exercise="evaluation",
        hint="You leave the model in the mode it is in. Layers such as dropout behave differently in evaluation mode.",
        changes=[("    model.eval()\n", "")],
    ),
    Mistake(
        name="gradients_recorded",
        exercise="evaluation",
        hint="You record gradients where none are needed (numpy refuses tensors with some). Predict inside "
        "`torch.no_grad()`.",
        changes=[("with torch.no_grad():", "with torch.enable_grad():")],
    ),
    Mistake(
        name="classes_returned",
        exercise="evaluation",
        hint="You return the predicted classes. The probabilities of both are asked for.",
        changes=[("append(probabilities.cpu()", "append(probabilities.argmax(dim=1).cpu()")],
    ),
    Mistake(
        name="second_class_only",
        exercise="evaluation",
        hint="You keep the probability of class 1 only. Both columns are asked for.",
        changes=[("append(probabilities.cpu()", "append(probabilities[:, 1].cpu()")],
    ),
    Mistake(
        name="softmax_again",
        exercise="evaluation",
        hint="You apply a softmax to what are probabilities already.",
        changes=[("append(probabilities.cpu()", "append(torch.softmax(probabilities, dim=1).cpu()")],
    ),
    Mistake(
        name="global_model_evaluated",
        exercise="evaluation",
        hint="You call a model of the notebook in place of the one that `eval_model` is given.",
        changes=[("= model(*(part", '= globals()["model"](*(part')],
    ),
    Mistake(
        name="last_batch_only",
        exercise="evaluation",
        hint="You keep the last batch only. Collect the predictions and labels of all of them.",
        changes=[
            ("pred_all.append(probabilities.cpu().numpy())", "pred_all = [probabilities.cpu().numpy()]"),
            ("Y_test.append(Y.cpu().numpy())", "Y_test = [Y.cpu().numpy()]"),
        ],
    ),
    Mistake(
        name="predictions_as_labels",
        exercise="evaluation",
        hint="Your labels are what the model predicts. The true ones come from the data loader.",
        changes=[("Y_test.append(Y.cpu()", "Y_test.append(probabilities.argmax(dim=1).cpu()")],
    ),
    Mistake(
        name="labels_as_probabilities",
        exercise="evaluation",
        hint="Your labels are floats. They are classes, whole numbers.",
        changes=[("Y_test.append(Y.cpu()", "Y_test.append(Y.float().cpu()")],
    ),
    Mistake(
        name="inputs_on_cpu",
        exercise="evaluation",
        hint="You leave the inputs where the data loader puts them, on the CPU, also when the model is on a GPU.",
        changes=[("part.to(device) for part", "part for part")],
    ),
    Mistake(
        name="auroc_of_classes",
        exercise="evaluation",
        hint="You compute AUROC from predicted classes. It looks at all thresholds, and needs the probability.",
        changes=[("roc_auc_score(truth, pred[:, 1])", "roc_auc_score(truth, pred.argmax(axis=1))")],
    ),
    Mistake(
        name="auroc_of_other_class",
        exercise="evaluation",
        hint="You compute AUROC from the probability of class 0: a good model then looks worse than chance.",
        changes=[("pred[:, 1]", "pred[:, 0]")],
    ),
    Mistake(
        name="f1_of_other_class",
        exercise="evaluation",
        hint="Your F1 is that of class 0. Class 1, atrial fibrillation, is the one to detect.",
        changes=[("f1_score(truth, pred.argmax(axis=1))", "f1_score(truth, pred.argmax(axis=1), pos_label=0)")],
    ),
    Mistake(
        name="threshold_of_six_tenths",
        exercise="evaluation",
        hint="Your verdict is class 1 above a probability of 0.6. It is the class with the higher probability.",
        changes=[("pred.argmax(axis=1)", "pred[:, 1] > 0.6")],
    ),
    Mistake(
        name="f1_averaged",
        exercise="evaluation",
        hint="Your F1 is averaged over both classes. Class 1 alone counts.",
        changes=[("f1_score(truth, pred.argmax(axis=1))", 'f1_score(truth, pred.argmax(axis=1), average="macro")')],
    ),
    Mistake(
        name="accuracy_for_f1",
        exercise="evaluation",
        hint="You compute the accuracy, which is high as soon as one class is frequent. F1 is asked for.",
        changes=[("f1_score(truth, pred.argmax(axis=1))", "float((pred.argmax(axis=1) == truth).mean())")],
    ),
    Mistake(
        name="squeezed_in_evaluation",
        exercise="evaluation",
        hint="You squeeze probabilities or labels, which takes off the axis of a batch with a single segment.",
        changes=[("probabilities.cpu()", "probabilities.squeeze().cpu()")],
    ),
    Mistake(
        name="classes_along_segments",
        exercise="evaluation",
        hint="You look for the most probable segment of each class (axis 0). Look for the more probable class of each "
        "segment.",
        changes=[("argmax(axis=1)", "argmax(axis=0)")],
    ),
    Mistake(
        name="scores_exchanged",
        exercise="evaluation",
        hint="You return F1 first. AUROC comes first.",
        changes=[("return auroc, f1", "return f1, auroc")],
    ),
    Mistake(
        name="model_put_into_training_mode",
        exercise="evaluation",
        hint="You put the model into training mode. `model.eval()` is what an evaluation needs.",
        changes=[("model.eval()", "model.train()")],
    ),
    Mistake(
        name="threshold_of_three_tenths",
        exercise="evaluation",
        hint="Your verdict is class 1 above a probability of 0.3. It is the class with the higher probability.",
        changes=[("pred.argmax(axis=1)", "pred[:, 1] > 0.3")],
    ),
    Mistake(
        name="predictions_rounded",
        exercise="evaluation",
        hint="You round the probabilities. They are asked for as they are.",
        changes=[("append(probabilities.cpu()", "append(probabilities.round().cpu()")],
    ),
    Mistake(
        name="first_batch_only",
        exercise="evaluation",
        hint="You stop after the first batch. Collect the predictions and labels of all of them.",
        changes=[
            (
                "            Y_test.append(Y.cpu().numpy())\n",
                "            Y_test.append(Y.cpu().numpy())\n            break\n",
            ),
        ],
    ),
    Mistake(
        name="first_ten_batches_only",
        exercise="evaluation",
        hint="You leave segments out: those after the first batches, or after the first of a batch. Was it for trying "
        "things out?",
        changes=[
            (
                "            Y_test.append(Y.cpu().numpy())\n",
                "            Y_test.append(Y.cpu().numpy())\n"
                "            if len(Y_test) == 10:\n                break\n",
            ),
        ],
    ),
    Mistake(
        name="predictions_put_in_front",
        exercise="evaluation",
        hint="You put the predictions of each batch before the earlier ones. Keep the order of the loader: append.",
        changes=[("pred_all.append(", "pred_all.insert(0, ")],
    ),
    Mistake(
        name="labels_as_a_column",
        exercise="evaluation",
        hint="Your labels have a second axis. Y_test is one number for each segment.",
        changes=[("append(Y.cpu().numpy())", "append(Y.cpu().numpy()[:, None])")],
    ),
    Mistake(
        name="precision_for_f1",
        exercise="evaluation",
        hint="You compute the precision. F1 asks for the recall as well.",
        changes=[("f1 = f1_score(", "from sklearn.metrics import precision_score\n\n    f1 = precision_score(")],
    ),
    Mistake(
        name="recall_for_f1",
        exercise="evaluation",
        hint="You compute the recall. F1 asks for the precision as well.",
        changes=[("f1 = f1_score(", "from sklearn.metrics import recall_score\n\n    f1 = recall_score(")],
    ),
    Mistake(
        name="average_precision_for_auroc",
        exercise="evaluation",
        hint="You compute the average precision, the area under another curve. AUROC is asked for.",
        changes=[
            (
                "auroc = roc_auc_score(",
                "from sklearn.metrics import average_precision_score\n\n    auroc = average_precision_score(",
            )
        ],
    ),
    Mistake(
        name="f1_weighted_by_class",
        exercise="evaluation",
        hint="You average the F1 of both classes by their sizes. The F1 of class 1 is asked for.",
        changes=[("pred.argmax(axis=1))", "pred.argmax(axis=1), average='weighted')")],
    ),
    Mistake(
        name="argmin_for_argmax",
        exercise="evaluation",
        hint="You take the class with the lower probability.",
        changes=[("pred.argmax(axis=1)", "pred.argmin(axis=1)")],
    ),
    Mistake(
        name="logarithms_returned",
        exercise="evaluation",
        hint="You return logarithms. `FreqNet` gives probabilities, and they are asked for.",
        changes=[("probabilities.cpu()", "torch.log(probabilities).cpu()")],
    ),
    Mistake(
        name="probabilities_appended_twice",
        exercise="evaluation",
        hint="You collect the probabilities of each batch twice.",
        changes=[("pred_all.append(probabilities.cpu().numpy())", "pred_all += [probabilities.cpu().numpy()] * 2")],
    ),
    Mistake(
        name="rhythm_before_beat_in_evaluation",
        exercise="evaluation",
        hint="You give the model the rhythm knowledge before the beat knowledge. The inputs come in its order.",
        changes=[
            (
                "model(*(part.to(device) for part in inputs))",
                "model(*(inputs[place].to(device) for place in (0, 2, 1, 3)))",
            )
        ],
    ),
    Mistake(
        name="frequency_before_rhythm_in_evaluation",
        exercise="evaluation",
        hint="You give the model the frequency knowledge before the rhythm knowledge. The inputs come in its order.",
        changes=[
            (
                "model(*(part.to(device) for part in inputs))",
                "model(*(inputs[place].to(device) for place in (0, 1, 3, 2)))",
            )
        ],
    ),
    Mistake(
        name="auroc_of_confidence",
        exercise="evaluation",
        hint="Your AUROC ranks by the larger probability, which tells how sure the model is, not of what. Take the "
        "probability of class 1.",
        changes=[("roc_auc_score(truth, pred[:, 1])", "roc_auc_score(truth, pred.max(axis=1))")],
    ),
    Mistake(
        name="mean_as_threshold",
        exercise="evaluation",
        hint="Your F1 calls a segment AF where its probability is above the mean of all. It is AF where that is the "
        "more probable class.",
        changes=[("pred.argmax(axis=1)", "pred[:, 1] > pred[:, 1].mean()")],
    ),
    Mistake(
        name="share_of_truth_as_threshold",
        exercise="evaluation",
        hint="Your F1 calls a segment AF where its probability is above the share of AF in the true labels. It is AF "
        "where that is the more probable class.",
        changes=[("pred.argmax(axis=1)", "pred[:, 1] > truth.mean()")],
    ),
    Mistake(
        name="ties_lost",
        exercise="evaluation",
        hint="You count the pairs that are ranked right, and for pairs at the same probability nothing. They count one "
        "half.",
        changes=[
            ("roc_auc_score(truth, pred[:, 1])", "(pred[truth == 1, 1][:, None] > pred[truth == 0, 1]).mean()"),
        ],
    ),
    Mistake(
        name="median_as_threshold",
        exercise="evaluation",
        hint="Your F1 calls half of the segments AF, those above the median. It is AF where that is the more probable "
        "class.",
        changes=[("pred.argmax(axis=1)", "pred[:, 1] > np.median(pred[:, 1])")],
    ),
    Mistake(
        name="auroc_folded",
        exercise="evaluation",
        hint=(
            "You turn an AUROC below one half round. Below one half, the model ranks worse than chance, and that "
            "is what the score should say."
        ),
        changes=[
            (
                "roc_auc_score(truth, pred[:, 1])\n",
                "roc_auc_score(truth, pred[:, 1])\n    auroc = max(auroc, 1 - auroc)\n",
            ),
        ],
    ),
    Mistake(
        name="signal_for_beat_knowledge",
        exercise="evaluation",
        hint="You give the model the signal a second time in the place of the beat knowledge.",
        changes=[
            (
                "model(*(part.to(device) for part in inputs))",
                "model(*(inputs[place].to(device) for place in (0, 0, 2, 3)))",
            ),
        ],
    ),
    Mistake(
        name="beat_knowledge_for_signal",
        exercise="evaluation",
        hint="You give the model the beat knowledge a second time in the place of the signal.",
        changes=[
            (
                "model(*(part.to(device) for part in inputs))",
                "model(*(inputs[place].to(device) for place in (1, 1, 2, 3)))",
            ),
        ],
    ),
    Mistake(
        name="beat_knowledge_for_rhythm",
        exercise="evaluation",
        hint="You give the model the beat knowledge a second time in the place of the rhythm knowledge.",
        changes=[
            (
                "model(*(part.to(device) for part in inputs))",
                "model(*(inputs[place].to(device) for place in (0, 1, 1, 3)))",
            ),
        ],
    ),
    Mistake(
        name="rhythm_knowledge_as_frequency_in_evaluation",
        exercise="evaluation",
        hint="You give the model the rhythm knowledge a second time in the place of the frequency knowledge.",
        changes=[
            (
                "model(*(part.to(device) for part in inputs))",
                "model(*(inputs[place].to(device) for place in (0, 1, 2, 2)))",
            ),
        ],
    ),
    Mistake(
        name="beat_knowledge_before_signal",
        exercise="evaluation",
        hint="You give the model the beat knowledge before the signal. The inputs come in its order.",
        changes=[
            (
                "model(*(part.to(device) for part in inputs))",
                "model(*(inputs[place].to(device) for place in (1, 0, 2, 3)))",
            ),
        ],
    ),
    Mistake(
        name="f1_of_each_class",
        exercise="evaluation",
        hint="Your F1 is an array, one score for each class. The F1 of class 1 is asked for.",
        changes=[("pred.argmax(axis=1))", "pred.argmax(axis=1), average=None)")],
    ),
    Mistake(
        name="as_many_alarms_as_cases",
        exercise="evaluation",
        hint=(
            "Your F1 calls as many segments AF as there are, those with the highest probabilities. That takes "
            "the true labels to know, and a segment is AF where that is the more probable class."
        ),
        changes=[("pred.argmax(axis=1)", "pred[:, 1] > np.quantile(pred[:, 1], 1 - truth.mean())")],
    ),
    Mistake(
        name="predictions_of_two_decimals",
        exercise="evaluation",
        hint="You round the probabilities to two decimals. They are asked for as they are.",
        changes=[("append(probabilities.cpu().numpy()", "append(probabilities.cpu().numpy().round(2)")],
    ),
    Mistake(
        name="predictions_of_three_decimals",
        exercise="evaluation",
        hint="You round the probabilities to three decimals. They are asked for as they are.",
        changes=[("append(probabilities.cpu().numpy()", "append(probabilities.cpu().numpy().round(3)")],
    ),
    Mistake(
        name="auroc_of_rounded",
        exercise="evaluation",
        hint=(
            "You round the probabilities for AUROC, so that many segments are level. It ranks them by the "
            "probabilities as they are."
        ),
        changes=[("roc_auc_score(truth, pred[:, 1])", "roc_auc_score(truth, pred[:, 1].round(1))")],
    ),
    Mistake(
        name="training_mode_again_after_each_batch",
        exercise="evaluation",
        hint="You go back to training mode after each batch, so that the later ones are judged in it.",
        changes=[
            (
                "            Y_test.append(Y.cpu().numpy())\n",
                "            Y_test.append(Y.cpu().numpy())\n            model.train()\n",
            ),
        ],
    ),
]


LETTERS = [
    *slips_of_letter("guess_order", 'letter = "b"'),
    *slips_of_letter("guess_rate", 'letter = "a"'),
    *slips_of_letter("guess_ablation", 'letter = "a"'),
    *slips_of_letter(
        "foretell_interval",
        'letter = "c"',
        {
            "a": "More draws that count as independent make an interval narrower, not wider.",
            "b": "Segments of one recording resemble each other. To count each as a patient of its own is to claim "
            "more witnesses than there are, and that shows.",
        },
    ),
]

AT_PREVALENCE = [
    Mistake(
        name="recall_and_specificity_exchanged",
        exercise="at_prevalence",
        hint="You take the specificity for the recall. Of the AF segments the share `recall` is found; of the normal "
        "ones the share `specificity` is left alone.",
        changes=[
            (
                "found = recall * prevalence",
                "recall, specificity = specificity, recall\n    found = recall * prevalence",
            ),
        ],
    ),
    Mistake(
        name="accuracy_as_f1",
        exercise="at_prevalence",
        hint="Your F1 is the accuracy. F1 knows recall and precision alone.",
        changes=[
            (
                "f1 = 2 * precision * recall / (precision + recall)",
                "f1 = recall * prevalence + specificity * (1 - prevalence)",
            ),
        ],
    ),
    Mistake(
        name="recall_as_precision",
        exercise="at_prevalence",
        hint="Your precision is the recall. Precision asks of the alarms, how many are right.",
        changes=[("precision = found / (found + false_alarms)", "precision = recall")],
    ),
    Mistake(
        name="classes_equally_frequent",
        exercise="at_prevalence",
        hint="Your precision leaves the prevalence out, as if both classes were equally frequent.",
        changes=[
            ("found = recall * prevalence", "found = recall"),
            ("(1 - specificity) * (1 - prevalence)", "(1 - specificity)"),
        ],
    ),
    Mistake(
        name="false_alarms_of_all",
        exercise="at_prevalence",
        hint="Your false alarms are a share of all segments. Only the normal ones can give one.",
        changes=[("(1 - specificity) * (1 - prevalence)", "(1 - specificity)")],
    ),
    Mistake(
        name="specificity_as_false_alarms",
        exercise="at_prevalence",
        hint="You count the normal segments that are called normal. False alarms are the others.",
        changes=[("(1 - specificity) * (1 - prevalence)", "specificity * (1 - prevalence)")],
    ),
    Mistake(
        name="prevalence_turned_round",
        exercise="at_prevalence",
        hint="You take the prevalence for the share of normal segments.",
        changes=[
            ("found = recall * prevalence", "found = recall * (1 - prevalence)"),
            ("(1 - specificity) * (1 - prevalence)", "(1 - specificity) * prevalence"),
        ],
    ),
    Mistake(
        name="plain_mean_as_f1",
        exercise="at_prevalence",
        hint="Your F1 is the plain mean of precision and recall. It is their harmonic mean.",
        changes=[("2 * precision * recall / (precision + recall)", "(precision + recall) / 2")],
    ),
    Mistake(
        name="geometric_mean_as_f1",
        exercise="at_prevalence",
        hint="Your F1 is the geometric mean of recall and precision. It is the harmonic one.",
        changes=[("2 * precision * recall / (precision + recall)", "(precision * recall) ** 0.5")],
    ),
    Mistake(
        name="f1_without_two",
        exercise="at_prevalence",
        hint="Your F1 is half of what it should be: twice the product, by the sum.",
        changes=[("2 * precision * recall / (precision + recall)", "precision * recall / (precision + recall)")],
    ),
    Mistake(
        name="f1_of_specificity",
        exercise="at_prevalence",
        hint="Your F1 weighs the precision against the specificity. It is the recall that belongs there.",
        changes=[
            (
                "2 * precision * recall / (precision + recall)",
                "2 * precision * specificity / (precision + specificity)",
            )
        ],
    ),
    Mistake(
        name="f1_of_found_share",
        exercise="at_prevalence",
        hint=(
            "Your F1 takes the share of all segments that are found for the recall. The recall is the share of the "
            "AF segments."
        ),
        changes=[
            ("2 * precision * recall / (precision + recall)", "2 * precision * found / (precision + found)"),
        ],
    ),
    Mistake(
        name="false_alarms_of_half",
        exercise="at_prevalence",
        hint=(
            "You take every second segment for normal, whatever the prevalence. The normal ones are 1 - prevalence "
            "of all."
        ),
        changes=[
            ("(1 - specificity) * (1 - prevalence)", "(1 - specificity) / 2"),
        ],
    ),
    Mistake(
        name="segments_of_a_thousand_rounded",
        exercise="at_prevalence",
        hint="You count whole segments of a thousand. Where AF is rare, rounding shows: go on with shares.",
        changes=[
            (
                "found = recall * prevalence\n    false_alarms = (1 - specificity) * (1 - prevalence)",
                "found = round(1000 * recall * prevalence)\n"
                "    false_alarms = round(1000 * (1 - specificity) * (1 - prevalence))",
            ),
        ],
    ),
]

CHOOSE_THRESHOLD = [
    Mistake(
        name="one_too_few",
        exercise="choose_threshold",
        hint="Your threshold finds one AF segment too few: round the number to be found up.",
        changes=[("math.ceil(recall * len(of_af))", "math.floor(recall * len(of_af))")],
    ),
    Mistake(
        name="one_too_many",
        exercise="choose_threshold",
        hint="Your threshold finds one AF segment more than it has to. A larger one would do.",
        changes=[("math.ceil(recall * len(of_af))", "math.ceil(recall * len(of_af)) + 1")],
    ),
    Mistake(
        name="from_the_wrong_end",
        exercise="choose_threshold",
        hint="You count from the lowest probability. What is found first are the highest.",
        changes=[("of_af[-to_find]", "of_af[to_find - 1]")],
    ),
    Mistake(
        name="share_of_all_segments",
        exercise="choose_threshold",
        hint="You find the share of all segments, normal ones as well. It is a share of those with AF.",
        changes=[
            ("recall * len(of_af))", "recall * len(truth))"),
            ("of_af[-to_find]", "of_af[-min(to_find, len(of_af))]"),
        ],
    ),
    Mistake(
        name="everything_found",
        exercise="choose_threshold",
        hint="Your threshold finds all AF segments, whatever share is asked for.",
        changes=[("of_af[-to_find]", "of_af[0]")],
    ),
    Mistake(
        name="of_normal_segments",
        exercise="choose_threshold",
        hint="You look at the normal segments. It is of AF that a share is to be found.",
        changes=[("p1[truth == 1]", "p1[truth == 0]")],
    ),
    Mistake(
        name="of_all_segments",
        exercise="choose_threshold",
        hint="You look at all segments. It is of those with AF that a share is to be found.",
        changes=[("p1[truth == 1]", "p1")],
    ),
    Mistake(
        name="between_two_segments",
        exercise="choose_threshold",
        hint="Your threshold lies between two probabilities, and so below the largest that finds enough.",
        changes=[
            (
                "of_af[-to_find]",
                "(of_af[-to_find] + of_af[max(len(of_af) - to_find - 1, 0)]) / 2",
            )
        ],
    ),
    Mistake(
        name="one_too_many_of_a_whole_number",
        exercise="choose_threshold",
        hint="Where the share is a whole number of segments, you go one too far, as adding 1 for rounding up does, or "
        "a quantile.",
        changes=[("math.ceil(recall * len(of_af))", "min(int(recall * len(of_af)) + 1, len(of_af))")],
    ),
    Mistake(
        name="equal_probabilities_counted_once",
        exercise="choose_threshold",
        hint="You drop probabilities that several segments have. Each AF segment has to be counted.",
        changes=[("np.sort(p1[truth == 1])", "np.unique(p1[truth == 1])")],
    ),
    Mistake(
        name="quantile",
        exercise="choose_threshold",
        hint="np.quantile gives a number between two probabilities, so not the largest threshold that finds enough.",
        changes=[("threshold = of_af[-to_find]", "threshold = np.quantile(of_af, 1 - recall)")],
    ),
    Mistake(
        name="in_steps",
        exercise="choose_threshold",
        hint="You try thresholds in steps. The largest that finds enough is one of the probabilities themselves.",
        changes=[
            (
                "threshold = of_af[-to_find]",
                "threshold = max(t for t in np.linspace(0, 1, 101) if (of_af >= t).mean() >= recall)",
            )
        ],
    ),
    Mistake(
        name="share_as_threshold",
        exercise="choose_threshold",
        hint="You return the share that is to be found. A threshold is a probability of the model's.",
        changes=[("threshold = of_af[-to_find]", "threshold = recall")],
    ),
    Mistake(
        name="thresholds_of_roc_curve",
        exercise="choose_threshold",
        hint=(
            "`roc_curve` leaves out thresholds that lie on a straight line, unless it is told "
            "`drop_intermediate=False`. So the largest may be missing."
        ),
        changes=[
            (
                "    of_af = np.sort(p1[truth == 1])\n"
                "    to_find = math.ceil(recall * len(of_af))\n"
                "    threshold = of_af[-to_find]",
                "    from sklearn.metrics import roc_curve\n"
                "    _, found, thresholds = roc_curve(truth, p1)\n"
                "    threshold = thresholds[np.argmax(found >= recall)]",
            ),
        ],
    ),
    Mistake(
        name="threshold_rounded",
        exercise="choose_threshold",
        hint="You round the threshold. The segment whose probability it was may lie below it now.",
        changes=[
            ("threshold = of_af[-to_find]", "threshold = round(float(of_af[-to_find]), 2)"),
        ],
    ),
]

RECALIBRATE = [
    Mistake(
        name="af_alone",
        exercise="recalibrate",
        hint="You multiply the probability of AF alone, so that it no longer is one of two that sum to one.",
        changes=[("return of_af / (of_af + of_normal)", "return of_af")],
    ),
    Mistake(
        name="normal_left_as_it_is",
        exercise="recalibrate",
        hint="You weigh AF by how much more frequent it is here, and leave normal rhythm as it was.",
        changes=[("(1 - p1) * (1 - here) / (1 - trained)", "(1 - p1)")],
    ),
    Mistake(
        name="training_left_out",
        exercise="recalibrate",
        hint="You multiply by how frequent AF is here, but do not divide by how frequent it was in training.",
        changes=[
            ("p1 * here / trained", "p1 * here"),
            ("(1 - p1) * (1 - here) / (1 - trained)", "(1 - p1) * (1 - here)"),
        ],
    ),
    Mistake(
        name="mean_for_share_in_training",
        exercise="recalibrate",
        hint="You take the mean of p1 for the share of AF in training. That share is given, as `trained`.",
        changes=[("    of_af = p1", "    trained = p1.mean()\n    of_af = p1")],
    ),
    Mistake(
        name="places_exchanged",
        exercise="recalibrate",
        hint="You have exchanged the two shares: AF is `trained` in training and `here` where it is judged.",
        changes=[
            ("p1 * here / trained", "p1 * trained / here"),
            ("(1 - p1) * (1 - here) / (1 - trained)", "(1 - p1) * (1 - trained) / (1 - here)"),
        ],
    ),
    Mistake(
        name="through_odds",
        exercise="recalibrate",
        hint="You divide by 1 - p1, which is zero where the model is sure. Weigh both classes, and divide at the end.",
        changes=[
            ("of_af = p1 * here / trained", "of_af = p1 / (1 - p1) * here / trained"),
            ("of_normal = (1 - p1) * (1 - here) / (1 - trained)", "of_normal = (1 - here) / (1 - trained)"),
        ],
    ),
    Mistake(
        name="nothing_changed",
        exercise="recalibrate",
        hint="You return the probabilities as they were.",
        changes=[("return of_af / (of_af + of_normal)", "return p1")],
    ),
    Mistake(
        name="p1_changed_in_place",
        exercise="recalibrate",
        hint="You change the caller's p1 in place. The notebook still needs it: make a new array.",
        changes=[
            ("return of_af / (of_af + of_normal)", "p1[:] = of_af / (of_af + of_normal)\n    return p1"),
        ],
    ),
    Mistake(
        name="of_normal_rhythm",
        exercise="recalibrate",
        hint="You return the probability of normal rhythm.",
        changes=[("return of_af / (of_af + of_normal)", "return of_normal / (of_af + of_normal)")],
    ),
    Mistake(
        name="changed_before_normal",
        exercise="recalibrate",
        hint=(
            "You change `p1` in place, so that 1 - p1 is no longer the probability of normal rhythm, and the "
            "caller's numbers have changed as well."
        ),
        changes=[
            ("of_af = p1 * here / trained", "p1 *= here / trained\n    of_af = p1"),
        ],
    ),
    Mistake(
        name="probabilities_clipped",
        exercise="recalibrate",
        hint="You keep the probabilities away from 0 and 1. Who is sure stays sure: nothing is divided by zero there.",
        changes=[
            (
                "    of_af = p1 * here / trained\n",
                "    p1 = np.clip(p1, 1e-4, 1 - 1e-4)\n    of_af = p1 * here / trained\n",
            ),
        ],
    ),
]

MISTAKES = [
    *DATASET, *COLLATE, *KNOWLEDGE_ATTN, *BEAT_NET, *RHYTHM_NET, *FREQ_NET, *TRAINING, *EVALUATION,
    *LETTERS, *AT_PREVALENCE, *CHOOSE_THRESHOLD, *RECALIBRATE,
]  # fmt: skip
