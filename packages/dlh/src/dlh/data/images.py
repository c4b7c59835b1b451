"""Small gray images: MNIST, Fashion-MNIST, or the digits that scikit-learn ships; and time series made of them.

`load` finds MNIST or takes the digits, and says which; all come in the same shape. `python -m dlh.data mnist
--download` (or `fashion_mnist`) fetches the real ones. docs/data_card_images.md describes all three.
"""

import gzip
import math
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dlh.data.downloads import data_directory, fetch

SIZE = 28
# The third byte of an idx file tells the type of its numbers, which are big-endian.
IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
FILES = {
    "train_images": "train-images-idx3-ubyte.gz",
    "train_labels": "train-labels-idx1-ubyte.gz",
    "test_images": "t10k-images-idx3-ubyte.gz",
    "test_labels": "t10k-labels-idx1-ubyte.gz",
}


@dataclass(frozen=True)
class ImageData:
    """Images with their labels, apart for training and for testing.

    Attributes
    ----------
    train_images, test_images : float32 arrays, shape (n, 1, 28, 28), 0 for the background to 1
    train_labels, test_labels : int64 arrays, shape (n,), the index of each image's class in `classes`
    classes : tuple of str, such as ("0", "1")
    source : str, where the images come from, in words
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    classes: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class IdxSource:
    """A data set that is published as four idx files.

    Attributes
    ----------
    folder : str, its folder in `dlh.data.downloads.data_directory()`
    title : str, its name for people
    url : str, where the four files are
    hashes : dict from the names of the files to what pooch verifies them with
    classes : tuple of str
    """

    folder: str
    title: str
    url: str
    hashes: dict[str, str]
    classes: tuple[str, ...]

    def default_directory(self) -> tuple[Path, str]:
        """The folder where the files are looked for; and whether they are there, in words."""
        directory = data_directory() / self.folder
        missing = [name for name in self.hashes if not (directory / name).is_file()]
        if missing:
            return directory, f"No {self.title} here: {missing[0]} is missing. Notebooks use scikit-learn's digits."
        return directory, self._source(directory)

    def download(self, directory=None, url: str | None = None) -> Path:
        """Fetch those of the four files that are not there yet.

        Parameters
        ----------
        directory : str or Path, gets a folder named `folder`; default `dlh.data.downloads.data_directory()`
        url : str, where the files are; default the publisher's

        Returns
        -------
        Path : the folder with the files, for `load_idx`

        Raises
        ------
        OSError, ValueError : as `dlh.data.downloads.fetch` says
        """
        directory = Path(data_directory() if directory is None else directory) / self.folder
        for name, known_hash in self.hashes.items():
            # A file with the same numbers, compressed anew, has another hash, and is as good.
            if not (directory / name).is_file():
                fetch(f"{(url or self.url).rstrip('/')}/{name}", directory, known_hash)
        return directory

    def load(self, directory=None) -> ImageData:
        """The images of the four files in a folder.

        Parameters
        ----------
        directory : str or Path, the folder of the files; default that of `default_directory`

        Returns
        -------
        ImageData

        Raises
        ------
        FileNotFoundError : a file is missing
        ValueError : a file is damaged, or its numbers are no such images or labels
        """
        directory = self.default_directory()[0] if directory is None else Path(directory)
        parts = {}
        for part, name in FILES.items():
            if not (directory / name).is_file():
                raise FileNotFoundError(
                    f"{directory / name} is not there; fetch it with `python -m dlh.data {self.folder} --download`."
                )
            parts[part] = read_idx(directory / name)
        for side in ("train", "test"):
            self._check(parts[f"{side}_images"], parts[f"{side}_labels"], directory / FILES[f"{side}_images"])
        images = {part: (parts[part][:, None] / np.float32(255)) for part in ("train_images", "test_images")}
        labels = {part: parts[part].astype(np.int64) for part in ("train_labels", "test_labels")}
        return ImageData(**images, **labels, classes=self.classes, source=self._source(directory))

    def _source(self, directory):
        return f"{self.title}, from {directory}."

    def _check(self, images, labels, path):
        """Raise where the numbers of two files are no images with labels."""
        if images.dtype != np.uint8 or images.shape[1:] != (SIZE, SIZE):
            raise ValueError(
                f"{path} should hold bytes of shape (n, {SIZE}, {SIZE}), but holds {images.dtype} of shape "
                f"{images.shape}."
            )
        if labels.shape != images.shape[:1]:
            raise ValueError(f"{path} holds {len(images)} images, but the labels beside it have shape {labels.shape}.")
        if labels.max(initial=0) >= len(self.classes):
            raise ValueError(f"The labels beside {path} should be below {len(self.classes)}, but go to {labels.max()}.")


# The hashes are those that torchvision verifies the files with.
MNIST = IdxSource(
    folder="mnist",
    title="MNIST",
    url="https://ossci-datasets.s3.amazonaws.com/mnist",
    hashes={
        "train-images-idx3-ubyte.gz": "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "md5:d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "md5:9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "md5:ec29112dd5afa0611ce80d1b7f02629c",
    },
    classes=tuple("0123456789"),
)
FASHION_MNIST = IdxSource(
    folder="fashion_mnist",
    title="Fashion-MNIST",
    url="http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    hashes={
        "train-images-idx3-ubyte.gz": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte.gz": "md5:25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "md5:bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte.gz": "md5:bb300cfdad3c16e7a12a480ee83cd310",
    },
    classes=(
        "T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
    ),
)  # fmt: skip
SOURCES = {source.folder: source for source in (MNIST, FASHION_MNIST)}


def load(name: str | None = None) -> ImageData:
    """MNIST, Fashion-MNIST or the digits.

    Parameters
    ----------
    name : "mnist", "fashion_mnist" or "digits"; None for MNIST where it is on this machine, else the digits

    Returns
    -------
    ImageData

    Raises
    ------
    FileNotFoundError, ValueError : as `IdxSource.load` says; ValueError as well for another name
    """
    if name is None:
        directory, _ = MNIST.default_directory()
        name = "mnist" if all((directory / file).is_file() for file in MNIST.hashes) else "digits"
    if name == "digits":
        return load_digits()
    if name not in SOURCES:
        raise ValueError(f"{name!r} should be one of {[*SOURCES, 'digits']}.")
    return SOURCES[name].load()


def load_digits() -> ImageData:
    """The 1797 handwritten digits that scikit-learn ships, enlarged from 8 x 8 to 28 x 28 pixels.

    The last fifth is for testing. It is not drawn at random: images that are next to each other look as if one hand had
    written them, and that would make the test too easy.

    Returns
    -------
    ImageData
    """
    from scipy.ndimage import zoom
    from sklearn import datasets

    digits = datasets.load_digits()
    small = digits.images.astype(np.float32) / 16
    # Three times as large, with straight lines between the pixels, and a margin like MNIST's.
    large = zoom(small, (1, 3, 3), order=1, mode="nearest", grid_mode=True)
    margin = (SIZE - large.shape[-1]) // 2
    images = np.pad(large, ((0, 0), (margin, margin), (margin, margin)))[:, None].clip(0, 1)
    labels = digits.target.astype(np.int64)
    n_train = round(0.8 * len(labels))
    return ImageData(
        images[:n_train], labels[:n_train], images[n_train:], labels[n_train:], tuple("0123456789"),
        "The digits that scikit-learn ships, at 28 x 28.",
    )  # fmt: skip


def read_idx(path) -> np.ndarray:
    """The numbers of an idx file, the format of MNIST.

    Parameters
    ----------
    path : str or Path, compressed with gzip or not

    Returns
    -------
    array of the file's own shape and type

    Raises
    ------
    FileNotFoundError : there is no such file
    ValueError : it is no idx file, or a damaged one
    """
    path = Path(path)
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(f"{path} is damaged ({error}); delete it and fetch it again.") from error
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in IDX_TYPES:
        raise ValueError(f"{path} is not an idx file: it should begin with two zeros and a type, not {content[:3]}.")
    dtype, axes = np.dtype(IDX_TYPES[content[2]]), content[3]
    start = 4 + 4 * axes
    if len(content) < start:
        raise ValueError(f"{path} is cut short: of its {axes} sizes, not all are there. Delete it and fetch it again.")
    shape = tuple(np.frombuffer(content, ">u4", axes, offset=4).tolist())
    wanted, found = math.prod(shape) * dtype.itemsize, len(content) - start
    if found != wanted:
        raise ValueError(
            f"{path} should hold {wanted} bytes of shape {shape}, but holds {found}. Delete it and fetch it again."
        )
    numbers = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return numbers.astype(dtype.newbyteorder("="))


def interpolate(start: np.ndarray, end: np.ndarray, steps: int, resting: float = 0.3) -> np.ndarray:
    """Series of images that rest, change into others, and rest again.

    Parameters
    ----------
    start, end : float arrays of the same shape (n, ...), the first and the last image of each series
    steps : int, images of a series, at least 2
    resting : float in [0, 0.5), the share of the steps at the start image, and about as many at the end image

    Returns
    -------
    float array, shape (n, steps, ...): straight lines from pixel to pixel

    Raises
    ------
    ValueError : the shapes differ, or there are too few steps
    """
    if start.shape != end.shape:
        raise ValueError(f"The start and end images should have one shape, but have {start.shape} and {end.shape}.")
    if steps < 2 or not 0 <= resting < 0.5:
        raise ValueError(f"There should be 2 steps or more, and resting in [0, 0.5), not {steps} and {resting}.")
    rests = int(steps * resting)
    moves = np.linspace(0, 1, steps - 2 * rests)
    shares = np.concatenate([np.zeros(rests), moves, np.ones(rests)]).astype(start.dtype)
    shares = shares.reshape(1, steps, *[1] * (start.ndim - 1))
    return (1 - shares) * start[:, None] + shares * end[:, None]


def make_series(
    images: np.ndarray,
    labels: np.ndarray,
    n_series: int,
    steps: int = 100,
    resting: float = 0.3,
    noise: float = 0.01,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Time series of images: each begins with an image and ends with one of the next class.

    After the paper's authors: the start image is any, the end image is one of the next class, the first class after the
    last; linear interpolation between the two; and noise on every pixel.

    Parameters
    ----------
    images : (n, ...) float array
    labels : (n,) int array
    n_series : int
    steps, resting : as for `interpolate`
    noise : float, the standard deviation of the noise
    seed : int

    Returns
    -------
    series : (n_series, steps, ...) float32 array, the time on the second axis
    ends : (n_series, 2) int array, the classes of the start image and of the end image

    Raises
    ------
    ValueError : as `interpolate` says
    """
    stream = np.random.default_rng(seed)
    starts = stream.integers(len(images), size=n_series)
    members = {label: np.flatnonzero(labels == label) for label in np.unique(labels)}
    following = dict(zip(members, [*list(members)[1:], next(iter(members))], strict=True))
    ends = np.array([stream.choice(members[following[label]]) for label in labels[starts]], dtype=int)
    series = interpolate(images[starts], images[ends], steps, resting)
    series = series + noise * stream.standard_normal(series.shape, dtype=np.float32)
    return series.astype(np.float32), np.stack([labels[starts], labels[ends]], axis=1)
