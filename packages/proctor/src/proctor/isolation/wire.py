"""The wire between the grading side and a host: plain data as JSON, arrays and tensors as raw bytes, never pickle.

A frame is two lengths (big-endian, 4 and 8 bytes), a JSON header of the first length and raw bytes of the second:

    {"body": <value>, "buffers": [<length of each buffer>, ...]}

Both sides use this module; only the grading side has reasons to distrust what it reads, and `unpack` raises
`WireError` on anything that is not exactly a frame of allowed data.
"""

import json
import math
import struct
from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch

LENGTHS = struct.Struct(">IQ")
MAX_DEPTH = 64
# What an answer may hold where its check asks for no more: numbers of arrays, too, each of which is an object of its
# own once somebody goes through them. A list of JSON takes thirty times the memory of its text, so it is counted first.
MAX_VALUES = 2**20
BYTES_OF_A_VALUE = 16
# Lists of these alone are what they are on both sides of the wire, and are not looked at item by item.
PLAIN, PLAIN_JSON = frozenset({type(None), bool, int, str}), frozenset({type(None), bool, int, float, str})
# Objects of a host's own are counted from 0, those that the grading side has named from here.
FIRST_NAMED = 2**31
# Keys that share a hash make a dict as slow as a list. Those of honest data share it by chance, if ever.
MAX_SAME_HASH = 16

TENSOR_DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
        torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128,
    )
}  # fmt: skip
TENSOR_NAMES = {dtype: name for name, dtype in TENSOR_DTYPES.items()}
ARRAY_DTYPES = {
    name: np.dtype(name)
    for name in (
        "bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64",
        "float16", "float32", "float64", "complex64", "complex128",
    )
}  # fmt: skip
# What is encoded holds no circle: `_encode` would have stopped there.
ENCODER = json.JSONEncoder(check_circular=False)


class WireError(Exception):
    """What came over the wire is not a frame of allowed data."""


@dataclass
class _Parts:
    """What is left of a frame to decode: buffers by their number, and how many more numbers it may hold."""

    buffers: dict
    numbers: float
    limit: float

    def shape(self, sizes):
        """A shape, on the account of the frame: what has no element may be gone through all the same."""
        if len(sizes) > MAX_DEPTH or not all(type(size) is int and size >= 0 for size in sizes):
            raise WireError("a shape that is none")
        self.numbers -= math.prod(max(size, 1) for size in sizes)
        if self.numbers < 0:
            raise WireError(f"more than {self.limit} values in one answer")
        return tuple(sizes)


@dataclass(frozen=True)
class Reference:
    """An object that stays in the host; the wire carries its number and the name of its type."""

    number: int
    type_name: str = "object"


def pack(value, refer=None) -> bytes:
    """Encode a value as one frame.

    Parameters
    ----------
    value : plain data, arrays, tensors, `Reference`s, and lists, tuples, sets and dicts of these
    refer : called with any other object, gives the `Reference` to send for it; without it, TypeError
    """
    buffers = []
    body = _encode(value, buffers, refer, 0)
    header = ENCODER.encode({"body": body, "buffers": list(map(len, buffers))}).encode()
    return b"".join([LENGTHS.pack(len(header), sum(map(len, buffers))), header, *buffers])


def fits(header_size: int, buffers_size: int, limit: int) -> bool:
    """Whether a frame of so many bytes may be an answer of at most `limit` values."""
    return max(header_size, buffers_size) <= BYTES_OF_A_VALUE * limit


def unpack(header: bytes, buffers: bytes, resolve=None, limit: float = MAX_VALUES):
    """Decode the two parts of a frame. Each buffer is used once, so that nothing grows on the way.

    Parameters
    ----------
    header, buffers : bytes, what follows the two lengths
    resolve : called with each `Reference`, gives what stands for it; without it, the `Reference` itself
    limit : how many values it may hold, numbers of arrays and tensors included

    Raises
    ------
    WireError : on anything malformed
    """
    try:
        items = sum(map(header.count, (b",", b"[", b"{")))
        if items > limit:
            raise WireError(f"more than {limit} values in one answer")
        frame = json.loads(header.decode())
        lengths, body = frame["buffers"], frame["body"]
        if not all(isinstance(n, int) and n >= 0 for n in lengths) or sum(lengths) != len(buffers):
            raise WireError("the lengths of the buffers do not add up")
        parts, start = [], 0
        for length in lengths:
            parts.append(memoryview(buffers)[start : start + length])
            start += length
        rest = _Parts(dict(enumerate(parts)), limit - items, limit)
        return _decode(body, rest, resolve or (lambda reference: reference))
    except WireError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, RuntimeError, OverflowError, MemoryError) as error:
        raise WireError(f"malformed frame: {error.__class__.__name__}") from error


def _encode(value, buffers, refer, depth):
    if depth > MAX_DEPTH:
        raise TypeError(f"data nested deeper than {MAX_DEPTH} levels")
    if value is None or value is True or value is False:
        return value
    kind = type(value)
    if kind in (int, str):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if kind is list:
        if PLAIN.issuperset(map(type, value)):
            return value
        return [_encode(item, buffers, refer, depth + 1) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [_encode(item, buffers, refer, depth + 1) for item in value]}
    if kind in (set, frozenset):
        return {"set": [_encode(item, buffers, refer, depth + 1) for item in value]}
    if isinstance(value, dict):
        return {
            "dict": [
                [_encode(key, buffers, refer, depth + 1), _encode(item, buffers, refer, depth + 1)]
                for key, item in value.items()
            ]
        }
    if isinstance(value, torch.Tensor) and _sendable(value):
        return _encode_tensor(value, buffers)
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.name in ARRAY_DTYPES:
        buffers.append(value.astype(ARRAY_DTYPES[value.dtype.name]).tobytes())  # in this machine's byte order
        return {
            "array": len(buffers) - 1,
            "dtype": value.dtype.name,
            "shape": list(value.shape),
            "scalar": isinstance(value, np.generic),
        }
    if isinstance(value, torch.dtype):
        return {"torch_dtype": str(value).removeprefix("torch.")}
    if isinstance(value, torch.device):
        return {"torch_device": str(value)}
    if isinstance(value, Reference):
        return {"reference": value.number, "type": value.type_name}
    if refer is None:
        raise TypeError(f"a value of type {kind.__name__} cannot be sent")
    reference = refer(value)
    return {"reference": reference.number, "type": reference.type_name}


def _sendable(tensor):
    return tensor.layout == torch.strided and tensor.dtype in TENSOR_NAMES


def _encode_tensor(tensor, buffers):
    encoded = {
        "tensor": None,
        "dtype": TENSOR_NAMES[tensor.dtype],
        "shape": list(tensor.shape),
        "device": tensor.device.type,
    }
    if encoded["device"] != "meta":
        plain = tensor.detach().cpu().resolve_conj().resolve_neg()
        if plain.dtype == torch.bfloat16:  # which numpy does not have
            plain = plain.view(torch.int16)
        # Whatever its strides are, these are its elements in order.
        buffers.append(plain.numpy().tobytes())
        encoded["tensor"] = len(buffers) - 1
    return encoded


def _decode(value, parts, resolve, depth=0):
    if depth > 2 * MAX_DEPTH:
        raise WireError("data nested too deeply")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, list):
        if PLAIN_JSON.issuperset(map(type, value)):
            return value
        return [_decode(item, parts, resolve, depth + 1) for item in value]
    if "float" in value:
        return float(value["float"])
    if "tuple" in value:
        return tuple(_decode(item, parts, resolve, depth + 1) for item in value["tuple"])
    if "set" in value:
        return set(_distinct([_decode(item, parts, resolve, depth + 1) for item in value["set"]]))
    if "dict" in value:
        pairs = value["dict"]
        keys = _distinct([_decode(key, parts, resolve, depth + 1) for key, _ in pairs])
        return {key: _decode(item, parts, resolve, depth + 1) for key, (_, item) in zip(keys, pairs, strict=True)}
    if "tensor" in value:
        return _decode_tensor(value, parts)
    if "array" in value:
        dtype, shape = ARRAY_DTYPES[value["dtype"]], parts.shape(value["shape"])
        buffer = _sized(parts.buffers.pop(_index(value["array"])), shape, dtype.itemsize)
        array = np.frombuffer(buffer, dtype=dtype).reshape(shape).copy()
        return array[()] if value["scalar"] is True else array
    if "torch_dtype" in value:
        return TENSOR_DTYPES[value["torch_dtype"]]
    if "torch_device" in value:
        return torch.device(value["torch_device"])
    if "reference" in value:
        return resolve(Reference(_index(value["reference"]), str(value["type"])[:100]))
    raise WireError("an unknown kind of value")


def _distinct(keys):
    """The keys of a dict or a set, where none is there twice and few share a hash."""
    if len(keys) > MAX_SAME_HASH and max(Counter(map(hash, keys)).values()) > MAX_SAME_HASH:
        raise WireError("keys that were made to collide")
    if len(set(keys)) != len(keys):
        raise WireError("the same key twice")
    return keys


def _decode_tensor(value, parts):
    dtype, shape = TENSOR_DTYPES[value["dtype"]], parts.shape(value["shape"])
    if value["tensor"] is None:
        return torch.empty(shape, dtype=dtype, device="meta")
    buffer = _sized(parts.buffers.pop(_index(value["tensor"])), shape, dtype.itemsize)
    if len(buffer):
        tensor = torch.frombuffer(bytearray(buffer), dtype=dtype).reshape(shape)
    else:
        tensor = torch.empty(shape, dtype=dtype)
    return tensor.to(value["device"]) if value["device"] == "cuda" and torch.cuda.is_available() else tensor


def _index(number):
    if type(number) is not int or number < 0:
        raise WireError("a number that should count from zero")
    return number


def _sized(buffer, shape, itemsize):
    if math.prod(shape) * itemsize != len(buffer):
        raise WireError("shape and bytes of an array do not agree")
    return buffer
