"""Say how an output differs from what was expected: got, expected, where, in one sentence."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

ROUNDING = 1e-6
FLOAT32_TOLERANCE = 1e-3
"""Single precision is asked for its dtype and that nothing overflows; numbers are compared in double."""


def mismatch(got: Any, expected: Any, tolerance: float = 1e-6) -> str | None:
    """None when `got` is what was expected, else one sentence.

    Tensors agree when shape and dtype are equal and no entry is further off than `tolerance` times the
    largest finite expected value (1e-12 where zero is expected everywhere). An infinite tolerance asks for
    kind, shape and dtype alone. Infinities must be met exactly; NaN agrees where it was expected.
    """
    if isinstance(expected, tuple):
        return _mismatch_in_tuple(got, expected, tolerance)
    if not isinstance(expected, Tensor):
        return (
            None if _plain_equal(got, expected, tolerance) else f"got {kind(got)}, expected {kind(expected)}"
        )
    if type(got) is not Tensor:
        hint = "; is a `return` missing?" if got is None else ""
        return f"got {kind(got)}, expected {kind(expected)}{hint}"
    if got.shape != expected.shape:
        return f"got shape {tuple(got.shape)}, expected shape {tuple(expected.shape)}"
    if got.dtype != expected.dtype:
        return f"got {kind(got)}, expected {_dtype(expected)}, the dtype that came in"
    return _wrong_value(got, expected, tolerance)


def kind(value: Any) -> str:
    """A value as a student should see it: its kind and size, never its contents at length."""
    if type(value) is Tensor:
        shape = f"of shape {tuple(value.shape)}" if value.ndim else "with no axes"
        return f"a {_dtype(value)} tensor {shape}"
    if value is None:
        return "None"
    if type(value) in (bool, int, float, complex):
        return f"the Python {type_name(value)} {value:.6g}" if type(value) is float else f"{value}"
    article = "an" if type_name(value)[:1].lower() in "aeiou" else "a"
    return f"{article} {type_name(value)}"


def type_name(value: Any) -> str:
    """The name of a value's type, also where the type lies about it."""
    name = type.__dict__["__name__"].__get__(type(value))
    return "text" if name == "str" else str(name)


def number(value: Any) -> str:
    """A number short enough to read: six digits; complex as `a+bj`."""
    if isinstance(value, complex):
        return f"{value.real:.6g}{value.imag:+.6g}j"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _mismatch_in_tuple(got: Any, expected: tuple[Any, ...], tolerance: float) -> str | None:
    if type(got) is not tuple or len(got) != len(expected):
        found = f"{len(got)} values" if type(got) is tuple else kind(got)
        return f"got {found}, expected a tuple of {len(expected)}"
    for position, (one, other) in enumerate(zip(got, expected, strict=True)):
        difference = mismatch(one, other, tolerance)
        if difference:
            return f"value {position} of the tuple: {difference}"
    return None


def _plain_equal(got: Any, expected: Any, tolerance: float) -> bool:
    if type(got) is not type(expected):
        return False
    if isinstance(expected, float):
        return bool(got == expected or abs(got - expected) <= tolerance * abs(expected))
    return bool(got == expected)


def _wrong_value(got: Tensor, expected: Tensor, tolerance: float) -> str | None:
    if not (expected.is_floating_point() or expected.is_complex()):
        wrong = got != expected
        error = wrong.double()
    else:
        wide = torch.complex128 if expected.is_complex() else torch.float64
        one, other = got.to(wide), expected.to(wide)
        finite = torch.isfinite(other)
        largest = float(other[finite].abs().max()) if bool(finite.any()) else 0.0
        error = torch.where(one == other, 0.0, (one - other).abs())
        error = torch.where(torch.isnan(other) & torch.isnan(one), 0.0, error).nan_to_num(
            nan=torch.inf, posinf=torch.inf
        )
        wrong = error > tolerance * (largest or ROUNDING)
    if not bool(wrong.any()):
        return None
    worst = torch.unravel_index(error.argmax(), expected.shape) if expected.ndim else ()
    values = got[worst].item(), expected[worst].item()
    first, second = map(number, values)
    if first == second:
        first, second = map(repr, values)
    if not expected.ndim:
        return f"got {first}, expected {second}"
    index = ", ".join(str(int(i)) for i in worst)
    count = f"{int(wrong.sum())} of {wrong.numel()} values differ"
    return f"got {first}, expected {second} at [{index}]; {count}"


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
