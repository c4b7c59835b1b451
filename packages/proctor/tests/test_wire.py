"""The wire: what is sent arrives as it was, and what is malformed is refused, whatever it is."""

import json
import math
import resource
import sys
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from hostile import fuzz_wire
from hostile.fuzz_wire import HONEST
from proctor.isolation import wire
from proctor.isolation.wire import Reference, WireError, pack, unpack


def split(frame: bytes) -> tuple[bytes, bytes]:
    header_size, buffers_size = wire.LENGTHS.unpack_from(frame)
    header = frame[wire.LENGTHS.size :][:header_size]
    buffers = frame[wire.LENGTHS.size + header_size :]
    assert len(buffers) == buffers_size
    return header, buffers


def round_trip(value):
    return unpack(*split(pack(value)))


def same(one, other) -> bool:
    """Equal in type and value, NaN equal to itself."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return same(list(one.items()), list(other.items()))
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    return one == other


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
keys = st.booleans() | st.integers() | st.text() | st.tuples(st.integers(), st.text())
plain = st.recursive(
    scalars | st.sets(keys, max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=20,
)


@given(plain)
@settings(deadline=None)
def test_plain_data_arrives_as_it_was(value):
    assert same(round_trip(value), value)


@given(st.data())
@settings(deadline=None)
def test_arrays_arrive_as_they_were(data):
    dtype = data.draw(st.sampled_from(sorted(wire.ARRAY_DTYPES)))
    shape = data.draw(arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
    array = data.draw(arrays.arrays(dtype, shape))
    assert same(round_trip(array), array)
    turned = array.T[::-1] if array.ndim else array
    assert same(round_trip(turned), np.array(turned, order="C"))


def test_array_scalars_stay_array_scalars():
    for value in (np.float32(1.5), np.int64(-3), np.bool_(True), np.complex64(1j)):
        assert same(round_trip(value), value)


def test_array_in_another_byte_order_keeps_its_values():
    swapped = np.array([1.0, 2.5, -3.0], dtype=">f4")
    assert round_trip(swapped).tolist() == [1.0, 2.5, -3.0]


@pytest.mark.parametrize("dtype", wire.TENSOR_DTYPES.values(), ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1,), (5, 3)], ids=str)
def test_tensors_of_every_dtype_and_shape_arrive_as_they_were(dtype, shape):
    generator = torch.Generator().manual_seed(7)
    tensor = (torch.randn(shape, generator=generator) * 10).to(dtype)
    back = round_trip(tensor)
    assert (back.dtype, back.shape) == (tensor.dtype, tensor.shape)
    assert torch.equal(back, tensor)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor([math.nan, math.inf, -math.inf, -0.0, 1e-45]),
        torch.tensor([math.nan, math.inf, -math.inf], dtype=torch.bfloat16),
        torch.arange(24.0).reshape(2, 3, 4).transpose(0, 2)[::2],
        torch.ones(1).expand(4, 3),
        torch.zeros(1, 15)[:, 0],
        torch.ones(3, 7)[1:2, 2:3],
        torch.ones(4, 5, dtype=torch.bool)[:1, 4],
        torch.ones(2, 3)[:0, 1],
        torch.tensor([1 + 2j, 3 - 4j]).conj(),
        torch.tensor([1 + 2j, 3 - 4j]).conj().imag,
        torch.nn.Parameter(torch.ones(2, 3)),
        torch.ones(3, requires_grad=True) * 2,
    ],
    ids=[
        "nan", "bfloat16 nan", "strided", "expanded", "one element", "one of many", "one bool", "none",
        "conjugate", "negative view", "parameter", "in a graph",
    ],
)  # fmt: skip
def test_unusual_tensors_arrive_with_their_values_and_without_their_graph(tensor):
    back = round_trip(tensor)
    assert (back.dtype, back.shape) == (tensor.dtype, tensor.shape)
    torch.testing.assert_close(back, tensor.detach().resolve_conj().resolve_neg(), rtol=0, atol=0, equal_nan=True)
    assert not back.requires_grad
    assert type(back) is torch.Tensor


def test_meta_tensor_stays_on_meta_and_needs_no_bytes():
    header, buffers = split(pack(torch.empty(100, 100, 100, device="meta", dtype=torch.float16)))
    assert buffers == b""
    back = unpack(header, buffers)
    assert (back.device.type, back.shape, back.dtype) == ("meta", (100, 100, 100), torch.float16)


def test_what_arrives_can_be_written_and_shares_nothing():
    frame = split(pack([torch.zeros(3), np.zeros(3)]))
    one, other = unpack(*frame), unpack(*frame)
    one[0] += 1
    one[1] += 1
    assert other[0].sum() == 0
    assert other[1].sum() == 0


def test_torch_dtype_device_and_size_arrive():
    assert round_trip([torch.float32, torch.device("meta")]) == [torch.float32, torch.device("meta")]
    assert round_trip(torch.Size([2, 3])) == (2, 3)


def test_anything_else_goes_as_a_reference_or_not_at_all():
    thing = object()
    frame = pack({"thing": thing}, lambda value: Reference(7, type(value).__name__))
    assert unpack(*split(frame)) == {"thing": Reference(7, "object")}
    assert unpack(*split(frame), lambda reference: reference.number) == {"thing": 7}
    for value in (thing, torch.ones(2).to_sparse(), np.array(["a"]), np.array([object()]), lambda: 0):
        with pytest.raises(TypeError, match="cannot be sent"):
            pack(value)


def test_data_that_contains_itself_is_refused_when_sent():
    endless = []
    endless.append(endless)
    with pytest.raises(TypeError, match="nested"):
        pack(endless)


def deep(levels):
    return "[" * levels + "]" * levels


def array_of(**changes):
    return {"array": 0, "dtype": "float32", "shape": [2], "scalar": False} | changes


def tensor_of(**changes):
    return {"tensor": 0, "dtype": "float32", "shape": [2], "device": "cpu"} | changes


BODIES = {
    "unknown kind": {"pickle": "gASV"},
    "empty object": {},
    "array of objects": array_of(dtype="object"),
    "array of strings": array_of(dtype="<U2"),
    "array of nothing known": array_of(dtype=["float32"]),
    "tensor of objects": tensor_of(dtype="object"),
    "tensor attribute for a dtype": tensor_of(dtype="load"),
    "no dtype": {"tensor": 0, "shape": [2], "device": "cpu"},
    "no shape": {"array": 0, "dtype": "float32", "scalar": False},
    "shape too large": tensor_of(shape=[3]),
    "shape too small": array_of(shape=[1]),
    "huge shape": tensor_of(shape=[2**40]),
    "huge array": array_of(shape=[2**40, 2**40]),
    "overflowing shape": tensor_of(shape=[2**62, 4]),
    "overflowing empty shape": tensor_of(tensor=1, shape=[2**62, 2**62, 0]),
    "overflowing empty array": array_of(array=1, shape=[2**62, 2**62, 0]),
    "overflowing meta shape": tensor_of(tensor=None, shape=[2**62, 2**62]),
    "size beyond 64 bits": tensor_of(tensor=None, shape=[2**70]),
    "negative size": tensor_of(shape=[-2]),
    "negative sizes with a right product": tensor_of(shape=[-2, -1]),
    "boolean size": array_of(shape=[True, 2]),
    "fractional size": array_of(shape=[2.0]),
    "shape of text": array_of(shape="2"),
    "shape that is a number": array_of(shape=2),
    "too many dimensions": array_of(shape=[1] * 200 + [2]),
    "more dimensions than numpy has": array_of(shape=[1] * 64 + [2]),
    "buffer that is not there": tensor_of(tensor=5),
    "buffer far away": array_of(array=10**30),
    "negative buffer": array_of(array=-1),
    "boolean buffer": array_of(array=False),
    "unhashable key": {"dict": [[[1], 2]]},
    "dict of no pairs": {"dict": [[1, 2, 3]]},
    "dict that is a number": {"dict": 3},
    "unhashable member": {"set": [[1]]},
    "tuple that is a number": {"tuple": 3},
    "float that is none": {"float": "many"},
    "float of a list": {"float": []},
    "unknown torch dtype": {"torch_dtype": "load"},
    "unknown device": {"torch_device": "garbage"},
    "device of a list": {"torch_device": [1]},
    "negative reference": {"reference": -1, "type": "x"},
    "reference of text": {"reference": "0", "type": "x"},
    "reference without type": {"reference": 0},
    "buffer that is used twice": [array_of(), array_of()],
    "key that is there twice": {"dict": [["a", 1], ["a", 2]]},
    "member that is there twice": {"set": ["a", "a"]},
}
HEADERS = {name: json.dumps({"body": body, "buffers": [8, 0]}) for name, body in BODIES.items()} | {
    "empty": "",
    "no JSON": "{body",
    "no object": "[]",
    "a number": "3",
    "no body": '{"buffers": [8, 0]}',
    "no buffers": '{"body": 1}',
    "buffers null": '{"body": 1, "buffers": null}',
    "buffers of text": '{"body": 1, "buffers": "8"}',
    "lengths that do not add up": '{"body": 1, "buffers": [7]}',
    "negative lengths that do": '{"body": 1, "buffers": [16, -8]}',
    "fractional lengths": '{"body": 1, "buffers": [8.0]}',
    "deep list": f'{{"body": {deep(1000)}, "buffers": [8]}}',
    "deeper than the stack": deep(200_000),
    "number of a million digits": f'{{"body": {"9" * 1_000_000}, "buffers": [8]}}',
}


@pytest.mark.parametrize("header", [pytest.param(text.encode(), id=name) for name, text in HEADERS.items()])
def test_malformed_frame_is_refused(header):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(WireError):
        unpack(header, b"\0" * 8)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024, "allocated more than 64 MB"


MODULUS = sys.hash_info.modulus
COLLIDING = {
    "dict of numbers": {"dict": [[n * MODULUS, 0] for n in range(100_000)]},
    "set of numbers": {"set": [n * MODULUS for n in range(100_000)]},
    "dict of floats": {"dict": [[2.0 ** (61 * n), 0] for n in range(-17, 17)]},
    "set of pairs": {"set": [{"tuple": [n * MODULUS, 1]} for n in range(100_000)]},
}


@pytest.mark.parametrize("body", COLLIDING.values(), ids=COLLIDING)
def test_keys_that_were_made_to_collide_are_refused_at_once(body):
    start = time.process_time()
    with pytest.raises(WireError, match="made to collide"):
        unpack(json.dumps({"body": body, "buffers": []}).encode(), b"")
    assert time.process_time() - start < 5


def test_answer_of_too_many_values_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(wire.json, "loads", None)
    with pytest.raises(WireError, match="more than 1048576 values"):
        unpack(b"[" + b"[]," * 2**20 + b"[]]", b"")


SPARE = {
    "array": np.zeros(1001, np.uint8),
    "tensor": torch.zeros(7, 11, 13, dtype=torch.bool),
    "tensor without values": torch.empty(10**12, device="meta"),
    "rows without values": torch.empty(10**12, 0),
    "array of rows without values": np.empty((10**12, 0)),
    "several, small ones": [np.zeros(300)] * 4,
    "list": [0] * 1001,
    "list of lists": [[]] * 1001,
    "numbers by name": {f"x{n}": n for n in range(500)},
}


@pytest.mark.parametrize("value", SPARE.values(), ids=SPARE)
def test_answer_holds_as_many_values_as_its_check_allows(value):
    frame = split(pack(value))
    with pytest.raises(WireError, match="more than 1000 values in one answer"):
        unpack(*frame, limit=1000)
    same = unpack(*frame, limit=10**13)
    assert type(same) is type(value) and len(same) == len(value)


def test_header_that_is_no_utf8_is_refused():
    with pytest.raises(WireError):
        unpack(b"\xff\xfe\xfd", b"")


@given(st.binary(max_size=200), st.binary(max_size=40))
@settings(deadline=None)
def test_random_bytes_are_refused(header, buffers):
    with pytest.raises(WireError):
        unpack(header, buffers)


NO_ANSWERS = {
    "tensor": torch.ones(2),
    "array": np.arange(3),
    "number": 3,
    "nothing": {"id": 1},
    "answer to another question": {"id": 2, "value": 1},
    "answer to a tensor": {"id": torch.ones(2), "value": 1},
    "answer to a tensor without values": {"id": torch.empty(2**40, device="meta"), "value": 1},
    "answer to yes": {"id": True, "value": 1},
    "error that is an array": {"id": 1, "error": np.arange(3)},
    "error that is a handle": {"id": 1, "error": Reference(3)},
    "error without a message": {"id": 1, "error": {"type": "ValueError"}},
    "error whose message is a tensor": {"id": 1, "error": {"type": "ValueError", "message": torch.ones(2)}},
}


@pytest.mark.parametrize("reply", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_reply_that_is_no_answer_costs_its_check(reply):
    assert "something that is not an answer" in str(fuzz_wire.answer(pack(reply)))


@given(
    st.sampled_from(HONEST),
    st.integers(0, 5),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 9), st.binary(max_size=9)), max_size=2),
    st.randoms(use_true_random=False),
)
@settings(deadline=None, max_examples=1000)
def test_damaged_frame_is_an_answer_or_costs_its_check_and_nothing_else(frame, changes, edits, draw):
    header, buffers = fuzz_wire.split(frame)
    for _ in range(changes):
        header = fuzz_wire.change(header, draw)
    for at, length, data in edits:
        header = header[:at] + data + header[at + length :]
    fuzz_wire.answer(fuzz_wire.with_lengths(header, buffers))


@given(st.sampled_from(HONEST), st.integers(0, 11), st.integers(0, 255))
@settings(deadline=None)
def test_frame_of_wrong_lengths_costs_its_check_and_nothing_else(frame, at, byte):
    fuzz_wire.answer(frame[:at] + bytes([byte]) + frame[at + 1 :])
    fuzz_wire.answer(frame[: at + byte])


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["tensor", "array", "dtype", "shape", "device", "scalar", "dict", "set", "tuple", "float",
                         "reference", "type", "torch_dtype", "torch_device"]),
        inner | st.sampled_from(["float32", "cpu", "cuda", "meta", "bool"]) | st.lists(st.integers(-1, 9)),
        max_size=5,
    ),
    max_leaves=15,
))  # fmt: skip
@settings(deadline=None, max_examples=300)
def test_any_json_is_data_or_refused_and_nothing_else(body):
    header = json.dumps({"body": body, "buffers": [8, 0]}).encode()
    try:
        unpack(header, b"\1" * 8)
    except WireError:
        return
