"""Pictures, volumes and the files that ship with the course."""

from paperlens.data.fastmri import FastMRI, fastmri
from paperlens.data.files import path
from paperlens.data.images import open_image, to_image, to_tensor
from paperlens.data.ixi import IXI, ixi
from paperlens.data.phantom import Phantom, PhantomConfig, brain, phantom
from paperlens.data.photographs import photographs
from paperlens.data.references import reference_pair
from paperlens.data.registration import registration
from paperlens.data.relaxation import relaxation_table, tissues
from paperlens.data.stacks import AlignedCrops
from paperlens.data.volumes import in_memory, slices

__all__ = [
    "IXI",
    "AlignedCrops",
    "FastMRI",
    "Phantom",
    "PhantomConfig",
    "brain",
    "fastmri",
    "in_memory",
    "ixi",
    "open_image",
    "path",
    "phantom",
    "photographs",
    "reference_pair",
    "registration",
    "relaxation_table",
    "slices",
    "tissues",
    "to_image",
    "to_tensor",
]
