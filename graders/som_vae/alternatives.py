"""Right solutions of `som_vae`, written another way than the reference: they prove that the checks are fair."""

from proctor.authoring.bank import Alternative

ENCODER = [
    Alternative(
        name="layers_by_keyword",
        exercise="encoder",
        code="""
class ConvEncoder(nn.Module):
    def __init__(self, input_channels, latent_dim=64, kernel_size=[4, 4], strides=[1, 1], n_channels=[32, 128]):
        super(ConvEncoder, self).__init__()
        flat_size = 4 * 4 * n_channels[1]
        self.latent_transform = nn.Linear(in_features=flat_size, out_features=latent_dim)
        self.maxpool2 = nn.MaxPool2d(kernel_size=2)
        self.maxpool1 = nn.MaxPool2d(kernel_size=2)
        k1, k2 = kernel_size
        s1, s2 = strides
        self.conv2 = nn.Conv2d(n_channels[0], n_channels[1], (k2, k2), (s2, s2))
        self.conv1 = nn.Conv2d(in_channels=input_channels, out_channels=n_channels[0], kernel_size=k1, stride=s1)
        self.relu = nn.ReLU()

    def forward(self, x):
        x = self.maxpool1(self.relu(self.conv1(x)))
        x = self.maxpool2(self.relu(self.conv2(x)))
        return self.latent_transform(x.view(x.shape[0], -1))
""",
    ),
    Alternative(
        name="relu_after_pooling",
        exercise="encoder",
        changes=[
            ("self.maxpool1(torch.relu(self.conv1(x)))", "F.relu(self.maxpool1(self.conv1(x)))"),
            ("self.maxpool2(torch.relu(self.conv2(x)))", "self.maxpool2(self.conv2(x)).clamp(min=0)"),
            ("x.flatten(1)", "x.reshape(len(x), -1)"),
        ],
    ),
    Alternative(
        name="pooled_by_function",
        exercise="encoder",
        changes=[
            ("        self.maxpool1 = nn.MaxPool2d(2, 2)\n", ""),
            ("self.maxpool1(", "F.max_pool2d(kernel_size=2, input="),
        ],
    ),
]

DECODER = [
    Alternative(
        name="picture_by_view",
        exercise="decoder",
        code="""
class ConvDecoder(nn.Module):
    def __init__(self, output_channels, output_size=(28, 28), latent_dim=64, flatten_shape=[4, 4, 128],
                 kernel_size=[4, 3], strides=[1, 1], n_channels=[128, 128]):
        super().__init__()
        self.out_transform = nn.Conv2d(n_channels[-1], output_channels, 1, 1)
        self.deconv2 = nn.Conv2d(n_channels[0], n_channels[-1], kernel_size[-1], strides[-1], 1)
        self.deconv1 = nn.Conv2d(flatten_shape[-1], n_channels[0], kernel_size[0], strides[0])
        self.latent_transform = nn.Linear(latent_dim, int(np.prod(flatten_shape)))
        self.shape = flatten_shape[::-1]
        self.size = tuple(output_size)

    def forward(self, z):
        x = self.latent_transform(z).view(z.shape[0], *self.shape)
        x = F.interpolate(x, scale_factor=(2, 2), mode="nearest")
        x = F.relu(self.deconv1(x))
        x = F.interpolate(x, size=self.size, mode="nearest")
        return self.out_transform(F.relu(self.deconv2(x))).sigmoid()
""",
    ),
    Alternative(
        name="pixels_repeated",
        exercise="decoder",
        changes=[
            ("F.interpolate(x, scale_factor=2)", "x.repeat_interleave(2, dim=-1).repeat_interleave(2, dim=-2)"),
            ("torch.sigmoid(self.out_transform(x))", "1 / (1 + torch.exp(-self.out_transform(x)))"),
        ],
    ),
    Alternative(
        name="upsample_layers",
        exercise="decoder",
        changes=[
            ("F.interpolate(x, scale_factor=2)", "nn.Upsample(scale_factor=2)(x)"),
            ("F.interpolate(x, size=self.output_size)", "nn.Upsample(size=self.output_size)(x)"),
            ("reshape(-1, channels, height, width)", "unflatten(1, (channels, height, width))"),
        ],
    ),
]

NEAREST_NODE = [
    Alternative(
        name="by_cdist",
        exercise="nearest_node",
        code="""
def find_nearest(z_e, embeddings):
    nodes = embeddings.reshape(-1, embeddings.shape[-1])
    z_dist_flat = torch.cdist(z_e, nodes, compute_mode="donot_use_mm_for_euclid_dist") ** 2
    return z_dist_flat.argmin(dim=1), z_dist_flat
""",
    ),
    Alternative(
        name="squares_expanded",
        exercise="nearest_node",
        code="""
def find_nearest(z_e, embeddings):
    nodes = embeddings.view(-1, z_e.shape[1])
    z_dist_flat = (z_e**2).sum(1, keepdim=True) - 2 * z_e @ nodes.T + (nodes**2).sum(1)
    k = torch.argmin(z_dist_flat, dim=-1)
    return [k, z_dist_flat]
""",
    ),
    Alternative(
        name="on_the_grid",
        exercise="nearest_node",
        code="""
def find_nearest(z_e, embeddings):
    z_dist = torch.sum((z_e[:, None, None] - embeddings[None]).pow(2), dim=-1)
    z_dist_flat = z_dist.view(z_e.shape[0], -1)
    _, k = z_dist_flat.min(dim=-1)
    return k, z_dist_flat
""",
    ),
]

NEIGHBORS = [
    Alternative(
        name="node_by_node",
        exercise="neighbors",
        code="""
def gather_neighbors(embeddings, k):
    rows, columns, _ = embeddings.shape
    gathered = []
    for node in k.tolist():
        row, column = divmod(node, columns)
        five = []
        for down, right in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)):
            exists = 0 <= row + down < rows and 0 <= column + right < columns
            five.append(embeddings[row + down, column + right] if exists else torch.zeros_like(embeddings[0, 0]))
        gathered.append(torch.stack(five))
    return torch.stack(gathered)
""",
    ),
    Alternative(
        name="existing_ones_kept",
        exercise="neighbors",
        code="""
def gather_neighbors(embeddings, k):
    rows, columns, _ = embeddings.shape
    step = torch.tensor([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]], device=k.device)
    row = torch.div(k, columns, rounding_mode="floor")[:, None] + step[:, 0]
    column = (k % columns)[:, None] + step[:, 1]
    exists = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    found = embeddings[row.clamp(0, rows - 1), column.clamp(0, columns - 1)]
    return torch.where(exists[..., None], found, torch.zeros_like(found))
""",
    ),
    Alternative(
        name="as_published",
        exercise="neighbors",
        code="""
def gather_neighbors(embeddings, k):
    k_1 = k // embeddings.shape[1]
    k_2 = k % embeddings.shape[1]
    not_last_row = k_1 < embeddings.shape[0] - 1
    not_last_column = k_2 < embeddings.shape[1] - 1
    up = embeddings[torch.where(not_last_row, k_1 + 1, k_1), k_2] * not_last_row[:, None]
    down = embeddings[torch.where(k_1 > 0, k_1 - 1, k_1), k_2] * (k_1 > 0)[:, None]
    right = embeddings[k_1, torch.where(not_last_column, k_2 + 1, k_2)] * not_last_column[:, None]
    left = embeddings[k_1, torch.where(k_2 > 0, k_2 - 1, k_2)] * (k_2 > 0)[:, None]
    return torch.stack([embeddings[k_1, k_2], up, down, right, left], dim=1)
""",
    ),
    Alternative(
        name="all_nodes_first",
        exercise="neighbors",
        code="""
def gather_neighbors(embeddings, k):
    nothing_row = torch.zeros_like(embeddings[:1])
    nothing_column = torch.zeros_like(embeddings[:, :1])
    further = torch.cat([embeddings[1:], nothing_row])
    before = torch.cat([nothing_row, embeddings[:-1]])
    right = torch.cat([embeddings[:, 1:], nothing_column], dim=1)
    left = torch.cat([nothing_column, embeddings[:, :-1]], dim=1)
    table = torch.stack([embeddings, further, before, right, left], dim=2)
    return table.flatten(0, 1)[k]
""",
    ),
    Alternative(
        name="loop_over_the_four",
        exercise="neighbors",
        code="""
def gather_neighbors(embeddings, k):
    rows, columns, dim = embeddings.shape
    flat = torch.cat([embeddings.reshape(-1, dim), embeddings.new_zeros(1, dim)])
    row, column = torch.div(k, columns, rounding_mode="trunc"), torch.remainder(k, columns)
    numbers = []
    for down, right in [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)]:
        r, c = row + down, column + right
        outside = (r < 0) | (r >= rows) | (c < 0) | (c >= columns)
        numbers.append((r * columns + c).masked_fill(outside, rows * columns))
    return flat.index_select(0, torch.stack(numbers, dim=1).flatten()).reshape(-1, 5, dim)
""",
    ),
]

LOSSES = [
    Alternative(
        name="means_by_hand",
        exercise="losses",
        changes=[
            ("F.mse_loss(x_e, x) + F.mse_loss(x_q, x)", "((x - x_e) ** 2).mean() + ((x - x_q) ** 2).mean()"),
            ("F.mse_loss(z_e, z_q)", "torch.mean(torch.square(z_q - z_e))"),
        ],
    ),
    Alternative(
        name="loss_modules",
        exercise="losses",
        changes=[
            ("F.mse_loss(x_e, x) + F.mse_loss(x_q, x)", "sum(nn.MSELoss()(image, x) for image in (x_e, x_q))"),
            ("return F.mse_loss(z_e, z_q)", "mse = nn.MSELoss()\n        return mse(z_q, z_e)"),
        ],
    ),
    Alternative(
        name="missing_filled_with_encodings",
        exercise="losses",
        changes=[
            (
                "        squares = (z_e.detach().unsqueeze(-2) - z_q_neighbors) ** 2\n"
                "        exists = (z_q_neighbors != 0).any(dim=-1)\n"
                "        return (squares.mean(dim=-1) * exists).mean()",
                "        z_e = z_e.detach()[..., None, :].expand_as(z_q_neighbors)\n"
                "        missing = (z_q_neighbors == 0).all(dim=-1, keepdim=True)\n"
                "        return F.mse_loss(torch.where(missing, z_e, z_q_neighbors), z_e)",
            ),
        ],
    ),
    Alternative(
        name="summed_and_divided",
        exercise="losses",
        changes=[
            ("(squares.mean(dim=-1) * exists).mean()", "squares[exists].sum() / z_q_neighbors.numel()"),
            ("(z_q_neighbors != 0).any(dim=-1)", "z_q_neighbors.abs().sum(dim=-1) > 0"),
        ],
    ),
]

TRANSITIONS = [
    Alternative(
        name="normalized_by_hand",
        exercise="transitions",
        changes=[
            (
                "return torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1)",
                "raw = self.probs - self.probs.amax(dim=(-1, -2), keepdim=True)\n"
                "        positive = torch.exp(raw)\n"
                "        probs = positive / positive.sum(dim=[-1, -2], keepdim=True)\n"
                "        nodes = self.som_dim[0] * self.som_dim[1]\n"
                "        return torch.log(probs.view(nodes, nodes))",
            ),
        ],
    ),
    Alternative(
        name="with_nll_loss",
        exercise="transitions",
        changes=[
            (
                "return -self.log_transitions()[k[..., :-1], k[..., 1:]].mean()",
                "rows = self.log_transitions()[k[..., :-1].flatten()]\n"
                "        return F.nll_loss(rows, k[..., 1:].flatten())",
            ),
            (
                "expected = (probabilities[k[..., :-1]] * z_dist_flat[..., 1:, :]).sum(\n            dim=-1)\n"
                "        return expected.mean() / self.latent_dim",
                'expected = torch.einsum("...n,...n->...", probabilities[k[..., :-1]], z_dist_flat[..., 1:, :])\n'
                "        return (expected / self.embeddings.shape[-1]).mean()",
            ),
        ],
    ),
    Alternative(
        name="pairs_gathered",
        exercise="transitions",
        changes=[
            (
                "return -self.log_transitions()[k[..., :-1], k[..., 1:]].mean()",
                "before, after = k[..., :-1], k[..., 1:]\n"
                "        log_p = self.log_transitions()\n"
                "        return -torch.mean(log_p.flatten()[before * log_p.shape[1] + after])",
            ),
            ("        probabilities = self.log_transitions().exp().detach()\n",
             "        with torch.no_grad():\n            probabilities = torch.exp(self.log_transitions())\n"),
        ],
    ),
]  # fmt: skip

TRAINING = [
    Alternative(
        name="groups_by_loop",
        exercise="training",
        code="""
def train_model(model, loader, n_epoch, lr=0.0005, device=None):
    device = device or next(model.parameters()).device
    model.to(device)
    model.train()
    loss_history = []
    groups = []
    for name, parameter in model.named_parameters():
        groups.append({"params": [parameter], "lr": lr * 100 if name == "probs" else lr})
    optimizer = torch.optim.Adam(groups)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1000, 0.9)
    for epoch in range(n_epoch):
        for batch in loader:
            batch = batch.to(device)
            loss = model.loss(batch, *model(batch))
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            scheduler.step()
            loss_history.append(loss.item())
    return model, loss_history
""",
    ),
    Alternative(
        name="two_optimizers_worth",
        exercise="training",
        changes=[
            ("            optimizer.zero_grad()\n            loss.backward()",
             "            for parameter in model.parameters():\n"
             "                parameter.grad = None\n"
             "            loss.backward()"),
            ("loss = model.loss(x, *model(x))", "out = model(x)\n            loss = model.loss(x, *out)"),
        ],
    ),
]  # fmt: skip

EVALUATION = [
    Alternative(
        name="through_scikit_learn",
        exercise="evaluation",
        code="""
def assign_nodes(model, images, batch_size=500, device=None):
    device = device or next(model.parameters()).device
    was_training = model.training
    model.eval()
    nodes = np.empty(len(images), dtype=int)
    with torch.inference_mode():
        for start in range(0, len(images), batch_size):
            batch = images[start : start + batch_size].to(device)
            nodes[start : start + len(batch)] = find_nearest(model.encoder(batch), model.embeddings)[0].cpu()
    model.train(was_training)
    return nodes


def compute_purity(clusters, classes):
    right = 0
    for cluster in np.unique(clusters):
        _, counts = np.unique(classes[clusters == cluster], return_counts=True)
        right += counts.max()
    return right / len(clusters)


def compute_nmi(clusters, classes):
    from sklearn.metrics import normalized_mutual_info_score

    return normalized_mutual_info_score(classes, clusters)
""",
    ),
    Alternative(
        name="by_counting",
        exercise="evaluation",
        code="""
@torch.no_grad()
def assign_nodes(model, images, batch_size=500, device=None):
    device = device or next(model.parameters()).device
    model = model.eval()
    loader = torch.utils.data.DataLoader(images, batch_size)
    found = [find_nearest(model.encoder(x.to(device)), model.embeddings)[0].cpu() for x in loader]
    return torch.cat(found).numpy()


def compute_purity(clusters, classes):
    import pandas as pd

    return pd.crosstab(clusters, classes).max(axis=1).sum() / clusters.size


def compute_nmi(clusters, classes):
    from collections import Counter

    n = len(classes)

    def entropy(values):
        return -sum(count / n * np.log2(count / n) for count in Counter(values).values())

    a, b = clusters.tolist(), classes.tolist()
    information = entropy(a) + entropy(b) - entropy(zip(a, b))
    return 2 * information / (entropy(a) + entropy(b))
""",
    ),
    Alternative(
        name="entropies_in_a_matrix",
        exercise="evaluation",
        changes=[
            (
                "counts.max(axis=0).sum() / len(classes)",
                "contingency_matrix(clusters, classes).max(axis=1).sum() / clusters.shape[0]",
            ),
            ("information / np.mean(entropies)", "2 * information / sum(entropies)"),
        ],
    ),
]

LETTERS = [
    Alternative(
        name=f"{exercise}_{name}",
        exercise=exercise,
        changes=[(f'return "{letter}"', f'return "{other}"')],
    )
    for exercise, letter, others in (
        ("guess_counted", "b", ("a", "c", " B")),
        ("guess_horizon", "c", ("a", "b", "d", "C ")),
        ("foretell_gradient", "b", ("B", " b")),
    )
    for name, other in zip(("another", "yet_another", "a_third", "a_fourth"), others, strict=False)
]

FORETOLD = [
    Alternative(
        name="by_their_probabilities",
        exercise="foretell_extremes",
        code="""
def foretell_extremes(nodes):
    uniform = torch.log_softmax(torch.zeros(nodes, dtype=torch.float64), dim=0)
    return [-uniform[0].item(), 0]
""",
    ),
    Alternative(
        name="minus_the_logarithm_of_a_share",
        exercise="foretell_extremes",
        changes=[("np.log(nodes), 0.0", "-np.log(1 / nodes), -np.log(1)")],
    ),
    Alternative(
        name="twice_above_the_line",
        exercise="foretell_halves",
        changes=[
            ("information / ((cluster_entropy + np.log(2) + class_entropy) / 2)",
             "2 * information / (cluster_entropy + class_entropy + np.log(2))"),
        ],
    ),
    Alternative(
        name="by_the_entropy_of_a_coin",
        exercise="foretell_halves",
        code="""
def foretell_halves(information, cluster_entropy, class_entropy):
    coin = -2 * 0.5 * np.log(0.5)
    return np.float64(information) / np.mean([cluster_entropy + coin, class_entropy])
""",
    ),
]

ALTERNATIVES = [
    *ENCODER,
    *DECODER,
    *NEAREST_NODE,
    *NEIGHBORS,
    *LOSSES,
    *TRANSITIONS,
    *TRAINING,
    *EVALUATION,
    *LETTERS,
    *FORETOLD,
]
