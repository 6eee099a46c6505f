"""How far to go along a direction: a line search that ends where the strong Wolfe conditions hold. It is what
`LBFGS` stands on, and works on plain numbers: the only thing it asks for is the loss and slope at a step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from groundup.tensor import Tensor

__all__ = ["Point", "strong_wolfe"]

DESCENT = 1e-4  # Armijo: the loss falls by at least this part of what the slope at the start promises
FLATNESS = 0.9  # curvature: the slope left over is at most this part of the slope at the start


class Point(NamedTuple):
    """What is known at `t` steps along the direction."""

    t: float
    loss: float
    grad: Tensor
    slope: float


def strong_wolfe(
    evaluate: Callable[[float], Point], start: Point, t: float, size: float, tolerance: float, most: int
) -> tuple[Point, int]:
    """A point where the loss has fallen enough and is flat enough, and how often `evaluate` was called for it.

    First the step grows from `t` until such a point is passed; then the bracket around it shrinks. `size` is
    the largest element of the direction: a bracket shorter than `tolerance` by that measure is not divided
    further. After about `most` evaluations the lowest point so far is returned.

    Source: Nocedal and Wright, *Numerical optimization*, 2006, algorithms 3.5 and 3.6.
    """
    ends, tries, found = _bracketed(evaluate, start, t, most)
    if not found:
        tries = _shrink(evaluate, ends, start, size, tolerance, tries, most)
    return ends[_lower(ends)], tries + 1


def _bracketed(evaluate: Callable[[float], Point], start: Point, t: float, most: int) -> tuple[list[Point], int, bool]:
    """Two points with one that is good between them; or, if that is found at once, this point twice and True."""
    before, point = start, evaluate(t)
    for tries in range(most):
        if _too_high(point, start) or (tries > 1 and point.loss >= before.loss):
            return [before, point], tries, False
        if _flat(point, start):
            return [point, point], tries, True
        if point.slope >= 0:
            return [before, point], tries, False
        t = _cubic_minimum(before, point, point.t + 0.01 * (point.t - before.t), point.t * 10)
        before, point = point, evaluate(t)
    return [start, point], most, False


def _shrink(
    evaluate: Callable[[float], Point],
    ends: list[Point],
    start: Point,
    size: float,
    tolerance: float,
    tries: int,
    most: int,
) -> int:
    """Replace one end or the other by a point between them, until a good one is the lower end."""
    low, slow = _lower(ends), False
    while tries < most and not abs(ends[1].t - ends[0].t) * size < tolerance:
        t, slow = _trial(ends, slow)
        point = evaluate(t)
        tries += 1
        if _too_high(point, start) or point.loss >= ends[low].loss:
            ends[1 - low] = point
            low = _lower(ends)
            continue
        done = _flat(point, start)
        if not done and point.slope * (ends[1 - low].t - ends[low].t) >= 0:
            ends[1 - low] = ends[low]
        ends[low] = point
        if done:
            break
    return tries


def _trial(ends: list[Point], slow: bool) -> tuple[float, bool]:
    """Where to look next, and whether that is close to an end, which is allowed once but not twice running."""
    left, right = sorted((ends[0].t, ends[1].t))
    t = _cubic_minimum(ends[0], ends[1], left, right)
    margin = 0.1 * (right - left)
    if not min(right - t, t - left) < margin:
        return t, False
    if not slow and left < t < right:
        return t, True
    return (right - margin if abs(t - right) < abs(t - left) else left + margin), False


def _too_high(point: Point, start: Point) -> bool:
    return point.loss > start.loss + DESCENT * point.t * start.slope


def _flat(point: Point, start: Point) -> bool:
    return abs(point.slope) <= -FLATNESS * start.slope


def _lower(ends: list[Point]) -> int:
    return 0 if ends[0].loss <= ends[1].loss else 1


def _cubic_minimum(a: Point, b: Point, low: float, high: float) -> float:
    """The minimum of the cubic with the losses and slopes of two points, kept within bounds.

    Halfway between the bounds if the cubic has none.
    """
    if a.t > b.t:
        a, b = b, a
    width = b.t - a.t
    if width > 0:
        mean = a.slope + b.slope - 3 * (b.loss - a.loss) / width
        square = mean * mean - a.slope * b.slope
        root = math.sqrt(square) if square >= 0 else math.nan
        bend = b.slope - a.slope + 2 * root
        if not math.isnan(bend) and bend != 0:
            return min(max(b.t - width * ((b.slope + root - mean) / bend), low), high)
    return (low + high) / 2
