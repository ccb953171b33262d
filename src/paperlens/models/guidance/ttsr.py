"""TTSR: a reference picture lends its texture, patch by patch, where it is relevant.

Yang et al., "Learning Texture Transformer Network for Image Super-Resolution", CVPR 2020, arXiv:2006.04139v2
(sections and figures of that).

Input    low-resolution image LR                      b 3 h w        all in -1..1
         LR enlarged four times by bicubic, LR^        b 3 4h 4w
         reference Ref, and Ref shrunk and enlarged    b 3 4hr 4wr
Output   image, S, T at 1x, 2x and 4x                  b 3 4h 4w, b 1 h w, b 256 h w, b 128 2h 2w, b 64 4h 4w

Symbols (paper -> code)
    LTE  learnable texture extractor   extractor      Q K V   features of LR^, degraded Ref, Ref
    H    hard attention (index)        index          S       soft attention, the best cosine
    T    transferred texture           textures       F    main network              main
Departures: none. Quirks kept: the folded patches are divided by 9 also at the border, where fewer overlap
    (`ops/patches` has the true count); S multiplies a convolution of image features and texture; the
    output is clamped to -1..1.
Published size: none in the paper. Counted 7,284,955: 6,174,275 in the main network, 555,328 in the extractor, as
    many in its frozen copy for the texture loss, 24 in two mean shifts; 6,729,603 are trained.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.layers.mean_shift import IMAGENET_MEAN, IMAGENET_STD, MeanShift
from paperlens.models.guidance import ttsr_main
from paperlens.models.guidance.ttsr_main import TTSRMain, TTSRMainConfig
from paperlens.ops import patches
from paperlens.ops.check import check_channels

EXTRACTOR_DIMS = (64, 128, 256)  # VGG19's first three levels, at 4x, 2x and 1x

Image = Float[Tensor, "b c h w"]  # c = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TTSRConfig:
    """The whole texture transformer."""

    main: TTSRMainConfig = field(default_factory=TTSRMainConfig)
    extractor_dims: tuple[int, int, int] = EXTRACTOR_DIMS


class TTSR(nn.Module):
    """Texture transformer (Fig. 2, Sec. 3.1): extract, find, transfer, synthesise."""

    def __init__(self, config: TTSRConfig) -> None:
        super().__init__()
        if config.extractor_dims != config.main.texture_dims:
            raise ValueError(
                f"extractor_dims {config.extractor_dims} must equal main.texture_dims {config.main.texture_dims}"
            )
        self.config = config
        self.main = TTSRMain(config.main)
        self.extractor = TextureExtractor(config.extractor_dims)
        # For the texture loss alone (Sec. 3.3): frozen, so that the loss cannot pull its own ruler along.
        self.extractor_copy = TextureExtractor(config.extractor_dims).requires_grad_(False)

    def forward(
        self, low_res: Image, enlarged: Float[Tensor, "b e H W"], reference: Float[Tensor, "b r R C"],
        degraded_reference: Float[Tensor, "b s R C"],
    ) -> tuple[Tensor, ...]:  # fmt: skip
        """Image, soft attention S, textures at 1x, 2x, 4x."""
        for name, small, large in zip(
            ("height", "width"), low_res.shape[-2:], enlarged.shape[-2:], strict=True
        ):
            if large != 4 * small:
                raise ValueError(f"enlarged must be four times low_res: {name} {large} is not 4 x {small}")
        soft, textures = self.textures(enlarged, reference, degraded_reference)
        return (self.main(low_res, soft, *textures), soft, *textures)

    def textures(
        self, enlarged: Float[Tensor, "b e H W"], reference: Float[Tensor, "b r R C"],
        degraded_reference: Float[Tensor, "b s R C"],
    ) -> tuple[Tensor, list[Tensor]]:  # fmt: skip
        """S, and for each level the reference's texture moved to where the image is most alike."""
        query = self.extractor(enlarged)[-1]
        key = self.extractor(degraded_reference)[-1]
        value = self.extractor(reference)
        size = (query.shape[-2], query.shape[-1])
        best, index = patches.relevance(query, key)  # relevance, hard and soft attention
        soft = rearrange(best, "b (h w) -> b 1 h w", h=size[0])
        levels = zip(reversed(value), (1, 2, 4), strict=True)
        return soft, [patches.transfer(v, index, size, scale) for v, scale in levels]  # hard attention's T


class TextureExtractor(nn.Module):
    """LTE: VGG19 up to conv3_1, trained along; maps at 4x, 2x and 1x of the low resolution."""

    def __init__(self, dims: tuple[int, int, int]) -> None:
        super().__init__()
        a, b, c = dims
        self.normalise = MeanShift(IMAGENET_MEAN, IMAGENET_STD)
        self.level1 = nn.Sequential(nn.Conv2d(3, a, 3, padding=1), nn.ReLU())
        self.level2 = nn.Sequential(
            nn.Conv2d(a, a, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(a, b, 3, padding=1),
            nn.ReLU(),
        )
        self.level3 = nn.Sequential(
            nn.Conv2d(b, b, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(b, c, 3, padding=1),
            nn.ReLU(),
        )

    def forward(self, image: Image) -> list[Tensor]:
        """Three maps, finest first."""
        check_channels(image, 3)
        first = self.level1(self.normalise((image + 1) / 2))
        second = self.level2(first)
        return [first, second, self.level3(second)]


# -- Facts ---------------------------------------------------------------------------------------------------

MODEL, CONFIG = TTSR, TTSRConfig
PRESETS: Mapping[str, TTSRConfig] = {
    "published": TTSRConfig(),
    "tiny": TTSRConfig(main=ttsr_main.PRESETS["tiny"], extractor_dims=(4, 6, 8)),
}
PARAMETERS: Mapping[str, int] = {"published": 7_284_955, "tiny": 35_659}
MACS: Mapping[str, tuple[tuple[tuple[int, ...], ...], float]] = {
    "published": (((1, 3, 40, 40), (1, 3, 160, 160), (1, 3, 160, 160), (1, 3, 160, 160)), 47.38)
}
ORIGIN, LICENCE = "researchmm/TTSR", "MIT"
NOT_A_PICTURE = "a reference picture too: call it from Python, model(low_res, enlarged, reference, blurred)"
BAD = [
    ({"extractor_dims": (4, 6, 9)}, (9, 8)),
]


def example(config: TTSRConfig, batch: int = 2, step: int = 0) -> tuple[Tensor, ...]:
    """A small input; the reference is of another size than the image."""
    height, width = ((6, 8), (5, 7), (9, 4))[step]
    enlarged = torch.rand(batch, 3, 4 * height, 4 * width) * 2 - 1
    reference, blurred = (torch.rand(batch, 3, 4 * height + 8, 4 * width + 4) * 2 - 1 for _ in range(2))
    return (torch.rand(batch, 3, height, width) * 2 - 1, enlarged, reference, blurred)


# Our names -> the published ones; see models/published.py.
PUBLISHED_NAMES = (
    *ttsr_main.PUBLISHED_NAMES,
    (r"level1\.0\.", "slice1.0."),
    (r"level2\.0\.", "slice2.2."),
    (r"level2\.3\.", "slice2.5."),
    (r"level3\.0\.", "slice3.7."),
    (r"level3\.3\.", "slice3.10."),
    (r"normalise\.", "sub_mean."),
    (r"^extractor", "LTE"),
    (r"^main\.", "MainNet."),
)


def run_published(model: nn.Module, *args: Any, **inputs: Any) -> Any:
    """The published call takes lr, lrsr, ref, refsr by keyword."""
    return model(*args, *(inputs[name] for name in ("lr", "lrsr", "ref", "refsr") if name in inputs))


GOLDENS: Mapping[str, TTSRConfig] = {"ttsr": PRESETS["published"]}
HEAVY = ("ttsr",)
