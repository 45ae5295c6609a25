"""Training of language models: one loop for all runs of both tracks, whose settings say how each was trained (facts, section 1.3)."""
