"""The two-dimensional convolution layer."""

from __future__ import annotations

from typing import Any

from groundup.functions.creation import empty
from groundup.nn import functional as F
from groundup.nn import init
from groundup.nn.functional.conv import NAMED_PADDING, check_same_padding
from groundup.nn.functional.shapes import pair
from groundup.nn.module import Module
from groundup.nn.parameter import Parameter
from groundup.tensor import Tensor

Pair = int | tuple[int, int]


class Conv2d(Module):
    """Slides ``out_channels`` filters over images: (N, in_channels, H, W) to (N, out_channels, H', W').

    H' = (H + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1, and W' likewise. ``padding``
    may be ``"valid"`` (none) or ``"same"`` (H' = H, for stride 1). With ``groups`` the channels are split,
    and each part has filters of its own. ``weight`` is (out_channels, in_channels // groups, kh, kw);
    weight and bias start uniform between -1/sqrt(fan_in) and 1/sqrt(fan_in), where fan_in is
    in_channels // groups * kh * kw. Follows ``torch.nn.Conv2d``, for ``padding_mode="zeros"``.

    >>> import groundup
    >>> layer = groundup.nn.Conv2d(3, 8, kernel_size=3, stride=2, padding=1)
    >>> layer(groundup.randn(16, 3, 28, 28)).shape
    groundup.Size([16, 8, 14, 14])
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair | str = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        if padding_mode != "zeros":
            raise ValueError(
                f"padding_mode must be 'zeros', but got padding_mode={padding_mode!r}\n"
                "  pad the input with nn.functional.pad before the layer"
            )
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = pair("kernel_size", kernel_size)
        self.stride = pair("stride", stride)
        self.padding = padding if isinstance(padding, str) else pair("padding", padding)
        self.dilation = pair("dilation", dilation)
        self.groups = groups
        self.padding_mode = padding_mode
        if isinstance(self.padding, str):
            if self.padding not in NAMED_PADDING:
                raise ValueError(f"Invalid padding string {self.padding!r}, should be one of {{'same', 'valid'}}")
            check_same_padding(self.padding, self.stride, ValueError)
        self.weight = Parameter(
            empty(out_channels, in_channels // groups, *self.kernel_size, device=device, dtype=dtype)
        )
        if bias:
            self.bias = Parameter(empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weight and bias anew."""
        init.fan_in_uniform_(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Applies the layer to images of shape (N, C, H, W) or (C, H, W)."""
        return F.conv2d(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        """The settings that differ from the defaults."""
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        if self.padding != (0, 0):
            parts.append(f"padding={self.padding}")
        if self.dilation != (1, 1):
            parts.append(f"dilation={self.dilation}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        return ", ".join(parts)
