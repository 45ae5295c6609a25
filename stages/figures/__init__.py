"""Figures: one module each, with what it shows (``describe``) and how it looks (``draw``)."""
