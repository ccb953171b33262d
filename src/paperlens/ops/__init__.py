"""Pure functions, no parameters: windows, Fourier, resampling, patches, coils."""
