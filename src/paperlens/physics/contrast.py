"""What a voxel's signal is: PD, T1 and T2 through the equation of the sequence.

All times in ms, angles in degrees; PD is a fraction of free water and the signal a fraction of its
equilibrium magnetisation. T1 is how fast magnetisation comes back along the field, T2 how fast it dies across
it; a sequence chooses which of the two the picture shows. Sources: Bernstein, King and Zhou, Handbook of MRI
Pulse Sequences (2004), ch. 14; for the gradient echo train Deichmann et al., NeuroImage 12:112 (2000), solved
here for the steady state.
"""

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

Map = Float[Tensor, "..."]


@runtime_checkable
class Sequence(Protocol):
    """Anything that turns tissue into signal."""

    def signal(self, pd: Map, t1: Map, t2: Map) -> Map:
        """Magnitude, broadcast over the three maps."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SpinEcho:
    """PD (1 - exp(-TR/T1)) exp(-TE/T2), for TE much shorter than TR."""

    tr: float
    te: float

    def signal(self, pd: Map, t1: Map, t2: Map) -> Map:
        """Short TR and TE weight by T1, long TR and TE by T2, long TR and short TE by PD."""
        return pd * (1 - torch.exp(-self.tr / t1)) * torch.exp(-self.te / t2)


@dataclass(frozen=True, slots=True, kw_only=True)
class InversionRecovery:
    """PD |1 - 2 exp(-TI/T1) + exp(-TR/T1)| exp(-TE/T2): the tissue that crosses zero at TI is gone."""

    tr: float
    te: float
    ti: float

    def signal(self, pd: Map, t1: Map, t2: Map) -> Map:
        """Magnitude: what had not recovered past zero shows bright as well."""
        longitudinal = 1 - 2 * torch.exp(-self.ti / t1) + torch.exp(-self.tr / t1)
        return pd * longitudinal.abs() * torch.exp(-self.te / t2)


@dataclass(frozen=True, slots=True, kw_only=True)
class MPRAGE:
    """Inversion, then a train of `readouts` small flips spaced `spacing`, k-space centre at its middle, TI
    after the inversion.

    Each flip takes q = cos(flip) exp(-spacing/T1) of what remains and pulls towards m = (1 - E)/(1 - q). The
    signal is the steady state over repetitions; TE is short, and T2 stands in for T2*.
    """

    tr: float = 2300.0
    te: float = 3.0
    ti: float = 900.0
    flip: float = 9.0
    spacing: float = 7.0
    readouts: int = 176

    def signal(self, pd: Map, t1: Map, t2: Map) -> Map:
        """Magnitude at the centre of k-space. ValueError where the train does not fit into TI and TR."""
        train = self.readouts * self.spacing
        before, after = self.ti - train / 2, self.tr - self.ti - train / 2
        if before < 0 or after < 0:
            raise ValueError(f"a train of {train} ms centred at TI {self.ti} does not fit into TR {self.tr}")
        angle = math.radians(self.flip)
        recovery = torch.exp(-self.spacing / t1)
        q = math.cos(angle) * recovery
        fixed = (1 - recovery) / (1 - q)
        half = torch.exp(self.readouts / 2 * torch.log(q))
        rise, rest = torch.exp(-before / t1), torch.exp(-after / t1)
        # Longitudinal magnetisation just before the inversion, equal from one repetition to the next.
        end = 1 - rest + rest * (fixed * (1 - half**2) + half**2 * (1 - rise))
        inverted = end / (1 + rest * rise * half**2)
        start = 1 - rise - rise * inverted
        centre = fixed + (start - fixed) * half
        return pd * math.sin(angle) * centre.abs() * torch.exp(-self.te / t2)


def null_time(t1: float, tr: float) -> float:
    """The TI (ms) at which tissue of this T1 gives no signal in inversion recovery: T1 (ln 2 - ln(1 +
    exp(-TR/T1))).
    """
    return t1 * (math.log(2) - math.log1p(math.exp(-tr / t1)))


CONTRASTS = ("T1", "T2", "PD", "FLAIR")


def protocol(contrast: str, csf_t1: float, low_field: bool = False) -> Sequence:
    """A usual clinical sequence for the contrast; FLAIR's TI nulls fluid of `csf_t1` ms.

    low_field: below about 0.1 T tissue recovers within 0.3 s, so T1 weighting takes a short inversion
    recovery. ValueError for a contrast that is not one of CONTRASTS.
    """
    sequences: dict[str, Sequence] = {
        "T1": InversionRecovery(tr=1500.0, te=6.0, ti=350.0) if low_field else MPRAGE(),
        "T2": SpinEcho(tr=4500.0, te=95.0),
        "PD": SpinEcho(tr=4500.0, te=15.0),
        "FLAIR": InversionRecovery(tr=9000.0, te=110.0, ti=null_time(csf_t1, 9000.0)),
    }
    if contrast not in sequences:
        raise ValueError(f"contrast {contrast!r} is not one of {CONTRASTS}")
    return sequences[contrast]
