"""The published checkpoint under our names: build, load, run, gradients.

A model's file says all that is special about its published form, in plain tables. Only GOLDENS is needed
where our names are the published ones.

GOLDENS            golden file's name -> config
HEAVY              golden names whose pass takes more than about three seconds: run in `make verify`
FLOAT32            golden names whose published code casts to float32 somewhere; all others are float64
PUBLISHED_NAMES    (regex on our name, replacement[, axes]) in order; every rule that matches is applied.
                   `axes` is an einops pattern "ours -> published" for a tensor that we store in another
                   shape; its left side has no brackets: "o i -> o i 1 1", "three d c -> (three d) c".
                   published_names(config) where the rules depend on it
PUBLISHED_BUFFERS  regexes of published names without a tensor of ours (index tables): accepted, ignored
ALIASES            published alias -> published name, for one tensor of ours that has two published names; a
                   parameter that our module registers twice needs no entry
DEAD               regexes of published parameter names that never reach the output, so have no gradient
dead(config)       the same, where it depends on the configuration
dropped(config)    published name -> shape of parameters that a checkpoint has and our model leaves out
run_published(model, *args, **kwargs)   where our forward takes or gives things in another order

A checkpoint must hold every trained parameter, running mean and variance and every alias. A frozen parameter,
a buffer, `num_batches_tracked` may be there or not; a frozen parameter that is there is loaded.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import torch
from einops import rearrange
from torch import Tensor, nn

from paperlens.models import CATALOGUE, system_of
from paperlens.models.facts import Entry

STATISTIC = re.compile(r".*running_(mean|var)")


@dataclass(frozen=True, slots=True)
class Slot:
    """One of our tensors under one of its published names."""

    name: str  # published
    ours: str
    tensor: Tensor
    axes: str | None  # einops pattern ours -> published
    required: bool

    def published(self, tensor: Tensor) -> Tensor:
        """A tensor of our shape in the published one."""
        return tensor if self.axes is None else rearrange(tensor, self.axes)

    def fill(self, value: Tensor) -> None:
        """Copy a value of the published shape into our tensor."""
        if self.axes is not None:
            ours, published = self.axes.split("->")
            value = rearrange(value, f"{published} -> {ours}", **_axis_lengths(ours, self.tensor.shape))
        with torch.no_grad():
            self.tensor.copy_(value)


def goldens() -> dict[str, Any]:
    """Every golden name that a model of the catalogue answers to, with its configuration."""
    return {name: config for entry in CATALOGUE.values() for name, config in entry.goldens.items()}


def entry_of(golden: str) -> Entry:
    """The system that answers to a golden name; KeyError where there is none."""
    for entry in CATALOGUE.values():
        if golden in entry.goldens:
            return entry
    raise KeyError(golden)


def build(golden: str) -> nn.Module:
    """The model of golden file `golden`, evaluating, in the golden's dtype; KeyError where there is none."""
    entry = entry_of(golden)
    model = entry.model(entry.goldens[golden])
    return model.to(dtype=torch.float32 if golden in entry.float32 else torch.float64).eval()


def load(module: nn.Module, state: Mapping[str, Any]) -> nn.Module:
    """Fill `module` from published name -> array or tensor, and return it.

    Raises ValueError, which names them, for tensors that are missing, unknown or of another shape; then
    nothing has changed.
    """
    slots = list(published_slots(module))
    left_out = dropped(module)
    required = {s.name for s in slots if s.required} | set(left_out)
    known = {s.name for s in slots} | set(left_out)
    missing = sorted(required - set(state))
    unknown = sorted(n for n in state if n not in known and not ignored(n, module))
    if missing or unknown:
        raise ValueError(
            f"not a checkpoint of this {type(module).__name__}: "
            + "; ".join(
                _listed(what, names) for what, names in (("missing", missing), ("unknown", unknown)) if names
            )
        )
    values = {n: _tensor(v) for n, v in state.items() if n in known}
    shapes = {s.name: tuple(s.published(s.tensor).shape) for s in slots} | left_out
    for name, value in values.items():
        if tuple(value.shape) != shapes[name]:
            raise ValueError(f"{name} has shape {tuple(value.shape)}, this model has {shapes[name]}")
    first: dict[str, str] = {}
    for slot in slots:
        if slot.name not in values:
            continue
        other = first.setdefault(slot.ours, slot.name)
        if not torch.equal(values[other], values[slot.name]):
            raise ValueError(
                f"{slot.name} and {other} are one tensor of this model, but hold different values"
            )
    for slot in slots:
        if slot.name in values:
            slot.fill(values[slot.name])
    return module


def run(module: nn.Module, *args: Any, **kwargs: Any) -> list[Tensor]:
    """The module's floating-point outputs in the published order, for arrays or tensors, also nested.

    Floating-point inputs are cast to the module's dtype and device; autograd is kept.
    """
    reference = next(t for t in chain(module.parameters(), module.buffers()) if t.is_floating_point())
    args, kwargs = _prepared(args, reference), _prepared(kwargs, reference)
    output = system_of(module).run_published(module, *args, **kwargs)
    return [t for t in _flat(output) if t.is_floating_point()]


def gradients(module: nn.Module) -> dict[str, Tensor]:
    """Gradient of every parameter that has one, under each of its published names, in the published shape."""
    return {s.name: s.published(s.tensor.grad) for s in published_slots(module) if s.tensor.grad is not None}


def published_slots(module: nn.Module) -> Iterator[Slot]:
    """Every stored tensor of the module under every published name, in the module's order."""
    entry = system_of(module)
    rules = entry.published_names
    renames = [(re.compile(r[0]), *r[1:]) for r in (rules(module.config) if callable(rules) else rules)]
    identity: dict[int, str] = {}
    for ours, tensor in module.state_dict(keep_vars=True).items():
        name, axes = ours, None
        for pattern, replacement, *rest in renames:
            renamed = pattern.sub(replacement, name)
            if rest and pattern.search(name):
                axes = rest[0]
            name = renamed
        frozen = isinstance(tensor, nn.Parameter) and not tensor.requires_grad
        required = (isinstance(tensor, nn.Parameter) and not frozen) or bool(STATISTIC.fullmatch(ours))
        key = identity.setdefault(id(tensor), ours)  # a shared tensor is one tensor of ours
        yield Slot(name, key, tensor, axes, required)
        for alias, of in entry.aliases.items():
            if of == name:
                yield Slot(alias, key, tensor, axes, required)


def dead(module: nn.Module) -> set[str]:
    """Our names of the parameters that never reach the output."""
    names = system_of(module).dead
    names = names(module.config) if callable(names) else names
    patterns = [re.compile(p) for p in names]
    return {s.ours for s in published_slots(module) if any(p.fullmatch(s.name) for p in patterns)}


def dropped(module: nn.Module) -> dict[str, tuple[int, ...]]:
    """Published name -> shape of the parameters that a checkpoint must have and our model leaves out."""
    return {n: tuple(shape) for n, shape in system_of(module).dropped(module.config).items()}


def ignored(name: str, module: nn.Module) -> bool:
    """Whether a published name without a tensor of ours may stand in a checkpoint."""
    return any(
        re.fullmatch(p, name) for p in (r"(.*\.)?num_batches_tracked", *system_of(module).published_buffers)
    )


def _listed(what: str, names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{what} {', '.join(names[:most])}{more}"


def _tensor(value: Any) -> Tensor:
    return value.detach() if isinstance(value, Tensor) else torch.as_tensor(np.asarray(value))


def _axis_lengths(pattern: str, shape: Sequence[int]) -> dict[str, int]:
    """Sizes of the named axes of a pattern without brackets."""
    return {axis: size for axis, size in zip(pattern.split(), shape, strict=True) if axis.isidentifier()}


def _prepared(value: Any, reference: Tensor) -> Any:
    if isinstance(value, (list, tuple)):
        items = [_prepared(v, reference) for v in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, Mapping):
        return {k: _prepared(v, reference) for k, v in value.items()}
    if isinstance(value, np.ndarray):
        value = torch.from_numpy(value)
    if not isinstance(value, Tensor):
        return value
    if value.is_complex():
        return value.to(reference.device, reference.dtype.to_complex())
    return value.to(reference.device, reference.dtype if value.is_floating_point() else value.dtype)


def _flat(output: Any) -> Iterator[Tensor]:
    if isinstance(output, Tensor):
        yield output
    elif isinstance(output, Mapping):
        for value in output.values():
            yield from _flat(value)
    elif isinstance(output, (list, tuple)):
        for value in output:
            yield from _flat(value)
