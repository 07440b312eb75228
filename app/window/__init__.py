"""The window: a file for each widget, its models and delegates beside it. The only place that imports PySide6."""
