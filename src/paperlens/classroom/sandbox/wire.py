"""What the judge and an answer may say to each other: arrays and plain values, each message with its length before it.

This file is read on both sides of the wall, so it knows torch, NumPy and the standard library alone. A message is

    u32 length of the head | u64 length of the body | head: JSON | body: the arrays' bytes, one after the other

The head is a tree in which each value carries its type: `["tensor", dtype, shape, order]`, `["float", 1.5]`, ...
Nothing in it can name a class or run code, as a pickle can. Whoever decodes treats it as hostile: lengths, depth,
counts and shapes are checked before anything is allocated for them.
"""

import json
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

MAX_HEAD = 1 << 20  # bytes of JSON
MAX_BODY = 64 << 20  # bytes of arrays
MAX_DEPTH = 12
MAX_VALUES = 10_000
MAX_AXES = 12
MAX_SIDE = 1 << 31
MAX_INT_BITS = 4096  # Python refuses to parse longer decimal integers by default, about there

PREFIX = struct.Struct(">IQ")
DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128),
    )
}
NUMPY_KINDS = "biufc"  # bool, integers, floats, complex


class MalformedError(Exception):
    """A message that breaks the rules above, or a value that has no place in one."""


def encode(value: Any) -> bytes:
    """The whole message for `value`; `MalformedError` says what cannot travel."""
    body: list[bytes] = []
    budget = Budget()
    head = json.dumps(pack(value, body, budget, 0), separators=(",", ":")).encode()
    if len(head) > MAX_HEAD:
        raise MalformedError(f"{len(head)} bytes of plain values; {MAX_HEAD} are allowed")
    return b"".join([PREFIX.pack(len(head), budget.bytes), head, *body])


def lengths(prefix: bytes) -> tuple[int, int]:
    """Lengths of head and body from a message's first `PREFIX.size` bytes, refused before they are allocated."""
    head, body = PREFIX.unpack(prefix)
    if head > MAX_HEAD or body > MAX_BODY:
        raise MalformedError(f"a message of {head} + {body} bytes; {MAX_HEAD} + {MAX_BODY} are allowed")
    return head, body


def decode(head: bytes, body: bytearray) -> Any:
    """The value of a message whose two parts were read; raises `MalformedError` and nothing else."""
    try:
        reader = Reader(body)
        value = reader.unpack(json.loads(head), 0)
    except MalformedError:
        raise
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        OverflowError,
        RecursionError,
        RuntimeError,
    ) as error:
        raise MalformedError(f"unreadable message ({type(error).__name__})") from None
    if reader.at != len(body):
        raise MalformedError(f"{len(body) - reader.at} bytes that belong to no array")
    return value


class Budget:
    """Counts what a message holds, so that a value without end is refused while it is written."""

    def __init__(self) -> None:
        self.values = 0
        self.bytes = 0

    def value(self, depth: int) -> None:
        """One more value at this depth."""
        self.values += 1
        if self.values > MAX_VALUES or depth > MAX_DEPTH:
            raise MalformedError(f"more than {MAX_VALUES} values, or nested deeper than {MAX_DEPTH}")

    def array(self, size: int) -> None:
        """An array of so many bytes."""
        self.bytes += size
        if self.bytes > MAX_BODY:
            raise MalformedError(f"arrays of more than {MAX_BODY} bytes")


def pack(value: Any, body: list[bytes], budget: Budget, depth: int) -> list[Any]:
    """The tree of one value; the bytes of its arrays are appended to `body`."""
    budget.value(depth)
    match value:
        case None:
            return ["none"]
        case bool():
            return ["bool", bool(value)]
        case int():
            if int(value).bit_length() > MAX_INT_BITS:
                raise MalformedError("an integer of more than 4096 bits")
            return ["int", int(value)]
        case np.generic():  # before float: np.float64 is one, and its type is part of the answer
            return ["scalar", *array_head(np.asarray(value), body, budget)]
        case float():
            return ["float", float(value).hex()]
        case complex():
            return ["complex", value.real.hex(), value.imag.hex()]
        case str():
            return ["str", str(value).encode("utf-8", "replace").decode()]
        case Tensor():
            return ["tensor", *tensor_head(value, body, budget)]
        case np.ndarray():
            return ["array", *array_head(value, body, budget)]
        case torch.dtype():
            return ["dtype", str(value).removeprefix("torch.")]
        case list() | tuple():
            kind = "list" if isinstance(value, list) else "tuple"
            return [kind, [pack(item, body, budget, depth + 1) for item in value]]
        case dict():
            if not all(isinstance(key, str | int) for key in value):
                raise MalformedError("a dict whose keys are neither text nor integers")
            pairs = [
                [pack(key, body, budget, depth + 1), pack(item, body, budget, depth + 1)]
                for key, item in value.items()
            ]
            return ["dict", pairs]
    raise MalformedError(
        f"a value of type {type(value).__name__}; tensors, arrays and plain values can be returned"
    )


def tensor_head(tensor: Tensor, body: list[bytes], budget: Budget) -> list[Any]:
    """dtype, shape and the order of the axes in memory (a transposed input stays one); the bytes go to `body`."""
    with torch._C.DisableTorchFunctionSubclass(), torch.no_grad():
        plain = tensor.detach()
        if plain.layout is not torch.strided or plain.is_quantized or plain.device.type != "cpu":
            raise MalformedError(
                f"a {plain.layout} tensor on {plain.device}; a dense tensor on the CPU can be returned"
            )
        name = str(plain.dtype).removeprefix("torch.")
        if name not in DTYPES:
            raise MalformedError(f"a tensor of dtype {name}")
        if plain.ndim > MAX_AXES:
            raise MalformedError(f"a tensor of {plain.ndim} axes; {MAX_AXES} are allowed")
        budget.array(plain.numel() * plain.element_size())
        shape, strides = list(plain.shape), plain.stride()
        order = sorted(range(plain.ndim), key=lambda axis: (-strides[axis], axis))
        dense = plain.resolve_conj().resolve_neg().permute(order).contiguous()
        body.append(dense.reshape(-1).view(torch.uint8).numpy().tobytes() if dense.numel() else b"")
    return [name, shape, order]


def array_head(array: np.ndarray, body: list[bytes], budget: Budget) -> list[Any]:
    """dtype and shape of a NumPy array; the bytes go to `body`."""
    if array.dtype.kind not in NUMPY_KINDS or array.dtype.itemsize > 16:
        raise MalformedError(f"an array of dtype {array.dtype}")
    if array.ndim > MAX_AXES:
        raise MalformedError(f"an array of {array.ndim} axes; {MAX_AXES} are allowed")
    budget.array(array.size * array.dtype.itemsize)
    body.append(np.asarray(array, dtype=array.dtype.newbyteorder("=")).tobytes())
    return [array.dtype.newbyteorder("=").name, list(array.shape)]


class Reader:
    """Takes the arrays out of the body in the order in which the head names them."""

    def __init__(self, body: bytearray) -> None:
        self.body = body
        self.at = 0
        self.budget = Budget()
        self.kinds: dict[str, Callable[..., Any]] = {
            "none": lambda: None,
            "bool": lambda value: plain(value, bool),
            "int": lambda value: plain(value, int),
            "float": lambda value: float.fromhex(plain(value, str)),
            "complex": lambda real, imag: complex(
                float.fromhex(plain(real, str)), float.fromhex(plain(imag, str))
            ),
            "str": lambda value: plain(value, str),
            "dtype": lambda name: DTYPES[plain(name, str)],
            "tensor": self.tensor,
            "array": self.array,
            "scalar": lambda name, shape: self.array(name, shape)[()],
        }

    def unpack(self, tree: Any, depth: int) -> Any:
        """The value of one node."""
        self.budget.value(depth)
        kind, rest = plain(tree, list)[0], tree[1:]
        if kind in ("list", "tuple"):
            (items,) = rest
            values = [self.unpack(item, depth + 1) for item in plain(items, list)]
            return values if kind == "list" else tuple(values)
        if kind == "dict":
            (pairs,) = rest
            return {
                self.unpack(key, depth + 1): self.unpack(item, depth + 1) for key, item in plain(pairs, list)
            }
        return self.kinds[plain(kind, str)](*rest)

    def take(self, shape: list[int], itemsize: int) -> bytearray:
        """The next array's bytes; its shape is believed only as far as there are bytes for it."""
        sides = plain(shape, list)
        if len(sides) > MAX_AXES or any(type(side) is not int or not 0 <= side < MAX_SIDE for side in sides):
            raise MalformedError("an impossible shape")
        size = itemsize
        for side in sides:
            size *= side
        if size > len(self.body) - self.at:
            raise MalformedError("an array larger than its message")
        self.at += size
        return self.body[self.at - size : self.at]

    def tensor(self, name: str, shape: list[int], order: list[int]) -> Tensor:
        """A tensor with its axes in memory in this order."""
        dtype = DTYPES[plain(name, str)]
        if sorted(plain(order, list)) != list(range(len(shape))):
            raise MalformedError("an impossible order of axes")
        raw = self.take(shape, dtype.itemsize)
        inner = [shape[axis] for axis in order]
        if not raw:
            return torch.empty(inner, dtype=dtype).permute(*inverse(order))
        flat = torch.frombuffer(raw, dtype=torch.uint8)
        # A byte that is neither 0 nor 1 must not become a third kind of truth.
        typed = flat.ne(0) if dtype is torch.bool else flat.clone().view(dtype)
        return typed.reshape(inner).permute(inverse(order))

    def array(self, name: str, shape: list[int]) -> np.ndarray:
        """A NumPy array."""
        dtype = np.dtype(plain(name, str))
        if dtype.kind not in NUMPY_KINDS:
            raise MalformedError("an array of a foreign dtype")
        raw = self.take(shape, dtype.itemsize)
        flat = (
            np.frombuffer(raw, dtype=np.uint8).astype(bool)
            if dtype.kind == "b"
            else np.frombuffer(raw, dtype=dtype)
        )
        return flat.reshape(shape)


def inverse(order: list[int]) -> list[int]:
    """The permutation that undoes `order`."""
    return [order.index(axis) for axis in range(len(order))]


def plain(value: Any, kind: type) -> Any:
    """`value`, if it is exactly of this type: True is no integer here."""
    if type(value) is not kind:
        raise MalformedError(f"a {type(value).__name__} where a {kind.__name__} belongs")
    return value
