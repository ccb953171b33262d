# ruff: noqa: E501  programs and tables read better on one line
"""Messages carry arrays and plain values; whatever else arrives is `MalformedError`, quickly and without a large allocation."""

import contextlib
import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from paperlens.classroom.sandbox import wire


def there_and_back(value):
    message = wire.encode(value)
    head, body = wire.lengths(message[: wire.PREFIX.size])
    rest = message[wire.PREFIX.size :]
    assert len(rest) == head + body
    return wire.decode(rest[:head], bytearray(rest[head:]))


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text("abc") | st.integers(), inner)
    ),
    max_leaves=8,
)


@given(plain)
def test_plain_values_keep_their_type(value):
    back = there_and_back(value)
    assert back == value and type(back) is type(value)


@pytest.mark.parametrize("dtype", wire.DTYPES.values(), ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 5), (4, 0, 2)], ids=str)
def test_tensors(dtype, shape):
    tensor = (torch.rand(shape) * 7).to(dtype)
    back = there_and_back(tensor)
    assert back.dtype == dtype and torch.equal(back, tensor)


def test_strides_conjugates_and_values_that_are_no_numbers():
    transposed = torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1)
    assert there_and_back(transposed).stride() == transposed.stride()
    complex_ = torch.randn(3, 2, dtype=torch.complex128)
    assert torch.equal(there_and_back(complex_.conj()), complex_.conj().resolve_conj())
    back = there_and_back(torch.tensor([math.nan, math.inf, -0.0]))
    assert back[0].isnan() and back[1] == math.inf and math.copysign(1, back[2].item()) == -1
    assert there_and_back(np.float32(1.5)).dtype == np.float32
    assert there_and_back(torch.float64) is torch.float64
    assert np.array_equal(there_and_back(np.arange(6, dtype=">i4").reshape(2, 3)), np.arange(6).reshape(2, 3))


@pytest.mark.parametrize(
    "value",
    [object(), {1, 2}, b"bytes", {"a": object()}, {(1, 2): 3}, torch.zeros(3).to_sparse(), torch.zeros(2, device="meta"),
     torch.zeros(1).expand(2**30), 1 << 5000, np.array(["a"]), np.array([object()]), [0] * 20_000],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_cannot_travel(value):
    with pytest.raises(wire.MalformedError):
        wire.encode(value)


def test_a_value_without_end():
    endless: list = []
    endless.append(endless)
    with pytest.raises(wire.MalformedError):
        wire.encode(endless)


HOSTILE = [
    b"", b"[", b"[" * 100_000, b"{}", b"1", b"[]", b'["what"]', b'["int", "1"]', b'["int", true]', b'["float", 1.0]',
    b'["tensor", "float32", [2147483647, 2147483647], [0, 1]]', b'["tensor", "float32", [-1], [0]]',
    b'["tensor", "float32", [1], [1]]', b'["tensor", "float32", [1], [0, 0]]', b'["tensor", "object", [1], [0]]',
    b'["tensor", "float32", [1.5], [0]]', b'["tensor", "float32", "x", [0]]', b'["array", "O", [1]]', b'["array", "V8", [1]]',
    b'["array", "datetime64[s]", [1]]', b'["dict", [1]]', b'["dict", [[["list", []], ["none"]]]]', b'["list", 3]',
    b'["float", "0x1p99999999"]', b'["dtype", "object"]', b'["str", 3]', b'["none", 1]', b'["tensor"]', b"\xff\xfe", b"NaN",
    b'["tensor", "float32", ' + json.dumps([1] * 100).encode() + b", []]", b'["int", ' + b"9" * 5000 + b"]",
]  # fmt: skip


@pytest.mark.parametrize("head", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_heads(head):
    with pytest.raises(wire.MalformedError):
        wire.decode(head, bytearray(4))


@given(st.binary(max_size=200), st.binary(max_size=64))
def test_random_bytes_are_malformed_or_a_value(head, body):
    with contextlib.suppress(wire.MalformedError):
        wire.decode(head, bytearray(body))


def test_bytes_left_over_and_lengths_that_lie():
    with pytest.raises(wire.MalformedError, match="belong to no array"):
        wire.decode(b'["none"]', bytearray(1))
    for lengths in ((2**32 - 1, 0), (1, 2**63)):
        with pytest.raises(wire.MalformedError, match="are allowed"):
            wire.lengths(wire.PREFIX.pack(*lengths))


def test_truth_has_two_values():
    back = wire.decode(b'["tensor", "bool", [3], [0]]', bytearray(b"\x00\x02\xff"))
    assert back.tolist() == [False, True, True] and back.sum() == 2
