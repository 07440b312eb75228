"""Contrastive training and the recipe of the bundled model. Runs as its own process."""
