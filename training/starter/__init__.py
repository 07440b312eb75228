"""The recipe of the bundled model, from raw data to the shipped folder."""
