"""Channels and pixels exchanged: blocks of channels spread into finer images, gathered again, or interleaved."""

from __future__ import annotations

from groundup.autograd.tape import shown_as
from groundup.tensor import Tensor


def _check(name: str, input: Tensor, factor: int, setting: str) -> tuple[int, ...]:
    if input.dim() < 3:
        raise RuntimeError(
            f"{name} expects input to have at least 3 dimensions, but got input with {input.dim()} dimension(s)"
        )
    if factor <= 0:
        raise RuntimeError(f"{name} expects a positive {setting}, but got {factor}")
    return tuple(input.shape)


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Images (..., C * r * r, H, W) as (..., C, H * r, W * r): each block of channels becomes r by r pixels.

    Follows ``torch.nn.functional.pixel_shuffle``.

    >>> import groundup
    >>> groundup.nn.functional.pixel_shuffle(groundup.arange(4).reshape(4, 1, 1), 2)
    tensor([[[0, 1],
             [2, 3]]])
    """
    r = upscale_factor
    *batch, channels, height, width = _check("pixel_shuffle", input, r, "upscale_factor")
    if channels % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={channels} is not divisible by {r * r}"
        )
    kept = channels // (r * r)
    apart = input.reshape(*batch, kept, r, r, height, width)
    n = len(batch)
    mixed = apart.permute(*range(n + 1), n + 3, n + 1, n + 4, n + 2)
    made = mixed.reshape(*batch, kept, height * r, width * r)
    return shown_as(made if made._view is None else made.clone(), "PixelShuffleBackward0")


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Images (..., C, H * r, W * r) as (..., C * r * r, H, W): the reverse of `pixel_shuffle`.

    Follows ``torch.nn.functional.pixel_unshuffle``.
    """
    r = downscale_factor
    *batch, channels, height, width = _check("pixel_unshuffle", input, r, "downscale_factor")
    for name, axis, size in (("height", -2, height), ("width", -1, width)):
        if size % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but input.size({axis})={size} is "
                f"not divisible by {r}"
            )
    apart = input.reshape(*batch, channels, height // r, r, width // r, r)
    n = len(batch)
    mixed = apart.permute(*range(n + 1), n + 2, n + 4, n + 1, n + 3)
    made = mixed.reshape(*batch, channels * r * r, height // r, width // r)
    return shown_as(made if made._view is None else made.clone(), "PixelUnshuffleBackward0")


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels (axis 1) of `groups` groups interleaved: the first of each group, then the second of each.

    Follows ``torch.nn.functional.channel_shuffle``.
    """
    shape = tuple(input.shape)
    if len(shape) <= 2:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(shape)}")
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    if shape[1] % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {shape[1]} channels and {groups} groups."
        )
    apart = input.reshape(shape[0], groups, shape[1] // groups, *shape[2:])
    made = apart.transpose(1, 2).reshape(shape)
    return shown_as(made if made._view is None else made.clone(), "ChannelShuffleBackward0")
