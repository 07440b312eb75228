"""The command line: a file for each group of commands.

``main.py`` is the one place that turns errors into sentences and exit codes; ``calls.py`` reads what was typed;
``console.py`` is the only file that writes to the two streams.
"""
