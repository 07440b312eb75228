"""What every encoder that is built from a model folder says of itself."""

from __future__ import annotations

from core.models.preprocess import Preprocess
from core.models.registry import ModelInfo


class DescribedEncoder:
    """The base of the encoders: all that their model's description answers."""

    def __init__(self, info: ModelInfo) -> None:
        self.info = info

    @property
    def model_id(self) -> str:
        """Names the embedding space."""
        return self.info.model_id

    @property
    def dim(self) -> int:
        """The number of dimensions of an embedding."""
        return self.info.dim

    @property
    def preprocess(self) -> Preprocess:
        """How a photo becomes the image tower's input, for who does it in threads of their own."""
        return self.info.preprocess

    @property
    def image_size(self) -> int:
        """The side in pixels of what the image tower sees."""
        return self.info.image_size
