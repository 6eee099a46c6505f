"""The limits of the element types: `finfo` for floating types, `iinfo` for integers, with PyTorch's names."""

from __future__ import annotations

from groundup import dtypes


class finfo:
    """The largest, smallest and finest numbers of a floating type. Follows ``torch.finfo``.

    >>> import groundup
    >>> groundup.finfo(groundup.float16)
    finfo(resolution=0.001, min=-65504, max=65504, eps=0.000976562, smallest_normal=6.10352e-05, tiny=6.10352e-05, \
dtype=float16)
    """

    __slots__ = ("bits", "dtype", "eps", "max", "min", "resolution", "smallest_normal", "tiny")

    def __init__(self, type: dtypes.dtype | None = None) -> None:
        kind = _checked("finfo", dtypes.get_default_dtype() if type is None else type)
        if not kind.is_floating_point:
            raise TypeError(
                "groundup.finfo() requires a floating point input type. Use groundup.iinfo to handle 'groundup.finfo'\n"
                f"  The type is {kind!r}."
            )
        limits = kind.limits
        self.dtype = kind.name
        self.bits = 8 * kind.itemsize
        self.min, self.max = float(limits.min), float(limits.max)
        self.eps, self.resolution = float(limits.eps), 10.0**-limits.precision
        self.smallest_normal = self.tiny = float(limits.smallest_normal)

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return f"finfo({', '.join(f'{name}={getattr(self, name):g}' for name in names)}, dtype={self.dtype})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, finfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(("finfo", self.dtype))


class iinfo:
    """The largest and smallest number of an integer type. Follows ``torch.iinfo``.

    >>> import groundup
    >>> groundup.iinfo(groundup.uint8)
    iinfo(min=0, max=255, dtype=uint8)
    """

    __slots__ = ("bits", "dtype", "max", "min")

    def __init__(self, type: dtypes.dtype) -> None:
        kind = _checked("iinfo", type)
        if kind.is_floating_point:
            raise TypeError(
                "groundup.iinfo() requires an integer input type. Use groundup.finfo to handle 'groundup.iinfo'\n"
                f"  The type is {kind!r}."
            )
        if kind is dtypes.bool_:
            raise TypeError("groundup.bool is not supported by groundup.iinfo")
        self.dtype = kind.name
        self.bits = 8 * kind.itemsize
        self.min, self.max = int(kind.limits.min), int(kind.limits.max)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, iinfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(("iinfo", self.dtype))


def _checked(name: str, type: object) -> dtypes.dtype:
    if not isinstance(type, dtypes.dtype):
        found = type.__class__.__name__
        raise TypeError(f"{name}(): argument 'type' (position 1) must be groundup.dtype, not {found}")
    return type
