"""What every model says of an input that it cannot take, in the same words and with both numbers."""

from torch import Tensor


def check_channels(image: Tensor, channels: int, name: str = "image") -> None:
    """ValueError unless axis 1 of `image` has `channels` entries; broadcasting would else hide the mistake."""
    if image.shape[1] != channels:
        raise ValueError(f"the {name} has {_counted(image.shape[1])}, this model takes {channels}")


def check_multiple(image: Tensor, multiple: int) -> None:
    """ValueError unless `multiple` divides height and width, the last two axes."""
    for name, side in zip(("height", "width"), image.shape[-2:], strict=True):
        if side % multiple:
            raise ValueError(f"{multiple} does not divide {name} {side}; pad with ops.pad_to")


def check_size(image: Tensor, height: int, width: int) -> None:
    """ValueError unless the last two axes of `image` are these."""
    if tuple(image.shape[-2:]) != (height, width):
        found = " by ".join(str(side) for side in image.shape[-2:])
        raise ValueError(f"the image is {found}, this model takes {height} by {width}")


def check_tokens(tokens: Tensor, max_length: int, start: int = 0) -> None:
    """ValueError where `tokens`, axis 1, behind the `start` that were read before, are more than `max_length`."""
    if start + tokens.shape[1] > max_length:
        raise ValueError(f"a sequence of {start + tokens.shape[1]} tokens exceeds max_length {max_length}")


def _counted(channels: int) -> str:
    return f"{channels} channel{'s' if channels != 1 else ''}"
