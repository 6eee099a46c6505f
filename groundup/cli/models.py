"""The two networks that the command trains, for images of any size and any number of classes."""

from __future__ import annotations

from groundup import nn


def build(name: str, shape: tuple[int, int, int], classes: int) -> nn.Module:
    """A new network, ``"mlp"`` or ``"cnn"``, from images (N, \\*shape) to one score for each class.

    >>> build("mlp", (1, 8, 8), 10)
    Sequential(
      (0): Flatten(start_dim=1, end_dim=-1)
      (1): Linear(in_features=64, out_features=256, bias=True)
      (2): ReLU()
      (3): Dropout(p=0.1, inplace=False)
      (4): Linear(in_features=256, out_features=128, bias=True)
      (5): ReLU()
      (6): Dropout(p=0.1, inplace=False)
      (7): Linear(in_features=128, out_features=10, bias=True)
    )
    """
    return _mlp(shape, classes) if name == "mlp" else _cnn(shape, classes)


def _mlp(shape: tuple[int, int, int], classes: int) -> nn.Module:
    channels, height, width = shape
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(channels * height * width, 256),
        nn.ReLU(),
        nn.Dropout(0.1),
        nn.Linear(256, 128),
        nn.ReLU(),
        nn.Dropout(0.1),
        nn.Linear(128, classes),
    )


def _cnn(shape: tuple[int, int, int], classes: int) -> nn.Module:
    """Two convolutions of 3 x 3, each followed by pooling where the image is large enough, and dense layers."""
    channels, height, width = shape
    layers: list[nn.Module] = []
    for filters, smallest in ((16, 16), (32, 4)):
        layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
        pool = _pool(height, smallest), _pool(width, smallest)
        if pool != (1, 1):
            layers.append(nn.MaxPool2d(pool))
        channels, height, width = filters, height // pool[0], width // pool[1]
    hidden = 64 if channels * height * width < 1024 else 128
    layers += [nn.Flatten(), nn.Dropout(0.2), nn.Linear(channels * height * width, hidden)]
    layers += [nn.ReLU(), nn.Dropout(0.2), nn.Linear(hidden, classes)]
    return nn.Sequential(*layers)


def _pool(size: int, smallest: int) -> int:
    """Halve a size of at least ``smallest``, and bring a large one down to what dense layers can take."""
    return 1 if size < smallest else max(2, size // 24)
