"""`mri.root_sum_of_squares`: one picture from many coils."""

import math

import numpy as np
import torch
from torch import Tensor

from paperlens.exercises.engine.exercise import Case, Exercise, case, wrong
from paperlens.exercises.engine.kit import (
    conserves,
    distinct,
    homogeneous,
    invariant,
    items_independent,
    known_value,
    random_complex,
)


def root_sum_of_squares(coils: Tensor) -> Tensor:
    """Coil after coil."""
    total = torch.zeros_like(coils[:, 0].real)
    for coil in coils.unbind(1):
        total += coil.real**2 + coil.imag**2
    return total.sqrt()


def coil_combine(coils: Tensor, maps: Tensor) -> Tensor:
    """Least squares: the picture times each map comes closest to the coils."""
    return (maps.conj() * coils).sum(1) / root_sum_of_squares(maps) ** 2


def _cases(rng: np.random.Generator) -> list[Case]:
    """All four sizes distinct; one coil and one image too; every phase."""
    found = []
    for i, scale in enumerate((1.0, 1e3, 1e-3, 1.0)):
        b, q, h, w = distinct(rng, 4, 2, 9)
        b, q = (1, q) if i == 1 else (b, 1) if i == 3 else (b, q)
        name = f"{b} images, {q} coils, {h} x {w}, about {scale:g}"
        found.append(case(name, random_complex(rng, b, q, h, w, scale=scale)))
    return found


def _opposite(rng: np.random.Generator) -> tuple[Tensor]:
    one = random_complex(rng, 2, 1, 4, 5)
    return (torch.cat([one, -one], dim=1),)


def _coils(rng: np.random.Generator) -> tuple[Tensor]:
    return (random_complex(rng, 3, 4, 5, 6),)


def _seen_through_maps(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    picture, maps = random_complex(rng, 2, 1, 4, 5), random_complex(rng, 2, 3, 4, 5)
    return picture * maps, maps


SIBLING = Exercise(
    id="mri.coil_combine",
    parameters="coils, maps",
    summary="""The picture that explains all coils best, given their sensitivities: the sum over coils of
conj(map) * coil, divided by the sum of |map|^2. `coils` and `maps` (b, q, h, w), complex64 or complex128, q
coils; the maps vanish nowhere together. Returns (b, h, w) of the same complex dtype.""",
    minutes=10,
    difficulty=3,
    importance=4,
    points=4,
    oracle=coil_combine,
    cases=lambda rng: [case(c.name, *c.args, random_complex(rng, *c.args[0].shape)) for c in _cases(rng)],
    properties=(
        known_value(
            "coils that are map times picture give the picture back",
            _seen_through_maps,
            lambda coils, maps: coils[:, 0] / maps[:, 0],
        ),
    ),
    misconceptions=(
        wrong("the maps are not conjugated", lambda c, m: coil_combine(c, m.conj())),
        wrong("the division by the sum of |map|^2 is missing", lambda c, m: (m.conj() * c).sum(1)),
        wrong(
            "coil / map is averaged: weak coils count as much as strong ones", lambda c, m: (c / m).mean(1)
        ),
    ),
)

EXERCISE = Exercise(
    id="mri.root_sum_of_squares",
    parameters="coils",
    summary="""One magnitude picture from all coils: the root of the sum over coils of |coil|^2. `coils`
(b, q, h, w), complex64 or complex128, q coils. Returns (b, h, w), real: float32 for complex64, float64 for
complex128.""",
    minutes=5,
    difficulty=1,
    importance=4,
    points=2,
    oracle=root_sum_of_squares,
    cases=_cases,
    properties=(
        known_value(
            "coils of opposite phase do not cancel: two times x gives sqrt(2) |x|",
            _opposite,
            lambda coils: coils[:, 0].abs() * math.sqrt(2),
        ),
        invariant(
            "a common phase of all coils changes nothing", _coils, lambda coils: (coils * complex(0.6, 0.8),)
        ),
        conserves(
            "its square is the sum of the squared magnitudes",
            _coils,
            lambda coils: coils.abs().square().sum(),
            lambda picture: picture.square().sum(),
        ),
        homogeneous("three times the coils give three times the picture", _coils, 1, factor=3.0),
        items_independent("each image is combined alone", _coils),
        invariant("the order of the coils does not matter", _coils, lambda coils: (coils.flip(1),)),
    ),
    misconceptions=(
        wrong(
            "the coils are added before the magnitude is taken, so that phases cancel",
            lambda c: c.sum(1).abs(),
        ),
        wrong(
            "the magnitudes are added; their squares should be, and then the root", lambda c: c.abs().sum(1)
        ),
        wrong("the magnitudes are averaged", lambda c: c.abs().mean(1)),
        wrong(
            "the squares are averaged over the coils, not summed", lambda c: c.abs().square().mean(1).sqrt()
        ),
        wrong("the root is missing", lambda c: c.abs().square().sum(1)),
        wrong(
            "the sum runs over the images of the batch, not the coils",
            lambda c: c.abs().square().sum(0).sqrt(),
        ),
        wrong("only the real part is used", lambda c: c.real.square().sum(1).sqrt()),
        wrong("only the imaginary part is used", lambda c: c.imag.square().sum(1).sqrt()),
        wrong(
            "squares of complex numbers are added without taking magnitudes",
            lambda c: c.square().sum(1).abs().sqrt(),
        ),
        wrong("the largest coil is taken", lambda c: c.abs().max(1).values),
    ),
    sibling=SIBLING,
)
