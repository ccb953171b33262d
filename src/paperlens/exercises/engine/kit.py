"""Properties worth having once: each needs nothing but calls of the answer.

Every function here returns a `Property`. `make` draws one input from a generator and returns the arguments;
the sentence of a broken property says what was got, what was expected, and where; `at` tells which input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.engine.compare import mismatch
from paperlens.exercises.engine.exercise import Call, Property

Make = Callable[[np.random.Generator], tuple[Any, ...]]
Change = Callable[[Any], Any]


def random(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> Tensor:
    """Normal random numbers in double precision."""
    return torch.from_numpy(rng.standard_normal(shape)) * scale


def uniform(rng: np.random.Generator, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Uniform random numbers in double precision, as the pixels of a picture."""
    return torch.from_numpy(rng.uniform(low, high, shape))


def random_complex(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> Tensor:
    """Complex normal random numbers in double precision: every phase occurs."""
    return torch.complex(random(rng, *shape, scale=scale), random(rng, *shape, scale=scale))


def distinct(rng: np.random.Generator, count: int, low: int, high: int) -> list[int]:
    """Sizes in low..high of which no two are equal, so that no two axes can be confused."""
    return [int(n) for n in rng.choice(np.arange(low, high + 1), size=count, replace=False)]


def pixel_ids(*shape: int) -> Tensor:
    """An image whose every entry is another number: where a number ends up tells which index was used."""
    return torch.arange(1, 1 + int(np.prod(shape)), dtype=torch.float64).reshape(shape)


def known_value(
    name: str, make: Make, expected: Callable[..., Any], at: str = "", tolerance: float = 1e-6
) -> Property:
    """A hand case or a limit: the output is known without the reference.

    With values of one it shows convexity, with ids index tracing, at neutral parameters the identity.
    """

    def holds(call: Call, rng: np.random.Generator) -> str | None:
        args = make(rng)
        return _at(mismatch(call(*args), expected(*args), tolerance), at)

    return Property(name=name, holds=holds)


def invariant(name: str, make: Make, change: Callable[..., tuple[Any, ...]], at: str = "") -> Property:
    """Changing the input in this way does not change the output."""
    return equivariant(name, make, change, lambda output: output, at)


def equivariant(
    name: str, make: Make, change: Callable[..., tuple[Any, ...]], follow: Change, at: str = ""
) -> Property:
    """Changing the input changes the output in the way `follow` says: permutations, scales, shifts."""

    def holds(call: Call, rng: np.random.Generator) -> str | None:
        args = make(rng)
        return _at(mismatch(call(*change(*args)), follow(call(*args))), at)

    return Property(name=name, holds=holds)


def homogeneous(name: str, make: Make, degree: int, argument: int = 0, factor: float = 7.0) -> Property:
    """Scaling one argument by a factor scales the output by its power; degree 0 is scale invariance."""

    def change(*args: Any) -> tuple[Any, ...]:
        return tuple(value * factor if i == argument else value for i, value in enumerate(args))

    return equivariant(
        name, make, change, lambda output: output * factor**degree, f"an input times {factor:g}"
    )


def items_independent(name: str, make: Make, arguments: tuple[int, ...] = (0,), axis: int = 0) -> Property:
    """One item of a batch (a head, a channel) gives what it gives alone."""

    def holds(call: Call, rng: np.random.Generator) -> str | None:
        args = make(rng)
        whole = call(*args)
        for item in range(args[arguments[0]].shape[axis]):
            alone = call(*(v.narrow(axis, item, 1) if i in arguments else v for i, v in enumerate(args)))
            broken = mismatch(whole.narrow(axis, item, 1), alone)
            if broken:
                return _at(broken, f"item {item} in company and alone")
        return None

    return Property(name=name, holds=holds)


def jacobian_support(
    name: str,
    make: Make,
    support: Callable[..., Tensor],
    argument: int = 0,
    *,
    probes: int = 5,
    step: float = 0.5,
) -> Property:
    """An entry of the input moves exactly the entries of the output that it may move.

    `support(index, *args)` is the boolean tensor of outputs that the entry at `index` reaches; it is compared
    with the outputs that differ after that one entry was changed, at a few random entries.
    """

    def holds(call: Call, rng: np.random.Generator) -> str | None:
        args = make(rng)
        before = call(*args)
        for _ in range(probes):
            index = tuple(int(rng.integers(n)) for n in args[argument].shape)
            nudged = args[argument].clone()
            nudged[index] += step
            after = call(*(nudged if i == argument else value for i, value in enumerate(args)))
            moved = (after - before).abs() > 1e-9 * float(before.abs().max())
            allowed = support(index, *args)
            if not torch.equal(moved, allowed):
                wrong = [int(i) for i in (moved != allowed).nonzero()[0]]
                verb = "moves" if bool(moved[tuple(wrong)]) else "does not move"
                return (
                    f"input {list(index)} {verb} output {wrong}, which it should{' not' * (verb == 'moves')}"
                )
        return None

    return Property(name=name, holds=holds)


def local(name: str, make: Make, argument: int = 0) -> Property:
    """Each entry of the input moves the entry of the output at its own place and no other."""

    def support(index: tuple[int, ...], *args: Any) -> Tensor:
        own = torch.zeros(args[argument].shape, dtype=torch.bool)
        own[index] = True
        return own

    return jacobian_support(name, make, support, argument)


def conserves(name: str, make: Make, before: Callable[..., Any], after: Change, at: str = "") -> Property:
    """A quantity of the input is found again in the output: energy (Parseval), the mean, the kept entries."""

    def holds(call: Call, rng: np.random.Generator) -> str | None:
        args = make(rng)
        return _at(mismatch(after(call(*args)), before(*args)), at)

    return Property(name=name, holds=holds)


def two_formulas(
    name: str, make: Make, one: Callable[..., Any], other: Callable[..., Any], at: str = ""
) -> Property:
    """Two ways to combine calls of the answer give the same; each gets the answer and the arguments."""

    def holds(call: Call, rng: np.random.Generator) -> str | None:
        args = make(rng)
        return _at(mismatch(one(call, *args), other(call, *args)), at)

    return Property(name=name, holds=holds)


def finite(name: str, make: Make, at: str = "") -> Property:
    """No overflow, no division by zero: every entry of the output is a finite number."""

    def holds(call: Call, rng: np.random.Generator) -> str | None:
        output = call(*make(rng))
        bad = ~torch.isfinite(output)
        if not bool(bad.any()):
            return None
        where = [int(i) for i in bad.nonzero()[0]]
        return _at(f"got {output[tuple(where)].item()}, expected a finite number at {where}", at)

    return Property(name=name, holds=holds)


def depends_on(name: str, make: Make, change: Callable[..., tuple[Any, ...]], at: str = "") -> Property:
    """The swap test: with this input changed, the output must change too."""

    def holds(call: Call, rng: np.random.Generator) -> str | None:
        args = make(rng)
        if mismatch(call(*change(*args)), call(*args)) is None:
            return _at("the output stayed the same, expected another", at)
        return None

    return Property(name=name, holds=holds)


def derivative(
    name: str, make: Make, expected: Callable[..., Tensor], argument: int = 0, step: float = 1e-5
) -> Property:
    """The slope along a random direction, by central differences, is `expected(direction, *args)`."""

    def holds(call: Call, rng: np.random.Generator) -> str | None:
        args = make(rng)
        direction = random(rng, *args[argument].shape)
        ends = (
            call(*(v + sign * step * direction if i == argument else v for i, v in enumerate(args)))
            for sign in (1, -1)
        )
        upper, lower = ends
        return _at(mismatch((upper - lower) / (2 * step), expected(direction, *args), 1e-5), "the slope")

    return Property(name=name, holds=holds)


def _at(broken: str | None, where: str) -> str | None:
    return f"{broken} ({where})" if broken and where else broken
