"""The part of the table on convolution and pooling, whose rows belong to four families."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.table.table import FLOATS, Arg, Entry, Sample, Samples, on, some, tensors

IMAGE = (1, 2, 4, 5)
CONV = ("to_columns", "correlate")


def distinct(*shape: int) -> Callable[..., Any]:
    """As `on`, of values in random order that lie apart, so that no finite difference changes which is the largest."""

    def with_arguments(*args: Any, **kwargs: Any) -> Callable[[np.random.Generator], Sample]:
        def make(random: np.random.Generator) -> Sample:
            values = random.permutation(int(np.prod(shape))).reshape(shape) / 4 - 2
            return Sample((Arg(values), *args), kwargs)

        return make

    return with_arguments


def _unpool(random: np.random.Generator) -> list[Sample]:
    places = Arg(np.array([[[[0, 3], [9, 10]]]]), role="index")
    return [
        Sample((Arg(random.uniform(-2, 2, (1, 1, 2, 2))), places, 2), {"output_size": size}) for size in (None, (4, 5))
    ]


def conv(name: str, *samples: Any, rows: tuple[str, ...] = CONV) -> Entry:
    """A convolution; the derivatives of its rows are each other."""
    return Entry(name, some(*samples), path=f"nn.functional.{name}", rows=rows, dtypes=("float32", "float64", "int64"))


def pool(name: str, make: Samples, rows: tuple[str, ...], dtypes: tuple[str, ...] = FLOATS, **kwargs: Any) -> Entry:
    """A pooling."""
    return Entry(name, make, path=f"nn.functional.{name}", rows=rows, dtypes=dtypes, **kwargs)


ENTRIES = [
    conv(
        "conv1d",
        tensors((1, 2, 5), (3, 2, 2), (3,), stride=2, padding=1),
        tensors((2, 4), (2, 1, 3), groups=2, padding="same"),
        tensors((3, 1, 2), (1, 1, 2)),
    ),
    conv(
        "conv2d",
        tensors(IMAGE, (3, 2, 2, 2), (3,), padding=(1, 0)),
        tensors(IMAGE, (2, 1, 2, 3), stride=(1, 2), dilation=(2, 1), groups=2),
        tensors((6, 1, 3, 3), (1, 1, 2, 2), (1,), stride=2, padding=1),
        tensors((2, 3, 1), (2, 2, 1, 1)),
        rows=(*CONV, "relaid"),
    ),
    conv("conv3d", tensors((1, 1, 2, 3, 2), (2, 1, 2, 1, 2), (2,), padding=1, stride=2)),
    conv(
        "conv_transpose1d",
        tensors((1, 2, 3), (2, 1, 2), (1,), stride=2, output_padding=1),
        tensors((3, 2, 1), (2, 2, 3), padding=1),
        rows=("from_columns", "correlate_back"),
    ),
    conv(
        "conv_transpose2d",
        tensors((1, 2, 2, 3), (2, 1, 2, 3), (2,), stride=(2, 1), padding=1, groups=2, dilation=(1, 2)),
        tensors((2, 2, 1), (2, 1, 2, 2)),
        rows=("from_columns", "correlate_back"),
    ),
    conv("conv_transpose3d", tensors((1, 1, 2, 1, 2), (1, 2, 1, 2, 2), (2,)), rows=("from_columns", "correlate_back")),
    pool("max_pool1d", some(distinct(2, 5)(2, 1), distinct(1, 2, 4)(3, 2, 1)), ("max_windows",)),
    pool(
        "max_pool2d",
        some(
            distinct(*IMAGE)(2),
            distinct(*IMAGE)((3, 2), 1, (1, 0), (1, 2)),
            distinct(1, 5, 5)(2, 2, 1, ceil_mode=True),
        ),
        ("max_windows",),
        ("float32", "float64", "int64"),
    ),
    pool("max_pool3d", some(distinct(1, 2, 3, 4)(2, 1, padding=1)), ("max_windows",)),
    pool("avg_pool1d", some(on(1, 2, 5)(2, 1), on(2, 4)(3, 2, 1, count_include_pad=False)), ("mean_windows",)),
    pool(
        "avg_pool2d",
        some(
            on(*IMAGE)(2),
            on(*IMAGE)((3, 2), 2, 1, ceil_mode=True),
            on(*IMAGE)(2, 1, 1, count_include_pad=False),
            on(*IMAGE)(2, divisor_override=3),
        ),
        ("mean_windows",),
    ),
    pool("avg_pool3d", some(on(1, 2, 3, 4)(2, 1, padding=1)), ("mean_windows",)),
    pool("lp_pool1d", some(on(1, 2, 5, domain=(0.5, 2))(3, 2)), ("mean_windows",)),
    pool("lp_pool2d", some(on(*IMAGE, domain=(0.5, 2))(1.5, 2, ceil_mode=True)), ("mean_windows",)),
    pool("lp_pool3d", some(on(1, 2, 2, 2, domain=(0.5, 2))(2, 2)), ("mean_windows",)),
    pool("adaptive_avg_pool1d", some(on(1, 2, 5)(3), on(2, 4)(1)), ("mean_regions",)),
    pool("adaptive_avg_pool2d", some(on(*IMAGE)((3, 2)), on(*IMAGE)((2, 5)), on(*IMAGE)((None, 7))), ("mean_regions",)),
    pool("adaptive_avg_pool3d", some(on(1, 3, 2, 2)(2)), ("mean_regions",)),
    pool("adaptive_max_pool1d", some(distinct(1, 2, 5)(3), distinct(2, 4)(1)), ("gather",)),
    pool("adaptive_max_pool2d", some(distinct(*IMAGE)((3, 2)), distinct(*IMAGE)((None, 1))), ("gather",)),
    pool("adaptive_max_pool3d", some(distinct(1, 3, 2, 2)(2)), ("gather",)),
    pool("max_unpool2d", _unpool, ("scatter",)),
    pool(
        "interpolate",
        some(
            on(1, 2, 4)(7),
            on(1, 2, 4)(3, mode="linear"),
            on(1, 1, 3, 4)((5, 2), mode="bicubic"),
            on(1, 1, 2, 3)((4, 4), mode="bilinear", align_corners=True),
            on(1, 1, 2, 2, 3)(3, mode="trilinear"),
        ),
        ("resample",),
    ),
    pool("local_response_norm", some(on(1, 4, 3)(3, 0.5), on(2, 3, 2, 2)(2)), ("mean_windows",)),
]
