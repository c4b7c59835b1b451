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
MAX_HEADER = 16 * 2**20
MAX_BUFFERS = 256 * 2**20
MAX_DEPTH = 64
# A list of JSON takes some thirty times the memory of its text, so what a header may hold is counted before it is read.
MAX_ITEMS = 10**6
# Lists of these alone are what they are on both sides of the wire, and are not looked at item by item.
PLAIN, PLAIN_JSON = frozenset({type(None), bool, int, str}), frozenset({type(None), bool, int, float, str})
# Keys that share a hash make a dict as slow as a list. Those of honest data share it by chance, if ever.
MAX_SAME_HASH = 16

TENSOR_DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
        torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128,
    )
}  # fmt: skip
ARRAY_DTYPES = {
    name: np.dtype(name)
    for name in (
        "bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64",
        "float16", "float32", "float64", "complex64", "complex128",
    )
}  # fmt: skip


class WireError(Exception):
    """What came over the wire is not a frame of allowed data."""


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
    header = json.dumps({"body": body, "buffers": [len(buffer) for buffer in buffers]}).encode()
    return b"".join([LENGTHS.pack(len(header), sum(map(len, buffers))), header, *buffers])


def unpack(header: bytes, buffers: bytes, resolve=None):
    """Decode the two parts of a frame. Each buffer is used once, so that nothing grows on the way.

    Parameters
    ----------
    header, buffers : bytes, what follows the two lengths
    resolve : called with each `Reference`, gives what stands for it; without it, the `Reference` itself

    Raises
    ------
    WireError : on anything malformed
    """
    try:
        if sum(map(header.count, (b",", b"[", b"{"))) > MAX_ITEMS:
            raise WireError(f"more than {MAX_ITEMS} values in one answer")
        frame = json.loads(header.decode())
        lengths, body = frame["buffers"], frame["body"]
        if not all(isinstance(n, int) and n >= 0 for n in lengths) or sum(lengths) != len(buffers):
            raise WireError("the lengths of the buffers do not add up")
        parts, start = [], 0
        for length in lengths:
            parts.append(memoryview(buffers)[start : start + length])
            start += length
        return _decode(body, dict(enumerate(parts)), resolve or (lambda reference: reference))
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
    return tensor.layout == torch.strided and str(tensor.dtype).removeprefix("torch.") in TENSOR_DTYPES


def _encode_tensor(tensor, buffers):
    encoded = {
        "tensor": None,
        "dtype": str(tensor.dtype).removeprefix("torch."),
        "shape": list(tensor.shape),
        "device": tensor.device.type,
    }
    if tensor.device.type != "meta":
        # Not `contiguous`, which leaves a tensor of one element its stride, whatever that is.
        plain = tensor.detach().cpu().resolve_conj().resolve_neg().clone(memory_format=torch.contiguous_format)
        buffers.append(plain.reshape(-1).view(torch.uint8).numpy().tobytes())
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
        dtype, shape = ARRAY_DTYPES[value["dtype"]], _shape(value["shape"])
        buffer = _sized(parts.pop(_index(value["array"])), shape, dtype.itemsize)
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
    dtype, shape = TENSOR_DTYPES[value["dtype"]], _shape(value["shape"])
    if value["tensor"] is None:
        return torch.empty(shape, dtype=dtype, device="meta")
    buffer = _sized(parts.pop(_index(value["tensor"])), shape, dtype.itemsize)
    if len(buffer):
        tensor = torch.frombuffer(bytearray(buffer), dtype=dtype).reshape(shape)
    else:
        tensor = torch.empty(shape, dtype=dtype)
    return tensor.to(value["device"]) if value["device"] == "cuda" and torch.cuda.is_available() else tensor


def _index(number):
    if type(number) is not int or number < 0:
        raise WireError("a number that should count from zero")
    return number


def _shape(shape):
    if len(shape) > MAX_DEPTH or not all(type(size) is int and size >= 0 for size in shape):
        raise WireError("a shape that is none")
    return tuple(shape)


def _sized(buffer, shape, itemsize):
    if math.prod(shape) * itemsize != len(buffer):
        raise WireError("shape and bytes of an array do not agree")
    return buffer
