"""How a network is called on a picture: which of its outputs is one, what its sides need, what it must not be given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from jaxtyping import Float
from torch import Tensor, nn

from paperlens.errors import UserError

Border = Literal["reflect", "replicate", "constant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One image-to-image network, ready to be given pictures."""

    network: nn.Module
    channels: int  # 1 grey, 3 RGB
    scale: int
    multiple: int  # both sides of what the network is given
    border: Border  # how a picture is extended to it
    value_range: float  # white, as the authors' network reads and writes it
    first_output: bool  # the network gives several pictures, the final one first
    tile: int  # side of a tile whose pass stays near a gigabyte or below
    note: str | None  # what the authors leave open, and what is assumed

    def __call__(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c sh sw"]:
        """The restored image, 0 to 1 as the one that is given; sides are multiples of `multiple`."""
        output = self.network(image * self.value_range)
        result: Tensor = (output[0] if self.first_output else output) / self.value_range
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A row of the table; `multiple` may depend on the configuration."""

    multiple: Callable[[Any], int]
    border: Border = "reflect"
    value_range: float = 1.0
    first_output: bool = False
    tile: int = 256
    note: str | None = None


def _window(config: Any) -> int:
    return int(config.window_size)


CALLS: Mapping[str, Call] = {
    "edsr": Call(multiple=lambda config: 1),
    "hat": Call(multiple=_window, tile=128),
    "mhca": Call(
        multiple=lambda config: 1,
        value_range=255.0,
        note="The authors do not say which range their slices have: 0 to 255 is assumed.",
    ),
    "mprnet": Call(multiple=lambda config: 8, first_output=True),
    # The published code pads with zeros.
    "nafnet": Call(multiple=lambda config: 2 ** len(config.encoder), border="constant"),
    "rdst": Call(multiple=_window, note="White is taken to be the maximum of the volume."),
    "restormer": Call(multiple=lambda config: 8),
    "swinir": Call(multiple=_window),
    "tlc": Call(multiple=lambda config: 8, border="constant"),
}
OTHERS: Mapping[str, str] = {
    "mmhca": "two registered contrasts of one slice: call it from Python, model(slice, guide)",
    "minet": "a guide of another contrast, twice as large, too: call it from Python, model(guide, slice)",
    "mtrans": "a guide of another contrast too: call it from Python, model(slice, guide)",
    "swin": "a picture of fixed size and gives classes, not a picture",
    "t2net": "an aliased MR slice of which it gives two: call it from Python, model(slice)",
    "transformer": "sentences, not pictures",
    "ttsr": "a reference picture too: call it from Python, model(low_res, enlarged, reference, blurred)",
    "ttsr_main": "textures found in a reference picture: it is the inner network of ttsr",
    "vit": "a picture of fixed size and gives classes, not a picture",
}


def picture_system(system: str, network: nn.Module) -> Picture:
    """The network of a catalogue's row as a function of pictures; UserError says what it takes instead."""
    if system in OTHERS:
        raise UserError(f"{system} cannot be run on one picture; it takes {OTHERS[system]}.")
    call = CALLS[system]
    config: Any = network.config
    inner = getattr(config, "network", config)  # tlc wraps another system's configuration
    grey = system == "mhca"  # its class knows one channel only
    channels = 1 if grey else int(inner.in_channels)
    if channels not in (1, 3):
        raise UserError(
            f"this {system} takes {channels} channels, a picture has 1 or 3; it was made for two pictures of one "
            "scene (dual pixels) side by side."
        )
    return Picture(
        network=network,
        channels=channels,
        scale=int(getattr(inner, "scale", 1)),
        multiple=call.multiple(config),
        border=call.border,
        value_range=call.value_range,
        first_output=call.first_output,
        tile=call.tile,
        note=call.note,
    )
