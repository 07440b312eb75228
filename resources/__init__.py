"""Data alone: icons, styles, label lists, sample photos and the bundled model. Read with importlib.resources."""
