"""Training of the language models of track 1: one loop for all runs, whose settings say how each was trained (facts, section 1.3)."""
