"""Pictures, volumes and the files that ship with the course."""

from paperlens.data.files import path
from paperlens.data.images import open_image, to_image, to_tensor
from paperlens.data.phantom import Phantom, PhantomConfig, brain, phantom
from paperlens.data.photographs import photographs
from paperlens.data.references import reference_pair
from paperlens.data.relaxation import relaxation_table, tissues
from paperlens.data.stacks import AlignedCrops
from paperlens.data.volumes import in_memory, slices

__all__ = [
    "AlignedCrops",
    "Phantom",
    "PhantomConfig",
    "brain",
    "in_memory",
    "open_image",
    "path",
    "phantom",
    "photographs",
    "reference_pair",
    "relaxation_table",
    "slices",
    "tissues",
    "to_image",
    "to_tensor",
]
