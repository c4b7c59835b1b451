"""Wrong answers that should lose points, and answers of constants that should earn next to none, for `mina`."""

HIDDEN = "hidden = torch.tanh(self.att_W(torch.cat([x, k], dim=-1)))"
PLACES = "places = torch.relu(self.conv(x)).transpose(1, 2)"
KNOWLEDGE = "knowledge = torch.relu(self.conv_k(k_beat)).transpose(1, 2)"
OUT = "out = self.do(torch.relu(self.fc(out)))"
ADAM = "torch.optim.Adam(model.parameters(), lr=lr)"
LOSS = "nn.functional.nll_loss(\n                torch.log(probabilities.clamp_min(1e-8)), Y)"

# (name, exercise, changes of the solution)
WRONG = [
    ("last_segment", "dataset", [("self.X[:, i]", "self.X[:, -1]")]),
    ("knowledge_of_rhythm_twice", "dataset", [("self.K_freq[:, i])", "self.K_rhythm[:, i])")]),
    ("signal_scaled", "dataset", [("self.X[:, i]", "self.X[:, i] / self.X[:, i].std()")]),
    ("labels_from_the_end", "dataset", [("self.Y[i]", "self.Y[-i]")]),
    ("one_channel", "dataset", [("self.X[:, i]", "self.X[:1, i]")]),
    ("order_reversed", "loader", [("samples, labels = zip(*batch)", "samples, labels = zip(*batch[::-1])")]),
    (
        "labels_not_of_segments",
        "loader",
        [("torch.as_tensor(np.array(labels), dtype=torch.long)", "torch.zeros(len(labels), dtype=torch.long)")],
    ),
    ("whole_numbers", "loader", [("dtype=torch.float)", "dtype=torch.long)")]),
    ("default_batch_size", "loader", [("batch_size=128", "batch_size=64")]),
    (
        "beat_knowledge_twice",
        "loader",
        [
            (
                "return inputs, torch",
                "inputs = (inputs[0], inputs[1], inputs[2], inputs[3] * 0)\n        return inputs, torch",
            )
        ],
    ),
    ("sum_of_detached", "knowledge_attn", [("(attn * x).sum(dim=1)", "(attn * x.detach()).sum(dim=1)")]),
    ("scores_of_detached", "knowledge_attn", [("torch.cat([x, k], dim=-1)", "torch.cat([x, k], dim=-1).detach()")]),
    (
        "scores_of_detached_items",
        "knowledge_attn",
        [("torch.cat([x, k], dim=-1)", "torch.cat([x.detach(), k], dim=-1)")],
    ),
    ("knowledge_detached", "knowledge_attn", [("torch.cat([x, k], dim=-1)", "torch.cat([x, k.detach()], dim=-1)")]),
    (
        "attention_dropped",
        "knowledge_attn",
        [
            (
                "out = self.attention_sum(x, attn)",
                "out = self.attention_sum(x, nn.functional.dropout(attn, 0.1, self.training))",
            )
        ],
    ),
    ("scaled", "knowledge_attn", [("self.att_v(hidden)", "self.att_v(hidden) / self.attn_dim ** 0.5")]),
    ("two_tanh", "knowledge_attn", [(HIDDEN, HIDDEN.replace("torch.tanh(self", "torch.tanh(torch.tanh(self") + ")")]),
    (
        "sigmoid_for_softmax",
        "knowledge_attn",
        [("torch.softmax(self.att_v(hidden), dim=1)", "torch.sigmoid(self.att_v(hidden))")],
    ),
    ("knowledge_added", "knowledge_attn", [("self.attention_sum(x, attn)", "self.attention_sum(x + k, attn)")]),
    ("no_tanh_of_knowledge", "knowledge_attn", [("torch.cat([x, k], dim=-1)", "torch.cat([x, k.abs()], dim=-1)")]),
    ("signal_detached", "beat_net", [("self.conv(x)", "self.conv(x.detach())")]),
    ("places_detached", "beat_net", [("self.attn(places, knowledge)", "self.attn(places.detach(), knowledge)")]),
    (
        "dropout",
        "beat_net",
        [(PLACES, PLACES + "\n        places = nn.functional.dropout(places, 0.1, self.training)")],
    ),
    ("relu_before", "beat_net", [("torch.relu(self.conv(x))", "self.conv(torch.relu(x))")]),
    (
        "relu_before_both",
        "beat_net",
        [
            ("torch.relu(self.conv(x))", "self.conv(torch.relu(x))"),
            ("torch.relu(self.conv_k(k_beat))", "self.conv_k(torch.relu(k_beat))"),
        ],
    ),
    (
        "stride_of_one",
        "beat_net",
        [
            (
                "1, 1, self.conv_kernel_size,\n                                stride=self.conv_stride)",
                "1, 1, self.conv_kernel_size, stride=1)",
            )
        ],
    ),
    ("gelu", "beat_net", [("torch.relu(self.conv(x))", "nn.functional.gelu(self.conv(x))")]),
    ("leaky", "beat_net", [("torch.relu(self.conv_k(k_beat))", "nn.functional.leaky_relu(self.conv_k(k_beat))")]),
    (
        "no_bias",
        "beat_net",
        [
            (
                "self.conv = nn.Conv1d(1, conv_out_channels, self.conv_kernel_size,",
                "self.conv = nn.Conv1d(1, conv_out_channels, self.conv_kernel_size, bias=False,",
            )
        ],
    ),
    ("normalised", "beat_net", [("self.conv(x)", "self.conv(x - x.mean(-1, keepdim=True))")]),
    ("windows_detached", "rhythm_net", [("self.lstm(x)", "self.lstm(x.detach())")]),
    ("knowledge_cut", "rhythm_net", [("k_rhythm.unsqueeze(-1)", "k_rhythm.detach().unsqueeze(-1)")]),
    ("states_cut", "rhythm_net", [("self.attn(states,", "self.attn(states.detach(),")]),
    ("dropout_p02", "rhythm_net", [("p=0.5", "p=0.02")]),
    ("dropout_p9", "rhythm_net", [("p=0.5", "p=0.9")]),
    ("dropout_p4", "rhythm_net", [("p=0.5", "p=0.4")]),
    (
        "dropout_of_segments",
        "rhythm_net",
        [
            (
                OUT,
                "out = torch.relu(self.fc(out))\n"
                "        out = out * (2 * (torch.rand(len(out), 1) < 0.5)) if self.training else out",
            )
        ],
    ),
    (
        "dropout_unscaled",
        "rhythm_net",
        [
            (
                OUT,
                "out = torch.relu(self.fc(out))\n"
                "        out = out * (torch.rand_like(out) < 0.5) if self.training else out",
            )
        ],
    ),
    (
        "dropout_twice",
        "rhythm_net",
        [("self.do(torch.relu(", "self.do(torch.relu(self.do("), ("self.fc(out)))", "self.fc(out))))")],
    ),
    (
        "dropout_of_states",
        "rhythm_net",
        [("states, _ = self.lstm(x)", "states, _ = self.lstm(x)\n        states = self.do(states)")],
    ),
    ("last_hidden_state", "rhythm_net", [("out = self.do(torch", "out = states[:, -1]\n        out = self.do(torch")]),
    ("relu_of_states", "rhythm_net", [("self.attn(states,", "self.attn(states.relu(),")]),
    (
        "directions_added",
        "rhythm_net",
        [
            (
                "states, _ = self.lstm(x)",
                "states, _ = self.lstm(x)\n"
                "        states = torch.cat([states[..., :32] + states[..., 32:]] * 2, dim=-1)",
            )
        ],
    ),
    ("knowledge_normalised", "rhythm_net", [("k_rhythm.unsqueeze(-1)", "k_rhythm.softmax(-1).unsqueeze(-1)")]),
    (
        "networks_repeated",
        "freq_net",
        [
            (
                "        for _ in range(self.n_channels):\n"
                "            self.beat_nets.append(\n"
                "                BeatNet(self.n, self.T, self.conv_out_channels)\n"
                "            )\n",
                "        self.beat_nets.extend([BeatNet(self.n, self.T, self.conv_out_channels)] * "
                "self.n_channels)\n        for _ in range(self.n_channels):\n",
            )
        ],
    ),
    (
        "channel_left_out",
        "freq_net",
        [
            ("x = torch.stack(new_x, dim=1)", "x = torch.stack(new_x[1:], dim=1)"),
            ("k_freq.transpose(0, 1)", "k_freq[1:].transpose(0, 1)"),
        ],
    ),
    ("knowledge_shared", "freq_net", [("self.beat_nets[i](x[i], k_beats[i])", "self.beat_nets[i](x[i], k_beats[0])")]),
    ("first_network_for_all", "freq_net", [("self.beat_nets[i](x", "self.beat_nets[0](x")]),
    ("channels_cut", "freq_net", [("new_x.append(rhythm)", "new_x.append(rhythm.detach())")]),
    ("inputs_cut", "freq_net", [("(x[i], k_beats[i])", "(x[i].detach(), k_beats[i])")]),
    ("dropout", "freq_net", [("self.fc(out)", "self.fc(nn.functional.dropout(out, 0.1, self.training))")]),
    (
        "softmax_twice",
        "freq_net",
        [("torch.softmax(self.fc(out), dim=-1)", "torch.softmax(torch.softmax(self.fc(out), dim=-1), dim=-1)")],
    ),
    ("channels_reversed", "freq_net", [("k_freq.transpose(0, 1)", "k_freq.flip(0).transpose(0, 1)")]),
    ("weight_decay", "training", [(ADAM, ADAM[:-1] + ", weight_decay=1e-4)")]),
    ("decoupled_weight_decay", "training", [("torch.optim.Adam(", "torch.optim.AdamW(")]),
    ("learning_rate_typed_in", "training", [("lr=lr)", "lr=0.003)")]),
    (
        "cleared_once_an_epoch",
        "training",
        [
            ("            optimizer.zero_grad()\n", ""),
            ("curr_epoch_loss = []\n", "curr_epoch_loss = []\n        optimizer.zero_grad()\n"),
        ],
    ),
    (
        "clipped",
        "training",
        [("optimizer.step()", "nn.utils.clip_grad_norm_(model.parameters(), 0.05)\n            optimizer.step()")],
    ),
    ("first_epoch_only", "training", [("optimizer.step()", "optimizer.step() if epoch == 0 else None")]),
    ("inputs_not_moved", "training", [("(part.to(device) for part in inputs)", "inputs")]),
    ("labels_not_moved", "training", [("Y = Y.to(device)", "Y = Y + 0")]),
    ("loss_of_first_class", "training", [(LOSS, "-torch.log(probabilities[:, 0].clamp_min(1e-8)).mean()")]),
    ("classes_weighed", "training", [(LOSS, LOSS[:-1] + ", weight=torch.tensor([1.0, 2.0], device=device))")]),
    (
        "smoothed",
        "training",
        [(LOSS, "nn.functional.cross_entropy(torch.log(probabilities.clamp_min(1e-8)), Y, label_smoothing=0.1)")],
    ),
    (
        "scheduler",
        "training",
        [
            (
                "        curr_epoch_loss = []\n",
                "        curr_epoch_loss = []\n        optimizer.param_groups[0]['lr'] = lr * 0.5 ** epoch\n",
            )
        ],
    ),
    ("certainty_by_nan", "training", [("probabilities.clamp_min(1e-8)", "probabilities")]),
    (
        "gradients_recorded",
        "evaluation",
        [
            ("with torch.no_grad():", "with torch.enable_grad():"),
            ("probabilities.cpu().numpy()", "probabilities.detach().cpu().numpy()"),
        ],
    ),
    (
        "gradients_recorded_as_lists",
        "evaluation",
        [
            ("with torch.no_grad():", "with torch.enable_grad():"),
            ("probabilities.cpu().numpy()", "np.array(probabilities.tolist())"),
        ],
    ),
    ("not_moved", "evaluation", [("part.to(device) for part in inputs", "part for part in inputs")]),
    (
        "one_not_moved",
        "evaluation",
        [("*(part.to(device) for part in inputs)", "*(part.to(device) for part in inputs[:3]), inputs[3]")],
    ),
    ("left_on_device", "evaluation", [("probabilities.cpu().numpy()", "probabilities.numpy()")]),
    ("threshold_of_six_tenths", "evaluation", [("pred.argmax(axis=1)", "pred[:, 1] > 0.6")]),
    ("threshold_of_four_tenths", "evaluation", [("pred.argmax(axis=1)", "pred[:, 1] > 0.4")]),
    ("rounded", "evaluation", [("roc_auc_score(truth, pred[:, 1])", "roc_auc_score(truth, pred[:, 1].round(1))")]),
    (
        "classes_exchanged",
        "evaluation",
        [("append(probabilities.cpu().numpy())", "append(probabilities.flip(1).cpu().numpy())")],
    ),
    (
        "macro",
        "evaluation",
        [("f1_score(truth, pred.argmax(axis=1))", 'f1_score(truth, pred.argmax(axis=1), average="macro")')],
    ),
    ("scores_of_shape_one", "evaluation", [("return auroc, f1", "return np.array([auroc]), np.array([f1])")]),
    ("labels_as_floats", "evaluation", [("Y.cpu().numpy()", "Y.float().cpu().numpy()")]),
    ("kept_on_the_class", "dataset", [('self.X = data_dict["X"]', 'type(self).X = data_dict["X"]')]),
    (
        "no_more_than_99",
        "training",
        [("clamp_min(1e-8)", "clamp(1e-8, 0.99)")],
    ),
    ("cut_off_at_one_hundredth", "training", [("clamp_min(1e-8)", "clamp_min(1e-2)")]),
    (
        "gradients_clipped_at_five",
        "training",
        [("loss.backward()", "loss.backward()\n            nn.utils.clip_grad_norm_(model.parameters(), 5.0)")],
    ),
    (
        "single_segments_skipped",
        "evaluation",
        [
            (
                "            probabilities, _ =",
                "            if len(Y) == 1:\n                continue\n            probabilities, _ =",
            )
        ],
    ),
    (
        "margin_in_place",
        "evaluation",
        [("    auroc =", "    pred[:, 1] -= pred[:, 0]\n    auroc ="), ("pred.argmax(axis=1)", "pred[:, 1] > 0")],
    ),
    (
        "equal_ones_counted_once",
        "choose_threshold",
        [("np.sort(p1[truth == 1])", "np.array(sorted(set(p1[truth == 1].tolist())))")],
    ),
    # What is left of trying things out, which shows only where there is much.
    ("hundred_segments", "training", [
        (LOSS, "nn.functional.nll_loss(torch.log(probabilities[:100].clamp_min(1e-8)), Y[:100])"),
    ]),
    ("forty_batches", "training", [
        ("            optimizer.step()\n",
         "            optimizer.step()\n            if len(curr_epoch_loss) == 39:\n                break\n"),
    ]),
    ("thousand_segments", "dataset", [("len(self.Y)", "min(len(self.Y), 1000)")]),
    ("hundred_segments_evaluated", "evaluation", [
        ("probabilities.cpu().numpy()", "probabilities[:100].cpu().numpy()"),
        ("Y.cpu().numpy()", "Y[:100].cpu().numpy()"),
    ]),
    ("forty_batches_evaluated", "evaluation", [
        ("            Y_test.append(Y.cpu().numpy())\n",
         "            Y_test.append(Y.cpu().numpy())\n            if len(Y_test) == 40:\n                break\n"),
    ]),
    ("ties_count_whole", "evaluation", [
        ("roc_auc_score(truth, pred[:, 1])", "(pred[truth == 1, 1][:, None] >= pred[truth == 0, 1]).mean()"),
    ]),
]

# (name, exercise, changes of the solution): slips that are in no bank, which cost once.
SLIPS = [("each_window_through_fc", "rhythm_net", [("self.fc(out)", "self.fc(states)")])]

# By exercise: code that has the right layers, shapes, ranges and dtypes, and constants or sums of weights for values.
STUBS = {
    "dataset": """
class ECGDataset(Dataset):
    def __init__(self, data_dict):
        self.data = data_dict

    def __len__(self):
        return 100

    def __getitem__(self, i):
        shapes = [(len(self.data[name]), self.data[name].shape[2]) for name in ("X", "K_beat", "K_rhythm", "K_freq")]
        return tuple(np.zeros(shape) for shape in shapes), 0
""",
    "loader": """
def load_data(dataset, batch_size=128):
    def my_collate(batch):
        parts = tuple(torch.zeros(part.shape[0], len(batch), part.shape[1]) for part in batch[0][0])
        return parts, torch.zeros(len(batch), dtype=torch.long)

    return DataLoader(dataset, batch_size=64, collate_fn=my_collate)
""",
    "knowledge_attn": """
class KnowledgeAttn(nn.Module):
    def __init__(self, input_features, attn_dim):
        super().__init__()
        self.att_W = nn.Linear(input_features + 1, attn_dim, bias=False)
        self.att_v = nn.Linear(attn_dim, 1, bias=False)

    @classmethod
    def attention_sum(cls, x, attn):
        return 0 * x[:, 0]

    def forward(self, x, k):
        out = 0 * x[:, 0] + sum(p.sum() for p in self.parameters()) + 0 * k.sum()
        return out, torch.ones_like(k) / x.shape[1]
""",
    "beat_net": """
class BeatNet(nn.Module):
    def __init__(self, n=3000, T=50, conv_out_channels=64):
        super().__init__()
        self.n, self.M, self.T, self.conv_out_channels = n, n // T, T, conv_out_channels
        self.conv = nn.Conv1d(1, conv_out_channels, 32, stride=2)
        self.conv_k = nn.Conv1d(1, 1, 32, stride=2)
        self.attn = KnowledgeAttn(conv_out_channels, 8)

    def forward(self, x, k_beat):
        total = sum(p.sum() for p in self.parameters()) + 0 * x.sum() + 0 * k_beat.sum()
        places = (self.T - 32) // 2 + 1
        out = total.expand(len(x), self.M, self.conv_out_channels)
        return out, torch.ones(len(x) * self.M, places, 1, device=x.device) / places
""",
    "rhythm_net": """
class RhythmNet(nn.Module):
    def __init__(self, n=3000, T=50, input_size=64, rhythm_out_size=8):
        super().__init__()
        self.out_size = rhythm_out_size
        self.lstm = nn.LSTM(input_size, 32, batch_first=True, bidirectional=True)
        self.attn = KnowledgeAttn(64, 8)
        self.fc = nn.Linear(64, rhythm_out_size)
        self.do = nn.Dropout(0.5)

    def forward(self, x, k_rhythm):
        total = sum((p**2).sum() for p in self.parameters()) + 0 * x.sum() + 0 * k_rhythm.sum()
        out = self.do(total.expand(len(x), self.out_size))
        return out, torch.ones(*x.shape[:2], 1, device=x.device) / x.shape[1]
""",
    "freq_net": """
class FreqNet(nn.Module):
    def __init__(self, n_channels=4, n=3000, T=50):
        super().__init__()
        self.beat_nets = nn.ModuleList([BeatNet(n, T, 64) for _ in range(n_channels)])
        self.rhythm_nets = nn.ModuleList([RhythmNet(n, T, 64, 8) for _ in range(n_channels)])
        self.attn = KnowledgeAttn(8, 2)
        self.fc = nn.Linear(8, 2)

    def forward(self, x, k_beats, k_rhythms, k_freq):
        total = sum(p.sum() for p in self.parameters()) + 0 * sum(v.sum() for v in (x, k_beats, k_rhythms, k_freq))
        out = torch.softmax(total * torch.ones(x.shape[1], 2, device=x.device), dim=1)
        return out, torch.ones(x.shape[1], x.shape[0], 1, device=x.device) / x.shape[0]
""",
    "training": """
def train_model(model, train_dataloader, n_epoch=5, lr=0.003, device=None):
    return model, [0.5] * (n_epoch * len(train_dataloader))
""",
    "evaluation": """
def eval_model(model, dataloader, device=None):
    count = sum(len(Y) for _, Y in dataloader)
    return np.full((count, 2), 0.5), np.zeros(count, dtype=int)


def evaluate_predictions(truth, pred):
    return 0.5, 0.5
""",
    "foretell_interval": """
def foretell_interval():
    return "b"
""",
    "guess_order": """
def guess_order():
    return "a"
""",
    "at_prevalence": """
def at_prevalence(recall, specificity, prevalence):
    return 0.5, 0.5
""",
    "choose_threshold": """
def choose_threshold(truth, p1, recall):
    return 0.5
""",
    "recalibrate": """
def recalibrate(p1, trained, here):
    return np.full(p1.shape, here)
""",
    "guess_rate": """
def guess_rate():
    return "a"
""",
    "guess_ablation": """
def guess_ablation():
    return "a"
""",
}
