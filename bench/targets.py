"""What the compiled step is to reach: how many times faster than PyTorch eager, and than the best compiled peer.

Each side of a ratio is the median in its best setting: the number of threads, the order of an image's channels.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench import peers
from bench.compiled import MINE, Outcome

# Over PyTorch eager, over the best compiled peer with one call a step.
TARGETS = {
    "W1": (5.0, 1.5),
    "W2": (40.0, 3.0),
    "W3": (3.0, 1.5),
    "W3-large": (1.2, 1.0),
    "W4": (2.0, 1.3),
    "W5": (1.5, 1.3),
    "W6": (1.5, 1.4),
    "W7-gelu": (2.5, 1.2),
    "W7-rows": (2.0, 1.3),
    "W8-W3": (5.0, 2.0),
}
MOST_LOST = 3.0  # of speed, beside a busy process


@dataclass(frozen=True)
class Verdict:
    """How one workload stands: a peer, how many times faster groundup is, and how many times it is to be."""

    workload: str
    peer: str
    found: float
    wanted: float


def verdicts(outcomes: list[Outcome]) -> list[Verdict]:
    """Every target for which both sides were measured."""
    best: dict[str, dict[str, float]] = {}
    for outcome in outcomes:
        times = best.setdefault(outcome.key, {})
        for version, seconds in outcome.seconds.items():
            times[version] = min(seconds, times.get(version, seconds))
    found: list[Verdict | None] = []
    for name, times in best.items():
        for group, wanted in zip((peers.EAGER, peers.COMPILED), TARGETS.get(name, ())):
            found += [_verdict(name, times, MINE, [v for v in group if v in times], wanted)]
        if name == "W2":
            found += [_verdict(name, times, "groundup-steps", [v for v in ("jax-scan",) if v in times], 1.0)]
    found += [
        Verdict(f"{o.key}, {o.threads} threads", "a busy core", o.seconds[MINE] / o.busy[MINE], 1 / MOST_LOST)
        for o in outcomes
        if MINE in o.busy
    ]
    return [verdict for verdict in found if verdict is not None]


def _verdict(name: str, times: dict[str, float], mine: str, group: list[str], wanted: float) -> Verdict | None:
    if not group or mine not in times:
        return None
    peer = min(group, key=lambda version: times[version])
    return Verdict(name, peer, times[peer] / times[mine], wanted)
