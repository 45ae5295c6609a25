"""Lastro's stages: one module a stage, run as ``python -m stages.<name>``."""
