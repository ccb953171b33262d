"""The one mistake that every metric must refuse."""

from torch import Tensor


def same_shape(prediction: Tensor, target: Tensor) -> None:
    """Raise ValueError with both shapes where they differ: broadcasting would measure nonsense."""
    if prediction.shape != target.shape:
        raise ValueError(
            f"prediction {tuple(prediction.shape)} and target {tuple(target.shape)} differ in shape"
        )
