"""How labels become probabilities: the fit of what ships, and the figures of ``docs/tagging.md``."""
