"""The average brain under every phantom: the MNI ICBM152 maps that nilearn carries.

Fonov et al., NeuroImage 54:313 (2011): 152 people registered and averaged, 1 mm, the left-right symmetric
version, without skull. The maps are read from the installed nilearn package, whose notice for them applies;
nothing is copied into this project. Orientation here: planes from feet to head, rows from front to back,
columns from the person's right to left, as a radiologist looks at it.
"""

import importlib.util
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from paperlens.data.cache import stored
from paperlens.errors import UserError

ORIGIN = (
    72.0,
    98.0,
    98.0,
)  # index (plane, row, column) of the MNI origin, the anterior commissure, after reorientation
FILE = "mni_icbm152_{map}_tal_nlin_sym_09a_converted.nii.gz"


@cache
def template() -> Float[Tensor, "4 189 233 197"]:
    """Fluid, gray matter, white matter (fractions) and T1 intensity (0..1), z h w, 1 mm, float32.

    The package holds no fluid map: fluid is what gray and white leave of the brain, and of a rim about 2 mm
    wide around it, where the fluid outside the brain lies. UserError where nilearn is not installed.
    """
    key = f"template/{sha256(Path(__file__).read_bytes()).hexdigest()[:12]}"
    return torch.from_numpy(stored(key, _assemble)).float() / 255


def _assemble() -> NDArray[np.uint8]:
    t1, gray, white = (_read(name) for name in ("t1", "gm", "wm"))
    brain = (t1 > 0).float()[None]
    rim = brain
    for size in ((5, 1, 1), (1, 5, 1), (1, 1, 5)):  # one axis at a time: a box average in a tenth of the time
        rim = F.avg_pool3d(rim, size, stride=1, padding=tuple(n // 2 for n in size))
    inside = torch.maximum((2.5 * rim).clamp(max=1), brain)[0]
    fluid = (255 * inside - gray - white).clamp(0, 255).round()
    return torch.stack([fluid, gray, white, t1]).byte().numpy()


def _read(name: str) -> Float[Tensor, "z h w"]:
    found = importlib.util.find_spec("nilearn")
    if found is None or not found.submodule_search_locations:
        raise UserError("the MR phantom is built from maps in nilearn: `pip install paperlens[course]`.")
    import nibabel

    image: Any = nibabel.load(
        Path(found.submodule_search_locations[0]) / "datasets" / "data" / FILE.format(map=name)
    )
    voxels = torch.from_numpy(np.asarray(image.dataobj, dtype=np.float32))
    return rearrange(voxels, "w h z -> z h w").flip(1, 2).contiguous()
