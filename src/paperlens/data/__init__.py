"""Pictures, volumes and the files that ship with the course; a name's module is imported when it is first used."""

from paperlens.lazy import exports

EXPORTS = {
    "AlignedCrops": "paperlens.data.stacks",
    "FastMRI": "paperlens.data.fastmri_files",
    "IXI": "paperlens.data.ixi_files",
    "NIfTI": "paperlens.data.nifti_files",
    "Phantom": "paperlens.data.phantoms",
    "PhantomConfig": "paperlens.data.phantoms",
    "brain": "paperlens.data.phantoms",
    "fastmri": "paperlens.data.fastmri_files",
    "in_memory": "paperlens.data.volumes",
    "ixi": "paperlens.data.ixi_files",
    "nifti": "paperlens.data.nifti_files",
    "open_image": "paperlens.data.images",
    "path": "paperlens.data.files",
    "phantom": "paperlens.data.phantoms",
    "photographs": "paperlens.data.photograph_set",
    "reference_pair": "paperlens.data.references",
    "registration": "paperlens.data.alignment",
    "relaxation_table": "paperlens.data.relaxation",
    "slices": "paperlens.data.volumes",
    "tissues": "paperlens.data.relaxation",
    "to_image": "paperlens.data.images",
    "to_tensor": "paperlens.data.images",
}
__getattr__, __dir__ = exports(__name__, EXPORTS)
