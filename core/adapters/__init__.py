"""What was learned from a person's captions and tags: names that a model did not know, found in sentences."""
