"""Recall and zero-shot accuracy: the same code judges a user's model and builds ours."""
