"""Pictures of a training run: the history, misread images, and a confusion matrix.

Each function gives a matplotlib ``Figure`` of its own. Nothing here goes through pyplot, so that no window
opens, no global state changes, and a machine without a display draws the same.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from groundup.atomic import StrPath, write_bytes
from groundup.errors import MissingExtra
from groundup.tensor import Tensor

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from groundup.train.history import History

__all__ = ["confusion_figure", "history_figure", "images_figure", "require_matplotlib", "save_figure"]

_NO_METRIC = {"epoch", "step", "lr", "seconds"}


def require_matplotlib(feature: str) -> None:
    """Raise ``MissingExtra`` now rather than after the work, where matplotlib is missing."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise MissingExtra(feature, "matplotlib", "train") from error


def save_figure(figure: Figure, path: StrPath) -> None:
    """Save a figure, whole or not at all; the kind of picture goes by the ending of the name.

    >>> import pathlib, tempfile
    >>> from groundup.train import History
    >>> from groundup.train.figures import history_figure, save_figure
    >>> figure = history_figure(History({"epoch": [1, 2], "train_loss": [2.0, 1.0]}))
    >>> path = pathlib.Path(tempfile.mkdtemp(), "loss.png")
    >>> save_figure(figure, path)
    >>> path.read_bytes()[:4]
    b'\\x89PNG'
    """
    kind = os.path.splitext(os.fspath(path))[1][1:].lower() or "png"
    picture = io.BytesIO()
    try:
        figure.savefig(picture, format=kind)
    except ValueError as error:
        raise ValueError(f"cannot save a picture as {os.fspath(path)}: {error}") from error
    write_bytes(path, picture.getvalue())


def history_figure(history: History) -> Figure:
    """The losses on the left, and on the right, if there are any, the metrics, over the epochs.

    >>> from groundup.train import History
    >>> from groundup.train.figures import history_figure
    >>> history = History({"epoch": [1, 2], "train_loss": [2.0, 1.0], "valid_accuracy": [0.5, 0.75]})
    >>> [axes.get_title() for axes in history_figure(history).axes]
    ['loss', 'metrics']
    """
    losses = [name for name in history.columns if name.endswith("loss")]
    metrics = [name for name in history.columns if name not in losses and name not in _NO_METRIC]
    panels = [("loss", losses), ("metrics", metrics)] if metrics else [("loss", losses)]
    figure = _new_figure("plotting the history", (5.5 * len(panels), 4.0))
    for number, (title, names) in enumerate(panels, start=1):
        _draw_lines(figure.add_subplot(1, len(panels), number), title, names, history)
    return figure


def _draw_lines(axes: Axes, title: str, names: list[str], history: History) -> None:
    from matplotlib.ticker import MaxNLocator

    epochs = history["epoch"] if "epoch" in history.columns else list(range(1, len(history) + 1))
    for name in names:
        values = [np.nan if value is None else value for value in history[name]]
        axes.plot(epochs, values, marker="o" if len(values) < 30 else None, markersize=3, label=name)
    axes.set_title(title)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    if names:
        axes.legend()


def images_figure(images: Any, titles: Sequence[str], columns: int = 8) -> Figure:
    """A grid of images, each under its title: misread digits with what was read and what was meant.

    ``images`` is ``(N, H, W)``, ``(N, 1, H, W)`` or ``(N, 3, H, W)``; each is shown over its own range.
    Raises ``ValueError`` for other shapes, or when there is not a title for each image.

    >>> import groundup
    >>> from groundup.train.figures import images_figure
    >>> figure = images_figure(groundup.rand(3, 1, 8, 8), ["2 for 7", "9 for 4", "1 for 7"])
    >>> [axes.get_title() for axes in figure.axes]
    ['2 for 7', '9 for 4', '1 for 7']
    """
    pixels = _pixels(images)
    if len(pixels) != len(titles):
        raise ValueError(f"there are {len(pixels)} images and {len(titles)} titles")
    columns = max(1, min(columns, len(pixels)))
    rows = max(1, -(-len(pixels) // columns))
    figure = _new_figure("drawing images", (1.3 * columns, 1.5 * rows))
    for number, (image, title) in enumerate(zip(pixels, titles, strict=True), start=1):
        axes = figure.add_subplot(rows, columns, number)
        axes.imshow(image, cmap="gray_r" if image.ndim == 2 else None, interpolation="nearest")
        axes.set_title(title, fontsize=8)
        axes.set_axis_off()
    return figure


def confusion_figure(counts: Any, classes: Sequence[str] | None = None) -> Figure:
    """The table of a :class:`ConfusionMatrix`, true classes down and answers across.

    >>> import groundup
    >>> from groundup.train.figures import confusion_figure
    >>> axes = confusion_figure(groundup.tensor([[5, 1], [0, 4]]), ["cat", "dog"]).axes[0]
    >>> axes.get_xlabel(), [text.get_text() for text in axes.texts]
    ('answer', ['5', '1', '0', '4'])
    """
    table = _numpy(counts)
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise ValueError(f"a confusion matrix is square, got {table.shape}")
    names = [str(name) for name in (range(len(table)) if classes is None else classes)]
    if len(names) != len(table):
        raise ValueError(f"there are {len(table)} classes and {len(names)} names")
    size = 2.0 + 0.5 * len(table)
    figure = _new_figure("drawing a confusion matrix", (size, size))
    axes = figure.add_subplot()
    shares = table / np.maximum(table.sum(1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(table):
        color = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, str(count), ha="center", va="center", color=color, fontsize=8)
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("answer")
    axes.set_ylabel("true class")
    return figure


def _new_figure(feature: str, size: tuple[float, float]) -> Figure:
    require_matplotlib(feature)
    from matplotlib.figure import Figure

    return Figure(figsize=size, layout="constrained")


def _pixels(images: Any) -> np.ndarray:
    """Images as ``(N, H, W)``, or ``(N, H, W, 3)`` scaled to 0..1 as matplotlib wants colours."""
    pixels = _numpy(images).astype(np.float64)
    if pixels.ndim == 4 and pixels.shape[1] == 1:
        return pixels[:, 0]
    if pixels.ndim == 3:
        return pixels
    if pixels.ndim == 4 and pixels.shape[1] == 3:
        low = pixels.min(axis=(1, 2, 3), keepdims=True)
        spread = pixels.max(axis=(1, 2, 3), keepdims=True) - low
        return np.moveaxis((pixels - low) / np.where(spread > 0, spread, 1.0), 1, -1)
    raise ValueError(f"images must be (N, H, W), (N, 1, H, W) or (N, 3, H, W), got {pixels.shape}")


def _numpy(value: Any) -> np.ndarray:
    return value.detach().numpy() if isinstance(value, Tensor) else np.asarray(value)
