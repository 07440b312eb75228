"""The library that the window, the command line and training call: plain Python, no Qt, no printing, no globals."""
