"""Studies of chapter mri_contrast."""
