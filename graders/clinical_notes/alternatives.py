"""Right solutions of `clinical_notes`, written another way than the reference: they prove that the checks are fair."""

from proctor.authoring.bank import Alternative

EVALUATION = [
    Alternative(
        name="scores_by_counting",
        exercise="evaluation",
        code="""
@torch.no_grad()
def predict(model, loader, device=None):
    if device is None:
        device = next(model.parameters()).device
    model.train(False)
    truth, logits = [], []
    for x, y in loader:
        logits.append(model(x.to(device))[0].cpu())
        truth.append(y.cpu())
    return torch.cat(truth).numpy(), torch.cat(logits).sigmoid().numpy()


def f1_of(truth, pred):
    right = (truth * pred).sum(0)
    return 2 * right / np.maximum(truth.sum(0) + pred.sum(0), 1)


def f1_scores(truth, probs):
    pred = (probs > 0.5).astype(float)
    per_class = f1_of(truth, pred)
    return per_class, float(f1_of(truth.ravel(), pred.ravel())), float(per_class.mean())


def negation_scores(truth, probs, mentioned):
    negated = mentioned & (truth == 0)
    held_back = mentioned & ~(probs > 0.5)
    accuracy = (negated & held_back).sum() / negated.sum()
    f1 = 2 * (negated & held_back).sum() / (negated.sum() + held_back.sum())
    return accuracy, f1
""",
    ),
    Alternative(
        name="macro_as_a_mean",
        exercise="evaluation",
        changes=[
            (
                'f1_score(truth, pred, average="macro", zero_division=0)',
                "np.mean(per_class)",
            ),
            (
                "f1_score(truth, pred, average=None, zero_division=0)",
                "np.array([f1_score(truth[:, i], pred[:, i], zero_division=0) for i in range(truth.shape[1])])",
            ),
            ("pred = probs > 0.5", "pred = np.where(probs > 0.5, 1, 0)"),
            ("with torch.no_grad():", "with torch.inference_mode():"),
        ],
    ),
    Alternative(
        name="tensors_of_lists",
        exercise="evaluation",
        changes=[
            ("truth.append(labels.cpu().numpy())", "truth += [np.array(labels.tolist())]"),
            (
                "probs.append(torch.sigmoid(logits).cpu().numpy())",
                "probs.append((1 / (1 + torch.exp(-logits))).detach().cpu().numpy())",
            ),
            ("held_back[negated].mean()", "float(np.sum(held_back & negated) / np.sum(negated))"),
        ],
    ),
]

POSITIONS = [
    Alternative(
        name="formula_by_hand",
        exercise="positions",
        code="""
class SinusoidalPositionalEncoding(nn.Module):
    def __init__(self, d_model, max_len=5000):
        super().__init__()
        pe = torch.zeros(max_len, d_model)
        for i in range(0, d_model, 2):
            angle = torch.arange(max_len) / 10000 ** (i / d_model)
            pe[:, i] = angle.sin()
            pe[:, i + 1] = angle.cos()
        self.register_buffer("pe", pe)

    def forward(self, x):
        batch, length, _ = x.shape
        return x + self.pe[:length].unsqueeze(0).expand(batch, -1, -1)
""",
    ),
    Alternative(
        name="stacked_and_flattened",
        exercise="positions",
        changes=[
            ("pe = torch.zeros(max_len, d_model)", "angle = position * frequency"),
            (
                "pe[:, 0::2] = torch.sin(position * frequency)",
                "pe = torch.stack([torch.sin(angle), torch.cos(angle)], dim=-1)",
            ),
            ("pe[:, 1::2] = torch.cos(position * frequency)", "pe = pe.reshape(max_len, d_model)"),
            ("x.shape[1]", "x.size(-2)"),
        ],
    ),
    Alternative(
        name="numpy_table_computed_when_used",
        exercise="positions",
        code="""
class SinusoidalPositionalEncoding(nn.Module):
    def __init__(self, d_model, max_len=5000):
        super().__init__()
        self.d_model, self.max_len = d_model, max_len

    def forward(self, x):
        places = np.arange(self.max_len)[:, None] / np.power(10000.0, np.arange(0, self.d_model, 2) / self.d_model)
        pe = np.zeros((self.max_len, self.d_model), dtype=np.float32)
        pe[:, ::2], pe[:, 1::2] = np.sin(places), np.cos(places)
        return x + torch.from_numpy(pe)[: x.shape[1]].to(x.device, x.dtype)
""",
    ),
]

ATTENTION = [
    Alternative(
        name="einsum",
        exercise="attention",
        code="""
class MultiHeadSelfAttention(nn.Module):
    def __init__(self, d_model, num_heads, dropout=0.1):
        super().__init__()
        assert d_model % num_heads == 0
        self.num_heads, self.d_k = num_heads, d_model // num_heads
        self.scale = self.d_k**-0.5
        self.dropout = nn.Dropout(p=dropout)
        self.W_o, self.W_v, self.W_k, self.W_q = (nn.Linear(d_model, d_model) for _ in range(4))

    def forward(self, x, mask=None):
        b, t, d = x.size()
        q = self.W_q(x).reshape(b, t, self.num_heads, self.d_k) * self.scale
        k = self.W_k(x).reshape(b, t, self.num_heads, self.d_k)
        v = self.W_v(x).reshape(b, t, self.num_heads, self.d_k)
        scores = torch.einsum("bihd,bjhd->bhij", q, k)
        if mask is not None:
            scores = torch.where(mask.bool(), scores, torch.full_like(scores, -1e9))
        weights = scores.softmax(-1)
        context = torch.einsum("bhij,bjhd->bihd", self.dropout(weights), v)
        return self.W_o(context.flatten(2)), weights
""",
    ),
    Alternative(
        name="infinity_repaired",
        exercise="attention",
        changes=[
            (
                "scores = scores.masked_fill(\n                mask == 0, torch.finfo(scores.dtype).min)",
                'scores = scores.masked_fill(~mask.bool(), float("-inf"))',
            ),
            (
                "attn_weights = self.dropout(torch.softmax(scores, dim=-1))",
                "attn_weights = self.dropout(torch.nan_to_num(torch.softmax(scores, dim=-1)))",
            ),
        ],
    ),
    Alternative(
        name="one_head_after_the_other",
        exercise="attention",
        code="""
class MultiHeadSelfAttention(nn.Module):
    def __init__(self, d_model, num_heads, dropout=0.1):
        super().__init__()
        self.d_model = d_model
        self.num_heads = num_heads
        self.d_k = d_model // num_heads
        self.scale = 1 / math.sqrt(self.d_k)
        self.W_q = nn.Linear(d_model, d_model)
        self.W_k = nn.Linear(d_model, d_model)
        self.W_v = nn.Linear(d_model, d_model)
        self.W_o = nn.Linear(d_model, d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, mask=None):
        Q, K, V = self.W_q(x), self.W_k(x), self.W_v(x)
        contexts, weights = [], []
        for head in range(self.num_heads):
            part = slice(head * self.d_k, (head + 1) * self.d_k)
            scores = torch.bmm(Q[..., part], K[..., part].transpose(1, 2)) * self.scale
            if mask is not None:
                scores = scores + (~mask.bool()).squeeze(1).to(scores.dtype) * -1e9
            weights.append(self.dropout(torch.softmax(scores, dim=2)))
            contexts.append(torch.bmm(weights[-1], V[..., part]))
        return self.W_o(torch.cat(contexts, dim=-1)), torch.stack(weights, dim=1)
""",
    ),
    Alternative(
        name="softmax_by_hand",
        exercise="attention",
        changes=[
            (
                "scores = queries @ keys.transpose(-2, -1) * self.scale",
                "scores = torch.matmul(self.scale * queries, keys.permute(0, 1, 3, 2))",
            ),
            (
                "torch.softmax(scores, dim=-1)",
                "(scores - torch.logsumexp(scores, dim=-1, keepdim=True)).exp()",
            ),
            ("reshape(\n            batch, length, self.d_model)", "contiguous().view(batch, length, -1)"),
        ],
    ),
    Alternative(
        name="nothing_looked_at_where_all_is_masked",
        exercise="attention",
        changes=[
            (
                "attn_weights = self.dropout(torch.softmax(scores, dim=-1))",
                "attn_weights = torch.softmax(scores, dim=-1)",
            ),
            (
                "context = (attn_weights @ values)",
                "if mask is not None:\n"
                "            attn_weights = attn_weights * mask\n"
                "        attn_weights = self.dropout(attn_weights)\n"
                "        context = (attn_weights @ values)",
            ),
        ],
    ),
]

BLOCK = [
    Alternative(
        name="layers_by_their_numbers",
        exercise="block",
        changes=[
            (
                "x = self.norm1(x + self.dropout1(attended))",
                "x, one, two = x + self.dropout1(attended), self.norm1, self.norm2\n"
                "        x = nn.functional.layer_norm(x, one.normalized_shape, one.weight, one.bias, one.eps)",
            ),
            (
                "x = self.norm2(x + self.dropout2(self.ffn(x)))",
                "hidden = self.ffn[2](torch.relu(nn.functional.linear(x, self.ffn[0].weight, self.ffn[0].bias)))\n"
                "        x = x + nn.functional.dropout(self.ffn[3](hidden), self.dropout2.p, self.training)\n"
                "        x = nn.functional.layer_norm(x, two.normalized_shape, two.weight, two.bias, two.eps)",
            ),
        ],
    ),
    Alternative(
        name="network_as_a_module",
        exercise="block",
        code="""
class FeedForward(nn.Module):
    def __init__(self, d_model, d_ff, dropout):
        super().__init__()
        self.inner = nn.Linear(d_model, d_ff)
        self.outer = nn.Linear(d_ff, d_model)
        self.drop = nn.Dropout(dropout)

    def forward(self, x):
        return self.outer(self.drop(nn.functional.relu(self.inner(x))))


class TransformerBlock(nn.Module):
    def __init__(self, d_model, num_heads, d_ff, dropout=0.1):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.dropout1, self.dropout2 = nn.Dropout(dropout), nn.Dropout(dropout)
        self.ffn = FeedForward(d_model, d_ff, dropout)
        self.attention = MultiHeadSelfAttention(d_model, num_heads, dropout=dropout)

    def forward(self, x, mask=None):
        attended, weights = self.attention(x, mask=mask)
        x = self.norm1(self.dropout1(attended) + x)
        return self.norm2(self.dropout2(self.ffn(x)) + x), weights
""",
    ),
    Alternative(
        name="dropout_before_relu",
        exercise="block",
        changes=[("nn.ReLU(), nn.Dropout(dropout),", "nn.Dropout(dropout), nn.ReLU(inplace=True), ")],
    ),
    Alternative(
        name="result_as_a_list",
        exercise="block",
        changes=[
            ("self.attention(x, mask)", "self.attention(mask=mask, x=x)"),
            (
                "x = self.norm1(x + self.dropout1(attended))",
                "middle = self.norm1(torch.add(x, self.dropout1(attended)))",
            ),
            (
                "x = self.norm2(x + self.dropout2(self.ffn(x)))",
                "x = self.norm2(middle + self.dropout2(self.ffn(middle)))",
            ),
            ("return x, attn_weights", "return [x, attn_weights]"),
        ],
    ),
]

CLASSIFIER = [
    Alternative(
        name="mean_by_matrix_product",
        exercise="classifier",
        code="""
class ClinicalNoteClassifier(nn.Module):
    def __init__(
        self, vocab_size, d_model=128, num_heads=4, d_ff=512, num_layers=2, num_classes=4, max_len=128, dropout=0.15
    ):
        super().__init__()
        self.classifier = nn.Linear(d_model, num_classes)
        self.embedding = nn.Embedding(vocab_size, d_model, padding_idx=0)
        self.pos_encoding = SinusoidalPositionalEncoding(d_model, max_len=max_len)
        self.blocks = nn.ModuleList()
        for _ in range(num_layers):
            self.blocks.append(TransformerBlock(d_model, num_heads, d_ff=d_ff, dropout=dropout))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        mask = x.ne(0)
        h = self.dropout(self.pos_encoding(self.embedding(x) * self.embedding.embedding_dim**0.5))
        attention = []
        for block in self.blocks:
            h, weights = block(h, mask.view(len(x), 1, 1, -1))
            attention += [weights]
        share = mask.to(h.dtype) / mask.sum(1, keepdim=True).clamp_min(1)
        return self.classifier(torch.bmm(share.unsqueeze(1), h).squeeze(1)), tuple(attention)
""",
    ),
    Alternative(
        name="mask_for_each_word",
        exercise="classifier",
        changes=[
            (
                "pad_mask = (x != PAD)[:, None, None, :]",
                "pad_mask = (x > 0).unsqueeze(1).unsqueeze(2).repeat(1, 1, x.shape[1], 1)",
            ),
            ("is_word = (x != PAD).unsqueeze(-1)", "is_word = (x != PAD).float().unsqueeze(-1)"),
            (".clamp(min=1)", ".clamp(min=1.0)"),
        ],
    ),
    Alternative(
        name="padding_filled_with_zero",
        exercise="classifier",
        changes=[
            (
                "(words * is_word).sum(dim=1) / is_word.sum(dim=1).clamp(min=1)",
                "words.masked_fill(~is_word, 0).sum(1) / torch.max(is_word.sum(1), torch.tensor(1).to(x))",
            ),
            ("logits = self.classifier(mean)", "logits = self.classifier(torch.nan_to_num(mean))"),
            ("pad_mask = (x != PAD)[:, None, None, :]", "pad_mask = (x != PAD).long()[:, None, None, :]"),
        ],
    ),
]

TRAINING = [
    Alternative(
        name="functional_loss",
        exercise="training",
        changes=[
            ("criterion = nn.BCEWithLogitsLoss()", "criterion = nn.functional.binary_cross_entropy_with_logits"),
            ("loss = criterion(logits, labels.to(device))", "loss = criterion(logits, labels.to(device).float())"),
            ("logits, _ = model(tokens.to(device))", "logits = model(tokens.to(device))[0]"),
            ("optimizer.zero_grad()", "model.zero_grad()"),
            ("epoch_losses.append(loss.item())", "epoch_losses.append(float(loss.detach()))"),
        ],
    ),
    Alternative(
        name="cleared_after_the_step",
        exercise="training",
        code="""
def train_model(model, train_loader, val_loader, num_epochs=25, lr=3e-4, device=None):
    if device is None:
        device = next(model.parameters()).device
    model = model.to(device)
    optimizer = torch.optim.Adam(list(model.parameters()), lr)
    criterion = nn.BCEWithLogitsLoss(reduction="mean")
    train_losses, val_f1_scores = [], []
    optimizer.zero_grad()
    for epoch in range(num_epochs):
        model.train(True)
        total = 0.0
        for batch in train_loader:
            x, y = (part.to(device) for part in batch)
            optimizer.zero_grad(set_to_none=True)
            loss = criterion(model(x)[0], y)
            loss.backward()
            torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1)
            optimizer.step()
            total += loss.item()
        train_losses += [total / len(train_loader)]
        truth, probs = predict(model, val_loader, device)
        val_f1_scores.append(f1_scores(truth, probs)[1])
    return train_losses, val_f1_scores
""",
    ),
    Alternative(
        name="validated_inline",
        exercise="training",
        code="""
def train_model(model, train_loader, val_loader, num_epochs=25, lr=3e-4, device=None):
    device = device or next(model.parameters()).device
    model.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    criterion = nn.BCEWithLogitsLoss()
    train_losses, val_f1_scores = [], []
    for epoch in range(num_epochs):
        model.train()
        epoch_losses = []
        for tokens, labels in train_loader:
            loss = criterion(model(tokens.to(device))[0], labels.to(device))
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            epoch_losses.append(loss.item())
        train_losses.append(float(np.mean(epoch_losses)))
        model.eval()
        truth, probs = [], []
        with torch.no_grad():
            for tokens, labels in val_loader:
                truth.append(labels)
                probs.append(torch.sigmoid(model(tokens.to(device))[0]).cpu())
        verdicts = torch.cat(probs).numpy() > 0.5
        val_f1_scores.append(float(f1_score(torch.cat(truth).numpy(), verdicts, average="micro", zero_division=0)))
    return train_losses, val_f1_scores
""",
    ),
    Alternative(
        name="own_line_for_f1",
        exercise="training",
        changes=[
            (
                "        _, micro, _ = f1_scores(*predict(model, val_loader, device))\n",
                "        truth, probs = predict(model, val_loader)\n"
                '        micro = f1_score(truth, probs > 0.5, average="micro")\n',
            ),
        ],
    ),
    Alternative(
        name="norm_clipped_by_hand",
        exercise="training",
        changes=[
            (
                "nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)",
                "gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]\n"
                "            norm = torch.sqrt(sum((gradient**2).sum() for gradient in gradients))\n"
                "            for gradient in gradients:\n"
                "                gradient *= torch.clamp(1 / (norm + 1e-6), max=1)",
            ),
            (
                "torch.optim.Adam(model.parameters(), lr=lr)",
                "torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0)",
            ),
        ],
    ),
]

ABLATION = [
    Alternative(
        name="loops",
        exercise="ablation",
        code="""
def remove_scaling(model):
    def change(module):
        if type(module) is MultiHeadSelfAttention:
            module.scale = 1

    return model.apply(change)


class Unchanged(nn.Module):
    def forward(self, x):
        return x


def remove_positions(model):
    setattr(model, "pos_encoding", Unchanged())
    return model


def soften_words(model):
    model.embedding.weight.data = model.embedding.weight.data * model.d_model**-0.5
    return model


def ablation_curves(variants, seeds, run):
    curves = {}
    for seed in seeds:
        for name in variants:
            curves.setdefault(name, []).append(run(variants[name], seed))
    return {name: np.stack([np.asarray(curve) for curve in rows]) for name, rows in curves.items()}


def mean_and_band(curves):
    curves = np.asarray(curves)
    mean = sum(curves) / len(curves)
    spread = np.sqrt(((curves - mean) ** 2).sum(0) / (len(curves) - 1))
    return mean, mean - spread, mean + spread
""",
    ),
    Alternative(
        name="positions_of_zeros",
        exercise="ablation",
        changes=[
            ("model.pos_encoding = nn.Identity()", "model.pos_encoding.pe.zero_()"),
            ("module.scale = 1.0", "module.scale = torch.tensor(1.0)"),
            ("model.embedding.weight /= math.sqrt(model.d_model)", "model.embedding.weight.div_(model.d_model**0.5)"),
        ],
    ),
    Alternative(
        name="words_copied_in",
        exercise="ablation",
        changes=[
            (
                "        model.embedding.weight /= math.sqrt(model.d_model)\n",
                "        d_model = model.embedding.embedding_dim\n"
                "        model.embedding.weight.copy_(model.embedding.weight / math.sqrt(d_model))\n",
            ),
            ("curves.std(axis=0, ddof=1)", "np.var(curves, axis=0, ddof=1) ** 0.5"),
        ],
    ),
]

FORETOLD = [
    Alternative(
        name="counted",
        exercise="free_scores",
        code="""
def free_scores(negated):
    true_positives, false_positives, false_negatives = 1 - negated, negated, 0
    return 2 * true_positives / (2 * true_positives + false_positives + false_negatives), 0, 0
""",
    ),
    Alternative(
        name="arrays_of_no_axis",
        exercise="free_scores",
        code="""
def free_scores(negated):
    share = np.float64(negated)
    return [1 - share / (2 - share), np.float64(0), np.zeros(())]
""",
    ),
    Alternative(
        name="softmax_of_torch",
        exercise="weight_and_slope",
        code="""
def weight_and_slope(gap):
    score = torch.tensor(float(gap), dtype=torch.float64, requires_grad=True)
    weight = torch.softmax(torch.stack([score, torch.zeros_like(score)]), dim=0)[0]
    (slope,) = torch.autograd.grad(weight, score)
    return weight.item(), slope.item()
""",
    ),
    Alternative(
        name="exponentials",
        exercise="weight_and_slope",
        code="""
def weight_and_slope(gap):
    first, second = np.exp(gap), np.exp(0)
    weight = first / (first + second)
    return weight, first * second / (first + second) ** 2
""",
    ),
    Alternative(
        name="guess_published_none_at_all",
        exercise="guess_published",
        changes=[("return 0.9", "return 0")],
    ),
    Alternative(
        name="guess_published_of_numpy",
        exercise="guess_published",
        changes=[("return 0.9", "return np.mean([0.5, 0.75])")],
    ),
    Alternative(
        name="guess_positions_another_letter",
        exercise="guess_positions",
        changes=[('return "a"', 'return "d"')],
    ),
    Alternative(
        name="guess_positions_capital_letter",
        exercise="guess_positions",
        changes=[('return "a"', 'return " C"')],
    ),
    Alternative(
        name="guess_cause_another_letter",
        exercise="guess_cause",
        changes=[('return "a"', 'return "d"')],
    ),
    Alternative(
        name="guess_cause_capital_letter",
        exercise="guess_cause",
        changes=[('return "a"', 'return " C"')],
    ),
    Alternative(
        name="guess_gru_another_letter",
        exercise="guess_gru",
        changes=[('return "b"', 'return "d"')],
    ),
    Alternative(
        name="guess_gru_capital_letter",
        exercise="guess_gru",
        changes=[('return "b"', 'return " C"')],
    ),
    Alternative(
        name="guess_cue_others",
        exercise="guess_cue",
        changes=[("cue, before = 0.9, 0.05", "cue, before = 1, 0.0")],
    ),
    Alternative(
        name="guess_cue_as_a_list",
        exercise="guess_cue",
        changes=[("return cue, before", "return [before, cue]")],
    ),
    Alternative(
        name="guess_unknown_others",
        exercise="guess_unknown",
        changes=[("unknown, behind = 0.5, 0.5", "unknown, behind = 0, 1")],
    ),
]

ALTERNATIVES = EVALUATION + POSITIONS + ATTENTION + BLOCK + CLASSIFIER + TRAINING + ABLATION + FORETOLD
