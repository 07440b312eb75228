"""How well the program answers: the figures of ``docs/quality.md``."""
