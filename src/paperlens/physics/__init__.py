"""MRI: contrast, k-space, masks, coils, degradations; cameras and blur for natural images."""
