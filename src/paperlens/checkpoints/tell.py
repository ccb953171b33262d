"""What a checkpoint turned out to be, in words: the evidence, or the nearest system and what differs."""

from pathlib import Path

from torch import nn

from paperlens.checkpoints.recognise import Fit, Shapes, recognise
from paperlens.checkpoints.weights import Weights
from paperlens.errors import UserError

MOST = 8  # rows of differing tensors


def identify(path: Path, weights: Weights, wanted: str | None = None) -> list[Fit]:
    """The configurations that fit, the one called `wanted` alone; UserError with the first differences if none."""
    fits = recognise(weights.shapes)
    if not fits or not fits[0].matched:
        first = ", ".join(list(weights.state)[:3])
        raise UserError(
            f"{str(path)!r} fits no system of this course: none of its {len(weights.state)} tensors ({first}, ...) "
            "has the name and shape of any."
        )
    if not fits[0].exact:
        raise UserError(f"{str(path)!r} {differences(fits[0], weights.shapes)}")
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
