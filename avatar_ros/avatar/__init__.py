"""Avatar files: loading, checking, cleaning and framing heads made of Gaussian splats."""
