"""Photo files on disk: what is there, what their bytes are, what they show and what they say of themselves."""
