"""MINA on the challenge's real recordings, as a Markdown table: a run of the published size, and a full one.

    python -m dlh.data ecg --download
    python -m benchmarks.mina_challenge2017
    python -m benchmarks.mina_challenge2017 --full --device cuda

No recording gives segments to both sides; the challenge does not tell which recordings are of the same person.

The run of the published size learns from 1696 segments and is tested on 424, half of them with atrial fibrillation,
drawn from all that the published strides cut. The full one learns from forty thousand. Both are tested a second time
as a doctor would use them: on all test recordings, at the challenge's proportions, by the mean of the probabilities
of a recording's segments. On one core the first takes some minutes, the full one about half an hour.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import average_precision_score, f1_score

from dlh import ecg_features
from dlh.data import ecg
from dlh.data.downloads import data_directory
from dlh.metrics import bootstrap_auroc
from solutions import mina

# AUROC, PR-AUC, F1.
PUBLISHED = {"published run": (0.9505, None, 0.9296), "paper": (0.9488, 0.9436, 0.8342)}
TRAIN_PER_CLASS, TEST_PER_CLASS = 848, 212
FULL_PER_CLASS = 20_000


def without_knowledge(data):
    """The same segments, with nothing known about them."""
    return {**data, **{key: np.zeros_like(data[key]) for key in ("K_beat", "K_rhythm", "K_freq")}}


def by_recording(scores, recording):
    """The mean score of each recording's segments, in the order of `np.unique(recording)`."""
    _, places = np.unique(recording, return_inverse=True)
    return np.bincount(places, scores) / np.bincount(places)


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--directory", type=Path, default=data_directory() / ecg.FOLDER, help="the challenge's files")
    parser.add_argument("--full", action="store_true", help="the full run in place of that of the published size")
    parser.add_argument("--knowledge", choices=["yes", "no", "both"], default="yes", help="the ablation")
    parser.add_argument("--epochs", type=int, help="16 by default, 6 with --full; published: 4")
    parser.add_argument("--batch-size", type=int, help="16 by default, 64 with --full; published: 128")
    parser.add_argument("--per-class", type=int, help=f"training segments, {TRAIN_PER_CLASS} or {FULL_PER_CLASS}")
    parser.add_argument("--lr", type=float, default=0.003)
    parser.add_argument("--seed", type=int, default=24, help="of split, segments, weights and dropout")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    options = parser.parse_args(arguments)
    defaults = (6, 64, FULL_PER_CLASS) if options.full else (16, 16, TRAIN_PER_CLASS)
    options.epochs, options.batch_size, options.per_class = (
        default if value is None else value
        for value, default in zip((options.epochs, options.batch_size, options.per_class), defaults, strict=True)
    )
    return options


def main(arguments=None):
    options = parse_arguments(arguments)
    device = torch.device(options.device)
    data = ecg.load_challenge2017(options.directory)
    train, test = ecg_features.split_recordings(data.labels, test_fraction=0.2, seed=options.seed)

    def cut(side, strides, per_class=None):
        recordings, labels = [data.recordings[index] for index in side], data.labels[side]
        return ecg_features.make_segments(recordings, labels, strides, seed=options.seed, per_class=per_class)

    start = time.perf_counter()
    train_data = cut(train, ecg_features.STRIDES, options.per_class)
    test_data = cut(test, ecg_features.STRIDES, TEST_PER_CLASS)
    # Every recording of ten seconds or more, with segments that overlap by half.
    whole_data = cut(test, (1500, 1500))
    print(f"preparing took {time.perf_counter() - start:.0f} s", file=sys.stderr)

    rows = []
    for knows in {"yes": [True], "no": [False], "both": [True, False]}[options.knowledge]:
        prepare = (lambda data: data) if knows else without_knowledge

        def predict(model, part, prepare=prepare):
            loader = mina.load_data(mina.ECGDataset(prepare(part)), 128)
            return mina.eval_model(model, loader, device)

        torch.manual_seed(options.seed)
        start = time.perf_counter()
        loader = mina.load_data(mina.ECGDataset(prepare(train_data)), options.batch_size)
        model, _ = mina.train_model(mina.FreqNet(), loader, options.epochs, options.lr, device)
        seconds = time.perf_counter() - start
        pred, truth = predict(model, test_data)
        auroc, low, high = bootstrap_auroc(truth, pred[:, 1], test_data["recording"])
        _, f1 = mina.evaluate_predictions(truth, pred)
        name = f"ours, {'with' if knows else 'without'} knowledge, segments"
        pr_auc = average_precision_score(truth, pred[:, 1])
        rows.append((name, f"{auroc:.4f} ({low:.3f} to {high:.3f})", f"{pr_auc:.4f}", f"{f1:.4f}", f"{seconds:.0f} s"))

        pred, truth = predict(model, whole_data)
        scores = by_recording(pred[:, 1], whole_data["recording"])
        truth = by_recording(truth, whole_data["recording"]).astype(int)
        auroc, low, high = bootstrap_auroc(truth, scores)
        name = f"ours, {'with' if knows else 'without'} knowledge, {len(truth)} whole recordings"
        pr_auc, f1 = average_precision_score(truth, scores), f1_score(truth, scores > 0.5)
        rows.append((name, f"{auroc:.4f} ({low:.3f} to {high:.3f})", f"{pr_auc:.4f}", f"{f1:.4f}", ""))
    print_table(data, train_data, test_data, rows, options)


def print_table(data, train_data, test_data, rows, options):
    """What was measured, below what was published."""
    print(f"\n{data.source}")
    sizes = [
        f"{len(part['Y'])} {name} segments of {len(set(part['recording']))} recordings"
        for name, part in (("training", train_data), ("test", test_data))
    ]
    print(f"{', '.join(sizes)}; {options.epochs} epochs, batches of {options.batch_size}, learning rate {options.lr}, "
          f"seed {options.seed}, {options.device}.\n")  # fmt: skip
    print("| | AUROC (95% interval) | PR-AUC | F1 | training |\n| --- | --- | --- | --- | --- |")
    for name, values in PUBLISHED.items():
        print(f"| {name} | {' | '.join('' if value is None else f'{value:.4f}' for value in values)} | |")
    for row in rows:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
