"""Pictures, volumes and the files that ship with the course."""

from paperlens.data.files import path
from paperlens.data.images import open_image, to_image, to_tensor
from paperlens.data.phantom import Phantom, PhantomConfig, brain, phantom
from paperlens.data.photographs import photographs
from paperlens.data.relaxation import relaxation_table, tissues
from paperlens.data.volumes import in_memory, slices

__all__ = [
    "Phantom",
    "PhantomConfig",
    "brain",
    "in_memory",
    "open_image",
    "path",
    "phantom",
    "photographs",
    "relaxation_table",
    "slices",
    "tissues",
    "to_image",
    "to_tensor",
]
