"""What a checkpoint turned out to be, in words: the evidence, or the nearest system and what differs."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from paperlens.checkpoints.index import Shapes
from paperlens.checkpoints.recognise import Fit, exact, likeness, recognise
from paperlens.checkpoints.weights import Weights
from paperlens.errors import UserError

MOST = 8  # rows of differing tensors


def identify(path: Path, states: Sequence[Weights], wanted: str | None = None) -> tuple[Weights, list[Fit]]:
    """The first state that a configuration fits, and all that fit it (or the one called `wanted` alone).

    UserError with the first differences of the likest state where none fits.
    """
    for weights in states:  # by the index: quick
        if fits := exact(weights.shapes):
            return weights, _chosen(path, fits, wanted)
    # By how many tensors are alike, not by which share: a layer's two names alone are all of some small network's.
    likest = max(states, key=lambda one: likeness(one.shapes) * len(one.shapes))
    weights, fits = _without_counters(likest)
    if not fits or not fits[0].matched:
        first = ", ".join(list(states[0].state)[:3])
        raise UserError(
            f"{str(path)!r} fits no system of this course: none of its {len(states[0].state)} tensors ({first}, ...) "
            "has the name and shape of any."
        )
    if not fits[0].exact:
        raise UserError(f"{str(path)!r} {differences(fits[0], weights.shapes)}")
    return weights, _chosen(path, fits, wanted)


def _without_counters(weights: Weights) -> tuple[Weights, list[Fit]]:
    """What fits; where single whole numbers alone keep it from fitting, they count something and are left aside."""
    fits = recognise(weights.shapes)
    if not fits or fits[0].exact or fits[0].missing or fits[0].reshaped:
        return weights, fits
    extra = fits[0].unknown
    if any(weights.state[n].numel() > 1 or weights.state[n].is_floating_point() for n in extra):
        return weights, fits
    state = {n: t for n, t in weights.state.items() if n not in extra}
    rest = replace(weights, state=state, aside=(*weights.aside, *extra))
    return rest, recognise(rest.shapes)


def _chosen(path: Path, fits: list[Fit], wanted: str | None) -> list[Fit]:
    if wanted is None:
        return fits
    chosen = [fit for fit in fits if wanted in (fit.system, fit.name)]
    if not chosen:
        names = ", ".join(repr(fit.name) for fit in fits)
        raise UserError(f"{str(path)!r} does not fit {wanted!r}; it fits {names}.")
    return chosen


def network(path: Path, weights: Weights, fit: Fit) -> nn.Module:
    """The network of a configuration that fits, with the file's weights; UserError where its values contradict."""
    try:
        return fit.build(weights.state)
    except ValueError as error:  # right names and shapes, yet tensors that are one in the network differ
        raise UserError(f"{str(path)!r} is damaged: {error}.") from error


def check_values(path: Path, weights: Weights, fit: Fit) -> None:
    """UserError where tensors that are one in the network differ, or weights are whole numbers; builds nothing."""
    for group in fit.shared():
        first, *others = [name for name in group if name in weights.state]
        for other in others:
            if not torch.equal(weights.state[first], weights.state[other]):
                raise UserError(
                    f"{str(path)!r} is damaged: {other} and {first} are one tensor of the network, "
                    "but hold different values."
                )
    for name in fit.expected:
        tensor = weights.state.get(name)
        if tensor is not None and name in fit.learned and not tensor.is_floating_point():
            kind = str(tensor.dtype).removeprefix("torch.")
            raise UserError(
                f"{str(path)!r} holds {kind} numbers in {name!r}; expected floating-point weights."
            )


def evidence(path: Path, weights: Weights, fits: list[Fit]) -> str:
    """System, configuration, matched tensors, parameters, packing, whose names; one fact a line."""
    fit, *others = fits
    packing = " > ".join(weights.packing) or "none, a plain state"
    whose = "the authors'" if fit.as_published else "this package's own (as `paperlens train` writes them)"
    lines = [
        f"{path.name}: {fit.name}",
        f"  tensors     {fit.matched} of {fit.total} agree in name and shape",
        f"  parameters  {fit.parameters:,}",
        f"  packing     {packing}",
        f"  names       {whose}",
    ]
    if weights.aside:
        more = f" and {len(weights.aside) - MOST} more" if len(weights.aside) > MOST else ""
        lines.append(f"  left aside  {', '.join(weights.aside[:MOST])}{more}")
    if others:
        lines.append(f"  fits also   {', '.join(other.name for other in others)}")
    return "\n".join([*lines, "Shapes tell the network, not the task or the data that it was trained for."])


def differences(fit: Fit, shapes: Shapes) -> str:
    """One sentence about the nearest system and a table of the first differing tensors."""
    rows = [(n, shape(shapes.get(n)), shape(fit.expected.get(n))) for n in differing(fit)]
    width = max(len(row[0]) for row in rows[:MOST])
    table = [f"  {name:<{width}}  {found:<20}  {expected}" for name, found, expected in rows[:MOST]]
    head = f"  {'tensor':<{width}}  {'in the file':<20}  in {fit.name}"
    more = [f"  and {len(rows) - MOST} more"] if len(rows) > MOST else []
    return "\n".join(
        [
            f"fits no system of this course; nearest is {fit.name}, where {fit.matched} of {fit.total} tensors "
            f"agree and {len(rows)} differ:",
            head,
            *table,
            *more,
        ]
    )


def differing(fit: Fit) -> list[str]:
    """Names in another shape, then the configuration's that the file lacks, then the file's own."""
    return [*fit.reshaped, *fit.missing, *fit.unknown]


def shape(sizes: tuple[int, ...] | None) -> str:
    """`60 x 3 x 3`; a dash for no tensor."""
    return "-" if sizes is None else " x ".join(str(size) for size in sizes) or "one number"
