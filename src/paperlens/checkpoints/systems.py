"""How a network is called on a picture: which of its outputs is one, what its sides need, what it must not be given."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from paperlens.errors import UserError
from paperlens.models import CATALOGUE
from paperlens.models.facts import Border


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSystem:
    """One image-to-image network, ready to be given pictures: the facts of `models.facts.Picture`, worked out."""

    network: nn.Module
    channels: int  # 1 grey, 3 RGB
    scale: int
    multiple: int
    border: Border
    value_range: float
    output: int | None
    tile: int
    note: str | None

    def __call__(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c sh sw"]:
        """The restored image, 0 to 1 as the one that is given; sides are multiples of `multiple`."""
        output = self.network(image * self.value_range)
        result: Tensor = (output if self.output is None else output[self.output]) / self.value_range
        return result


def picture_system(system: str, network: nn.Module) -> PictureSystem:
    """The network of a catalogue's row as a function of pictures; UserError says what it takes instead."""
    entry, config = CATALOGUE[system], network.config
    call = entry.call
    if call is None:
        raise UserError(f"{system} cannot be run on one picture; it takes {entry.not_a_picture}.")
    channels = call.channels(config)
    if channels not in (1, 3):
        raise UserError(
            f"this {system} takes {channels} channels, a picture has 1 or 3; it was made for two pictures of one "
            "scene (dual pixels) side by side."
        )
    return PictureSystem(
        network=network,
        channels=channels,
        scale=call.scale(config),
        multiple=call.multiple(config),
        border=call.border,
        value_range=call.value_range,
        output=call.output,
        tile=call.tile,
        note=call.note,
    )
