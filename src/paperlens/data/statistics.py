"""How the phantom measures, beside what was published about people.

Noise, T1, T2 and PD went in, so agreement there checks the code. Contrast-to-noise between gray and white
matter did not go in: it follows from relaxation times of some studies, the noise of another and the sequence, and
is held against what that other study measured.
"""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from paperlens.data import anatomy, relaxation, simulate
from paperlens.data.phantoms import Phantom, PhantomConfig, phantom

TABLE = "3 T and 7 T comparison in volunteers, PMC5704893, Table 5, 3 T"
PUBLISHED_CNR = {"T1": 30.8, "T2": 12.4, "FLAIR": 11.6}
PUBLISHED_PALLIDUM_R2 = (25.8, "Gelman et al., Radiology 210:759 (1999), 3 T")


def statistics(subjects: int = 4, planes: int = 16) -> list[dict[str, Any]]:
    """Rows: quantity, phantom (mean over subjects), spread (SD over them), published (or None), source."""
    people = phantom(subjects, "train", PhantomConfig(planes=planes, first_plane=66))
    measured = [_measure(person) for person in people]
    rows = []
    for name, (published, source) in _references().items():
        values = torch.tensor([one[name] for one in measured], dtype=torch.float64)
        rows.append(
            {
                "quantity": name,
                "phantom": round(float(values.mean()), 3),
                "spread": round(float(values.std()), 3),
                "published": published,
                "source": source,
            }
        )
    return rows


def correlation(first: Float[Tensor, " n"], second: Float[Tensor, " n"]) -> float:
    """Pearson's."""
    return float(torch.corrcoef(torch.stack([first, second]).double())[0, 1])


def _references() -> dict[str, tuple[float | None, str]]:
    none = "no published value found"
    found: dict[str, tuple[float | None, str]] = {}
    for contrast in ("T1", "T2", "FLAIR"):
        found[f"{contrast} signal to noise, white"] = (relaxation.snr(3.0, contrast), f"{TABLE} (an input)")
        found[f"{contrast} contrast to noise, gray and white"] = (
            PUBLISHED_CNR[contrast],
            f"{TABLE} (not an input; taken as gray against white)",
        )
    found["R2 of the pallidum, 1/s"] = PUBLISHED_PALLIDUM_R2
    found["receive field, 5th percentile"] = (0.9, "BrainWeb simulator, nonuniformity 20 % (an input)")
    found["receive field, 95th percentile"] = (1.1, "BrainWeb simulator, nonuniformity 20 % (an input)")
    found["correlation of T1 and T2, brain"] = (None, none)
    found["correlation of T1 and T2, white matter"] = (None, none)
    found["correlation of T1 and T2, gray matter"] = (None, none)
    return found


def _measure(person: Phantom) -> dict[str, float]:
    field = person.config.field
    shares, labels = person.shares(), person.labels()
    gray, white, brain = shares[2] > 0.95, shares[3] > 0.95, labels > 0
    planes = range(person.config.planes)
    result: dict[str, float] = {}
    for contrast in ("T1", "T2", "FLAIR"):
        voxels = person.volume(contrast).voxels
        noise = torch.stack([person.noise(contrast, plane, 1)[0].real for plane in planes]).std()
        result[f"{contrast} signal to noise, white"] = float(voxels[white].mean() / noise)
        gap = (voxels[gray].mean() - voxels[white].mean()).abs()
        result[f"{contrast} contrast to noise, gray and white"] = float(gap / noise)
    body = anatomy.build(person.generator("anatomy"), person.config.lattice(planes))
    core = body.iron > 0.9 * body.iron.max()
    pure = relaxation.tissues(field)["gray"]
    r2 = 1000 * (1 + body.r2) / pure.t2 + simulate.IRON_R2 * field * body.iron
    result["R2 of the pallidum, 1/s"] = float(r2[core].mean())
    receive = simulate.receive_field(person.generator("T2"), person.config.lattice(planes), 0.2)[brain]
    result["receive field, 5th percentile"] = _quantile(receive, 0.05)
    result["receive field, 95th percentile"] = _quantile(receive, 0.95)
    t1, t2 = person.volume("T1").voxels, person.volume("T2").voxels
    masks: Sequence[tuple[str, Bool[Tensor, "z h w"]]] = (
        ("brain", brain),
        ("white matter", white),
        ("gray matter", gray),
    )
    for name, mask in masks:
        result[f"correlation of T1 and T2, {name}"] = correlation(t1[mask], t2[mask])
    return result


def _quantile(values: Float[Tensor, " n"], share: float) -> float:
    return float(values.sort().values[int(share * (len(values) - 1))])
