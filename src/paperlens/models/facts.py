"""What a model's file says about its system below the heading `Facts`, as one typed view with defaults.

The names here are those of the tables there, in small letters: `entry.presets` is PRESETS, `entry.heavy` is HEAVY, and
`entry.example`, `entry.run_published` are the functions of these names. Tests, checkpoints and the book's tables read
an Entry; nothing else looks into a model's module.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from types import ModuleType
from typing import Any, Literal

from torch import nn

Border = Literal["reflect", "replicate", "constant"]


def _in_channels(config: Any) -> int:
    return int(config.in_channels)


def _scale(config: Any) -> int:
    return int(getattr(config, "scale", 1))


def _one(config: Any) -> int:
    return 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """How a published image-to-image network is called on one picture; each of the three numbers follows the config."""

    channels: Callable[[Any], int] = _in_channels  # 1 grey, 3 RGB
    scale: Callable[[Any], int] = _scale
    multiple: Callable[[Any], int] = _one  # both sides of what the network is given
    border: Border = "reflect"  # how a picture is extended to it
    value_range: float = 1.0  # white, as the authors' network reads and writes it
    output: int | None = None  # where the network gives several pictures: the final one
    tile: int = 256  # side of a tile whose pass stays near a gigabyte or below
    note: str | None = None  # what the authors leave open, and what is assumed


def _call(model: nn.Module, *args: Any, **kwargs: Any) -> Any:
    return model(*args, **kwargs)


def _nothing(config: Any) -> Mapping[str, Sequence[int]]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One system. A field without a default must be in its file, and either CALL or NOT_A_PICTURE."""

    module: ModuleType
    model: type[nn.Module]
    config: type[Any]
    presets: Mapping[str, Any]  # among them "tiny", which runs at once
    parameters: Mapping[str, int]  # exact, of every preset
    example: Callable[..., tuple[Any, ...]]  # (config, batch, step) -> inputs; steps 0 to 2 differ in size
    origin: str  # owner/repository of the authors' code
    licence: str  # of that code
    # Preset -> input shape (or a tuple of shapes), multiply-accumulates in G.
    macs: Mapping[str, tuple[tuple[Any, ...], float]] = field(default_factory=dict)
    # Preset -> what is printed of its size, and where.
    published_sizes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    # Fields replaced in tiny (`shape`: of an input instead), and the numbers that the message must hold.
    bad: Sequence[tuple[Mapping[str, Any], tuple[int, ...]]] = ()
    mixes_batch: bool = False  # whether one item of a batch changes the result of another
    call: Picture | None = None
    not_a_picture: str | None = None  # what the system takes instead: "sentences, not pictures"
    # The published form; models/published.py explains each.
    goldens: Mapping[str, Any] = field(default_factory=dict)
    heavy: Collection[
        str
    ] = ()  # goldens whose pass takes more than about three seconds: run in `make verify`
    float32: Collection[str] = ()  # goldens whose published code casts to float32
    published_names: Sequence[tuple[Any, ...]] | Callable[[Any], Sequence[tuple[Any, ...]]] = ()
    published_buffers: Sequence[str] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    dead: Sequence[str] | Callable[[Any], Sequence[str]] = ()
    dropped: Callable[[Any], Mapping[str, Sequence[int]]] = _nothing
    run_published: Callable[..., Any] = _call


def read(module: ModuleType) -> Entry:
    """The facts of a model's file; TypeError, which names them, where it lacks some."""
    told = vars(module)
    found = {}
    for one in fields(Entry):
        name = one.name.upper() if one.name.upper() in told else one.name
        if name in told:
            found[one.name] = told[name]
    found["module"] = module
    lacking = [
        f.name
        for f in fields(Entry)
        if f.default is MISSING and f.default_factory is MISSING and f.name not in found
    ]
    if ("call" in found) == ("not_a_picture" in found):
        lacking.append("either call or not_a_picture")
    if lacking:
        raise TypeError(f"{module.__name__} does not say its {', '.join(lacking)}; see models/facts.py")
    return Entry(**found)
