"""MR volumes for a course: one average brain in a head, many warped people, signals from the sequence's equation.

What it is for: k-space, resolution, guidance and segmentation, with the truth known. What it cannot show: a
published PSNR; a person (all subjects share the anatomy of one template, so a test subject is a bend of what
training has seen, and splitting by subject does not remove that); face, eyes, motion, flow other than vessels,
disease other than simple lesions; more detail at a higher field (only contrast and noise change).

How far it can be trusted was measured on a person: recipe `phantom_real`. A brain that ended in fluid against nothing
was far too kind; what made the gains of small networks there agree with those on a scan is the head around it
(`scalp`), fat that lies elsewhere than water, thick planes, a point spread and more texture. A guide lies exactly in
place here unless `misregistration` is asked for.
"""

import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from dataclasses import fields as dataclass_fields
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from einops import reduce
from jaxtyping import Complex, Float, UInt8
from numpy.typing import NDArray
from torch import Tensor

from paperlens.data import anatomy, fields, relaxation, scalp, simulate, template
from paperlens.data.cache import stored
from paperlens.data.files import path
from paperlens.data.volumes import Volume
from paperlens.ops.fourier import fft2c
from paperlens.physics import coils as receive
from paperlens.physics import contrast as sequences
from paperlens.physics import sampling
from paperlens.physics.blur import blur, gaussian_kernel

SPLITS = ("train", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhantomConfig:
    """What all subjects of a set share. Lengths in mm; voxels are 1 mm on every side.

    ValueError for a thickness that is not an odd number of planes.
    """

    field: float | int = 3.0  # T, one of relaxation.fields()
    planes: int = 64
    first_plane: int = 50  # template mm; 50..113 is -22..41 in MNI: temporal lobes, deep nuclei, ventricles
    rows: int = 216
    columns: int = 192
    misregistration: float | int = 0.0  # SD per direction of a contrast's in-plane displacement; T2 stays
    chemical_shift: float | int = 1.0  # SD per direction of where fat lies from water, each contrast its own
    fat: float | int = 0.5  # SD of the logarithm of fat's signal, uneven over 12 mm, each contrast its own
    thickness: int = 3  # of the planes of T2, PD and FLAIR, odd; T1 is acquired in three dimensions
    point_spread: float | int = 0.5  # SD of the blur that acquisition and filters leave
    nonuniformity: float | int = 0.2  # of the receive field: 0.2 means about 0.9 to 1.1
    noise: float | int = 1.0  # times the level of data/physics/noise.csv

    def __post_init__(self) -> None:
        if self.thickness < 1 or self.thickness % 2 == 0:
            raise ValueError(f"thickness {self.thickness} must be an odd number of planes, 1 or more")

    def lattice(self, planes: Sequence[int], beyond: int = 0) -> fields.Lattice:
        """The voxels of some planes, the head in the middle of the picture; `beyond`: planes more on both sides."""
        if min(planes) < -beyond or max(planes) >= self.planes + beyond:
            raise ValueError(f"planes {min(planes)}..{max(planes)} are not within 0..{self.planes - 1}")
        _, h, w = template.ORIGIN
        middle = h + 18  # the brain reaches further behind the origin than before it
        top, left = middle - self.rows / 2, w - self.columns / 2
        return fields.Lattice(
            [self.first_plane + p for p in planes],
            [top + r for r in range(self.rows)],
            [left + c for c in range(self.columns)],
        )

    def affine(self) -> Float[Tensor, "4 4"]:
        """(column, row, plane, 1) to MNI mm."""
        _, rows, columns = self.lattice([0]).axes
        z, h, w = template.ORIGIN
        matrix = torch.diag(torch.tensor([-1.0, -1.0, 1.0, 1.0], dtype=torch.float64))
        matrix[:3, 3] = torch.tensor([w - columns[0], h - rows[0], self.first_plane - z])
        return matrix


class Phantom:
    """One simulated person, a `volumes.Measured` subject: built on first use, then read from the cache folder."""

    source = "phantom"
    contrasts = sequences.CONTRASTS

    def __init__(self, number: int, split: str, config: PhantomConfig) -> None:
        self.name, self.split, self.config = f"{split}-{number:03d}", split, config

    def generator(self, *purpose: object) -> torch.Generator:
        """Random numbers for one purpose, the same in every run: seeded by a checksum of name and purpose."""
        return torch.Generator().manual_seed(zlib.crc32("/".join(map(str, (self.name, *purpose))).encode()))

    def volume(self, contrast: str) -> Volume:
        """Magnitude of the noisy complex image, in fractions of the equilibrium magnetisation of water."""
        return Volume(
            subject=self.name,
            contrast=contrast,
            voxels=self.image(contrast).abs(),
            affine=self.config.affine(),
            source=self.source,
            split=self.split,
        )

    def image(self, contrast: str, planes: Sequence[int] | None = None) -> Complex[Tensor, "z h w"]:
        """Complex images with the noise of one receive channel. The magnitude of such noise is Rician."""
        chosen = range(self.config.planes) if planes is None else planes
        clean = self.clean(contrast, planes)
        return torch.stack([c + self.noise(contrast, p, 1)[0] for c, p in zip(clean, chosen, strict=True)])

    def kspace(
        self, contrast: str, coils: int = 1, planes: Sequence[int] | None = None
    ) -> Complex[Tensor, "z q h w"]:
        """What the scanner records: each plane through each coil, noise independent between coils.

        planes: indices, None for all. The coil maps are those of `coil_maps`; one coil means a uniform one.
        """
        chosen = range(self.config.planes) if planes is None else planes
        maps = self.coil_maps(coils)
        seen = [
            receive.expand(c, maps) + self.noise(contrast, p, coils)
            for c, p in zip(self.clean(contrast, planes), chosen, strict=True)
        ]
        return fft2c(torch.stack(seen))

    def coil_maps(self, coils: int) -> Complex[Tensor, "q h w"]:
        """Sensitivities of this subject's receive array, unit energy; a single coil is uniform."""
        if coils == 1:
            return torch.ones(1, self.config.rows, self.config.columns, dtype=torch.complex64)
        return receive.coil_maps(coils, self.config.rows, self.config.columns, self.generator("coils", coils))

    def labels(self, scale: int = 1) -> UInt8[Tensor, "z h w"]:
        """Index into anatomy.LABELS of the largest share; scale: in-plane voxels that many times larger.

        A coarse label is the majority of its own, averaged shares, not every scale-th fine label.
        """
        shares = self.shares()
        if scale > 1:
            h, w = (n // scale * scale for n in shares.shape[-2:])
            shares = reduce(shares[..., :h, :w], "k z (h a) (w b) -> k z h w", "mean", a=scale, b=scale)
        return shares.argmax(0).to(torch.uint8)

    def shares(self) -> Float[Tensor, "5 z h w"]:
        """Background, fluid, gray, white and lesion in each voxel: 0..1 in steps of 1/255, sum 1 to rounding."""
        every = range(self.config.planes)
        whole = stored(
            self._key("shares"),
            lambda: simulate.shares(self._cut(self._anatomy, every)).mul(255).round().byte().numpy(),
        )
        return torch.from_numpy(whole).float() / 255

    def clean(self, contrast: str, planes: Sequence[int] | None = None) -> Complex[Tensor, "z h w"]:
        """Complex images without noise: signal, receive field, displacement, phase; in half precision.

        Some planes alone are made without their volume and without the cache: same numbers, a fraction of the
        time.
        """
        if contrast not in self.contrasts:
            raise ValueError(f"{self.name} has no contrast {contrast!r}; it has {self.contrasts}")
        if planes is None:
            every = range(self.config.planes)
            parts = stored(self._key(contrast), lambda: self._simulate(contrast, every, self._anatomy))
        else:
            parts = self._simulate(contrast, planes)
        real, imaginary = torch.from_numpy(parts).float()
        return torch.complex(real, imaginary)

    def noise(self, contrast: str, plane: int, coils: int) -> Complex[Tensor, "q h w"]:
        """Gaussian in both channels, SD = signal of white matter / signal-to-noise ratio, times config.noise."""
        generator = self.generator(contrast, "noise", plane, coils)
        drawn = torch.randn(2, coils, self.config.rows, self.config.columns, generator=generator)
        return self._noise_level(contrast) * torch.complex(drawn[0], drawn[1])

    def _noise_level(self, contrast: str) -> float:
        white = simulate.tissue_signals(contrast, self.config.field)["white"]
        return float(self.config.noise) * white / relaxation.snr(self.config.field, contrast)

    def _simulate(
        self, contrast: str, planes: Sequence[int], body: anatomy.Anatomy | None = None
    ) -> NDArray[Any]:
        config, lattice, generator = self.config, self.config.lattice(planes), self.generator(contrast)
        reach = 0 if contrast == "T1" else config.thickness // 2
        excited = sorted({plane + d for plane in planes for d in range(-reach, reach + 1)})
        slab = config.lattice(excited, beyond=reach)
        body = anatomy.build(self.generator("anatomy"), slab) if body is None else self._cut(body, excited)
        own = self.generator(contrast, "fat")
        shift = float(config.chemical_shift) * torch.randn(2, generator=own)
        fat = torch.exp(float(config.fat) * slab.field(own, 12.0)[0].clamp(-1.5, 1.5))
        image = simulate.signal(body, contrast, config.field)
        image += simulate.scalp_signal(body, contrast, config.field, fat, (float(shift[0]), float(shift[1])))
        near = [[excited.index(plane + d) for d in range(-reach, reach + 1)] for plane in planes]
        image = torch.stack([image[several].mean(0) for several in near])
        if config.point_spread:
            image = blur(image[:, None], gaussian_kernel(5, float(config.point_spread)))[:, 0]
        image = image * simulate.receive_field(generator, lattice, float(config.nonuniformity))
        displacement = float(config.misregistration) * torch.randn(2, generator=generator)
        if config.misregistration and contrast != "T2":
            image = sampling.shift(image, float(displacement[0]), float(displacement[1])).real
        phase = simulate.background_phase(generator, lattice)
        return torch.stack([image * torch.cos(phase), image * torch.sin(phase)]).half().numpy()

    @cached_property
    def _anatomy(self) -> anatomy.Anatomy:
        """Of all planes, and of those beyond both ends that a thick plane reaches."""
        beyond = self.config.thickness // 2
        planes = range(-beyond, self.config.planes + beyond)
        return anatomy.build(self.generator("anatomy"), self.config.lattice(planes, beyond))

    def _cut(self, body: anatomy.Anatomy, planes: Sequence[int]) -> anatomy.Anatomy:
        """Neighbouring planes of the whole anatomy."""
        first = planes[0] + self.config.thickness // 2
        part = slice(first, first + len(planes))
        return anatomy.Anatomy(
            **{f.name: getattr(body, f.name)[..., part, :, :] for f in dataclass_fields(body)}
        )

    def _key(self, what: str) -> str:
        return f"phantom/{self.name}-{_digest(self.config)}-{what}"


@cache
def _digest(config: PhantomConfig) -> str:
    """Changes with the configuration, the code and the tables that make the numbers: nothing stale is read."""
    digest = sha256(repr(sorted(asdict(config).items())).encode())
    for module in (anatomy, fields, relaxation, scalp, simulate, template, sequences, sampling):
        digest.update(Path(str(module.__file__)).read_bytes())
    for table in ("relaxation", "nuclei", "scalp"):
        digest.update(path(f"physics/{table}.csv").read_bytes())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()[:12]


def phantom(
    subjects: int = 4, split: str = "train", config: PhantomConfig | None = None, first: int = 0
) -> list[Phantom]:
    """People `first` .. `first + subjects - 1` of a split; nothing is computed until a volume is asked for.

    The same number, split and configuration give the same voxels on every run. Both splits bend one template:
    see above.
    """
    if split not in SPLITS or subjects < 1:
        raise ValueError(f"split {split!r} must be one of {SPLITS} and subjects {subjects} at least 1")
    config = config or PhantomConfig()
    return [Phantom(number, split, config) for number in range(first, first + subjects)]


def brain(
    contrast: str = "T2", plane: int = 32, subject: int = 0, config: PhantomConfig | None = None
) -> Float[Tensor, "h w"]:
    """One slice, magnitude over its own maximum, 0..1, without building its volume: a beginner's picture.

    It is plane `plane` of `phantom()[subject].volume(contrast)`; ValueError for an unknown contrast or plane.
    """
    image = Phantom(subject, "train", config or PhantomConfig()).image(contrast, [plane])[0].abs()
    return image / image.max()
