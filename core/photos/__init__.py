"""Photo files on disk: scanning, hashing, decoding, metadata, thumbnails."""
