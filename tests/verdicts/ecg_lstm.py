"""Wrong answers that should lose points, and constants that should earn next to none, for `ecg_lstm`."""

# (name, exercise, changes of the solution)
WRONG = [
    (
        "cell_bounded_far_out",
        "lstm",
        [
            ("C = F * C + I * C_tilde", "C = torch.clip(F * C + I * C_tilde, max=50)"),
        ],
    ),
    (
        "state_without_dtype",
        "lstm",
        [
            ("dtype=inputs.dtype, device", "device"),
        ],
    ),
    (
        "hidden_drops_out",
        "lstm",
        [
            ("H = O * torch.tanh(C)", "H = nn.functional.dropout(O * torch.tanh(C), 0.05, self.training)"),
        ],
    ),
    (
        "forget_bias_of_one",
        "lstm",
        [
            (
                "self.W_xf, self.W_hf, self.b_f = triple()",
                "self.W_xf, self.W_hf, self.b_f = triple()\n        nn.init.ones_(self.b_f)",
            ),
        ],
    ),
    (
        "inputs_cut_off",
        "lstm",
        [
            ("self.one_step(inputs[:, step], H, C)", "self.one_step(inputs[:, step].detach(), H, C)"),
        ],
    ),
    (
        "cell_cut_off",
        "lstm",
        [
            ("C = F * C + I * C_tilde", "C = F * C.detach() + I * C_tilde"),
        ],
    ),
    (
        "state_cut_off",
        "lstm",
        [
            ("return outputs, (H, C)", "return outputs, (H, C.detach())"),
        ],
    ),
    (
        "first_step_skipped",
        "lstm",
        [
            ("range(inputs.shape[1])", "range(1, inputs.shape[1])"),
        ],
    ),
    (
        "hidden_not_carried",
        "lstm",
        [
            ("self.one_step(inputs[:, step], H, C)", "self.one_step(inputs[:, step], torch.zeros_like(H), C)"),
        ],
    ),
    (
        "relu_for_tanh",
        "lstm",
        [
            ("H = O * torch.tanh(C)", "H = O * torch.relu(C)"),
        ],
    ),
    (
        "state_stacked",
        "lstm",
        [
            ("return outputs, (H, C)", "return outputs, torch.stack([H, C])"),
        ],
    ),
    (
        "state_in_front",
        "lstm",
        [
            ("return outputs, (H, C)", "return outputs, (H[None], C[None])"),
        ],
    ),
    (
        "biases_doubled",
        "lstm",
        [
            ("torch.mm(H, self.W_hi) + self.b_i", "torch.mm(H, self.W_hi) + 2 * self.b_i"),
        ],
    ),
    (
        "dropout_unasked",
        "conv_net",
        [
            (
                "            nn.Linear(128, outputs),",
                "            nn.Dropout(0.05),\n            nn.Linear(128, outputs),",
            ),
        ],
    ),
    (
        "batches_normed",
        "conv_net",
        [
            (
                "            nn.Flatten(),",
                ("            nn.Flatten(),\n            nn.LayerNorm(128, elementwise_affine=False),"),
            ),
        ],
    ),
    (
        "leaky_relu",
        "conv_net",
        [
            (
                "            nn.Conv1d(64, 128, kernel_size=3),\n            nn.ReLU(),",
                "            nn.Conv1d(64, 128, kernel_size=3),\n            nn.LeakyReLU(),",
            ),
        ],
    ),
    (
        "greatest_steps",
        "conv_net",
        [
            ("nn.AdaptiveAvgPool1d(1)", "nn.AdaptiveMaxPool1d(1)"),
        ],
    ),
    (
        "dropout_unasked",
        "lstm_net",
        [
            ("            nn.ReLU(),", "            nn.ReLU(),\n            nn.Dropout(0.05),"),
        ],
    ),
    (
        "state_cut_off",
        "lstm_net",
        [
            ("self.linear(h)", "self.linear(h.detach())"),
        ],
    ),
    (
        "inputs_cut_off",
        "lstm_net",
        [
            ("self.lstm(x)", "self.lstm(x.detach())"),
        ],
    ),
    (
        "state_drops_out",
        "lstm_net",
        [
            ("self.linear(h)", "self.linear(nn.functional.dropout(h, 0.05, self.training))"),
        ],
    ),
    (
        "dropout_unasked",
        "torch_lstm_net",
        [
            ("            nn.ReLU(),", "            nn.ReLU(),\n            nn.Dropout(0.05),"),
        ],
    ),
    (
        "state_cut_off",
        "torch_lstm_net",
        [
            ("self.linear(h[-1])", "self.linear(h[-1].detach())"),
        ],
    ),
    (
        "inputs_cut_off",
        "torch_lstm_net",
        [
            ("self.lstm(x)", "self.lstm(x.detach())"),
        ],
    ),
    (
        "without_gradients",
        "torch_lstm_net",
        [
            ("_, (h, _) = self.lstm(x)", "with torch.no_grad():\n            _, (h, _) = self.lstm(x)"),
        ],
    ),
]

STUBS = {
    "lstm": """
class LSTM(nn.Module):
    def __init__(self, num_inputs, num_hiddens):
        super().__init__()
        self.num_inputs, self.num_hiddens = (num_inputs, num_hiddens)
        self.weight = nn.Parameter(torch.ones(num_hiddens))

    def forward(self, inputs):
        H = torch.zeros(len(inputs), self.num_hiddens).to(inputs) + self.weight.sum()
        return (H.unsqueeze(1).expand(-1, inputs.shape[1], -1), (H, H))
""",
    "conv_net": """
class ConvNet(nn.Module):
    def __init__(self, inputs=1, outputs=1):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(outputs))

    def forward(self, x):
        return self.weight.sum() + torch.zeros(len(x), len(self.weight))
""",
    "lstm_net": """
class LSTMNet(nn.Module):
    def __init__(self, inputs=17, outputs=1):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(outputs))

    def forward(self, x):
        return self.weight.sum() + torch.zeros(len(x), len(self.weight))
""",
    "torch_lstm_net": """
class TorchLSTMNet(nn.Module):
    def __init__(self, inputs=17, outputs=1):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(outputs))

    def forward(self, x):
        return self.weight.sum() + torch.zeros(len(x), len(self.weight))
""",
    "kept_share": """
def kept_share(total, steps):
    return 0.5
""",
    "uniform_loss": """
def uniform_loss(classes):
    return 0.6931
""",
    "guess_best": """
def guess_best():
    return "a"
""",
    "one_recording": """
def one_recording(normal, af):
    return (0.5, 0.5)
""",
    "guess_augmentation": """
def guess_augmentation():
    return "a"
""",
}
