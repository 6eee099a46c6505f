"""What scripts ask before they choose a device: there is no CUDA here, and these functions say so.

``device = "cuda" if groundup.cuda.is_available() else "cpu"`` is then the CPU.
"""

from __future__ import annotations

__all__ = ["device_count", "is_available"]


def is_available() -> bool:
    """False: groundup runs on the CPU."""
    return False


def device_count() -> int:
    """0: there is no CUDA device."""
    return 0
