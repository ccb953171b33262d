"""Training batches from stacks of slices in memory: crops that stay aligned between grids.

Truncation acts on a whole slice, so a stack is degraded once and then cropped: never the other way round.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignedCrops:
    """Stacks `n c h_i w_i` of the same slices whose sides are whole multiples of the first one's.

    Calling it with (step, generator) draws one batch, a tuple in the order of the stacks: the same slices, the
    same place, each at its own resolution. All randomness comes from the generator. Where all stacks have one
    size half of the crops are mirrored left to right. Where they have not none are: a truncated pixel lies at
    the first pixel of its block (`sampling.truncation_positions`), mirrored it would lie at the last.
    """

    stacks: tuple[Float[Tensor, "n _ _ _"], ...]
    batch: int
    patch: int  # side in pixels of the first stack

    def __post_init__(self) -> None:
        n, _, h, w = self.stacks[0].shape
        if self.patch > min(h, w):
            raise ValueError(f"patch {self.patch} does not fit into slices of {h} x {w}")
        for stack in self.stacks[1:]:
            m, _, k, l = stack.shape
            if m != n or k % h or l % w or k // h != l // w:
                raise ValueError(f"{m} slices of {k} x {l} are no whole multiple of {n} slices of {h} x {w}")

    def __call__(self, step: int, generator: torch.Generator) -> tuple[Tensor, ...]:
        """Float tensors `batch c patch*s_i patch*s_i`."""
        n, _, h, w = self.stacks[0].shape
        one_grid = all(stack.shape[-1] == w for stack in self.stacks)
        draws = torch.rand(self.batch, 4, generator=generator, dtype=torch.float64).tolist()
        batch = []
        for stack in self.stacks:
            s, size = stack.shape[-1] // w, self.patch * (stack.shape[-1] // w)
            crops = []
            for which, top, left, turn in draws:
                y, x = int(top * (h - self.patch + 1)) * s, int(left * (w - self.patch + 1)) * s
                crop = stack[int(which * n), :, y : y + size, x : x + size]
                crops.append(crop.flip(-1) if one_grid and turn < 0.5 else crop)
            batch.append(torch.stack(crops))
        return tuple(batch)
