"""Wrong answers that should lose points, and constants that should earn next to none, for `clinical_notes`."""

# (name, exercise, changes of the solution)
WRONG = [
    (
        "mask_left_out_in_training",
        "attention",
        [
            ("if mask is not None:", "if mask is not None and not self.training:"),
        ],
    ),
    (
        "another_dropout_by_default",
        "classifier",
        [
            ("max_len=128, dropout=0.15,", "max_len=128, dropout=0.1,"),
        ],
    ),
    (
        "cut_off",
        "positions",
        [
            ("return x + self.pe[:, : x.shape[1]]", "return x.detach() + self.pe[:, : x.shape[1]]"),
        ],
    ),
    (
        "dropout_unasked",
        "positions",
        [
            (
                "return x + self.pe[:, : x.shape[1]]",
                ("return nn.functional.dropout(x + self.pe[:, : x.shape[1]], 0.02, self.training)"),
            ),
        ],
    ),
    (
        "rows_by_notes",
        "positions",
        [
            ("return x + self.pe[:, : x.shape[1]]", "return x + self.pe[:, : x.size(0)]"),
        ],
    ),
    (
        "rows_of_the_wrong_axis",
        "positions",
        [
            ("return x + self.pe[:, : x.shape[1]]", "return x + self.pe[: x.size(0)]"),
        ],
    ),
    (
        "cosine_with_its_own_exponent",
        "positions",
        [
            (
                "pe[:, 1::2] = torch.cos(position * frequency)",
                ("pe[:, 1::2] = torch.cos(position / 10000 ** ((torch.arange(0, d_model, 2) + 1) / d_model))"),
            ),
        ],
    ),
    (
        "added_without_gradients",
        "positions",
        [
            (
                "return x + self.pe[:, : x.shape[1]]",
                ("with torch.no_grad():\n            y = x + self.pe[:, : x.shape[1]]\n        return y"),
            ),
        ],
    ),
    (
        "subtracted",
        "positions",
        [
            ("return x + self.pe[:, : x.shape[1]]", "return x - self.pe[:, : x.shape[1]]"),
        ],
    ),
    (
        "normed",
        "positions",
        [
            (
                "return x + self.pe[:, : x.shape[1]]",
                "return nn.functional.layer_norm(x + self.pe[:, : x.shape[1]], x.shape[-1:])",
            ),
        ],
    ),
    (
        "one_half_predicted",
        "evaluation",
        [
            ("probs > 0.5", "probs >= 0.5"),
        ],
    ),
    (
        "greatest_for_mean",
        "evaluation",
        [
            ("held_back[negated].mean()", "held_back[negated].max()"),
        ],
    ),
    (
        "micro_of_nothing_is_one",
        "evaluation",
        [
            ('average="micro", zero_division=0', 'average="micro", zero_division=1'),
        ],
    ),
    (
        "one_half_not_held_back",
        "evaluation",
        [
            ("probs[mentioned] <= 0.5", "probs[mentioned] < 0.5"),
        ],
    ),
    (
        "cut_off",
        "evaluation",
        [
            ("with torch.no_grad():", "if True:"),
            (
                "probs.append(torch.sigmoid(logits).cpu().numpy())",
                "probs.append(torch.sigmoid(logits).detach().cpu().numpy())",
            ),
        ],
    ),
    (
        "weights_frozen",
        "evaluation",
        [
            ("with torch.no_grad():", "for p in model.parameters(): p.requires_grad_(False)\n    if True:"),
        ],
    ),
    (
        "gradients_left_off",
        "evaluation",
        [
            ("with torch.no_grad():", "torch.set_grad_enabled(False)\n    if True:"),
        ],
    ),
    (
        "array_of_one",
        "evaluation",
        [
            ("accuracy = held_back[negated].mean()", "accuracy = np.array([held_back[negated].mean()])"),
        ],
    ),
    (
        "second_array_of_one",
        "evaluation",
        [
            (
                "f1 = f1_score(negated, held_back, zero_division=0)",
                "f1 = f1_score(negated, held_back, average=None, zero_division=0)[1:]",
            ),
        ],
    ),
    (
        "threshold_of_six_tenths",
        "evaluation",
        [
            ("probs > 0.5", "probs > 0.6"),
        ],
    ),
    (
        "rounded",
        "evaluation",
        [
            (
                "probs.append(torch.sigmoid(logits).cpu().numpy())",
                "probs.append(torch.sigmoid(logits).round().cpu().numpy())",
            ),
        ],
    ),
    (
        "macro_of_nothing_is_one",
        "evaluation",
        [
            ('average="macro", zero_division=0', 'average="macro", zero_division=1'),
        ],
    ),
    (
        "last_batch_left_out",
        "evaluation",
        [
            ("for tokens, labels in loader:", "for tokens, labels in list(loader)[:-1]:"),
        ],
    ),
    (
        "accuracy_of_all",
        "evaluation",
        [
            ("held_back[negated].mean()", "(held_back == negated).mean()"),
        ],
    ),
    (
        "dropout_of_one_half",
        "attention",
        [
            ("nn.Dropout(dropout)", "nn.Dropout()"),
        ],
    ),
    (
        "dropout_of_two_percent",
        "attention",
        [
            ("nn.Dropout(dropout)", "nn.Dropout(0.02)"),
        ],
    ),
    (
        "dropout_of_nine_tenths",
        "attention",
        [
            ("nn.Dropout(dropout)", "nn.Dropout(0.9)"),
        ],
    ),
    (
        "output_drops_out",
        "attention",
        [
            ("out = self.W_o(context)", "out = nn.functional.dropout(self.W_o(context), 0.02, self.training)"),
        ],
    ),
    (
        "queries_drop_out",
        "attention",
        [
            (
                "scores = queries @ keys.transpose(-2, -1) * self.scale",
                ("scores = nn.functional.dropout(queries, .1, self.training) @ keys.transpose(-2, -1) * self.scale"),
            ),
        ],
    ),
    (
        "values_drop_out",
        "attention",
        [
            ("context = (attn_weights @ values)", "context = (attn_weights @ self.dropout(values))"),
        ],
    ),
    (
        "weights_cut_off",
        "attention",
        [
            ("context = (attn_weights @ values)", "context = (attn_weights.detach() @ values)"),
        ],
    ),
    (
        "values_cut_off",
        "attention",
        [
            ("context = (attn_weights @ values)", "context = (attn_weights @ values.detach())"),
        ],
    ),
    (
        "words_cut_off",
        "attention",
        [
            ("layer(x).view", "layer(x.detach()).view"),
        ],
    ),
    (
        "masked_with_ten",
        "attention",
        [
            ("torch.finfo(scores.dtype).min", "-10.0"),
        ],
    ),
    (
        "mask_added",
        "attention",
        [
            ("scores.masked_fill(\n                mask == 0, torch.finfo(scores.dtype).min)", "scores + mask"),
        ],
    ),
    (
        "ten_subtracted",
        "attention",
        [
            (
                "scores = scores.masked_fill(\n                mask == 0, torch.finfo(scores.dtype).min)",
                "scores = scores - 10 * (mask == 0)",
            ),
        ],
    ),
    (
        "words_added",
        "attention",
        [
            ("out = self.W_o(context)", "out = x + self.W_o(context)"),
        ],
    ),
    (
        "dropout_in_evaluation",
        "attention",
        [
            (
                "attn_weights = self.dropout(torch.softmax(scores, dim=-1))",
                ("attn_weights = nn.functional.dropout(torch.softmax(scores, dim=-1), self.dropout.p)"),
            ),
        ],
    ),
    (
        "nan_repaired_too_late",
        "attention",
        [
            ("torch.finfo(scores.dtype).min", 'float("-inf")'),
            ("out = self.W_o(context)", "out = torch.nan_to_num(self.W_o(context))"),
        ],
    ),
    (
        "scaled_down",
        "attention",
        [
            (
                "scores = queries @ keys.transpose(-2, -1) * self.scale",
                "scores = queries @ keys.transpose(-2, -1) * self.scale * 0.9",
            ),
        ],
    ),
    (
        "dropout_at_the_end_of_the_network",
        "block",
        [
            (
                "nn.Linear(d_ff, d_model)\n",
                "nn.Linear(d_ff, d_model), nn.Dropout(dropout)\n",
            ),
        ],
    ),
    (
        "network_cut_off",
        "block",
        [
            ("self.ffn(x)", "self.ffn(x.detach())"),
        ],
    ),
    (
        "shortcut_cut_off",
        "block",
        [
            ("x = self.norm1(x + self.dropout1(attended))", "x = self.norm1(x.detach() + self.dropout1(attended))"),
        ],
    ),
    (
        "attention_cut_off",
        "block",
        [
            ("x = self.norm1(x + self.dropout1(attended))", "x = self.norm1(x + self.dropout1(attended.detach()))"),
        ],
    ),
    (
        "dropout_of_two_percent",
        "block",
        [
            ("self.dropout1 = nn.Dropout(dropout)", "self.dropout1 = nn.Dropout(0.02)"),
        ],
    ),
    (
        "second_dropout_of_nine_tenths",
        "block",
        [
            ("self.dropout2 = nn.Dropout(dropout)", "self.dropout2 = nn.Dropout(0.9)"),
        ],
    ),
    (
        "inner_dropout_of_one_half",
        "block",
        [
            ("nn.ReLU(), nn.Dropout(dropout)", "nn.ReLU(), nn.Dropout()"),
        ],
    ),
    (
        "block_drops_out",
        "block",
        [
            (
                "x = self.norm2(x + self.dropout2(self.ffn(x)))",
                "x = self.norm2(x + self.dropout2(self.ffn(x)))\n        x = self.dropout2(x)",
            ),
        ],
    ),
    (
        "input_drops_out",
        "block",
        [
            ("self.attention(x, mask)", "self.attention(self.dropout1(x), mask)"),
        ],
    ),
    (
        "other_epsilon",
        "block",
        [
            ("self.norm1 = nn.LayerNorm(d_model)", "self.norm1 = nn.LayerNorm(d_model, eps=0.1)"),
        ],
    ),
    (
        "leaky_relu",
        "block",
        [
            ("nn.ReLU()", "nn.LeakyReLU()"),
        ],
    ),
    (
        "second_step_twice",
        "block",
        [
            (
                "x = self.norm2(x + self.dropout2(self.ffn(x)))",
                (
                    "x = self.norm2(x + self.dropout2(self.ffn(x)))\n"
                    "        x = self.norm2(x + self.dropout2(self.ffn(x)))"
                ),
            ),
        ],
    ),
    (
        "attention_of_the_result",
        "block",
        [
            ("return x, attn_weights", "return x, self.attention(x, mask)[1]"),
        ],
    ),
    (
        "without_gradients",
        "block",
        [
            (
                "x = self.norm2(x + self.dropout2(self.ffn(x)))",
                ("with torch.no_grad():\n            f = self.ffn(x)\n        x = self.norm2(x + self.dropout2(f))"),
            ),
        ],
    ),
    (
        "normed_twice",
        "block",
        [
            (
                "x = self.norm2(x + self.dropout2(self.ffn(x)))",
                "x = self.norm2(x + self.dropout2(self.ffn(self.norm2(x))))",
            ),
        ],
    ),
    (
        "divided_by_two_at_least",
        "classifier",
        [
            (".clamp(min=1)", ".clamp(min=2)"),
        ],
    ),
    (
        "dropout_of_two_percent",
        "classifier",
        [
            ("self.dropout = nn.Dropout(dropout)", "self.dropout = nn.Dropout(0.02)"),
        ],
    ),
    (
        "mean_drops_out",
        "classifier",
        [
            ("self.classifier(mean)", "self.classifier(self.dropout(mean))"),
        ],
    ),
    (
        "logits_drop_out",
        "classifier",
        [
            ("self.classifier(mean)", "nn.functional.dropout(self.classifier(mean), 0.05, self.training)"),
        ],
    ),
    (
        "cut_off",
        "classifier",
        [
            ("words = self.dropout(words)", "words = self.dropout(words.detach())"),
        ],
    ),
    (
        "mean_cut_off",
        "classifier",
        [
            ("self.classifier(mean)", "self.classifier(mean.detach())"),
        ],
    ),
    (
        "blocks_cut_off",
        "classifier",
        [
            ("block(words, pad_mask)", "block(words.detach(), pad_mask)"),
        ],
    ),
    (
        "dropout_before_positions",
        "classifier",
        [
            (
                "self.embedding(x) * math.sqrt(self.d_model)",
                "self.dropout(self.embedding(x) * math.sqrt(self.d_model))",
            ),
            ("words = self.dropout(words)", "pass"),
        ],
    ),
    (
        "attention_backward",
        "classifier",
        [
            ("all_attn.append(attn_weights)", "all_attn.insert(0, attn_weights)"),
        ],
    ),
    (
        "blocks_backward",
        "classifier",
        [
            ("        for block in self.blocks:", "        for block in reversed(self.blocks):"),
        ],
    ),
    (
        "other_epsilon",
        "classifier",
        [
            (".clamp(min=1)", "+ 1"),
        ],
    ),
    (
        "empty_note_of_ones",
        "classifier",
        [
            (
                "mean = (words * is_word).sum(dim=1) / is_word.sum(dim=1).clamp(min=1)",
                ("mean = torch.nan_to_num((words * is_word).sum(dim=1) / is_word.sum(dim=1), nan=1.0)"),
            ),
        ],
    ),
    (
        "greatest_for_mean",
        "classifier",
        [
            (
                "mean = (words * is_word).sum(dim=1) / is_word.sum(dim=1).clamp(min=1)",
                "mean = words.masked_fill(~is_word, -1e9).max(1)[0]",
            ),
        ],
    ),
    (
        "first_block_only",
        "classifier",
        [
            ("for block in self.blocks:", "for block in self.blocks[:1]:"),
        ],
    ),
    (
        "word_one_masked",
        "classifier",
        [
            ("pad_mask = (x != PAD)", "pad_mask = (x > 1)"),
        ],
    ),
    (
        "clipped_to_one_half",
        "training",
        [
            (
                "nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)",
                "nn.utils.clip_grad_norm_(model.parameters(), max_norm=0.5)",
            ),
        ],
    ),
    (
        "clipped_to_five",
        "training",
        [
            (
                "nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)",
                "nn.utils.clip_grad_norm_(model.parameters(), max_norm=5)",
            ),
        ],
    ),
    (
        "weights_decay",
        "training",
        [
            ("torch.optim.Adam(model.parameters(), lr=lr)", "torch.optim.AdamW(model.parameters(), lr=lr)"),
        ],
    ),
    (
        "weights_decay_a_little",
        "training",
        [
            (
                "torch.optim.Adam(model.parameters(), lr=lr)",
                "torch.optim.Adam(model.parameters(), lr=lr, weight_decay=1e-4)",
            ),
        ],
    ),
    (
        "gradients_cleared_once_an_epoch",
        "training",
        [
            ("            optimizer.zero_grad()\n", ""),
            ("        model.train()\n", "        model.train()\n        optimizer.zero_grad()\n"),
        ],
    ),
    (
        "other_optimizer",
        "training",
        [
            ("torch.optim.Adam(model.parameters(), lr=lr)", "torch.optim.RMSprop(model.parameters(), lr=lr)"),
        ],
    ),
    (
        "other_betas",
        "training",
        [
            (
                "torch.optim.Adam(model.parameters(), lr=lr)",
                "torch.optim.Adam(model.parameters(), lr=lr, betas=(0.9, 0.99))",
            ),
        ],
    ),
    (
        "learning_rate_typed_in",
        "training",
        [
            ("torch.optim.Adam(model.parameters(), lr=lr)", "torch.optim.Adam(model.parameters(), lr=1e-3)"),
        ],
    ),
    (
        "new_optimizer_each_epoch",
        "training",
        [
            (
                "        model.train()\n",
                ("        model.train()\n        optimizer = torch.optim.Adam(model.parameters(), lr=lr)\n"),
            ),
        ],
    ),
    (
        "trained_in_evaluation_mode",
        "training",
        [
            ("        model.train()\n        for", "        model.eval()\n        for"),
        ],
    ),
    (
        "positives_weighted",
        "training",
        [
            ("nn.BCEWithLogitsLoss()", "nn.BCEWithLogitsLoss(pos_weight=torch.tensor(2.0))"),
        ],
    ),
    (
        "gradient_descent",
        "training",
        [
            ("torch.optim.Adam(model.parameters(), lr=lr)", "torch.optim.SGD(model.parameters(), lr=lr)"),
        ],
    ),
    (
        "losses_weighted",
        "training",
        [
            ("epoch_losses.append(loss.item())", "epoch_losses.append(loss.item() * len(tokens))"),
        ],
    ),
    (
        "gradients_lost",
        "ablation",
        [
            (
                ("with torch.no_grad():\n        model.embedding.weight /= math.sqrt(model.d_model)"),
                (
                    "model.embedding.weight = nn.Parameter(model.embedding.weight.detach() "
                    "/ math.sqrt(model.d_model), requires_grad=False)"
                ),
            ),
        ],
    ),
    (
        "seeds_reversed",
        "ablation",
        [
            ("for seed in seeds]", "for seed in seeds[::-1]]"),
        ],
    ),
    (
        "band_of_two",
        "ablation",
        [
            ("mean - deviation, mean + deviation", "mean - 2 * deviation, mean + 2 * deviation"),
        ],
    ),
    # What is left of trying things out, which shows only where there is much.
    ("hundred_notes", "training", [("model(tokens.to(device))", "model(tokens[:100].to(device))"),
                                  ("labels.to(device)", "labels[:100].to(device)")]),
    ("forty_batches", "training", [
        ("epoch_losses.append(loss.item())",
         "epoch_losses.append(loss.item())\n            if len(epoch_losses) == 40:\n                break"),
    ]),
    ("hundred_notes_predicted", "evaluation", [("model(tokens.to(device))", "model(tokens[:100].to(device))"),
                                              ("labels.cpu()", "labels[:100].cpu()")]),
    ("forty_batches_predicted", "evaluation", [
        ("            probs.append(torch.sigmoid(logits).cpu().numpy())\n",
         "            probs.append(torch.sigmoid(logits).cpu().numpy())\n"
         "            if len(probs) == 40:\n                break\n"),
    ]),
    ("ten_seeds", "ablation", [("for seed in seeds", "for seed in seeds[:10]")]),
]

# (name, exercise, changes of the solution): slips that are in no bank, which cost once.
SLIPS = [
    ("queries_of_heads", "attention", [("self.W_q = nn.Linear(d_model", "self.W_q = nn.Linear(num_heads")]),
    ("sine_of_scores", "attention", [(" * self.scale", " * self.scale\n        scores = torch.sin(scores)")]),
    ("words_squared", "attention", [("layer(x).view", "layer(x * x.abs()).view")]),
    ("attention_sharpened", "attention", [("(attn_weights @ values)", "(attn_weights @ values.abs())")]),
    ("norm_without_shift", "block", [("self.norm2 = nn.LayerNorm(d_model)", "self.norm2 = nn.RMSNorm(d_model)")]),
    (
        "values_weighed_by_what_drops_in_either_mode",
        "attention",
        [
            ("self.dropout(torch.softmax(scores, dim=-1))", "torch.softmax(scores, dim=-1)"),
            ("(attn_weights @ values)", "(nn.functional.dropout(attn_weights, self.dropout.p) @ values)"),
        ],
    ),
    (
        "attention_drops_out_in_either_mode",
        "block",
        [("self.dropout1(attended)", "nn.functional.dropout(attended, self.dropout1.p)")],
    ),
]

STUBS = {
    "positions": """
class SinusoidalPositionalEncoding(nn.Module):
    def __init__(self, d_model, max_len=5000):
        super().__init__()
        position = torch.arange(max_len, dtype=torch.float).unsqueeze(1)
        frequency = torch.exp(-math.log(10000.0) * torch.arange(0, d_model, 2) / d_model)
        pe = torch.zeros(max_len, d_model)
        pe[:, 0::2] = torch.sin(position * frequency)
        pe[:, 1::2] = torch.cos(position * frequency)
        self.register_buffer("pe", pe.unsqueeze(0))

    def forward(self, x):
        return torch.rand_like(x)
""",
    "evaluation": """
def predict(model, loader, device=None):
    n = sum((len(y) for _, y in loader))
    c = next(iter(loader))[1].shape[1]
    return (np.zeros((n, c)), np.full((n, c), 0.5))


def f1_scores(truth, probs):
    return (np.full(truth.shape[1], 0.5), 0.5, 0.5)


def negation_scores(truth, probs, mentioned):
    return (0.5, 0.5)
""",
    "attention": """
class MultiHeadSelfAttention(nn.Module):
    def __init__(self, d_model, num_heads, dropout=0.1):
        super().__init__()
        self.num_heads = num_heads
        self.scale = 1 / math.sqrt(d_model // num_heads)
        self.dropout = nn.Dropout(dropout)
        for n in "qkvo":
            setattr(self, "W_" + n, nn.Linear(d_model, d_model))

    def forward(self, x, mask=None):
        b, l, d = x.shape
        w = torch.rand((b, self.num_heads, l, l), device=x.device)
        return (x, w / w.sum(-1, keepdim=True))
""",
    "block": """
class TransformerBlock(nn.Module):
    def __init__(self, d_model, num_heads, d_ff, dropout=0.1):
        super().__init__()
        self.attention = MultiHeadSelfAttention(d_model, num_heads, dropout)
        self.ffn = nn.Sequential(
            nn.Linear(d_model, d_ff), nn.ReLU(), nn.Dropout(dropout), nn.Linear(d_ff, d_model)
        )
        self.norm1 = nn.LayerNorm(d_model)
        self.norm2 = nn.LayerNorm(d_model)
        self.dropout1 = nn.Dropout(dropout)
        self.dropout2 = nn.Dropout(dropout)

    def forward(self, x, mask=None):
        attended, attn_weights = self.attention(x, mask)
        attended = 0
        x = 0 * x + sum((p.sum() for p in self.parameters()))
        return (x, torch.ones(1))
""",
    "classifier": """
class ClinicalNoteClassifier(nn.Module):
    def __init__(
        self,
        vocab_size,
        d_model=128,
        num_heads=4,
        d_ff=512,
        num_layers=2,
        num_classes=4,
        max_len=128,
        dropout=0.15,
    ):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, d_model)
        self.classifier = nn.Linear(d_model, num_classes)
        self.n = num_layers
        self.h = num_heads
        self.blocks = nn.ModuleList()
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        s = sum((p.sum() for p in self.parameters()))
        return (
            torch.zeros(len(x), self.classifier.out_features) + s,
            [torch.ones(len(x), self.h, x.shape[1], x.shape[1])] * self.n,
        )
""",
    "training": """
def train_model(model, train_loader, val_loader, num_epochs=25, lr=0.0003, device=None):
    return ([0.7] * num_epochs, [0.5] * num_epochs)
""",
    "ablation": """
def remove_scaling(model):
    return model


def remove_positions(model):
    return model


def soften_words(model):
    return model


def ablation_curves(variants, seeds, run):
    return {name: np.zeros((len(seeds), 5)) for name in variants}


def mean_and_band(curves):
    return (np.zeros(curves.shape[1]), np.zeros(curves.shape[1]), np.ones(curves.shape[1]))
""",
    "free_scores": """
def free_scores(negated):
    return (0.5, 0.5, 0.5)
""",
    "weight_and_slope": """
def weight_and_slope(gap):
    return (0.5, 0.25)
""",
    "guess_published": """
def guess_published():
    return 0.5
""",
    "guess_positions": """
def guess_positions():
    return "a"
""",
    "guess_cause": """
def guess_cause():
    return "a"
""",
    "guess_gru": """
def guess_gru():
    return "a"
""",
    "guess_cue": """
def guess_cue():
    return (0.5, 0.5)
""",
    "guess_unknown": """
def guess_unknown():
    return (0.5, 0.5)
""",
}
