"""Image towers of ours, registered in timm so that open_clip builds them by name.

``retrouve_lite2`` is EfficientNet-lite2 (timm ``tf_efficientnet_lite2``) that hands on all that it knows of a photo
instead of its last average alone: the pooled last features, the mean and deviation of four middle stages (texture,
colour, layout), and the *class embedding*: the classifier's probabilities times one vector a class. The head stands
inside the tower (open_clip's ``timm_proj: ""``), since it is wider than open_clip's own and adds what the classifier is
sure of to what it learned: the probabilities times the embeddings of the classes' names.

Without a head (``num_classes=0``) the tower hands on those features and the classifier's logits. That is what heads
are trained on (the logits' share is folded into the last features afterwards, whose linear function they are), and
what version 0 of the bundled model has, with open_clip's own ``mlp`` projection behind it.

One of the two files of core that touch torch, inside functions only.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

NAME = "retrouve_lite2"
BODY = "tf_efficientnet_lite2"
CLASSES = 1000
CLASS_DIM = 384
"""The width of a class's vector: that of the text tower's pooled output."""
LAST = 1280
STAGES = {1: 24, 2: 48, 4: 120, 5: 208}
"""Middle stages whose channel means and deviations are kept, and their channels."""
POOLED = LAST + 2 * sum(STAGES.values())
"""The width of ``pooled``: the last features, then a mean and a deviation for each channel of the middle stages."""
FEATURES = POOLED + CLASSES + CLASS_DIM
"""The width of what the tower hands on without a head."""
SEEN = POOLED + CLASS_DIM
"""The width of what its head takes in."""
HIDDEN = 3072
"""The width of the head's middle layer: three heads of 1,024 that were trained side by side."""


def register_towers() -> None:
    """Make our towers known to timm. May be called any number of times; needs the [torch] extra."""
    import timm

    if not timm.is_model(NAME):
        timm.models.register_model(retrouve_lite2)


def retrouve_lite2(pretrained: bool = False, **kwargs: Any) -> nn.Module:
    """Build the tower for timm's registry. It has no weights of its own to fetch: ``pretrained`` is refused."""
    if pretrained:
        raise ValueError(f"{NAME} has no pretrained weights: load them from a model folder.")
    kept = {key: kwargs[key] for key in ("num_classes", "global_pool") if key in kwargs}
    tower: nn.Module = _tower_class()(**kept)
    return tower


@cache
def _tower_class() -> Any:
    """The class, made on first use: it cannot be written down without torch."""
    import timm
    import torch
    from timm.layers.mlp import Mlp
    from torch import nn
    from torch.nn import functional
    from torch.utils.checkpoint import checkpoint

    class RetrouveLite2(nn.Module):
        """float32[n, 3, 260, 260] -> float32[n, num_classes] (not normalised), or, where that is 0, float32[n,
        FEATURES], each feature of mean 0 and deviation 1 over photos.
        """

        default_cfg = {"input_size": (3, 260, 260), "mean": (0.5,) * 3, "std": (0.5,) * 3, "classifier": ""}  # noqa: RUF012

        def __init__(self, num_classes: int = 0, global_pool: str = "avg") -> None:
            super().__init__()
            self.num_features = FEATURES
            self.checkpointing = False
            self.body: Any = timm.create_model(BODY, num_classes=CLASSES)
            self.class_embedding: Tensor
            self.class_words: Tensor
            self.feature_mean: Tensor
            self.feature_scale: Tensor
            self.register_buffer("class_embedding", torch.zeros(CLASSES, CLASS_DIM))
            self.reset_classifier(num_classes, global_pool)

        def reset_classifier(self, num_classes: int, global_pool: str | None = None) -> None:
            """Part of timm's interface: a new head of ``num_classes`` outputs, none for 0. It pools by itself."""
            if global_pool not in (None, "", "avg"):
                raise ValueError(f"{NAME} pools its features by itself.")
            self.num_classes = num_classes
            self.head: nn.Module | None = None
            if num_classes:
                self.head = Mlp(SEEN, HIDDEN, num_classes, bias=(True, False))
                self.register_buffer("class_words", torch.zeros(CLASSES, num_classes))
            self.register_buffer("feature_mean", torch.zeros(SEEN if num_classes else FEATURES))
            self.register_buffer("feature_scale", torch.ones(SEEN if num_classes else FEATURES))

        def pooled(self, pixels: Tensor) -> Tensor:
            """float32[n, 3, 260, 260] -> float32[n, POOLED]: all that has to be computed from the pixels."""
            stages = len(self.body.blocks)
            return self.pooled_from(self.begin(pixels, stages), stages)

        def begin(self, pixels: Tensor, stages: int) -> list[Tensor]:
            """What the first ``stages`` stages make of float32[n, 3, 260, 260]: float32[n, channels, height, width] of
            the last of them, then a mean and a deviation, float32[n, channels], of each that is among `STAGES`."""
            return self._through([self.body.bn1(self.body.conv_stem(pixels))], 0, stages)

        def pooled_from(self, begun: list[Tensor], stages: int) -> Tensor:
            """What `pooled` gives, from what `begin` gave after so many stages."""
            body = self.body
            x, *middle = self._through(begun, stages, len(body.blocks))
            last = body.bn2(body.conv_head(x)).mean((2, 3))
            return torch.cat([last, *middle], dim=1)

        def set_grad_checkpointing(self, enable: bool = True) -> None:
            """Part of timm's interface: keep what goes into a block for the gradients, and compute the rest again."""
            self.checkpointing = enable

        def _through(self, begun: list[Tensor], first: int, end: int) -> list[Tensor]:
            x, *middle = begun
            again = self.checkpointing and torch.is_grad_enabled()
            for number in range(first, end):
                for block in self.body.blocks[number]:
                    x = checkpoint(block, x, use_reentrant=False) if again else block(x)
                if number in STAGES:
                    mean = x.mean((2, 3), keepdim=True)
                    deviation = ((x - mean) ** 2).mean((2, 3)).add(1e-6).sqrt()
                    middle += [mean.flatten(1), deviation]
            return [x, *middle]

        def expand(self, pooled: Tensor) -> tuple[Tensor, Tensor]:
            """float32[n, POOLED] -> float32[n, FEATURES], or float32[n, SEEN] before a head, normalised; and the
            classifier's float32[n, CLASSES] probabilities.
            """
            logits = self.body.classifier(pooled[:, :LAST])
            probabilities = logits.softmax(dim=1)
            known = probabilities @ self.class_embedding
            features = torch.cat([pooled, known] if self.num_classes else [pooled, logits, known], dim=1)
            return (features - self.feature_mean) * self.feature_scale, probabilities

        def forward(self, pixels: Tensor) -> Tensor:
            return self.embed(self.pooled(pixels))

        def embed(self, pooled: Tensor) -> Tensor:
            """float32[n, POOLED] -> what the tower hands on."""
            features, probabilities = self.expand(pooled)
            if self.head is None:
                return features
            return functional.normalize(self.head(features), dim=1) + probabilities @ self.class_words

    return RetrouveLite2
