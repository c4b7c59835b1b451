"""Wrong answers that should lose points, and answers of constants that should earn next to none, for `seq2seq`."""

HIDDEN = "hidden_states = self.cnn(x.unsqueeze(1)).squeeze(-1).transpose(1, 2)"
SCORES = "scores = self.att(hidden_states).masked_fill(\n            ~masks.unsqueeze(-1), -1e9)"
CONTEXT = "context = (attention * hidden_states).sum(dim=1)"
DECODED = "hiddens = hiddens.squeeze(0)"
STEP = "cur_pred, hiddens = self.decoder(previous, hiddens)"
LOSS = "return loss.sum(dim=(1, 2)).mean()"
ADAM = "torch.optim.Adam(model.parameters(), lr=1e-2)"
CALL = "loss = masked_loss(model(x, masks), x, masks)"
ENCODED = "model.encoder(x.to(device), masks.to(device)).cpu().numpy()"
KMEANS = "KMeans(\n        n_clusters=2, n_init=10, random_state=0\n    ).fit_predict(embeddings)"

# (name, exercise, changes of the solution)
WRONG = [
    ("length_of_all_visits", "dataset", [("len(self.x)", "sum(map(len, self.x))")]),
    ("label_as_text", "dataset", [(", self.y[index]", ", str(self.y[index])")]),
    ("visits_reversed", "dataset", [("self.x[index],", "self.x[index][::-1],")]),
    ("first_visit_only", "dataset", [("self.x[index],", "self.x[index][:1],")]),
    ("codes_of_all_visits_joined", "dataset", [("self.x[index],", "[sum(self.x[index], [])],")]),
    ("labels_inverted", "dataset", [(", self.y[index]", ", 1 - self.y[index]")]),
    ("position_by_list", "collate", [("code2idx[code]] = 1", "freq_codes.index(code) - 1] = 1")]),
    ("visits_shifted", "collate", [("x[i_patient, j_visit,", "x[i_patient, j_visit - 1,")]),
    ("masks_of_all", "collate", [("x.sum(dim=-1) > 0", "x.sum(dim=-1) >= 0")]),
    ("double_precision", "collate", [("masks = x", "x = x.double()\n    masks = x")]),
    ("masks_up_to_first_gap", "collate", [("x.sum(dim=-1) > 0", "(x.sum(dim=-1) > 0).cumprod(dim=1) > 0")]),
    ("batches_of_64", "loaders", [("train_dataset, batch_size=32", "train_dataset, batch_size=64")]),
    ("train_without_collate", "loaders", [("shuffle=True, collate_fn=collate_fn", "shuffle=True")]),
    ("validation_dropped", "loaders", [("shuffle=False, ", "shuffle=False, drop_last=True, ")]),
    (
        "shuffled_once",
        "loaders",
        [
            (
                "train_dataset, batch_size=32, shuffle=True",
                "random.sample(list(train_dataset), len(train_dataset)), batch_size=32",
            )
        ],
    ),
    ("sum_of_detached", "encoder", [("(attention * hidden_states)", "(attention * hidden_states.detach())")]),
    ("attention_of_detached", "encoder", [("self.att(hidden_states)", "self.att(hidden_states.detach())")]),
    ("attention_cut", "encoder", [("torch.softmax(scores, dim=1)", "torch.softmax(scores, dim=1).detach()")]),
    ("input_cut", "encoder", [("x.unsqueeze(1)", "x.data.unsqueeze(1)")]),
    (
        "dropout_of_context",
        "encoder",
        [(CONTEXT, CONTEXT + "\n        context = nn.functional.dropout(context, 0.02, self.training)")],
    ),
    (
        "batch_norm",
        "encoder",
        [
            (
                CONTEXT,
                CONTEXT
                + "\n        if self.training:\n"
                + "            context = nn.functional.batch_norm(context, None, None, training=True)",
            )
        ],
    ),
    (
        "noise_in_training",
        "encoder",
        [
            (
                "= torch.softmax(scores, dim=1)",
                "= torch.softmax(scores + 0.01 * torch.randn_like(scores) * self.training, dim=1)",
            )
        ],
    ),
    (
        "relu_of_hidden",
        "encoder",
        [(HIDDEN, HIDDEN.replace("self.cnn(x.unsqueeze(1))", "self.cnn(x.unsqueeze(1)).relu()"))],
    ),
    ("tanh_of_scores", "encoder", [("self.att(hidden_states)", "self.att(hidden_states).tanh()")]),
    ("scaled_scores", "encoder", [("self.att(hidden_states)", "(self.att(hidden_states) / 128 ** 0.5)")]),
    ("gently_masked", "encoder", [("-1e9", "-10.0")]),
    ("mask_of_first_patient", "encoder", [("~masks.unsqueeze(-1)", "~masks[:1].unsqueeze(-1)")]),
    ("window_of_five", "encoder", [("(3, 105), padding=(1, 0)", "(5, 105), padding=(2, 0)")]),
    ("no_bias", "encoder", [("padding=(1, 0))", "padding=(1, 0), bias=False)")]),
    ("circular", "encoder", [("padding=(1, 0))", 'padding=(1, 0), padding_mode="circular")')]),
    (
        "masked_in_place",
        "encoder",
        [(HIDDEN, "x[~masks] = 1\n        " + HIDDEN), ("x.unsqueeze(1)", "(x * masks.unsqueeze(-1)).unsqueeze(1)")],
    ),
    (
        "hidden_masked_instead",
        "encoder",
        [(SCORES, "hidden_states = hidden_states * masks.unsqueeze(-1)\n        scores = self.att(hidden_states)")],
    ),
    ("state_cut", "decoder", [("self.rnn(x, hiddens)", "self.rnn(x, hiddens.detach())")]),
    ("visit_cut", "decoder", [("self.rnn(x, hiddens)", "self.rnn(x.detach(), hiddens)")]),
    ("returned_state_cut", "decoder", [("return preds, hiddens", "return preds, hiddens.detach()")]),
    (
        "dropout_of_state",
        "decoder",
        [(DECODED, "hiddens = nn.functional.dropout(hiddens.squeeze(0), 0.1, self.training)")],
    ),
    ("state_added", "decoder", [("_, hiddens = self.rnn(x, hiddens)", "hiddens = hiddens + self.rnn(x, hiddens)[1]")]),
    ("relu_of_state", "decoder", [("hiddens.squeeze(0)", "hiddens.squeeze(0).relu()")]),
    (
        "state_of_first_patient",
        "decoder",
        [("self.rnn(x, hiddens)", "self.rnn(x, hiddens[:, :1].expand_as(hiddens).contiguous())")],
    ),
    ("input_thresholded", "decoder", [("self.rnn(x, hiddens)", "self.rnn((x > 0.5).float(), hiddens)")]),
    ("always_first_visit", "seq2seq", [("x[:, t - 1]", "x[:, 0]")]),
    ("predictions_cut", "seq2seq", [("else cur_pred", "else cur_pred.detach()")]),
    ("context_cut", "seq2seq", [("self.encoder(x, masks)", "self.encoder(x, masks).detach()")]),
    ("output_cut", "seq2seq", [("torch.stack(preds, dim=1)", "torch.stack(preds, dim=1).detach()")]),
    ("masks_inverted", "seq2seq", [("self.encoder(x, masks)", "self.encoder(x, ~masks)")]),
    (
        "forced_visit_returned",
        "seq2seq",
        [
            (
                STEP,
                "cur_pred, hiddens = self.decoder(previous, hiddens)\n"
                "            cur_pred = x[:, t - 1] if teacher_force else cur_pred",
            )
        ],
    ),
    (
        "context_given_each_step",
        "seq2seq",
        [
            ("hiddens = self.encoder(x, masks)", "context = hiddens = self.encoder(x, masks)"),
            (STEP, "cur_pred, hiddens = self.decoder(previous, context)"),
        ],
    ),
    ("coin_of_half", "seq2seq", [("< self.teacher_forcing_ratio", "< 0.5")]),
    (
        "dropout_of_output",
        "seq2seq",
        [("torch.stack(preds, dim=1)", "nn.functional.dropout(torch.stack(preds, dim=1), 0.05, self.training)")],
    ),
    ("output_masked_by_rounding", "seq2seq", [("torch.stack(preds, dim=1)", "torch.stack(preds, dim=1).round()")]),
    ("first_patient_forced", "seq2seq", [("x[:, t - 1] if", "x[:1, t - 1].expand(len(x), -1) if")]),
    ("mean_over_visits_too", "training", [(LOSS, "return loss.sum(dim=-1).mean()")]),
    (
        "mean_over_patients_visits",
        "training",
        [(LOSS, "return (loss.sum(dim=(1, 2)) / masks.sum(dim=1).clamp(min=1)).mean()")],
    ),
    ("part_of_loss_cut", "training", [(LOSS, "return (0.5 * loss + 0.5 * loss.detach()).sum(dim=(1, 2)).mean()")]),
    ("shape_of_one", "training", [(LOSS, "return loss.sum(dim=(1, 2)).mean().reshape(1)")]),
    ("squared_error", "training", [("criterion(x_hat, x)", "(x_hat - x) ** 2")]),
    ("masks_inverted_for_model", "training", [(CALL, "loss = masked_loss(model(x, ~masks), x, masks)")]),
    ("masks_inverted_for_loss", "training", [(CALL, "loss = masked_loss(model(x, masks), x, ~masks)")]),
    ("loss_arguments_exchanged", "training", [(CALL, "loss = masked_loss(x, model(x, masks), masks)")]),
    ("weight_decay", "training", [(ADAM, ADAM[:-1] + ", weight_decay=1e-4)")]),
    ("decoupled_weight_decay", "training", [("torch.optim.Adam(", "torch.optim.AdamW(")]),
    ("learning_rate", "training", [("lr=1e-2", "lr=1e-3")]),
    ("gradient_descent", "training", [("torch.optim.Adam(", "torch.optim.SGD(")]),
    (
        "clipped",
        "training",
        [("optimizer.step()", "nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n            optimizer.step()")],
    ),
    (
        "cleared_once_an_epoch",
        "training",
        [
            ("            optimizer.zero_grad()\n", ""),
            ("        train_loss = 0.0\n", "        train_loss = 0.0\n        optimizer.zero_grad()\n"),
        ],
    ),
    ("two_steps", "training", [("optimizer.step()", "optimizer.step()\n            optimizer.step()")]),
    ("loss_of_real_visits_only_first_patient", "training", [(LOSS, "return loss[:1].sum(dim=(1, 2)).mean()")]),
    (
        "l1_penalty",
        "training",
        [("loss.backward()", "(loss + 1e-3 * sum(p.abs().sum() for p in model.parameters())).backward()")],
    ),
    (
        "gradients_recorded",
        "clustering",
        [("with torch.no_grad():", "with torch.enable_grad():"), (".cpu().numpy())", ".detach().cpu().numpy())")],
    ),
    (
        "gradients_recorded_as_lists",
        "clustering",
        [("with torch.no_grad():", "with torch.enable_grad():"), (".cpu().numpy())", ".cpu().tolist())")],
    ),
    ("x_not_moved", "clustering", [("x.to(device), masks", "x, masks")]),
    ("masks_not_moved", "clustering", [("masks.to(device)", "masks")]),
    ("left_on_device", "clustering", [(").cpu().numpy())", ").numpy())")]),
    ("masks_inverted", "clustering", [("masks.to(device)", "~masks.to(device)")]),
    (
        "agglomerative",
        "clustering",
        [(KMEANS, '__import__("sklearn.cluster").cluster.AgglomerativeClustering(2).fit_predict(embeddings)')],
    ),
    (
        "mixture",
        "clustering",
        [(KMEANS, '__import__("sklearn.mixture").mixture.GaussianMixture(2, random_state=0).fit_predict(embeddings)')],
    ),
    (
        "standardised",
        "clustering",
        [(".fit_predict(embeddings)", ".fit_predict((embeddings - embeddings.mean(0)) / (embeddings.std(0) + 1e-9))")],
    ),
    (
        "length_one",
        "clustering",
        [(".fit_predict(embeddings)", ".fit_predict(embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True))")],
    ),
    ("three_clusters", "clustering", [("n_clusters=2", "n_clusters=3")]),
    ("labels_from_one", "clustering", [(KMEANS, KMEANS + " + 1")]),
    (
        "another_score",
        "clustering",
        [
            (
                "{calinski_harabasz_score(embeddings, labels):.1f}",
                "{__import__('sklearn.metrics').metrics.silhouette_score(embeddings, labels):.3f}",
            )
        ],
    ),
    (
        "all_integers_printed",
        "clustering",
        [
            (
                '"Calinski-Harabasz score: "\n        f"{calinski_harabasz_score(embeddings, labels):.1f}"',
                "*range(100000)",
            )
        ],
    ),
    (
        "embeddings_shuffled",
        "clustering",
        [("return np.concatenate(embeddings),", "return np.concatenate(embeddings[::-1]),")],
    ),
    (
        "embeddings_of_length_one",
        "clustering",
        [
            (
                "return np.concatenate(embeddings),",
                "embeddings = np.concatenate(embeddings)\n"
                "    return embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True),",
            )
        ],
    ),
    (
        "kept_on_the_class",
        "dataset",
        [("self.x = seqs", "type(self).x = seqs"), ("self.y = hfs", "type(self).y = hfs")],
    ),
    (
        "rare_codes_clear_the_first",
        "collate",
        [
            (
                "if code in code2idx:\n                    x[i_patient, j_visit, code2idx[code]] = 1",
                "x[i_patient, j_visit, code2idx.get(code, 0)] = code in code2idx",
            )
        ],
    ),
    ("ten_visits", "collate", [("enumerate(patient)", "enumerate(patient[:10])")]),
    (
        "sampler_over_validation",
        "loaders",
        [
            (
                "train_dataset, batch_size=32, shuffle=True",
                "train_dataset, batch_size=32, sampler=torch.utils.data.SubsetRandomSampler(range(len(val_dataset)))",
            )
        ],
    ),
    (
        "iterator_for_validation",
        "loaders",
        [("return train_loader, val_loader", "return train_loader, iter(val_loader)")],
    ),
    (
        "zeros_for_nan",
        "encoder",
        [
            ("-1e9", "-torch.inf"),
            (CONTEXT, CONTEXT + "\n        context = torch.where(masks.any(1, True), context, 0.0)"),
        ],
    ),
    (
        "softmax_that_underflows",
        "encoder",
        [("torch.softmax(scores, dim=1)", "scores.exp() / (scores.exp().sum(1, True) + 1e-6)")],
    ),
    (
        "every_other_step",
        "seq2seq",
        [("if teacher_force", "if (t % 2 if 0 < self.teacher_forcing_ratio < 1 else teacher_force)")],
    ),
    ("mean_over_five_always", "training", [("loss.sum(dim=(1, 2)).mean()", "loss.sum() / 5")]),
    ("times_a_hundred", "training", [(CALL, CALL + " * 100")]),
    ("looked_at_after_the_step", "training", [("optimizer.step()", "optimizer.step()\n            " + CALL)]),
    (
        "single_visits_left_out",
        "training",
        [("masks.unsqueeze(-1)", "(masks & (masks.sum(1, True) > 1)).unsqueeze(-1)")],
    ),
    (
        "single_patients_skipped",
        "clustering",
        [
            (
                "            embeddings.append(",
                "            if len(x) == 1:\n                continue\n            embeddings.append(",
            )
        ],
    ),
    (
        "embeddings_doubled_in_place",
        "clustering",
        [("    labels = KMeans(", "    embeddings *= 2\n    labels = KMeans(")],
    ),
    ("without_the_last_numbers", "clustering", [("fit_predict(embeddings)", "fit_predict(embeddings[:, :100])")]),
    ("one_iteration", "clustering", [("n_init=10", "n_init=10, max_iter=1")]),
    # What is left of trying things out, which shows only where there is much.
    ("ten_patients", "training", [(CALL, f"x, masks = x[:10], masks[:10]\n            {CALL}")]),
    ("hundred_patients", "training", [(CALL, f"x, masks = x[:100], masks[:100]\n            {CALL}")]),
    ("ten_visits", "training", [(CALL, f"x, masks = x[:, :10], masks[:, :10]\n            {CALL}")]),
    ("forty_batches", "training", [
        ("            optimizer.step()\n",
         "            optimizer.step()\n            if optimizer.state[next(model.parameters())]['step'] == 40:\n"
         "                break\n"),
    ]),
    ("thousand_patients", "dataset", [("len(self.x)", "min(len(self.x), 1000)")]),
    ("hundred_patients_of_a_batch", "collate", [("zip(*data)", "zip(*data[:100])")]),
    ("forty_visits_embedded", "encoder", [("self.cnn(x.unsqueeze(1))", "self.cnn(x[:, :40].unsqueeze(1))"),
                                          ("~masks.unsqueeze", "~masks[:, :40].unsqueeze")]),
    ("hundred_patients_decoded", "decoder", [
        ("self.rnn(x, hiddens)", "self.rnn(x[:100], hiddens[:, :100].contiguous())"),
    ]),
    ("hundred_patients_embedded", "clustering", [
        ("model.encoder(x.to(device), masks.to(device))", "model.encoder(x[:100].to(device), masks[:100].to(device))"),
        ("y.numpy()", "y[:100].numpy()"),
    ]),
    ("forty_batches_embedded", "clustering", [
        ("labels.append(y.numpy())",
         "labels.append(y.numpy())\n            if len(labels) > 39:\n                break"),
    ]),
]

# By exercise: code that has the right layers, shapes, ranges and dtypes, and constants or sums of weights for values.
WRITTEN = """names = vars(self.decoder)
        for name in [name for name, value in names.items() if isinstance(value, list)]:
            names[name][:] = [0 * value for value in names[name]]
        return torch.zeros_like(x)"""
# (name, exercise, changes of the solution): nothing, on which all parts of an answer agree
NOTHING = [
    ("nan", "seq2seq", [("previous, hiddens)", "torch.nan * x[:, t], torch.nan * hiddens)"),
                        ("hiddens = self.encoder(x, masks)", "hiddens = torch.full((len(x), 128), torch.nan)"),
                        ("self.decoder(first_input,", "self.decoder(torch.nan * first_input,")]),
    ("zeros_written_into_the_decoder", "seq2seq", [("return torch.stack(preds, dim=1)", WRITTEN)]),
]  # fmt: skip

STUBS = {
    "dataset": """
class CustomDataset(Dataset):
    def __init__(self, seqs, hfs):
        self.x, self.y = seqs, hfs

    def __len__(self):
        return 1000

    def __getitem__(self, index):
        return [[1, 2], [3]], 0
""",
    "collate": """
def collate_fn(data):
    x = torch.zeros(len(data), max(len(visits) for visits, _ in data), len(freq_codes))
    masks = torch.zeros(x.shape[:2], dtype=torch.bool)
    y = torch.tensor([label for _, label in data], dtype=torch.float)
    return x, masks, y
""",
    "loaders": """
def load_data(train_dataset, val_dataset, collate_fn):
    return [], []
""",
    "encoder": """
class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.cnn = nn.Conv2d(1, 128, (3, 105), padding=(1, 0))
        self.att = nn.Linear(128, 1)

    def forward(self, x, masks):
        return torch.ones(len(x), 128, device=x.device) * sum((p**2).sum() for p in self.parameters()) + 0 * x.sum()
""",
    "decoder": """
class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(input_size=105, hidden_size=128, batch_first=True)
        self.linear1 = nn.Linear(128, 128)
        self.act = nn.ReLU()
        self.linear2 = nn.Linear(128, 105)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x, hiddens):
        hiddens = hiddens * 0 + sum(p.sum() for p in self.parameters()) + 0 * x.sum()
        return torch.sigmoid(hiddens[:, :105]), hiddens
""",
    "seq2seq": """
class Seq2Seq(nn.Module):
    def __init__(self, encoder, decoder, teacher_forcing_ratio):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def forward(self, x, masks):
        return torch.sigmoid(0 * x + sum(p.sum() for p in self.parameters()))
""",
    "training": """
def masked_loss(x_hat, x, masks):
    return 0 * x_hat.sum()


def train(model, train_loader, val_loader, n_epochs, on_epoch=None):
    return [(1.0 / (epoch + 1), 0.5) for epoch in range(n_epochs)]
""",
    "clustering": """
def get_embeddings(model, data_loader):
    count = sum(len(y) for _, _, y in data_loader)
    return np.zeros((count, 128)), np.zeros(count)


def get_clusters(embeddings):
    labels = np.arange(len(embeddings)) % 2
    print(*range(10000))
    return labels
""",
    "guess_padding": """
def guess_padding():
    return 0.5
""",
    "foretell_start": """
def foretell_start(visits):
    return 170.6
""",
    "guess_scores": """
def guess_scores():
    return 0.5, 0.5
""",
    "guess_alone": """
def guess_alone():
    return "a"
""",
    "guess_clusters": """
def guess_clusters():
    return 150
""",
    "guess_baseline": """
def guess_baseline():
    return "a"
""",
    "guess_longer": """
def guess_longer():
    return "a"
""",
}
