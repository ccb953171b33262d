"""Pictures, volumes and the files that ship with the course."""

from paperlens.data.files import path
from paperlens.data.images import open_image, to_image, to_tensor
from paperlens.data.photographs import photographs

__all__ = ["open_image", "path", "photographs", "to_image", "to_tensor"]
