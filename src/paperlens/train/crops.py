"""Training batches: aligned random crops of pictures that lie in memory.

A source is any function of (step, generator). What it draws depends on the generator alone, which the loop
seeds anew from (seed, step): a resumed run sees the crops it would have seen, and nothing about the data is
saved.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import UInt8
from torch import Tensor

Batch = tuple[Tensor, ...]
Source = Callable[[int, torch.Generator], Batch]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crops:
    """Pairs of pictures, `3 h w` and `3 h*scale w*scale`: a call draws pictures, places, flips and turns.

    `sizes` gives (batch, patch) for a step, the patch in low-resolution pixels: `schedules.fixed`,
    `progressive`.
    """

    low_res: Sequence[UInt8[Tensor, "3 _ _"]]
    high_res: Sequence[UInt8[Tensor, "3 _ _"]]
    scale: int
    sizes: Callable[[int], tuple[int, int]]

    def __call__(self, step: int, generator: torch.Generator) -> Batch:
        """One batch (low_res `b 3 p p`, high_res `b 3 p*scale p*scale`), float32 in 0..1."""
        batch, patch = self.sizes(step)
        draws = torch.rand(batch, 6, generator=generator, dtype=torch.float64).tolist()
        pairs = [self.crop(patch, *draw) for draw in draws]
        low_res, high_res = (torch.stack(side) for side in zip(*pairs, strict=True))
        return low_res.float() / 255, high_res.float() / 255

    def crop(self, patch: int, which: float, top: float, left: float, *turns: float) -> tuple[Tensor, Tensor]:
        """One aligned pair; each number in 0..1 decides one thing, `turns` a symmetry of the square."""
        index = int(which * len(self.low_res))
        low, high, s = self.low_res[index], self.high_res[index], self.scale
        height, width = low.shape[-2:]
        if patch > min(height, width):
            raise ValueError(f"patch {patch} does not fit into picture {index} of {height} x {width}")
        y, x = int(top * (height - patch + 1)), int(left * (width - patch + 1))
        pair = low[:, y : y + patch, x : x + patch], high[:, y * s : (y + patch) * s, x * s : (x + patch) * s]
        flips = [axis for axis, turn in zip((-1, -2), turns, strict=False) if turn < 0.5]
        low, high = (side.flip(flips) for side in pair)
        return (low.mT, high.mT) if turns[2] < 0.5 else (low, high)
