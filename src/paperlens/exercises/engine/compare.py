"""Say how an output differs from what was expected: got, expected, where, in one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor

ROUNDING = 1e-6
FLOAT32_TOLERANCE = 1e-3
"""Single precision is asked for its dtype and that nothing overflows; numbers are compared in double."""


REAL = {torch.complex64: torch.float32, torch.complex128: torch.float64}
FEW = 8  # numbers that a line may show


def mismatch(got: Any, expected: Any, tolerance: float = 1e-6, given: Iterable[Any] = ()) -> str | None:
    """None when `got` is what was expected, else one sentence.

    Tensors agree when shape and dtype are equal and no entry is further off than `tolerance` times the
    largest finite expected value (1e-12 where zero is expected everywhere). An infinite tolerance asks for
    kind, shape and dtype alone. Infinities must be met exactly; NaN agrees where it was expected. `given` are the
    arguments, for the words on a dtype: the one that came in, or the real one that belongs to it.
    """
    if isinstance(expected, tuple):
        return _mismatch_in_tuple(got, expected, tolerance, given)
    if not isinstance(expected, Tensor):
        if _plain_equal(got, expected, tolerance):
            return None
        same = type(got) is type(expected) and got is not None
        return f"got {number(got)}, expected {number(expected)}" if same else other_kind(kind(got), expected)
    if type(got) is not Tensor:
        return other_kind(kind(got), expected)
    if got.shape != expected.shape:
        return f"got shape {tuple(got.shape)}, expected shape {tuple(expected.shape)}"
    if got.dtype != expected.dtype:
        return f"got {kind(got)}, expected {_dtype(expected)}{_origin(expected, given)}"
    return _wrong_value(got, expected, tolerance)


def other_kind(got: str, expected: Any) -> str:
    """The sentence for a value of the wrong kind, with the way to the right one where there is one."""
    hint = ""
    if got == "None":
        hint = "; is a `return` missing?"
    elif isinstance(expected, Tensor) and got.startswith("a NumPy"):
        hint = "; torch.as_tensor makes a tensor of it"
    elif type(expected) is int and (got.startswith("a NumPy") or "tensor" in got or "float" in got):
        hint = "; int(...) makes one of it"
    # A number itself stays out of it: in a class it would be a reference that leaks.
    wanted = (
        f"a Python {type_name(expected)}" if isinstance(expected, int | float | complex) else kind(expected)
    )
    return f"got {got}, expected {wanted}{hint}"


def _origin(expected: Tensor, given: Iterable[Any]) -> str:
    came = [value.dtype for value in given if type(value) is Tensor]
    if expected.dtype in came:
        return ", the dtype that came in"
    partner = next((dtype for dtype in came if REAL.get(dtype) == expected.dtype), None)
    return f", the real dtype that belongs to {str(partner).removeprefix('torch.')} in" if partner else ""


def described(args: Iterable[Any], names: Iterable[str], values: bool = False) -> str:
    """An input in words: `x 2 x 3 x 5, window_size 4`; with `values`, a few numbers are shown themselves."""
    return ", ".join(f"{name} {_shown(value, values)}" for name, value in zip(names, args, strict=False))


def _shown(value: Any, values: bool) -> str:
    if not isinstance(value, Tensor):
        return number(value)
    if values and 0 < value.numel() <= FEW:
        return str([number(one) for one in value.flatten().tolist()]).replace("'", "")
    return " x ".join(map(str, value.shape)) or "without axes"


def kind(value: Any) -> str:
    """A value as a student should see it: its kind and size, never its contents at length."""
    if type(value) is Tensor:
        shape = f"of shape {tuple(value.shape)}" if value.ndim else "with no axes"
        article = "an" if _dtype(value).startswith("int") else "a"
        return f"{article} {_dtype(value)} tensor {shape}"
    if value is None:
        return "None"
    if type(value) in (bool, int, float, complex):
        return f"the Python {type_name(value)} {number(value)}"
    if type(value) is np.ndarray:
        return f"a NumPy array of shape {value.shape}"
    if type(value).__mro__[-2] is np.generic:
        return f"a NumPy {type_name(value)}"
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


def _mismatch_in_tuple(
    got: Any, expected: tuple[Any, ...], tolerance: float, given: Iterable[Any]
) -> str | None:
    if type(got) is not tuple or len(got) != len(expected):
        found = f"{len(got)} values" if type(got) is tuple else kind(got)
        return f"got {found}, expected a tuple of {len(expected)}"
    for position, (one, other) in enumerate(zip(got, expected, strict=True)):
        difference = mismatch(one, other, tolerance, given)
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
