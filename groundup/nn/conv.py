"""The convolution layers of one, two and three dimensions, and the transposed ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from groundup.functions.creation import empty
from groundup.nn import functional as F
from groundup.nn import init
from groundup.nn.functional.conv import NAMED_PADDING, check_same_padding
from groundup.nn.functional.shapes import Sizes, integers
from groundup.nn.module import Module
from groundup.nn.parameter import Parameter
from groundup.tensor import Tensor

BORDERS = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """What all convolution layers have: settings, a weight, a bias."""

    rank: int
    transposed = False
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes,
        padding: Sizes | str,
        dilation: Sizes,
        output_padding: Sizes,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: Any,
    ) -> None:
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = integers("kernel_size", kernel_size, self.rank)
        self.stride = integers("stride", stride, self.rank)
        self.padding = padding if isinstance(padding, str) else integers("padding", padding, self.rank)
        self.dilation = integers("dilation", dilation, self.rank)
        self.output_padding = integers("output_padding", output_padding, self.rank)
        self.groups = groups
        if isinstance(self.padding, str):
            if self.padding not in NAMED_PADDING:
                raise ValueError(f"Invalid padding string {self.padding!r}, should be one of {{'same', 'valid'}}")
            check_same_padding(self.padding, self.stride, ValueError)
        if padding_mode not in BORDERS:
            raise ValueError(f"padding_mode must be one of {BORDERS}, but got padding_mode={padding_mode!r}")
        self.padding_mode = padding_mode
        first, second = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        self.weight = Parameter(empty(first, second // groups, *self.kernel_size, device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weight and bias anew."""
        init.fan_in_uniform_(self.weight, self.bias)

    def _bordered(self, input: Tensor) -> tuple[Tensor, Sizes | str]:
        """The input with its border, where that is not of zeros, and the padding that is left to do."""
        if self.padding_mode == "zeros":
            return input, self.padding
        if isinstance(self.padding, str):
            total = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            pairs = [(n // 2, n - n // 2) if self.padding == "same" else (0, 0) for n in total]
        else:
            pairs = [(n, n) for n in self.padding]
        return F.pad(input, [n for pair in reversed(pairs) for n in pair], mode=self.padding_mode), 0

    def extra_repr(self) -> str:
        """The settings that differ from the defaults."""
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        zeros, ones = (0,) * self.rank, (1,) * self.rank
        if self.padding != zeros:
            parts.append(f"padding={self.padding}")
        if self.dilation != ones:
            parts.append(f"dilation={self.dilation}")
        if self.output_padding != zeros:
            parts.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


class _Conv(_ConvNd):
    """A convolution layer."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            0,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )


class Conv1d(_Conv):
    """Slides ``out_channels`` filters over signals: (N, in_channels, L) to (N, out_channels, L').

    ``weight`` is (out_channels, in_channels // groups, k). Otherwise as ``Conv2d``. Follows ``torch.nn.Conv1d``.

    >>> import groundup
    >>> groundup.nn.Conv1d(4, 8, kernel_size=3, padding="same")(groundup.randn(2, 4, 10)).shape
    groundup.Size([2, 8, 10])
    """

    rank = 1

    def forward(self, input: Tensor) -> Tensor:
        """Applies the layer to signals of shape (N, C, L) or (C, L)."""
        input, padding = self._bordered(input)
        return F.conv1d(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv2d(_Conv):
    """Slides ``out_channels`` filters over images: (N, in_channels, H, W) to (N, out_channels, H', W').

    H' = (H + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1, and W' likewise. ``padding``
    may be ``"valid"`` (none) or ``"same"`` (H' = H, for stride 1), and is made of zeros, or of the image itself as
    ``padding_mode`` says: ``"reflect"``, ``"replicate"`` or ``"circular"``. With ``groups`` the channels are split,
    and each part has filters of its own. ``weight`` is (out_channels, in_channels // groups, kh, kw);
    weight and bias start uniform between -1/sqrt(fan_in) and 1/sqrt(fan_in), where fan_in is
    in_channels // groups * kh * kw. Follows ``torch.nn.Conv2d``.

    >>> import groundup
    >>> layer = groundup.nn.Conv2d(3, 8, kernel_size=3, stride=2, padding=1)
    >>> layer(groundup.randn(16, 3, 28, 28)).shape
    groundup.Size([16, 8, 14, 14])
    """

    rank = 2

    def forward(self, input: Tensor) -> Tensor:
        """Applies the layer to images of shape (N, C, H, W) or (C, H, W)."""
        input, padding = self._bordered(input)
        return F.conv2d(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv3d(_Conv):
    """Slides ``out_channels`` filters over volumes: (N, in_channels, D, H, W) to (N, out_channels, D', H', W').

    ``weight`` is (out_channels, in_channels // groups, kd, kh, kw). Otherwise as ``Conv2d``.
    Follows ``torch.nn.Conv3d``.
    """

    rank = 3

    def forward(self, input: Tensor) -> Tensor:
        """Applies the layer to volumes of shape (N, C, D, H, W) or (C, D, H, W)."""
        input, padding = self._bordered(input)
        return F.conv3d(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class _ConvTranspose(_ConvNd):
    """A transposed convolution layer."""

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            output_padding,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _settings(self, input: Tensor, output_size: Sequence[int] | None) -> tuple[Any, ...]:
        """What the function takes behind the bias; an output size is turned into the output padding that gives it."""
        beyond = self.output_padding if output_size is None else self._beyond(input, list(output_size))
        return self.stride, self.padding, beyond, self.groups, self.dilation

    def _beyond(self, input: Tensor, wanted: list[int]) -> tuple[int, ...]:
        rank = self.rank
        if len(wanted) == input.dim() and len(wanted) != rank:
            wanted = wanted[-rank:]
        if len(wanted) != rank:
            raise ValueError(
                f"ConvTranspose{rank}D: for {input.dim()}D input, output_size must have {rank} or {rank + 2} elements "
                f"(got {len(wanted)})"
            )
        image, padding = input.shape[-rank:], integers("padding", self.padding, rank)
        least = [
            (n - 1) * s - 2 * p + d * (k - 1) + 1
            for n, s, p, d, k in zip(image, self.stride, padding, self.dilation, self.kernel_size, strict=True)
        ]
        most = [low + step - 1 for low, step in zip(least, self.stride, strict=True)]
        if any(not low <= size <= high for low, size, high in zip(least, wanted, most, strict=True)):
            raise ValueError(
                f"requested an output size of {wanted}, but valid sizes range from {least} to {most} "
                f"(for an input of {image})"
            )
        return tuple(size - low for size, low in zip(wanted, least, strict=True))


class ConvTranspose1d(_ConvTranspose):
    """The adjoint of ``Conv1d``, with a bias; as ``ConvTranspose2d`` otherwise. Like ``torch.nn.ConvTranspose1d``."""

    rank = 1

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """Applies the layer to signals of shape (N, C, L) or (C, L)."""
        return F.conv_transpose1d(input, self.weight, self.bias, *self._settings(input, output_size))


class ConvTranspose2d(_ConvTranspose):
    """The adjoint of ``Conv2d`` with these settings, with a bias: (N, in_channels, H, W) to larger images.

    H' = (H - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1. Several sizes of
    image give the same size when a stride divides them; ``output_padding``, or ``output_size`` when the
    layer is called, tells which to give back. ``weight`` is (in_channels, out_channels // groups, kh, kw).
    Follows ``torch.nn.ConvTranspose2d``.

    >>> import groundup
    >>> layer = groundup.nn.ConvTranspose2d(8, 3, kernel_size=3, stride=2, padding=1)
    >>> layer(groundup.randn(16, 8, 14, 14), output_size=(28, 28)).shape
    groundup.Size([16, 3, 28, 28])
    """

    rank = 2

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """Applies the layer to images of shape (N, C, H, W) or (C, H, W)."""
        return F.conv_transpose2d(input, self.weight, self.bias, *self._settings(input, output_size))


class ConvTranspose3d(_ConvTranspose):
    """The adjoint of ``Conv3d``, with a bias; as ``ConvTranspose2d`` otherwise. Like ``torch.nn.ConvTranspose3d``."""

    rank = 3

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """Applies the layer to volumes of shape (N, C, D, H, W) or (C, D, H, W)."""
        return F.conv_transpose3d(input, self.weight, self.bias, *self._settings(input, output_size))
