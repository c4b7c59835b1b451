"""Right solutions of `mina`, written another way than the reference: they prove that the checks are fair."""

from proctor.authoring.bank import Alternative

# As it stands in the solution, on two lines.
LOSS = "nn.functional.nll_loss(\n                torch.log(probabilities.clamp_min(1e-8)), Y)"

DATASET = [
    Alternative(
        name="dictionary_kept",
        exercise="dataset",
        code="""
class ECGDataset(Dataset):
    def __init__(self, data_dict):
        self.data = data_dict

    def __len__(self):
        return self.data["X"].shape[1]

    def __getitem__(self, i):
        keys = ["X", "K_beat", "K_rhythm", "K_freq"]
        return tuple(self.data[key][:, i, :] for key in keys), self.data["Y"][i]
""",
    ),
    Alternative(
        name="tensors_made_early",
        exercise="dataset",
        code="""
class ECGDataset(Dataset):
    def __init__(self, data_dict):
        self.inputs = [torch.tensor(data_dict[key]).float() for key in ("X", "K_beat", "K_rhythm", "K_freq")]
        self.labels = torch.tensor(data_dict["Y"]).long()

    def __len__(self):
        return self.labels.shape[0]

    def __getitem__(self, i):
        x, k_beat, k_rhythm, k_freq = [value[:, i] for value in self.inputs]
        return [(x, k_beat, k_rhythm, k_freq), self.labels[i]]
""",
    ),
    Alternative(
        name="segments_moved_to_front",
        exercise="dataset",
        changes=[
            ('self.X = data_dict["X"]', 'self.X = np.swapaxes(data_dict["X"], 0, 1)'),
            ("self.X[:, i]", "self.X[i]"),
            ("return inputs, self.Y[i]", "return inputs, int(self.Y[i])"),
        ],
    ),
]

COLLATE = [
    Alternative(
        name="stacked_by_torch",
        exercise="loader",
        code="""
def load_data(dataset, batch_size=128):
    def my_collate(batch):
        inputs = []
        for place in range(4):
            parts = [torch.as_tensor(sample[0][place]).float() for sample in batch]
            inputs.append(torch.stack(parts).permute(1, 0, 2))
        labels = torch.LongTensor([int(sample[1]) for sample in batch])
        return tuple(inputs), labels

    return torch.utils.data.DataLoader(dataset, batch_size, collate_fn=my_collate)
""",
    ),
    Alternative(
        name="collate_function_outside",
        exercise="loader",
        code="""
def get_tensor(batch, place):
    return torch.FloatTensor(np.array([np.asarray(inputs[place]) for inputs, _ in batch])).transpose(0, 1)


def my_collate(batch):
    x, k_beat, k_rhythm, k_freq = (get_tensor(batch, place) for place in range(4))
    return [[x, k_beat, k_rhythm, k_freq], torch.tensor([label for _, label in batch], dtype=torch.int64)]


def load_data(dataset, batch_size=128):
    sampler = torch.utils.data.SequentialSampler(dataset)
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler, collate_fn=my_collate)
""",
    ),
    Alternative(
        name="filled_in",
        exercise="loader",
        code="""
def load_data(dataset, batch_size=128):
    def my_collate(batch):
        first = batch[0][0]
        inputs = tuple(torch.zeros(part.shape[0], len(batch), part.shape[1]) for part in first)
        labels = torch.zeros(len(batch)).long()
        for i, (parts, label) in enumerate(batch):
            for whole, part in zip(inputs, parts):
                whole[:, i] = torch.as_tensor(part)
            labels[i] = int(label)
        return inputs, labels

    return DataLoader(dataset, batch_size=batch_size, shuffle=False, collate_fn=my_collate, drop_last=False)
""",
    ),
]

KNOWLEDGE_ATTN = [
    Alternative(
        name="sum_by_matrix_product",
        exercise="knowledge_attn",
        changes=[
            ("(attn * x).sum(dim=1)", "torch.bmm(attn.transpose(1, 2), x).squeeze(1)"),
            ("torch.softmax(self.att_v(hidden), dim=1)", "nn.functional.softmax(self.att_v(hidden), -2)"),
        ],
    ),
    Alternative(
        name="sum_by_einsum",
        exercise="knowledge_attn",
        changes=[
            ("(attn * x).sum(dim=1)", 'torch.einsum("bdf,bdo->bf", x, attn)'),
            ("self.attention_sum(x, attn)", "KnowledgeAttn.attention_sum(x, attn)"),
            ("torch.cat([x, k], dim=-1)", "torch.concatenate((x, k), 2)"),
        ],
    ),
    Alternative(
        name="softmax_by_hand",
        exercise="knowledge_attn",
        code="""
class KnowledgeAttn(nn.Module):
    def __init__(self, input_features, attn_dim):
        super(KnowledgeAttn, self).__init__()
        self.att_v = nn.Linear(attn_dim, 1, bias=False)
        self.att_W = nn.Linear(input_features + 1, attn_dim, bias=False)
        nn.init.normal_(self.att_W.weight)
        nn.init.normal_(self.att_v.weight)

    @staticmethod
    def attention_sum(x, attn):
        return torch.sum(x * attn, 1)

    def forward(self, x, k):
        scores = self.att_v(torch.tanh(self.att_W(torch.cat((x, k), dim=2))))
        weights = torch.exp(scores - scores.amax(dim=1, keepdim=True))
        attn = weights / weights.sum(dim=1, keepdim=True)
        return [self.attention_sum(x, attn), attn]
""",
    ),
    Alternative(
        name="weights_taken_apart",
        exercise="knowledge_attn",
        changes=[
            (
                "hidden = torch.tanh(self.att_W(torch.cat([x, k], dim=-1)))",
                "of_item = x @ self.att_W.weight[:, :-1].T\n"
                "        hidden = (of_item + k * self.att_W.weight[:, -1]).tanh()",
            ),
        ],
    ),
]

BEAT_NET = [
    Alternative(
        name="layers_by_keyword",
        exercise="beat_net",
        code="""
class BeatNet(nn.Module):
    def __init__(self, n=3000, T=50, conv_out_channels=64):
        super(BeatNet, self).__init__()
        self.n, self.M, self.T = n, int(n / T), T
        self.conv_out_channels = conv_out_channels
        self.attn = KnowledgeAttn(input_features=conv_out_channels, attn_dim=8)
        self.conv_k = nn.Conv1d(in_channels=1, out_channels=1, kernel_size=32, stride=2)
        self.conv = nn.Conv1d(in_channels=1, out_channels=conv_out_channels, kernel_size=32, stride=2)
        self.relu = nn.ReLU()

    def forward(self, x, k_beat):
        x = x.view(-1, self.T).unsqueeze(1)
        k_beat = k_beat.view(-1, self.T).unsqueeze(1)
        x = self.relu(self.conv(x)).permute(0, 2, 1)
        k = self.relu(self.conv_k(k_beat)).permute(0, 2, 1)
        out, alpha = self.attn(x, k)
        return [out.view(-1, self.M, self.conv_out_channels), alpha]
""",
    ),
    Alternative(
        name="windows_convolved_one_by_one",
        exercise="beat_net",
        code="""
class BeatNet(nn.Module):
    def __init__(self, n=3000, T=50, conv_out_channels=64):
        super().__init__()
        self.M, self.T = n // T, T
        self.conv = nn.Conv1d(1, conv_out_channels, (32,), (2,))
        self.conv_k = nn.Conv1d(1, 1, (32,), (2,))
        self.attn = KnowledgeAttn(attn_dim=8, input_features=conv_out_channels)

    def forward(self, x, k_beat):
        outs, alphas = [], []
        for m in range(self.M):
            part = slice(m * self.T, (m + 1) * self.T)
            places = self.conv(x[:, None, part]).clamp(min=0).mT
            knowledge = self.conv_k(k_beat[:, None, part]).clamp(min=0).mT
            out, alpha = self.attn(x=places, k=knowledge)
            outs.append(out)
            alphas.append(alpha)
        return torch.stack(outs, dim=1), torch.stack(alphas, dim=1).flatten(0, 1)
""",
    ),
    Alternative(
        name="convolution_unfolded",
        exercise="beat_net",
        changes=[
            (
                "places = torch.relu(self.conv(x)).transpose(1, 2)",
                "pieces = x.squeeze(1).unfold(1, self.conv_kernel_size, self.conv_stride)\n"
                "        places = torch.relu(pieces @ self.conv.weight.squeeze(1).T + self.conv.bias)",
            ),
            ("torch.relu(self.conv_k(k_beat)).transpose(1, 2)", "self.conv_k(k_beat).relu().swapaxes(1, 2)"),
        ],
    ),
    Alternative(
        name="attention_summed_up_here",
        exercise="beat_net",
        changes=[
            (
                "out, alpha = self.attn(places, knowledge)",
                "_, alpha = self.attn(k=knowledge, x=places)\n        out = KnowledgeAttn.attention_sum(places, alpha)",
            )
        ],
    ),
]

RHYTHM_NET = [
    Alternative(
        name="dropout_before_relu",
        exercise="rhythm_net",
        changes=[
            ("self.do(torch.relu(self.fc(out)))", "torch.relu(self.do(self.fc(out)))"),
            ("k_rhythm.unsqueeze(-1)", "k_rhythm[:, :, None]"),
        ],
    ),
    Alternative(
        name="windows_first",
        exercise="rhythm_net",
        changes=[
            ("batch_first=True, ", ""),
            ("states, _ = self.lstm(x)", "states = self.lstm(x.transpose(0, 1))[0].transpose(0, 1)"),
        ],
    ),
    Alternative(
        name="first_state_given",
        exercise="rhythm_net",
        code="""
class RhythmNet(nn.Module):
    def __init__(self, n=3000, T=50, input_size=64, rhythm_out_size=8):
        super(RhythmNet, self).__init__()
        self.M = n // T
        self.do = nn.Dropout()
        self.fc = nn.Linear(in_features=64, out_features=rhythm_out_size)
        self.attn = KnowledgeAttn(input_features=64, attn_dim=8)
        self.lstm = nn.LSTM(
            input_size=input_size, hidden_size=32, num_layers=1, bidirectional=True, batch_first=True
        )
        self.relu = nn.ReLU()

    def forward(self, x, k_rhythm):
        h_0 = torch.zeros(2, x.shape[0], 32, device=x.device)
        c_0 = x.new_zeros(2, x.shape[0], 32)
        output, (h_n, c_n) = self.lstm(x, (h_0, c_0))
        out, beta = self.attn(output, k_rhythm.unsqueeze(dim=2))
        out = self.do(self.relu(self.fc(out)))
        return out, beta
""",
    ),
    Alternative(
        name="dropout_as_function",
        exercise="rhythm_net",
        changes=[
            ("self.do(torch.relu(self.fc(out)))", "nn.functional.dropout(self.fc(out).relu(), 0.5, self.training)"),
        ],
    ),
    Alternative(
        name="states_summed_up_here",
        exercise="rhythm_net",
        changes=[
            (
                "out, beta = self.attn(states, k_rhythm.unsqueeze(-1))",
                "_, beta = self.attn(states, k_rhythm[:, :, None])\n        out = (beta * states).sum(1)",
            ),
            ("self.do(torch.relu(self.fc(out)))", "torch.relu(self.do(self.fc(out)))"),
        ],
    ),
]

FREQ_NET = [
    Alternative(
        name="networks_in_comprehensions",
        exercise="freq_net",
        code="""
class FreqNet(nn.Module):
    def __init__(self, n_channels=4, n=3000, T=50):
        super(FreqNet, self).__init__()
        self.n_channels = n_channels
        self.rhythm_nets = nn.ModuleList(
            [RhythmNet(n=n, T=T, input_size=64, rhythm_out_size=8) for _ in range(n_channels)]
        )
        self.beat_nets = nn.ModuleList(BeatNet(n=n, T=T, conv_out_channels=64) for _ in range(n_channels))
        self.fc = nn.Linear(in_features=8, out_features=2)
        self.attn = KnowledgeAttn(input_features=8, attn_dim=2)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x, k_beats, k_rhythms, k_freq):
        outputs = [
            rhythm_net(beat_net(channel, k_beat)[0], k_rhythm)[0]
            for beat_net, rhythm_net, channel, k_beat, k_rhythm in zip(
                self.beat_nets, self.rhythm_nets, x, k_beats, k_rhythms
            )
        ]
        out, gamma = self.attn(torch.stack(outputs).transpose(0, 1), k_freq.permute(1, 0, 2))
        return self.softmax(self.fc(out)), gamma
""",
    ),
    Alternative(
        name="softmax_through_logarithm",
        exercise="freq_net",
        changes=[
            ("torch.softmax(self.fc(out), dim=-1)", "nn.functional.log_softmax(self.fc(out), dim=1).exp()"),
            ("k_freq.transpose(0, 1)", "torch.stack(list(k_freq), dim=1)"),
        ],
    ),
    Alternative(
        name="softmax_of_two_classes",
        exercise="freq_net",
        changes=[
            (
                "out = torch.softmax(self.fc(out), dim=-1)",
                "scores = self.fc(out)\n"
                "        second = torch.sigmoid(scores[:, 1] - scores[:, 0])\n"
                "        out = torch.stack((1 - second, second), dim=-1)",
            ),
        ],
    ),
    Alternative(
        name="channels_summed_up_by_attention_sum",
        exercise="freq_net",
        changes=[
            (
                "out, gamma = self.attn(x, k_freq.transpose(0, 1))",
                "gamma = self.attn(x, torch.stack(list(k_freq), dim=1))[1]\n"
                "        out = self.attn.attention_sum(x, gamma)",
            )
        ],
    ),
]

TRAINING = [
    Alternative(
        name="cross_entropy_of_logarithms",
        exercise="training",
        changes=[
            (
                LOSS,
                "nn.CrossEntropyLoss()(torch.log(probabilities + 1e-12), Y)",
            ),
            ("            optimizer.zero_grad()\n", ""),
            ("optimizer.step()", "optimizer.step()\n            model.zero_grad()"),
        ],
    ),
    Alternative(
        name="binary_cross_entropy",
        exercise="training",
        changes=[
            (
                LOSS,
                "nn.BCELoss()(probabilities[:, 1], Y.float())",
            ),
        ],
    ),
    Alternative(
        name="true_class_gathered",
        exercise="training",
        changes=[
            (
                LOSS,
                "-probabilities.gather(1, Y.unsqueeze(1)).clamp(1e-7, 1).log().mean()",
            ),
            ("torch.optim.Adam(model.parameters(), lr=lr)", "torch.optim.Adam(list(model.parameters()), lr)"),
        ],
    ),
]

EVALUATION = [
    Alternative(
        name="through_lists",
        exercise="evaluation",
        code="""
def eval_model(model, dataloader, device=None):
    device = device or next(model.parameters()).device
    model.to(device)
    model.eval()
    pred_all, Y_test = [], []
    for (X, K_beat, K_rhythm, K_freq), Y in dataloader:
        with torch.no_grad():
            probabilities, _ = model(X.to(device), K_beat.to(device), K_rhythm.to(device), K_freq.to(device))
        pred_all += probabilities.tolist()
        Y_test += Y.tolist()
    return np.array(pred_all), np.array(Y_test)


def evaluate_predictions(truth, pred):
    from sklearn import metrics

    p1 = pred[:, 1]
    return metrics.roc_auc_score(truth, p1), metrics.f1_score(truth, (p1 >= 0.5).astype(int))
""",
    ),
    Alternative(
        name="joined_by_torch",
        exercise="evaluation",
        code="""
@torch.inference_mode()
def eval_model(model, dataloader, device=None):
    device = device or next(model.parameters()).device
    model = model.to(device).train(False)
    pairs = [(model(*[part.to(device) for part in inputs])[0], Y) for inputs, Y in dataloader]
    probabilities, labels = zip(*pairs)
    return torch.cat(probabilities).cpu().numpy().astype(float), torch.cat(labels).numpy()


def evaluate_predictions(truth, pred):
    predicted = np.argmax(pred, axis=1)
    hits = ((predicted == 1) & (truth == 1)).sum()
    f1 = 2 * hits / ((predicted == 1).sum() + (truth == 1).sum())
    positive, negative = pred[truth == 1, 1], pred[truth == 0, 1]
    auroc = (positive[:, None] > negative).mean() + (positive[:, None] == negative).mean() / 2
    return [auroc, f1]
""",
    ),
    Alternative(
        name="result_prepared",
        exercise="evaluation",
        code="""
def eval_model(model, dataloader, device=None):
    device = device or next(model.parameters()).device
    model.to(device)
    size = len(dataloader.dataset)
    pred_all, Y_test, start = np.zeros((size, 2)), np.zeros(size, dtype=int), 0
    model.eval()
    for inputs, Y in dataloader:
        end = start + len(Y)
        with torch.set_grad_enabled(False):
            out = model(*(part.to(device) for part in inputs))
        pred_all[start:end] = out[0].cpu().numpy()
        Y_test[start:end] = Y
        start = end
    return pred_all, Y_test


def evaluate_predictions(truth, pred):
    difference = pred[:, 1] - pred[:, 0]
    return float(roc_auc_score(truth, difference)), float(f1_score(truth, difference > 0))
""",
    ),
    Alternative(
        name="labels_moved_too",
        exercise="evaluation",
        changes=[
            (
                "for inputs, Y in dataloader:\n",
                "for inputs, Y in dataloader:\n            Y = Y.to(device)\n",
            ),
            ("pred.argmax(axis=1)", "pred[:, 1].round()"),
        ],
    ),
]

LETTERS = [
    Alternative(
        name=f"{exercise}_{name}",
        exercise=exercise,
        changes=[(f'letter = "{letter}"', f'letter = "{other}"')],
    )
    for exercise, letter, others in (
        ("guess_order", "b", ("a", "c", "d", " B")),
        ("guess_rate", "a", ("b", "c", "A ")),
        ("guess_ablation", "a", ("b", "c", "d", "A")),
        ("foretell_interval", "c", ("C", " c")),
    )
    for name, other in zip(("another", "yet_another", "a_third", "a_fourth"), others, strict=False)
]

CLINIC = [
    Alternative(
        name="odds",
        exercise="at_prevalence",
        code="""
def at_prevalence(recall, specificity, prevalence):
    odds = recall / (1 - specificity) * prevalence / (1 - prevalence)
    precision = odds / (1 + odds)
    return precision, 2 / (1 / precision + 1 / recall)
""",
    ),
    Alternative(
        name="a_thousand_segments",
        exercise="at_prevalence",
        code="""
def at_prevalence(recall, specificity, prevalence):
    af, normal = 1000 * prevalence, 1000 - 1000 * prevalence
    true_alarms, false_alarms = af * recall, normal - normal * specificity
    missed = af - true_alarms
    return [
        np.float64(true_alarms / (true_alarms + false_alarms)),
        2 * true_alarms / (2 * true_alarms + false_alarms + missed),
    ]
""",
    ),
    Alternative(
        name="tried_one_by_one",
        exercise="choose_threshold",
        code="""
def choose_threshold(truth, p1, recall):
    for threshold in sorted(p1, reverse=True):
        if (p1[truth == 1] >= threshold).mean() >= recall:
            return float(threshold)
""",
    ),
    Alternative(
        name="by_the_curve",
        exercise="choose_threshold",
        code="""
def choose_threshold(truth, p1, recall):
    from sklearn.metrics import roc_curve

    _, found, thresholds = roc_curve(truth, p1, drop_intermediate=False)
    return thresholds[found >= recall].max()
""",
    ),
    Alternative(
        name="counted_from_below",
        exercise="choose_threshold",
        code="""
def choose_threshold(truth, p1, recall):
    of_af = np.sort(p1[truth == 1])
    return of_af[int(np.floor((1 - recall) * len(of_af)))]
""",
    ),
    Alternative(
        name="one_fraction",
        exercise="recalibrate",
        code="""
def recalibrate(p1, trained, here):
    factor = here * (1 - trained) / (trained * (1 - here))
    return p1 * factor / (1 - p1 + p1 * factor)
""",
    ),
    Alternative(
        name="weights_first",
        exercise="recalibrate",
        code="""
def recalibrate(p1, trained, here):
    both = np.stack([(1 - p1) * (1 - here) / (1 - trained), p1 * here / trained])
    return (both / both.sum(axis=0))[1]
""",
    ),
]

ALTERNATIVES = [
    *DATASET, *COLLATE, *KNOWLEDGE_ATTN, *BEAT_NET, *RHYTHM_NET, *FREQ_NET, *TRAINING, *EVALUATION,
    *LETTERS, *CLINIC,
]  # fmt: skip
