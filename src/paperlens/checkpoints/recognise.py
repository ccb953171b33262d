"""Which system and configuration a state is: by its names and shapes alone, against the whole catalogue.

The index of names (`index.py`) says which systems the file can be, and of which presets every required name and shape
agrees. Only those are built, on the meta device, where a network has names and shapes and no memory, and compared
tensor by tensor.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from paperlens.checkpoints.index import Shapes, index, stems
from paperlens.models import CATALOGUE, published
from paperlens.models.count import parameters

# What shapes can tell beside the presets, one field at a time.
VARIANTS: Mapping[str, tuple[int, ...]] = {
    "scale": (2, 3, 4, 8),
    "in_channels": (1, 3),
    "window_size": (7, 8, 16),
}
ENOUGH = 0.5  # of the best system's share of names: the presets of a system with less are not built


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How a file's shapes compare with one configuration."""

    system: str
    preset: str
    overrides: Mapping[str, Any] = field(default_factory=dict)
    as_published: bool  # the authors' names; else those of this package, as `paperlens train` writes them
    parameters: int
    matched: int  # tensors with the same name and shape
    total: int  # tensors in the file or in the configuration
    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    reshaped: tuple[str, ...]
    expected: Shapes
    learned: frozenset[str]  # the names that the file must hold

    @property
    def exact(self) -> bool:
        """Whether the file loads into the configuration."""
        return not (self.missing or self.unknown or self.reshaped)

    @property
    def share(self) -> float:
        """Matched tensors of all."""
        return self.matched / self.total if self.total else 0.0

    @property
    def name(self) -> str:
        """As in `models.build`."""
        changes = "".join(f", {name}={value}" for name, value in self.overrides.items())
        return f"{self.system} {self.preset}{changes}"

    def shared(self) -> list[list[str]]:
        """Groups of the file's names that are one tensor in the network."""
        module = _on_meta(self.system, self.preset, tuple(self.overrides.items()))
        assert module is not None
        groups: dict[str, list[str]] = {}
        if self.as_published:
            for slot in published.published_slots(module):
                groups.setdefault(slot.ours, []).append(slot.name)
        else:
            for name, tensor in module.state_dict(keep_vars=True).items():
                groups.setdefault(str(id(tensor)), []).append(name)
        return [list(dict.fromkeys(names)) for names in groups.values() if len(set(names)) > 1]

    def build(self, state: Mapping[str, Tensor]) -> nn.Module:
        """The network with the file's weights, in float32, evaluating. ValueError where the file does not fit."""
        entry = CATALOGUE[self.system]
        module = entry.model(replace(entry.presets[self.preset], **self.overrides))
        if self.as_published:
            return published.load(module, state).eval()
        module.load_state_dict(dict(state))
        return module.eval()


def recognise(shapes: Shapes) -> list[Fit]:
    """Every configuration that the file fits exactly, in the catalogue's order; or the nearest one alone; or none.

    Several may fit, because names and shapes do not tell everything: a network and its version with local means
    (`tlc`) have the same tensors. Presets are preferred to presets with one field changed.
    """
    return exact(shapes) or _nearest(shapes)


def exact(shapes: Shapes) -> list[Fit]:
    """The presets that the file fits exactly; only those whose names and shapes agree in the index are built."""
    found = stems(shapes)
    candidates = [
        (system, preset)
        for system in CATALOGUE
        if system in index()
        for preset in dict.fromkeys(
            p for way in index()[system] if way.required <= found for p in way.candidates(shapes)
        )
    ]
    return [fit for system, preset in candidates for fit in _compare(shapes, system, preset, {}) if fit.exact]


def likeness(shapes: Shapes) -> float:
    """0..1: how much of the names (without numbers) the nearest system and the file have in common."""
    found = stems(shapes)
    return max(way.shared(found) for ways in index().values() for way in ways)


def _nearest(shapes: Shapes) -> list[Fit]:
    found = stems(shapes)
    shares = {system: max(way.shared(found) for way in ways) for system, ways in index().items()}
    least = ENOUGH * max(shares.values())
    near = [system for system, share in shares.items() if share > 0 and share >= least]
    fits = [fit for system in near for fit in _presets(shapes, system)]
    if fits and not any(fit.exact for fit in fits):
        fits += _variants(shapes, max(fits, key=lambda fit: fit.share))
    return [fit for fit in fits if fit.exact] or sorted(fits, key=lambda fit: -fit.share)[:1]


def forms(system: str, preset: str) -> list[tuple[Shapes, set[str]]]:
    """Shapes and required names of a preset: under the authors' names, and under ours where these differ."""
    module = _on_meta(system, preset)
    assert module is not None
    theirs, ours = _theirs(module), _ours(module)
    return [theirs] if theirs[0].keys() == ours[0].keys() else [theirs, ours]


def _presets(shapes: Shapes, system: str) -> Iterator[Fit]:
    for preset in CATALOGUE[system].presets:
        yield from _compare(shapes, system, preset, {})


def _variants(shapes: Shapes, base: Fit) -> Iterator[Fit]:
    config = CATALOGUE[base.system].presets[base.preset]
    known = {f.name for f in fields(config)}
    for name, values in VARIANTS.items():
        for value in values:
            if name in known and value != getattr(config, name):
                yield from _compare(shapes, base.system, base.preset, {name: value})


def _compare(shapes: Shapes, system: str, preset: str, overrides: Mapping[str, Any]) -> Iterator[Fit]:
    """With the authors' names, and with ours where these differ."""
    module = _on_meta(system, preset, tuple(overrides.items()))
    if module is None:
        return
    seen: Shapes = {}
    for as_published, (expected, required) in ((True, _theirs(module)), (False, _ours(module))):
        if expected.keys() == seen.keys():
            return
        seen = expected
        counted = {n for n in shapes if n in expected or not (as_published and published.ignored(n, module))}
        common = [n for n in expected if n in counted]
        reshaped = tuple(n for n in common if shapes[n] != expected[n])
        yield Fit(
            system=system,
            preset=preset,
            overrides=dict(overrides),
            as_published=as_published,
            parameters=parameters(module),
            matched=len(common) - len(reshaped),
            total=len(counted | required),
            missing=tuple(n for n in expected if n in required and n not in shapes),
            unknown=tuple(n for n in shapes if n in counted and n not in expected),
            reshaped=reshaped,
            expected=expected,
            learned=frozenset(required),
        )


@cache
def _on_meta(system: str, preset: str, overrides: tuple[tuple[str, Any], ...] = ()) -> nn.Module | None:
    """The network without memory; None for a variant that the model itself refuses."""
    entry = CATALOGUE[system]
    config = replace(entry.presets[preset], **dict(overrides))
    try:
        try:
            with _no_memory():
                return entry.model(config)
        except RuntimeError:  # its start sets numbers, where there are none
            with torch.device("meta"):
                return entry.model(config)
    except ValueError:
        if not overrides:
            raise
        return None


@contextmanager
def _no_memory() -> Iterator[None]:
    """Parameters go to the meta device as they are registered; tables are computed as ever.

    A whole network under `torch.device("meta")` is as small, but its first index table costs a second: torch then
    loads the Python forms of its operations.
    """
    register, held = nn.Module.register_parameter, dict[int, tuple[Tensor, nn.Parameter]]()

    def on_meta(module: nn.Module, name: str, param: nn.Parameter | None) -> None:
        if param is not None and not param.is_meta:
            kept = nn.Parameter(param.detach().to("meta"), requires_grad=param.requires_grad)
            param = held.setdefault(id(param), (param, kept))[1]  # what is registered twice stays one
        register(module, name, param)

    nn.Module.register_parameter = on_meta  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        nn.Module.register_parameter = register  # type: ignore[method-assign]


def _theirs(module: nn.Module) -> tuple[Shapes, set[str]]:
    """Shapes under the authors' names, and the names that a checkpoint must hold."""
    slots = list(published.published_slots(module))
    dropped = published.dropped(module)
    shapes = {slot.name: tuple(slot.published(slot.tensor).shape) for slot in slots} | dropped
    return shapes, {slot.name for slot in slots if slot.required} | set(dropped)


def _ours(module: nn.Module) -> tuple[Shapes, set[str]]:
    shapes = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    return shapes, set(shapes)
