"""Pictures, volumes and the files that ship with the course."""

from paperlens.data.files import path

__all__ = ["path"]
