"""The synthetic cohort in the hands of `seq2seq`: the published values, and what clustering finds."""

import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans
from sklearn.metrics import normalized_mutual_info_score
from sklearn.preprocessing import normalize

from dlh.data import ehr
from solutions import seq2seq


@pytest.fixture(scope="module")
def first_batch():
    dataset = seq2seq.CustomDataset(seq2seq.seqs, seq2seq.hfs)
    loader = torch.utils.data.DataLoader(dataset, batch_size=10, collate_fn=seq2seq.collate_fn)
    return next(iter(loader))


def test_published_shapes_and_sums(first_batch):
    x, masks, y = first_batch
    assert len(seq2seq.freq_codes) == 105
    assert x.shape == (10, 3, 105)
    assert masks.shape == (10, 3)
    assert y.shape == (10,)
    assert x[0][0].sum() == 9
    assert masks[0].sum() == 2


def test_published_value_of_the_untrained_encoder(first_batch):
    x, masks, _ = first_batch
    torch.manual_seed(42)
    encoder = seq2seq.Encoder()
    with torch.no_grad():
        value = encoder(x, masks)[0][0].item()
    assert round(value, 4) == -0.1248
    # Away from the edge of rounding, so that another machine's last digits cannot undo it.
    assert value == pytest.approx(-0.1248, abs=4e-5)


def test_clusters_find_phenotypes_once_volume_is_taken_out():
    cohort = ehr.load_cohort()
    frequent = {label: index for index, label in enumerate(seq2seq.freq_codes)}
    counts = np.zeros((1000, 105))
    for row, patient in zip(counts, cohort.seqs, strict=True):
        for label in (label for visit in patient for label in visit if label in frequent):
            row[frequent[label]] += 1

    def agreement(features):
        labels = KMeans(6, n_init=5, random_state=0).fit_predict(features)
        return normalized_mutual_info_score(cohort.phenotypes, labels)

    assert agreement(normalize(counts)) > 0.7
    assert agreement(counts) < 0.55
