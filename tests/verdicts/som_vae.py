"""Wrong answers that should lose points, and constants that should earn next to none, for `som_vae`."""

# (name, exercise, changes of the solution)
WRONG = [
    (
        "poolings_that_keep_what_is_left",
        "encoder",
        [
            ("self.maxpool1 = nn.MaxPool2d(2, 2)", "self.maxpool1 = nn.MaxPool2d(2, 2, ceil_mode=True)"),
        ],
    ),
    (
        "arguments_in_another_order",
        "encoder",
        [
            (
                "nn.Conv2d(input_channels, n_channels[0],\n                               kernel_size[0]",
                "nn.Conv2d(kernel_size[0], n_channels[0], input_channels",
            ),
        ],
    ),
    (
        "dropout_unasked",
        "encoder",
        [
            (
                "self.latent_transform(x.flatten(1))",
                "self.latent_transform(F.dropout(x.flatten(1), 0.05, self.training))",
            ),
        ],
    ),
    (
        "cut_off",
        "encoder",
        [
            ("self.latent_transform(x.flatten(1))", "self.latent_transform(x.flatten(1).detach())"),
        ],
    ),
    (
        "images_cut_off",
        "encoder",
        [
            ("torch.relu(self.conv1(x))", "torch.relu(self.conv1(x.detach()))"),
        ],
    ),
    (
        "padded",
        "encoder",
        [
            ("kernel_size[0], stride=strides[0])", "kernel_size[0], stride=strides[0], padding=1)"),
        ],
    ),
    (
        "enlarged_four_times",
        "decoder",
        [
            ("scale_factor=2", "scale_factor=4"),
        ],
    ),
    (
        "enlarged_three_times",
        "decoder",
        [
            ("scale_factor=2", "scale_factor=3"),
        ],
    ),
    (
        "cut_off",
        "decoder",
        [
            ("x = self.latent_transform(z)", "x = self.latent_transform(z.detach())"),
        ],
    ),
    (
        "dropout_unasked",
        "decoder",
        [
            ("x = self.latent_transform(z)", "x = F.dropout(self.latent_transform(z), .02, self.training)"),
        ],
    ),
    (
        "second_stride_fixed",
        "decoder",
        [
            ("stride=strides[1], padding=1", "stride=1, padding=1"),
        ],
    ),
    (
        "second_kernel_fixed",
        "decoder",
        [
            ("kernel_size[1], stride=strides[1], padding=1", "3, stride=strides[1], padding=1"),
        ],
    ),
    (
        "first_padded",
        "decoder",
        [
            ("kernel_size[0], stride=strides[0])", "kernel_size[0], stride=strides[0], padding=1)"),
        ],
    ),
    (
        "a_little_more",
        "neighbors",
        [
            ("padded[rows + 1, columns + 1]", "padded[rows + 1, columns + 1] * 1.001"),
        ],
    ),
    (
        "cut_off",
        "neighbors",
        [
            ("F.pad(embeddings,", "F.pad(embeddings.data,"),
        ],
    ),
    (
        "without_gradients",
        "losses",
        [
            (
                "return F.mse_loss(x_e, x) + F.mse_loss(x_q, x)",
                (
                    "with torch.no_grad():\n"
                    "            loss = F.mse_loss(x_e, x) + F.mse_loss(x_q, x)\n"
                    "        return loss"
                ),
            ),
        ],
    ),
    (
        "first_term_cut_off",
        "losses",
        [
            ("self._loss_reconstruct(x, x_e, x_q)\n", "self._loss_reconstruct(x, x_e, x_q).detach()\n"),
        ],
    ),
    (
        "second_term_cut_off",
        "losses",
        [
            ("self._loss_commit(z_e, z_q)\n", "self._loss_commit(z_e, z_q).detach()\n"),
        ],
    ),
    (
        "third_term_cut_off",
        "losses",
        [
            ("self._loss_som(z_e, z_q_neighbors)\n", "self._loss_som(z_e, z_q_neighbors).detach()\n"),
        ],
    ),
    (
        "missing_by_their_sum",
        "losses",
        [
            ("(z_q_neighbors != 0).any(dim=-1)", "z_q_neighbors.sum(dim=-1) != 0"),
        ],
    ),
    (
        "array_of_one",
        "losses",
        [
            ("return F.mse_loss(z_e, z_q)", "return F.mse_loss(z_e, z_q).view(1)"),
        ],
    ),
    (
        "node_image_cut_off",
        "losses",
        [
            ("F.mse_loss(x_q, x)", "F.mse_loss(x_q.detach(), x)"),
        ],
    ),
    (
        "half_cut_off",
        "losses",
        [
            ("return F.mse_loss(z_e, z_q)", "return F.mse_loss(z_e, z_q.detach()) + 0 * F.mse_loss(z_e.detach(), z_q)"),
        ],
    ),
    (
        "static_cut_off",
        "transitions",
        [
            (
                "return static + self.gamma * self.loss_prob(k) + smooth",
                "return static.detach() + self.gamma * self.loss_prob(k) + smooth",
            ),
        ],
    ),
    (
        "first_term_cut_off",
        "transitions",
        [
            (
                "return static + self.gamma * self.loss_prob(k) + smooth",
                "return static + self.gamma * self.loss_prob(k).detach() + smooth",
            ),
        ],
    ),
    (
        "second_term_cut_off",
        "transitions",
        [
            (
                "return static + self.gamma * self.loss_prob(k) + smooth",
                "return static + self.gamma * self.loss_prob(k) + smooth.detach()",
            ),
        ],
    ),
    (
        "all_improbable",
        "transitions",
        [
            (
                "return torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1)",
                (
                    "return torch.full_like(self.probs.flatten(2).flatten(0, 1), -1e30) + "
                    "0 * self.probs.flatten(2).flatten(0, 1)"
                ),
            ),
        ],
    ),
    (
        "loss_in_an_array",
        "transitions",
        [
            ("return expected.mean() / self.latent_dim", "return (expected.mean() / self.latent_dim).view(1)"),
        ],
    ),
    (
        "chunk_for_split",
        "evaluation",
        [
            ("images.split(batch_size)", "images.chunk(batch_size)"),
        ],
    ),
    (
        "purity_in_an_array",
        "evaluation",
        [
            (
                "return counts.max(axis=0).sum() / len(classes)",
                "return np.array([counts.max(axis=0).sum() / len(classes)])",
            ),
        ],
    ),
    (
        "nmi_in_an_array",
        "evaluation",
        [
            ("return information / np.mean(entropies)", "return np.array([information / np.mean(entropies)])"),
        ],
    ),
    (
        "geometric_mean",
        "evaluation",
        [
            ("np.mean(entropies)", "np.sqrt(np.prod(entropies))"),
        ],
    ),
    (
        "cut_off",
        "evaluation",
        [
            ("with torch.no_grad():", "if True:"),
        ],
    ),
    (
        "weights_decay",
        "training",
        [
            ("torch.optim.Adam(", "torch.optim.AdamW("),
        ],
    ),
    (
        "gradients_clipped",
        "training",
        [
            ("optimizer.step()", "nn.utils.clip_grad_norm_(model.parameters(), 1)\n            optimizer.step()"),
        ],
    ),
    (
        "a_little_more",
        "nearest_node",
        [
            ("k = z_dist_flat", "z_dist_flat = z_dist_flat + 1e-3\n    k = z_dist_flat"),
        ],
    ),
    (
        "nodes_cut_off",
        "nearest_node",
        [
            ("(z_e.unsqueeze(1) - nodes)", "(z_e.unsqueeze(1) - nodes.detach())"),
        ],
    ),
    (
        "short_numbers",
        "nearest_node",
        [
            ("k = z_dist_flat.argmin(dim=-1)", "k = z_dist_flat.argmin(dim=-1).int()"),
        ],
    ),
    # What is left of trying things out, which shows only where there is much.
    ("hundred_images", "training", [
        ("loss = model.loss(x, *model(x))", "x = x[:100]\n            loss = model.loss(x, *model(x))"),
    ]),
    ("hundred_images_assigned", "evaluation", [("images.split(batch_size)", "images[:100].split(batch_size)")]),
]

PROBABILITIES = """probabilities = self.log_transitions().exp().detach()
        expected = (probabilities[k[..., :-1]] * z_dist_flat[..., 1:, :]).sum(
            dim=-1)
        return expected.mean()"""
NORMALIZED = "torch.log_softmax(self.probs.flatten(2).flatten(0, 1), dim=-1)"
STEPS = "-self.log_transitions()[k[..., :-1], k[..., 1:]].mean()"
# (name, exercise, changes of the solution): nothing, on which all parts of an answer agree
NOTHING = [
    (
        "nan",
        "transitions",
        [
            (NORMALIZED, "torch.full_like(self.probs.flatten(2).flatten(0, 1), torch.nan)"),
            (STEPS, "self.log_transitions().sum()"),
            (PROBABILITIES, "return self.log_transitions().sum()"),
        ],
    ),
    (
        "the_same_everywhere",
        "transitions",
        [
            (NORMALIZED, "0 * self.probs.flatten(2).flatten(0, 1)"),
            (STEPS, "self.log_transitions().sum()"),
            (PROBABILITIES, "return z_dist_flat[..., 1:, :].sum(dim=-1).mean()"),
        ],
    ),
]

# (name, exercise, changes of the solution, what one of the checks says of the cause)
SAID = [
    (
        "pixels_shifted",
        "encoder",
        [("torch.relu(self.conv1(x))", "torch.relu(self.conv1(x - 0.3))")],
        "`conv1` gets other numbers than it should",
    ),
    (
        "points_scaled",
        "decoder",
        [("self.latent_transform(z)", "self.latent_transform(0.7 * z)")],
        "`latent_transform` gets other numbers than it should",
    ),
    (
        "row_of_the_last_place_moved",
        "neighbors",
        [("[row, row + 1, row - 1, row, row]", "[row, row + 1, row - 1, row, row - 1]")],
        "Place 4 of the five, the node one column before, holds another embedding than it should: for node (2, 2) "
        "that of node (1, 1).",
    ),
    (
        "upper_row_lost",
        "neighbors",
        [("F.pad(embeddings, (0, 0, 1, 1, 1, 1))", "F.pad(embeddings[1:], (0, 0, 1, 1, 2, 1))")],
        "For node (0, 0) place 0 holds zeros, and its neighbor exists.",
    ),
    (
        "an_eighth",
        "losses",
        [("F.mse_loss(z_e, z_q)", "F.mse_loss(z_e, z_q) / 8")],
        "That is 0.125 times what it should be.",
    ),
    (
        "images_of_series_in_one_row",
        "training",
        [("x = x.to(device)", "x = x.to(device).reshape(-1, *x.shape[-3:])")],
        "should reach the model as they are, but (12, 1, 2, 7) is another shape.",
    ),
]

STUBS = {
    "encoder": """
class ConvEncoder(nn.Module):
    def __init__(
        self, input_channels, latent_dim=64, kernel_size=[4, 4], strides=[1, 1], n_channels=[32, 128]
    ):
        super().__init__()
        self.latent_transform = nn.Linear(4 * 4 * n_channels[-1], latent_dim)

    def forward(self, x):
        return torch.zeros(len(x), self.latent_transform.out_features) + self.latent_transform.weight.sum()
""",
    "nearest_node": """
def find_nearest(z_e, embeddings):
    n = embeddings.shape[0] * embeddings.shape[1]
    return (torch.zeros(len(z_e), dtype=torch.long), torch.ones(len(z_e), n) * embeddings.sum() * z_e.sum())
""",
    "neighbors": """
def gather_neighbors(embeddings, k):
    return torch.zeros(len(k), 5, embeddings.shape[-1]) + embeddings.sum()
""",
    "losses": """
class StaticSOMVAE(nn.Module):
    def __init__(
        self,
        encoder,
        decoder_q,
        decoder_e,
        latent_dim=64,
        som_dim=[8, 8],
        input_length=28,
        input_channels=28,
        beta=1,
        gamma=1,
        alpha=1,
        tau=1,
    ):
        super().__init__()
        self.encoder = encoder
        self.decoder_q = decoder_q
        self.decoder_e = decoder_e
        self.latent_dim, self.som_dim = (latent_dim, list(som_dim))
        self.input_length, self.input_channels = (input_length, input_channels)
        self.alpha, self.beta, self.gamma, self.tau = (alpha, beta, gamma, tau)
        self.embeddings = nn.Parameter(0.05 * torch.randn(*som_dim, latent_dim))

    def forward(self, x):
        z_e = self.encoder(x.flatten(0, -4))
        k, z_dist_flat = find_nearest(z_e, self.embeddings)
        z_q_neighbors = gather_neighbors(self.embeddings, k)
        z_q = z_q_neighbors[:, 0]
        parts = (self.decoder_e(z_e), self.decoder_q(z_q), z_e, z_q, z_q_neighbors, k, z_dist_flat)
        return tuple((part.reshape(*x.shape[:-3], *part.shape[1:]) for part in parts))

    def _loss_reconstruct(self, x, x_e, x_q):
        return x_e.sum() + x_q.sum()

    def _loss_commit(self, z_e, z_q):
        return z_e.sum() + z_q.sum()

    def _loss_som(self, z_e, z_q_neighbors):
        squares = (z_e.detach().unsqueeze(-2) - z_q_neighbors) ** 2
        exists = (z_q_neighbors != 0).any(dim=-1)
        return z_q_neighbors.sum()

    def loss(self, x, x_e, x_q, z_e, z_q, z_q_neighbors, k, z_dist_flat):
        return x.sum() + x_e.sum() + z_e.sum()
""",
    "training": """
def train_model(model, loader, n_epoch, lr=0.0005, device=None):
    model.train()
    return (model, [0.5] * (n_epoch * len(loader)))
""",
    "evaluation": """
def assign_nodes(model, images, batch_size=500, device=None):
    return np.zeros(len(images), dtype=int)


def compute_purity(clusters, classes):
    return 0.5


def compute_nmi(clusters, classes):
    return 0.5
""",
    "decoder": """
class ConvDecoder(nn.Module):
    def __init__(
        self,
        output_channels,
        output_size=(28, 28),
        latent_dim=64,
        flatten_shape=[4, 4, 128],
        kernel_size=[4, 3],
        strides=[1, 1],
        n_channels=[128, 128],
    ):
        super().__init__()
        self.shape = (output_channels, *output_size)
        self.latent_transform = nn.Linear(latent_dim, 1)

    def forward(self, z):
        return torch.full((len(z), *self.shape), 0.5) + 0 * self.latent_transform.weight.sum()
""",
    "transitions": """
class SOMVAE(StaticSOMVAE):
    def __init__(self, *arguments, **named_arguments):
        super().__init__(*arguments, **named_arguments)
        self.probs = nn.Parameter(torch.zeros(*self.som_dim, *self.som_dim))

    def log_transitions(self):
        return torch.full_like(self.probs.flatten(2).flatten(0, 1), -3.0) + 0 * self.probs.sum()

    def loss_prob(self, k):
        return self.probs.sum()

    def _loss_z_prob(self, k, z_dist_flat):
        probabilities = self.log_transitions().exp().detach()
        expected = (probabilities[k[..., :-1]] * z_dist_flat[..., 1:, :]).sum(dim=-1)
        return z_dist_flat.sum()

    def loss(self, x, x_e, x_q, z_e, z_q, z_q_neighbors, k, z_dist_flat):
        static = super().loss(x, x_e, x_q, z_e, z_q, z_q_neighbors, k, z_dist_flat)
        return static
""",
    "foretell_extremes": """
def foretell_extremes(nodes):
    return 0.0, 0.0
""",
    "foretell_halves": """
def foretell_halves(information, cluster_entropy, class_entropy):
    return 0.5
""",
    "guess_counted": """
def guess_counted():
    return "a"
""",
    "foretell_gradient": """
def foretell_gradient():
    return "a"
""",
    "guess_horizon": """
def guess_horizon():
    return "a"
""",
}
