"""Tasks for ``lm-evaluation-harness``, which runs Portuguese benchmarks where their data is."""
