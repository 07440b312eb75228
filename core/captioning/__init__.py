"""Captions that come from files and go to files: ``captions.jsonl``, tables, COCO's JSON, tars, Takeout."""
