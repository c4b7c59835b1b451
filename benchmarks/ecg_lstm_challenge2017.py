"""The table of ecg_lstm on the challenge's real recordings: all networks, with and without augmentation, as Markdown.

    python -m dlh.data ecg --download
    python -m benchmarks.ecg_lstm_challenge2017 --results results.json

Split, chunks, batches, epochs and learning rate are those of the published run, whose figures stand beside ours.
What is finished is kept in the file of --results, so that an interrupted run goes on where it stopped. With a GPU
all of it takes minutes, without one an hour or more: --models and --epochs make it shorter.
"""

import argparse
import contextlib
import io
import json
import sys
from functools import partial
from pathlib import Path

import torch
from sklearn.metrics import balanced_accuracy_score

from dlh.data.downloads import data_directory
from dlh.data.ecg import FOLDER
from dlh.data.ecg_dataset import ECGSpectrumDataset
from solutions import ecg_lstm

# Name, augmented: epochs and validation accuracy of the published run.
PUBLISHED = {
    ("MeanSpectrumNet", False): (100, 0.572),
    ("FullyConnectedNet", False): (25, 0.776),
    ("ConvNet", False): (20, 0.860),
    ("RNNNet", False): (20, 0.499),
    ("LSTMNet", False): (20, 0.900),
    ("TorchLSTMNet", False): (20, 0.905),
    ("MeanSpectrumNet", True): (100, 0.567),
    ("FullyConnectedNet", True): (100, 0.800),
    ("ConvNet", True): (50, 0.872),
    ("TorchLSTMNet", True): (100, 0.930),
}
CHUNK_SIZE, FEATURES, BATCH_SIZE = 40, 17, 192


def make_loaders(directory, seed):
    """The loaders of both experiments, and the validation recordings.

    Returns
    -------
    loaders : dict from augmented (bool) to a dict with the loaders "train" and "val"
    validation : `Subset` of whole spectrograms
    """
    spectrograms = ECGSpectrumDataset(directory, class_labels=("N", "A"))
    n_train = int(0.8 * len(spectrograms))
    training, validation = torch.utils.data.random_split(
        spectrograms,
        [n_train, len(spectrograms) - n_train],
        generator=torch.Generator().manual_seed(seed),
    )
    torch.manual_seed(seed)
    with contextlib.redirect_stdout(io.StringIO()):
        balanced = ecg_lstm.balance_dataset(training)
        chunks = ecg_lstm.balance_dataset(ecg_lstm.ChunkedDataset(training, CHUNK_SIZE))
        validation_chunks = ecg_lstm.balance_dataset(ecg_lstm.ChunkedDataset(validation, CHUNK_SIZE))
    print(
        f"{len(spectrograms)} recordings; training: {len(training)} recordings, {len(chunks)} chunks when balanced; "
        f"validation: {len(validation)} and {len(validation_chunks)}",
        file=sys.stderr,
    )
    load = partial(torch.utils.data.DataLoader, batch_size=BATCH_SIZE)
    val = load(validation_chunks)
    cut = partial(ecg_lstm.random_chunk_collate_fn, window_size=CHUNK_SIZE)
    return {
        False: {"train": load(chunks, shuffle=True), "val": val},
        True: {"train": load(balanced, shuffle=True, collate_fn=cut), "val": val},
    }, validation


def run(name, loaders, validation, epochs, seed):
    """Train one network anew; its results, plain numbers."""
    torch.manual_seed(seed)
    network = getattr(ecg_lstm, name)
    net = network(CHUNK_SIZE * FEATURES if network is ecg_lstm.FullyConnectedNet else FEATURES)
    with contextlib.redirect_stdout(sys.stderr):
        result = ecg_lstm.train(net, loaders, epochs=epochs, lr=0.01)
    votes, labels = ecg_lstm.vote(net, validation, CHUNK_SIZE)
    recordings = float(balanced_accuracy_score(labels, votes > 0.5))
    curves = result.pop("curves")["val acc"]
    print("  validation chunks, by epoch: " + " ".join(f"{value:.3f}" for value in curves), file=sys.stderr)
    return {**result, "recordings": recordings, "epochs": epochs, "seed": seed}


def markdown(results):
    """The table of the results so far; `results` goes from "Name" or "Name, augmented" to a result."""
    lines = [
        "| network | epochs | train acc | val acc (chunks) | published | difference | val acc (recordings, vote) |"
        " examples/sec |",
        "| --- | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for (name, augmented), (_, published) in PUBLISHED.items():
        result = results.get(key(name, augmented))
        if result is None:
            continue
        lines.append(
            f"| {key(name, augmented)} | {result['epochs']} | {result['train acc']:.3f} | {result['val acc']:.3f} | "
            f"{published:.3f} | {result['val acc'] - published:+.3f} | {result['recordings']:.3f} | "
            f"{result['examples/sec']:.0f} |"
        )
    return "\n".join(lines)


def key(name, augmented):
    return name + (", augmented" if augmented else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--directory", type=Path, default=data_directory() / FOLDER, help="the challenge's recordings")
    parser.add_argument("--results", type=Path, help="JSON file that keeps what is finished")
    parser.add_argument("--models", nargs="*", default=[key(*model) for model in PUBLISHED], metavar="MODEL",
                        help='such as ConvNet or "ConvNet, augmented"; by default all')  # fmt: skip
    parser.add_argument("--epochs", type=int, help="for every network, instead of the published numbers")
    parser.add_argument("--seed", type=int, default=12345)
    parser.add_argument("--threads", type=int, help="of torch; by default as many as there are cores")
    arguments = parser.parse_args()
    unknown = set(arguments.models) - {key(*model) for model in PUBLISHED}
    if unknown:
        parser.error(f"no such model: {', '.join(sorted(unknown))}")
    if not (arguments.directory / "REFERENCE.csv").is_file():
        parser.error(f"no recordings in {arguments.directory}; fetch them with `python -m dlh.data ecg --download`")
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    results = {}
    if arguments.results and arguments.results.is_file():
        results = json.loads(arguments.results.read_text())

    loaders, validation = make_loaders(arguments.directory, arguments.seed)
    for (name, augmented), (epochs, _) in PUBLISHED.items():
        model = key(name, augmented)
        if model not in arguments.models or model in results:
            continue
        print(model, file=sys.stderr)
        epochs = arguments.epochs or epochs
        results[model] = run(name, loaders[augmented], validation, epochs, arguments.seed)
        if arguments.results:
            arguments.results.write_text(json.dumps(results, indent=1))
    print(markdown(results))


if __name__ == "__main__":
    main()
