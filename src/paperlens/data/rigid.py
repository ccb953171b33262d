"""Rigid registration of two contrasts of one head, by SimpleITK: three turns and three shifts.

Mattes et al., "PET-CT image registration in the chest using free-form deformations", IEEE TMI 22:120 (2003): the
mutual information of the two volumes' brightness needs no edge to be bright in both. Here with 32 bins, a tenth of the
voxels drawn at random from a fixed seed, in three levels (shrunk by 4, 2 and 1, smoothed by 2, 1 and 0 voxels), from
the volumes' moments on. One thread, so that the same files give the same numbers. Tens of seconds for a head; the
answer is kept in the cache folder.
"""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from paperlens.data.cache import stored
from paperlens.data.volumes import Volume
from paperlens.errors import UserError

BINS, SAMPLED, SEED = 32, 0.1, 1
SHRINK, SMOOTH = (4, 2, 1), (2, 1, 0)
LPS = torch.diag(torch.tensor([-1.0, -1.0, 1.0, 1.0], dtype=torch.float64))  # ITK's axes: left, back, head


@dataclass(frozen=True, slots=True, kw_only=True)
class Rigid:
    """Where a point of the target lies in the moved volume: turned about `centre_mm`, then shifted.

    Axes point left, back and to the head (ITK's). The turns are taken about the second axis first, then the first,
    then the third.
    """

    turns: tuple[float, float, float]  # radians
    shift_mm: tuple[float, float, float]
    centre_mm: tuple[float, float, float]

    @property
    def matrix(self) -> Float[Tensor, "4 4"]:
        """(right, front, head, 1) in mm of the target to the moved volume's; float64."""
        (cx, sx), (cy, sy), (cz, sz) = ((np.cos(a), np.sin(a)) for a in self.turns)
        x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
        y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
        z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
        turn, centre = z @ x @ y, np.array(self.centre_mm)
        whole = torch.eye(4, dtype=torch.float64)
        whole[:3, :3] = torch.from_numpy(turn)
        whole[:3, 3] = torch.from_numpy(centre + np.array(self.shift_mm) - turn @ centre)
        return LPS @ whole @ LPS

    @property
    def sentence(self) -> str:
        """All six numbers."""
        turns = ", ".join(f"{np.degrees(a):+.1f}" for a in self.turns)
        shifts = ", ".join(f"{v:+.1f}" for v in self.shift_mm)
        return f"turned by ({turns}) degrees about the axes left, back, head, and shifted by ({shifts}) mm"


def rigid(volume: Volume, target: Volume) -> Rigid:
    """The motion that lays `volume` on `target`, kept in the cache under a checksum of both.

    UserError where SimpleITK (the extra `mri`) is not installed, or where it finds no overlap.
    """
    digest = sha256(Path(__file__).read_bytes())
    for one in (volume, target):
        digest.update(np.ascontiguousarray(one.voxels.numpy()).tobytes() + one.affine.numpy().tobytes())
    numbers = stored(f"rigid/{digest.hexdigest()[:24]}", lambda: _found(volume, target))
    a, b, c, x, y, z, *centre = (float(v) for v in numbers)
    return Rigid(turns=(a, b, c), shift_mm=(x, y, z), centre_mm=(centre[0], centre[1], centre[2]))


def _found(volume: Volume, target: Volume) -> NDArray[np.float64]:
    try:
        import SimpleITK
    except ImportError:
        raise UserError(
            "rigid registration needs SimpleITK, which is not installed: `pip install 'paperlens[mri]'`."
        ) from None
    itk: Any = SimpleITK
    fixed, moving = _image(itk, target), _image(itk, volume)
    start = itk.CenteredTransformInitializer(
        fixed, moving, itk.Euler3DTransform(), itk.CenteredTransformInitializerFilter.MOMENTS
    )
    method = itk.ImageRegistrationMethod()
    method.SetNumberOfThreads(1)
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(SAMPLED, SEED)
    method.SetInterpolator(itk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=2.0, minStep=1e-5, numberOfIterations=300, relaxationFactor=0.6
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel(SHRINK)
    method.SetSmoothingSigmasPerLevel(SMOOTH)
    method.SetInitialTransform(start, inPlace=True)
    try:
        method.Execute(fixed, moving)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise UserError(
            f"{volume.subject}: {volume.contrast} cannot be registered to {target.contrast} ({reason}); "
            "are both of one head?"
        ) from None
    found = itk.Euler3DTransform(start)
    return np.array([*found.GetParameters(), *found.GetCenter()])


def _image(itk: Any, volume: Volume) -> Any:
    image = itk.GetImageFromArray(volume.voxels.float().numpy())
    affine = LPS @ volume.affine
    spacing = affine[:3, :3].norm(dim=0)
    image.SetSpacing(spacing.tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    image.SetDirection(rearrange(affine[:3, :3] / spacing, "i j -> (i j)").tolist())
    return image
