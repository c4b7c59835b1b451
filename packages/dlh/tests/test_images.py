"""The images: idx files and their complaints, the digits, the series, the download."""

import gzip
import hashlib
import struct
from dataclasses import replace

import numpy as np
import pytest

from dlh.data import images
from dlh.data.__main__ import main


def idx(array, kind=0x08):
    """The bytes of an idx file."""
    numbers = np.asarray(array, dtype=images.IDX_TYPES[kind])
    return bytes([0, 0, kind, numbers.ndim]) + struct.pack(f">{numbers.ndim}I", *numbers.shape) + numbers.tobytes()


@pytest.fixture
def small():
    """The four files of a small data set: {name: compressed bytes}."""
    stream = np.random.default_rng(0)
    contents = {
        "train-images-idx3-ubyte.gz": stream.integers(256, size=(7, 28, 28)),
        "train-labels-idx1-ubyte.gz": [3, 1, 4, 1, 5, 9, 2],
        "t10k-images-idx3-ubyte.gz": stream.integers(256, size=(3, 28, 28)),
        "t10k-labels-idx1-ubyte.gz": [6, 5, 3],
    }
    return {name: gzip.compress(idx(content), mtime=0) for name, content in contents.items()}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("DLH_DATA", str(tmp_path / "cache"))
    return tmp_path / "cache"


def write(files, directory):
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (directory / name).write_bytes(content)


# idx files


@pytest.mark.parametrize("kind", list(images.IDX_TYPES))
@pytest.mark.parametrize("compressed", [True, False])
def test_idx_of_every_type_is_read(tmp_path, kind, compressed):
    array = np.arange(60).reshape(3, 4, 5)
    content = idx(array, kind)
    path = tmp_path / "numbers"
    path.write_bytes(gzip.compress(content) if compressed else content)
    read = images.read_idx(path)
    assert read.dtype == np.dtype(images.IDX_TYPES[kind]).newbyteorder("=")
    assert read.dtype.isnative
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is not an idx file"),
        (b"PK\x03\x04", "is not an idx file"),
        (b"\0\0\x07\x01" + bytes(4), "is not an idx file"),
        (b"\0\0\x08\x03" + bytes(8), "cut short: of its 3 sizes"),
        (idx(np.zeros((3, 28, 28)))[:-1], r"2352 bytes of shape \(3, 28, 28\), but holds 2351"),
        (idx(np.zeros((3, 28, 28))) + b"\0", "but holds 2353"),
        (gzip.compress(idx(np.zeros(1000)))[:-9], "is damaged"),
        (b"\x1f\x8b" + bytes(50), "is damaged"),
    ],
    ids=["empty", "zip", "unknown type", "sizes", "too short", "too long", "gzip cut", "no gzip"],
)
def test_damaged_idx_is_told(tmp_path, content, complaint):
    path = tmp_path / "damaged.gz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=complaint) as error:
        images.read_idx(path)
    assert str(path) in str(error.value)


def test_images_are_scaled_and_have_a_channel(small, tmp_path):
    write(small, tmp_path)
    data = images.MNIST.load(tmp_path)
    assert data.train_images.shape == (7, 1, 28, 28)
    assert data.test_images.shape == (3, 1, 28, 28)
    assert data.train_images.dtype == np.float32
    expected = images.read_idx(tmp_path / "train-images-idx3-ubyte.gz") / 255
    np.testing.assert_allclose(data.train_images[:, 0], expected, rtol=1e-6)
    assert data.train_labels.tolist() == [3, 1, 4, 1, 5, 9, 2]
    assert data.test_labels.dtype == np.int64
    assert str(tmp_path) in data.source


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("t10k-images-idx3-ubyte.gz", np.zeros((3, 28, 27)), r"should hold bytes of shape \(n, 28, 28\)"),
        ("t10k-labels-idx1-ubyte.gz", [1, 2], r"holds 3 images, but the labels beside it have shape \(2,\)"),
        ("train-labels-idx1-ubyte.gz", [1, 2, 3, 4, 5, 6, 10], "should be below 10, but go to 10"),
    ],
)
def test_files_that_do_not_fit_are_told(small, tmp_path, name, content, complaint):
    write(small | {name: gzip.compress(idx(content))}, tmp_path)
    with pytest.raises(ValueError, match=complaint):
        images.MNIST.load(tmp_path)


def test_missing_file_tells_how_to_fetch_it(small, tmp_path):
    write(small, tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(FileNotFoundError, match=r"t10k-labels.*python -m dlh.data fashion_mnist --download"):
        images.FASHION_MNIST.load(tmp_path)


# What notebooks load


def test_mnist_is_taken_where_it_is_else_the_digits(small, cache):
    assert images.load().source == "The digits that scikit-learn ships, at 28 x 28."
    write(small, cache / "mnist")
    assert len(images.load().train_images) == 7
    assert len(images.load("digits").train_images) == 1438
    with pytest.raises(FileNotFoundError):
        images.load("fashion_mnist")
    with pytest.raises(ValueError, match="'cifar' should be one of"):
        images.load("cifar")


def test_digits_fill_the_frame_and_keep_their_shape():
    data = images.load_digits()
    assert data.train_images.shape == (1438, 1, 28, 28)
    assert data.test_images.shape == (359, 1, 28, 28)
    everything = np.concatenate([data.train_images, data.test_images])
    assert everything.dtype == np.float32
    assert (everything.min(), everything.max()) == (0, 1)
    # The margin of two pixels is empty, and what is within is the small image.
    assert everything[..., :2, :].max() == everything[..., -2:].max() == 0
    from sklearn.datasets import load_digits

    small = load_digits()
    middles = everything[:, 0, 3:26:3, 3:26:3]
    np.testing.assert_allclose(middles, small.images / 16, atol=1e-6)
    assert np.concatenate([data.train_labels, data.test_labels]).tolist() == small.target.tolist()
    assert np.bincount(data.test_labels).min() > 30


# Series


def test_series_rest_move_and_rest():
    start, end = np.zeros((2, 1, 3)), np.ones((2, 1, 3)) * [[[1]], [[2]]]
    series = images.interpolate(start, end, steps=11, resting=0.3)
    assert series.shape == (2, 11, 1, 3)
    np.testing.assert_allclose(series[0, :, 0, 0], [0, 0, 0, 0, 0.25, 0.5, 0.75, 1, 1, 1, 1])
    np.testing.assert_allclose(series[1], 2 * series[0])
    np.testing.assert_allclose(images.interpolate(start, end, 2, 0)[0, :, 0, 0], [0, 1])


@pytest.mark.parametrize(("steps", "resting"), [(1, 0.3), (10, 0.5), (10, -0.1)])
def test_series_that_cannot_be_made(steps, resting):
    with pytest.raises(ValueError, match="2 steps or more"):
        images.interpolate(np.zeros((2, 3)), np.zeros((2, 3)), steps, resting)
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(2, 4\)"):
        images.interpolate(np.zeros((2, 3)), np.zeros((2, 4)), 10)


def test_series_lead_to_the_next_class():
    labels = np.tile([0, 1, 4], 20)
    # Each image is its label, so that a series tells where it begins and ends.
    data = np.broadcast_to(labels[:, None, None], (60, 2, 2)).astype(np.float32)
    series, ends = images.make_series(data, labels, n_series=50, steps=20, noise=0.01, seed=3)
    assert series.shape == (50, 20, 2, 2)
    assert series.dtype == np.float32
    assert {tuple(pair) for pair in ends.tolist()} == {(0, 1), (1, 4), (4, 0)}
    np.testing.assert_allclose(series[:, 0].mean(axis=(1, 2)), ends[:, 0], atol=0.05)
    np.testing.assert_allclose(series[:, -1].mean(axis=(1, 2)), ends[:, 1], atol=0.05)
    assert 0.008 < (series[:, 0] - ends[:, 0, None, None]).std() < 0.012


def test_series_follow_the_seed():
    data = images.load_digits()
    one, other, third = (
        images.make_series(data.train_images, data.train_labels, 3, 8, seed=seed)[0] for seed in (1, 1, 2)
    )
    assert np.array_equal(one, other)
    assert not np.array_equal(one, third)


# The download


@pytest.fixture
def published(server, small):
    """A source on the server, with the hashes of what it offers."""
    server.files.update(small)
    hashes = {name: f"sha256:{hashlib.sha256(content).hexdigest()}" for name, content in small.items()}
    return replace(images.FASHION_MNIST, url=server.url, hashes=hashes)


def test_download_fetches_four_files_once(server, published, small, tmp_path):
    for _ in range(2):
        directory = published.download(tmp_path)
        assert directory == tmp_path / "fashion_mnist"
        assert {path.name: path.read_bytes() for path in directory.iterdir()} == small
    assert [name for name, _ in server.asked] == list(small)
    assert published.load(directory).classes[9] == "ankle boot"


def test_download_goes_on_with_what_is_missing(server, published, small, tmp_path):
    del server.files["t10k-images-idx3-ubyte.gz"]
    with pytest.raises(FileNotFoundError, match="t10k-images"):
        published.download(tmp_path)
    server.files.update(small)
    server.asked.clear()
    published.download(tmp_path)
    assert [name for name, _ in server.asked] == ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]


def test_download_of_something_else_is_refused_and_not_kept(server, published, tmp_path):
    server.files["train-labels-idx1-ubyte.gz"] = gzip.compress(idx([0] * 7))
    with pytest.raises(ValueError, match="train-labels.*not the file that was expected"):
        published.download(tmp_path)
    assert [path.name for path in (tmp_path / "fashion_mnist").iterdir()] == ["train-images-idx3-ubyte.gz"]


def test_command_says_what_is_there_and_what_fails(server, small, cache, capsys):
    assert main(["mnist"]) == 0
    assert "No MNIST here: train-images-idx3-ubyte.gz is missing." in capsys.readouterr().out
    # The server has not got the real files, whose hashes the command knows.
    server.files.update(small)
    assert main(["mnist", "--download", "--url", server.url]) == 1
    assert "train-images-idx3-ubyte.gz is not the file that was expected" in capsys.readouterr().err
    write(small, cache / "fashion_mnist")
    assert main(["fashion_mnist"]) == 0
    assert f"Fashion-MNIST, from {cache / 'fashion_mnist'}." in capsys.readouterr().out
    assert main(["fashion_mnist", "--download"]) == 0
    assert capsys.readouterr().out == f"The data are in {cache / 'fashion_mnist'}\n"
