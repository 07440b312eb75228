"""Encoders: the protocol, the registry, preprocessing and tokenizing, OpenVINO, OpenCLIP, the worker and its proxy."""
