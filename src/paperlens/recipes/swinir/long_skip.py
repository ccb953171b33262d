"""Does the long skip leave the high frequencies to the deep part? The control: the same network without it.

Liang et al. 2021, Sec. 3.1: with the long skip the network "can transmit the low-frequency information directly to the
reconstruction module, which can help deep feature extraction module focus on high-frequency information and stabilize
training". If that is why it is there, then without it the deep features hold a smaller share of high frequencies, and
the network restores less.

Our small network has a second skip that the paper's has not, a bicubic enlargement behind the reconstruction. It brings
low frequencies too, so both skips are taken out in turn: two by two networks.
"""

from dataclasses import replace

import torch
from einops import reduce
from jaxtyping import Float
from torch import Tensor, nn

from paperlens.layers.bicubic_skip import enlarge
from paperlens.models.restoration.swinir import PRESETS, SwinIR, SwinIRConfig
from paperlens.recipes.engine.recipe import Recipe
from paperlens.recipes.engine.results import Scores
from paperlens.recipes.engine.super_resolution import pairs, scores
from paperlens.recipes.swinir.against_edsr import SCALE, SWINIR
from paperlens.recipes.swinir.initialisation import STEPS, fast
from paperlens.recipes.swinir.start import awake
from paperlens.train.profiles import Profile

SIDE, QUARTER = 128, 0.25  # of the middle of a small picture, in pixels; a frequency in cycles a pixel


class WithoutLongSkip(SwinIR):
    """SwinIR whose reconstruction sees the deep features alone."""

    def forward(self, degraded: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c sh sw"]:
        """As SwinIR's, without `+ shallow`."""
        height, width = (side * self.config.scale for side in degraded.shape[-2:])
        image = (self._padded(degraded) - self.mean) * self.config.value_range
        restored: Tensor = self.head(self.conv_after_body(self.deep(self.shallow(image))))
        restored = restored[..., :height, :width] / self.config.value_range
        skip = enlarge(degraded, self.config.scale) if self.config.bicubic_skip else self.mean
        return restored + skip


def power(features: Float[Tensor, "b c h w"]) -> dict[str, float]:
    """Power of a map without its mean, in all and above a quarter cycle a pixel, mean over channels.

    A Hann window keeps the borders from counting as edges.
    """
    h, w = features.shape[-2:]
    window = torch.hann_window(h)[:, None] * torch.hann_window(w)
    centred = features - features.mean((-2, -1), keepdim=True)
    energy = reduce(torch.fft.fft2(centred * window).abs().square(), "b c h w -> h w", "mean")
    energy = energy / (h * w * window.square().sum())
    radius = (torch.fft.fftfreq(h)[:, None].square() + torch.fft.fftfreq(w).square()).sqrt()
    return {"all": float(energy.sum()), "high": float(energy[radius > QUARTER].sum())}


@torch.no_grad()
def paths(network: SwinIR, low: Tensor) -> dict[str, float]:
    """Power of F_0 and F_DF and their shares of high frequencies, in the middle of one small picture (uint8)."""
    top, left = ((side - SIDE) // 2 for side in low.shape[-2:])
    image = low[None, :, top : top + SIDE, left : left + SIDE].float() / 255
    shallow = network.shallow((image - network.mean) * network.config.value_range)
    parts = {"shallow": power(shallow), "deep": power(network.conv_after_body(network.deep(shallow)))}
    found = {}
    for name, one in parts.items():
        found[f"{name} power"] = float(f"{one['all']:.4g}")
        found[f"{name} high share"] = round(one["high"] / one["all"], 4)
    return found


def score(network: nn.Module | None, profile: Profile) -> Scores:
    """PSNR and SSIM of every held-out photograph, with what each path carries."""
    found = scores(network, SCALE)
    if isinstance(network, SwinIR):
        for name, low, _ in pairs("test", SCALE):
            found[name] |= paths(network, low)
    return found


def variant(name: str, told: str, *, long: bool, bicubic: bool) -> Recipe:
    """The small SwinIR with one skip, both or none."""

    def network(profile: Profile) -> nn.Module:
        kind = SwinIR if long else WithoutLongSkip
        config: SwinIRConfig = replace(PRESETS["small"], bicubic_skip=bicubic)
        return awake(kind(config))

    trains = f"SwinIR of 40 thousand parameters, {told}, for {STEPS} steps"
    return replace(
        SWINIR, name=f"long_skip.{name}", trains=trains, network=network, plan=fast, score=score, gain=-20.0
    )


BOTH = variant("both", "long skip and bicubic skip", long=True, bicubic=True)
BICUBIC = variant("bicubic", "bicubic skip alone", long=False, bicubic=True)
LONG = variant("long", "long skip alone, as published", long=True, bicubic=False)
NEITHER = variant("neither", "no skip around the deep part", long=False, bicubic=False)
STUDY = (BOTH, BICUBIC, LONG, NEITHER)
