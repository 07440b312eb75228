"""Query grammar, filters, vector index, calibration."""
