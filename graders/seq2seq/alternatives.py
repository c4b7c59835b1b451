"""Right solutions of `seq2seq`, written another way than the reference: they prove that the checks are fair."""

from proctor.authoring.bank import Alternative

DATASET = [
    Alternative(
        name="samples_zipped",
        exercise="dataset",
        code="""
class CustomDataset(Dataset):
    def __init__(self, seqs, hfs):
        self.x, self.y = list(seqs), tuple(hfs)
        self.samples = list(zip(self.x, self.y))

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        return self.samples[index]
""",
    ),
    Alternative(
        name="sample_as_list",
        exercise="dataset",
        changes=[
            (
                "return self.x[index], self.y[index]",
                "x = self.x[index]\n        y = self.y[index]\n        return [x, y]",
            )
        ],
    ),
    Alternative(
        name="labels_as_floats",
        exercise="dataset",
        changes=[("self.y = hfs", "self.y = [float(label) for label in hfs]")],
    ),
    Alternative(
        name="labels_as_array",
        exercise="dataset",
        changes=[("self.y = hfs", "self.y = np.array(hfs)")],
    ),
]

COLLATE = [
    Alternative(
        name="membership_in_list",
        exercise="collate",
        changes=[
            ("if code in code2idx:", "if code in freq_codes:"),
            ("code2idx[code]] = 1", "freq_codes.index(code)] = 1.0"),
            ("x.sum(dim=-1) > 0", "torch.sum(x, dim=2).bool()"),
        ],
    ),
    Alternative(
        name="filled_in_place",
        exercise="collate",
        changes=[
            (
                "x[i_patient, j_visit, code2idx[code]] = 1",
                "x[i_patient][j_visit].index_fill_(0, torch.tensor(code2idx[code]), 1)",
            ),
            ("x.sum(dim=-1) > 0", "(x > 0).any(dim=-1)"),
        ],
    ),
    Alternative(
        name="scattered_at_once",
        exercise="collate",
        code="""
def collate_fn(data):
    sequences, labels = zip(*data)
    places = [
        (i, j, code2idx[code])
        for i, patient in enumerate(sequences)
        for j, visit in enumerate(patient)
        for code in set(visit) & set(freq_codes)
    ]
    x = torch.zeros((len(sequences), max(map(len, sequences)), len(code2idx)))
    if places:
        x[tuple(torch.tensor(places).T)] = 1.0
    return x, x.amax(dim=-1) == 1, torch.tensor(labels).float()
""",
    ),
    Alternative(
        name="padded_by_torch",
        exercise="collate",
        code="""
from torch.nn.utils.rnn import pad_sequence


def visit_vector(visit):
    vector = np.zeros(len(freq_codes), dtype=np.float32)
    vector[[code2idx[code] for code in visit if code2idx.get(code) is not None]] = 1
    return torch.from_numpy(vector)


def collate_fn(data):
    x = pad_sequence([torch.stack([visit_vector(visit) for visit in visits]) for visits, _ in data], batch_first=True)
    masks = torch.where(x.sum(-1) > 0, True, False)
    y = torch.as_tensor([label for _, label in data], dtype=torch.float32)
    return [x, masks, y]
""",
    ),
]

LOADERS = [
    Alternative(
        name="samplers_given",
        exercise="loaders",
        code="""
from torch.utils.data import RandomSampler, SequentialSampler


def load_data(train_dataset, val_dataset, collate_fn):
    options = {"batch_size": 32, "collate_fn": collate_fn}
    train_loader = DataLoader(train_dataset, sampler=RandomSampler(train_dataset), **options)
    return train_loader, DataLoader(val_dataset, sampler=SequentialSampler(val_dataset), **options)
""",
    ),
    Alternative(
        name="defaults_left_out",
        exercise="loaders",
        code="""
def load_data(train_dataset, val_dataset, collate_fn):
    train_loader = torch.utils.data.DataLoader(train_dataset, 32, True, collate_fn=lambda samples: collate_fn(samples))
    val_loader = torch.utils.data.DataLoader(val_dataset, 32, collate_fn=collate_fn, drop_last=False)
    return [train_loader, val_loader]
""",
    ),
]

ENCODER = [
    Alternative(
        name="layers_in_other_order",
        exercise="encoder",
        code="""
class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.att = nn.Linear(128, 1)
        self.softmax = nn.Softmax(dim=1)
        self.cnn = nn.Conv2d(1, 128, (3, 105), padding=(1, 0))

    def forward(self, x, masks):
        hidden = self.cnn(x[:, None])[..., 0].permute(0, 2, 1)
        scores = self.att(hidden)
        scores[masks == 0] = -1e9
        return torch.sum(self.softmax(scores) * hidden, 1)
""",
    ),
    Alternative(
        name="attention_built_in",
        exercise="encoder",
        code="""
class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.cnn = nn.Conv2d(1, 128, kernel_size=(3, 105), padding=(1, 0))
        self.att = nn.Linear(128, 1)

    def forward(self, x, masks):
        states = self.cnn(x.unsqueeze(1)).squeeze(3).transpose(1, 2)
        query = self.att.weight.expand(len(x), 1, 128)
        low = torch.zeros_like(masks, dtype=x.dtype).masked_fill(~masks, -1e9).unsqueeze(1)
        return nn.functional.scaled_dot_product_attention(query, states, states, attn_mask=low, scale=1.0).squeeze(1)
""",
    ),
    Alternative(
        name="context_by_einsum",
        exercise="encoder",
        code="""
class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.cnn = nn.Conv2d(1, 128, kernel_size=(3, 105), padding=(1, 0))
        self.att = nn.Linear(128, 1)

    def forward(self, x, masks):
        hidden = self.cnn(x.unsqueeze(1)).squeeze(3)
        scores = self.att(hidden.transpose(1, 2)).squeeze(2)
        scores = torch.where(masks, scores, torch.finfo(scores.dtype).min)
        return torch.einsum("bhv,bv->bh", hidden, scores.softmax(-1))
""",
    ),
    Alternative(
        name="context_by_matrix_product",
        exercise="encoder",
        changes=[
            (
                "(attention * hidden_states).sum(dim=1)",
                "torch.bmm(attention.transpose(1, 2), hidden_states).squeeze(1)",
            ),
            (
                "scores = self.att(hidden_states).masked_fill(\n            ~masks.unsqueeze(-1), -1e9)",
                "scores = self.att(hidden_states) - 1e9 * (1.0 - masks.unsqueeze(-1).float())",
            ),
        ],
    ),
    Alternative(
        name="minus_infinity_guarded",
        exercise="encoder",
        changes=[
            ("-1e9", "-torch.inf"),
            ("torch.softmax(scores, dim=1)", "torch.nan_to_num(torch.softmax(scores, dim=1), nan=0.0)"),
        ],
    ),
    Alternative(
        name="softmax_by_hand",
        exercise="encoder",
        code="""
class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.cnn = nn.Conv2d(in_channels=1, out_channels=128, kernel_size=(3, 105), padding=(1, 0))
        # A softmax does not see what is added to all of its scores.
        self.att = nn.Linear(128, 1, bias=False)

    def forward(self, x, masks):
        hidden = self.cnn(x.unsqueeze(dim=1)).flatten(2).mT
        scores = self.att(hidden)
        weights = torch.exp(scores - scores.max(dim=1, keepdim=True).values) * masks[:, :, None]
        weights = weights / weights.sum(dim=1, keepdim=True).clamp(min=1e-30)
        return (weights * hidden).sum(1)
""",
    ),
    Alternative(
        name="patient_by_patient",
        exercise="encoder",
        code="""
class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.cnn = nn.Conv2d(1, 128, (3, 105), padding=(1, 0))
        self.att = nn.Linear(128, 1)

    def forward(self, x, masks):
        hidden = self.cnn(x.unsqueeze(1)).squeeze(-1).transpose(1, 2)
        contexts = []
        for states, mask in zip(hidden, masks):
            real = states[mask]
            if len(real) == 0:
                contexts.append(states.sum(dim=0) * 0)
                continue
            attention = torch.softmax(self.att(real), dim=0)
            contexts.append((attention * real).sum(dim=0))
        return torch.stack(contexts)
""",
    ),
]

DECODER = [
    Alternative(
        name="gru_last_and_given_by_position",
        exercise="decoder",
        code="""
class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear2 = nn.Linear(128, 105)
        self.linear1 = nn.Linear(128, 128)
        self.rnn = nn.GRU(105, 128, 1, batch_first=True)

    def forward(self, x, hiddens):
        _, h_n = self.rnn(x[:, None, :], hiddens[None].contiguous())
        h_n = h_n[0]
        return torch.sigmoid(self.linear2(torch.relu(self.linear1(h_n)))), h_n
""",
    ),
    Alternative(
        name="state_from_outputs",
        exercise="decoder",
        changes=[
            ("_, hiddens = self.rnn(x, hiddens)", "output, h_n = self.rnn(x, hiddens)"),
            ("hiddens = hiddens.squeeze(0)", "hiddens = output[:, -1, :]"),
        ],
    ),
    Alternative(
        name="visits_first",
        exercise="decoder",
        changes=[
            (", batch_first=True", ""),
            ("self.rnn(x, hiddens)", "self.rnn(x.transpose(0, 1), hiddens)"),
            ("hiddens.squeeze(0)", "hiddens.view(-1, 128)"),
        ],
    ),
    Alternative(
        name="gates_by_hand",
        exercise="decoder",
        changes=[
            (
                "_, hiddens = self.rnn(x, hiddens)\n",
                "cell = self.rnn\n"
                "        given = torch.addmm(cell.bias_ih_l0, x.squeeze(1), cell.weight_ih_l0.T).chunk(3, dim=1)\n"
                "        kept = torch.addmm(cell.bias_hh_l0, hiddens.squeeze(0), cell.weight_hh_l0.T).chunk(3, dim=1)\n"
                "        reset, update = torch.sigmoid(given[0] + kept[0]), torch.sigmoid(given[1] + kept[1])\n"
                "        candidate = torch.tanh(given[2] + reset * kept[2])\n"
                "        hiddens = (1 - update) * candidate + update * hiddens\n",
            ),
        ],
    ),
    Alternative(
        name="step_as_namedtuple",
        exercise="decoder",
        code="""
from typing import NamedTuple


class Step(NamedTuple):
    preds: torch.Tensor
    hiddens: torch.Tensor


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(105, 128, batch_first=True, dropout=0.0)
        self.linear1 = nn.Linear(128, 128)
        self.act = nn.ReLU()
        self.linear2 = nn.Linear(128, 105)
        self.sigmoid = nn.Sigmoid()

    def head(self, state):
        return self.sigmoid(self.linear2(self.act(self.linear1(state))))

    def forward(self, x, hiddens):
        state = self.rnn(x[:, None], hiddens[None])[1][-1]
        return Step(self.head(state), state)
""",
    ),
]

SEQ2SEQ = [
    Alternative(
        name="branches_and_permute",
        exercise="seq2seq",
        changes=[
            (
                "previous = x[:, t - 1] if teacher_force else cur_pred\n"
                "            cur_pred, hiddens = self.decoder(previous, hiddens)",
                "if teacher_force:\n"
                "                cur_pred, hiddens = self.decoder(x[:, t - 1, :], hiddens)\n"
                "            else:\n"
                "                cur_pred, hiddens = self.decoder(cur_pred, hiddens)",
            ),
            ("torch.stack(preds, dim=1)", "torch.stack(preds).permute(1, 0, 2)"),
        ],
    ),
    Alternative(
        name="result_filled_in",
        exercise="seq2seq",
        code="""
class Seq2Seq(nn.Module):
    def __init__(self, encoder, decoder, teacher_forcing_ratio):
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.teacher_forcing_ratio = teacher_forcing_ratio

    def forward(self, x, masks):
        state = self.encoder(x, masks)
        preds = x.new_zeros(x.shape)
        cur_pred = torch.zeros_like(x[:, 0])
        for t in range(x.shape[1]):
            cur_pred, state = self.decoder(cur_pred, state)
            preds[:, t] = cur_pred
            if random.random() < self.teacher_forcing_ratio:
                cur_pred = x[:, t]
        return preds
""",
    ),
    Alternative(
        name="coins_thrown_by_torch",
        exercise="seq2seq",
        changes=[
            ("random.random() < self", "torch.rand(1).item() < self"),
            (
                "x[:, t - 1] if teacher_force else cur_pred",
                "x[:, t - 1] * teacher_force + cur_pred * (1 - teacher_force)",
            ),
            ("torch.stack(preds, dim=1)", "torch.cat([pred.unsqueeze(1) for pred in preds], dim=1)"),
        ],
    ),
    Alternative(
        name="coin_for_each_patient",
        exercise="seq2seq",
        changes=[
            ("teacher_force = random.random()", "teacher_force = torch.rand(batch_size, 1, device=x.device)"),
            (
                "x[:, t - 1] if teacher_force else cur_pred",
                "torch.where(teacher_force, x[:, t - 1], cur_pred)",
            ),
        ],
    ),
    Alternative(
        name="both_branches_decoded",
        exercise="seq2seq",
        changes=[
            (
                "previous = x[:, t - 1] if teacher_force else cur_pred\n"
                "            cur_pred, hiddens = self.decoder(previous, hiddens)",
                "own = self.decoder(cur_pred, hiddens)\n"
                "            forced = self.decoder(x[:, t - 1], hiddens)\n"
                "            cur_pred, hiddens = forced if teacher_force else own",
            ),
        ],
    ),
]

TRAINING = [
    Alternative(
        name="loss_of_selected_visits",
        exercise="training",
        changes=[
            (
                "loss = criterion(x_hat, x) * masks.unsqueeze(-1)\n",
                "loss = criterion(x_hat[masks], x[masks])\n",
            ),
            ("loss.sum(dim=(1, 2)).mean()", "loss.sum() / len(x)"),
        ],
    ),
    Alternative(
        name="weighted_library_loss",
        exercise="training",
        changes=[
            (
                "loss = criterion(x_hat, x) * masks.unsqueeze(-1)\n    return loss.sum(dim=(1, 2)).mean()",
                "weight = masks.unsqueeze(-1).float().expand_as(x)\n"
                '    return nn.functional.binary_cross_entropy(x_hat, x, weight=weight, reduction="sum") / x.shape[0]',
            ),
            ("optimizer.zero_grad()\n            ", ""),
            ("optimizer.step()", "optimizer.step()\n            optimizer.zero_grad()"),
        ],
    ),
    Alternative(
        name="loss_by_where",
        exercise="training",
        changes=[
            (
                "criterion(x_hat, x) * masks.unsqueeze(-1)",
                "torch.where(masks[..., None], criterion(x_hat, x), 0.0)",
            ),
            ("loss.sum(dim=(1, 2)).mean()", "torch.mean(torch.sum(loss, dim=[1, 2]))"),
            ("optimizer.zero_grad()", "model.zero_grad(set_to_none=False)"),
        ],
    ),
    Alternative(
        name="inputs_masked_before_loss",
        exercise="training",
        changes=[
            (
                "criterion(x_hat, x) * masks.unsqueeze(-1)",
                "criterion(x_hat * masks.unsqueeze(-1), x * masks.unsqueeze(-1))",
            ),
        ],
    ),
    Alternative(
        name="loss_written_out_in_train",
        exercise="training",
        changes=[
            (
                "loss = masked_loss(model(x, masks), x, masks)",
                "x_hat = model(x, masks)\n"
                "            loss = (criterion(x_hat, x).sum(dim=-1) * masks.float()).sum(dim=1).mean()",
            ),
            ("loss.backward()", "optimizer.zero_grad()\n            loss.backward()"),
        ],
    ),
    Alternative(
        name="loss_of_real_visits_within_the_step",
        exercise="training",
        changes=[
            (
                "loss = criterion(x_hat, x) * masks.unsqueeze(-1)\n    return loss.sum(dim=(1, 2)).mean()",
                'return nn.functional.binary_cross_entropy(x_hat[masks], x[masks], reduction="sum") / len(x)',
            ),
            (
                "loss = masked_loss(model(x, masks), x, masks)",
                "loss = (criterion(model(x, masks), x).sum(-1) * masks).sum(1).mean()",
            ),
        ],
    ),
    Alternative(
        name="step_by_closure",
        exercise="training",
        changes=[
            (
                "optimizer.zero_grad()\n            loss = masked_loss(model(x, masks), x, masks)\n"
                "            loss.backward()\n            optimizer.step()",
                "def closure():\n                optimizer.zero_grad()\n"
                "                value = masked_loss(model(x, masks), x, masks)\n"
                "                value.backward()\n                return value\n\n"
                "            loss = optimizer.step(closure)",
            )
        ],
    ),
]

CLUSTERING = [
    Alternative(
        name="embeddings_row_by_row",
        exercise="clustering",
        code="""
def get_embeddings(model, data_loader):
    device = next(model.parameters()).device
    model.eval()
    embeddings, labels = [], []
    for x, masks, y in data_loader:
        with torch.no_grad():
            current = model.encoder(x.to(device), masks.to(device))
        embeddings += list(current.cpu().numpy())
        labels += list(y.numpy())
    return np.array(embeddings), np.array(labels)


def get_clusters(embeddings):
    kmeans = KMeans(n_clusters=2, random_state=42).fit(embeddings)
    labels = kmeans.predict(embeddings)
    print(calinski_harabasz_score(embeddings, labels))
    return labels
""",
    ),
    Alternative(
        name="result_prepared",
        exercise="clustering",
        code="""
from sklearn.pipeline import make_pipeline


@torch.inference_mode()
def get_embeddings(model, data_loader):
    model.train(False)
    device = next(model.parameters()).device
    size = len(data_loader.dataset)
    embeddings, labels, start = np.empty((size, 128)), np.zeros(size, dtype=int), 0
    for x, masks, y in data_loader:
        end = start + len(x)
        embeddings[start:end] = model.encoder(x.to(device), masks.to(device)).cpu()
        labels[start:end] = y
        start = end
    return embeddings, labels


def get_clusters(embeddings):
    labels = make_pipeline(KMeans(2, init="random", n_init=20, random_state=7)).fit_predict(embeddings)
    score = calinski_harabasz_score(embeddings, labels)
    print("score", round(score))
    return labels.astype("int64")
""",
    ),
    Alternative(
        name="joined_by_torch",
        exercise="clustering",
        changes=[
            (
                "embeddings.append(\n                model.encoder(x.to(device), masks.to(device)).cpu().numpy())",
                "embeddings.append(model.encoder(x.to(device), masks.to(device)))",
            ),
            ("labels.append(y.numpy())", "labels.append(y)"),
            (
                "np.concatenate(embeddings), np.concatenate(labels)",
                "torch.cat(embeddings).cpu().numpy(), torch.hstack(labels).numpy()",
            ),
            (
                "KMeans(\n        n_clusters=2, n_init=10, random_state=0\n    )",
                "KMeans(n_clusters=2, random_state=np.random.RandomState(3))",
            ),
            (
                "{calinski_harabasz_score(embeddings, labels):.1f}",
                "{calinski_harabasz_score(embeddings, labels):.2e}",
            ),
        ],
    ),
    Alternative(
        name="everything_moved_and_one_random_start",
        exercise="clustering",
        code="""
def get_embeddings(model, data_loader):
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    embeddings, labels = np.empty((0, 128), dtype=np.float32), np.array([])
    with torch.no_grad():
        for batch in data_loader:
            x, masks, y = (part.to(device) for part in batch)
            embeddings = np.vstack([embeddings, model.encoder(x, masks).cpu().numpy()])
            labels = np.append(labels, y.cpu().numpy())
    model.train(was_training)
    return embeddings, labels


def get_clusters(embeddings):
    kmeans = KMeans(n_clusters=2, init="random", n_init=1, random_state=np.random.RandomState(3)).fit(embeddings)
    labels = kmeans.predict(embeddings)
    print(f"{len(labels)} patients, score {calinski_harabasz_score(embeddings, labels):,.2f}")
    return labels
""",
    ),
]

FRACTION = "from fractions import Fraction\n\n    share = Fraction(2, 3)"
GUESSES = [
    Alternative(name=f"{exercise}_{name}", exercise=exercise, changes=[(line, other)])
    for exercise, line, others in (
        ("guess_padding", "share = 0.2", ("share = torch.tensor(0.7)", FRACTION, "share = np.float32(0)")),
        ("guess_scores", "return f1, accuracy", ("return [f1, accuracy]", "return 1, 0.0", "return f1, f1")),
        ("guess_alone", 'letter = "a"', ('letter = "b"', 'letter = "c"', 'letter = " D"')),
        ("guess_clusters", "patients = 195", ("patients = 100", "patients = 200", "patients = 158.5")),
        ("guess_baseline", 'letter = "a"', ('letter = "b"', 'letter = "C "', 'letter = "d"')),
        ("guess_longer", 'letter = "a"', ('letter = "b"', 'letter = "c"', 'letter = "A"')),
    )
    for name, other in zip(("another", "yet_another", "a_third"), others, strict=True)
]

FORETELL = [
    Alternative(
        name="of_one_half",
        exercise="foretell_start",
        changes=[("visits * 105 * np.log(2)", "-len(freq_codes) * visits * np.log(1 / 2)")],
    ),
    Alternative(
        name="by_hand",
        exercise="foretell_start",
        changes=[("np.log(2)", "0.693")],
    ),
    Alternative(
        name="by_the_criterion",
        exercise="foretell_start",
        code="""
def foretell_start(visits):
    visit = criterion(torch.full((105,), 0.5), torch.zeros(105))
    return visit.sum() * visits
""",
    ),
    Alternative(
        name="of_logarithms_of_one_half_added_up",
        exercise="foretell_start",
        code="""
def foretell_start(visits):
    loss = 0.0
    for _ in range(105):
        loss -= float(torch.log(torch.tensor(0.5, dtype=torch.double)))
    return loss * visits
""",
    ),
]

ALTERNATIVES = (
    DATASET + COLLATE + LOADERS + ENCODER + DECODER + SEQ2SEQ + TRAINING + CLUSTERING + GUESSES + FORETELL
)
