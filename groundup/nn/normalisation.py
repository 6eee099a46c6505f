"""Layers that normalise: over the batch, the layer, groups of channels, or each image.

Each keeps its weights, its running statistics and its settings, and calls the function of the same purpose in
``functional``. Transformers stand on ``LayerNorm`` and ``RMSNorm``, networks of convolutions on ``BatchNorm2d``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from groundup import dtypes
from groundup.autograd import no_grad
from groundup.functions.creation import empty, ones, tensor, zeros
from groundup.nn import functional as F
from groundup.nn.module import Module
from groundup.nn.parameter import Parameter
from groundup.tensor import Tensor


class _ChannelNorm(Module):
    """What batch and instance normalisation share: a weight and a bias for each channel, and running statistics."""

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float,
        momentum: float | None,
        affine: bool,
        track_running_stats: bool,
        bias: bool,
        device: Any,
        dtype: Any,
    ) -> None:
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.register_parameter("weight", _parameter(num_features, affine, device, dtype))
        self.register_parameter("bias", _parameter(num_features, affine and bias, device, dtype))
        tracked = track_running_stats
        self.register_buffer("running_mean", zeros(num_features, device=device, dtype=dtype) if tracked else None)
        self.register_buffer("running_var", ones(num_features, device=device, dtype=dtype) if tracked else None)
        self.register_buffer("num_batches_tracked", tensor(0, dtype=dtypes.int64) if tracked else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Sets the running mean to 0, the running variance to 1 and the count of batches to 0."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Sets the weight to 1, the bias to 0, and the running statistics to their start."""
        self.reset_running_stats()
        _start(self.weight, self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        """Raises unless the input has as many dimensions as this layer takes; a subclass says how many."""
        raise NotImplementedError(f"{type(self).__name__} must define _check_input_dim")

    def extra_repr(self) -> str:
        """The size and the settings."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_ChannelNorm):
    """Batch normalisation of any number of dimensions."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, bias, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        """Normalises by the batch in training, else by the running statistics, if there are any."""
        self._check_input_dim(input)
        by_batch = self.training or self.running_mean is None
        moving = self.training and self.track_running_stats
        momentum = 0.0 if self.momentum is None else self.momentum
        if moving and self.num_batches_tracked is not None:
            with no_grad():
                self.num_batches_tracked.add_(1)
            if self.momentum is None:  # the plain average over all batches
                momentum = 1.0 / float(self.num_batches_tracked)
        mean, var = (self.running_mean, self.running_var) if moving or not by_batch else (None, None)
        return F.batch_norm(input, mean, var, self.weight, self.bias, by_batch, momentum, self.eps)


class BatchNorm1d(_BatchNorm):
    """Normalises each channel of (N, C) or (N, C, L) over the batch. Follows ``torch.nn.BatchNorm1d``.

    In training by the mean and the variance of the batch, towards which the running ones move by ``momentum``
    (None: their plain average); in evaluation mode by the running ones.

    >>> import groundup
    >>> layer = groundup.nn.BatchNorm1d(1)
    >>> layer(groundup.tensor([[1.0], [3.0]])).flatten()
    tensor([-1.0000,  1.0000], grad_fn=<ViewBackward0>)
    >>> layer.running_mean
    tensor([0.2000])
    """

    def _check_input_dim(self, input: Tensor) -> None:
        _check_dim(input, 2, 3)


class BatchNorm2d(_BatchNorm):
    """Normalises each channel of images (N, C, H, W) over the batch. Follows ``torch.nn.BatchNorm2d``."""

    def _check_input_dim(self, input: Tensor) -> None:
        _check_dim(input, 4)


class BatchNorm3d(_BatchNorm):
    """Normalises each channel of volumes (N, C, D, H, W) over the batch. Follows ``torch.nn.BatchNorm3d``."""

    def _check_input_dim(self, input: Tensor) -> None:
        _check_dim(input, 5)


class _InstanceNorm(_ChannelNorm):
    """Instance normalisation of any number of dimensions."""

    spatial: int  # the dimensions behind batch and channels

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, bias, device, dtype)

    def _check_input_dim(self, input: Tensor) -> None:
        _check_dim(input, self.spatial + 1, self.spatial + 2)

    def forward(self, input: Tensor) -> Tensor:
        """Normalises each channel of each element; a single element may come without its batch dimension."""
        self._check_input_dim(input)
        batched = input.dim() == self.spatial + 2
        images = input if batched else input.unsqueeze(0)
        if self.affine and images.shape[1] != self.num_features:
            raise ValueError(
                f"expected input's size at dim={1 if batched else 0} to match num_features ({self.num_features}), "
                f"but got: {images.shape[1]}."
            )
        momentum = 0.0 if self.momentum is None else self.momentum
        own = self.training or not self.track_running_stats
        found = F.instance_norm(
            images, self.running_mean, self.running_var, self.weight, self.bias, own, momentum, self.eps
        )
        return found if batched else found.squeeze(0)


class InstanceNorm1d(_InstanceNorm):
    """Normalises each channel of each element of (N, C, L) or (C, L). Follows ``torch.nn.InstanceNorm1d``."""

    spatial = 1


class InstanceNorm2d(_InstanceNorm):
    """Normalises each channel of each image of (N, C, H, W) or (C, H, W). Follows ``torch.nn.InstanceNorm2d``."""

    spatial = 2


class InstanceNorm3d(_InstanceNorm):
    """Normalises each channel of each volume (N, C, D, H, W) or (C, D, H, W). Follows ``torch.nn.InstanceNorm3d``."""

    spatial = 3


class LayerNorm(Module):
    """Normalises over the last dimensions, whose sizes are ``normalized_shape``. Follows ``torch.nn.LayerNorm``.

    >>> import groundup
    >>> layer = groundup.nn.LayerNorm(2)
    >>> layer(groundup.tensor([[1.0, 3.0], [0.0, 8.0]]))
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]], grad_fn=<NativeLayerNormBackward0>)
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self.normalized_shape = _sizes(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self.register_parameter("weight", _parameter(self.normalized_shape, elementwise_affine, device, dtype))
        self.register_parameter("bias", _parameter(self.normalized_shape, elementwise_affine and bias, device, dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets the weight to 1 and the bias to 0."""
        _start(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Normalises ``input`` of shape (*, normalized_shape)."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The shape and the settings."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Divides by the root of the mean square over the last dimensions. Follows ``torch.nn.RMSNorm``.

    >>> import groundup
    >>> groundup.nn.RMSNorm(2, elementwise_affine=False)(groundup.tensor([3.0, 4.0]))
    tensor([0.8485, 1.1314])
    """

    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self.normalized_shape = _sizes(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self.register_parameter("weight", _parameter(self.normalized_shape, elementwise_affine, device, dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets the weight to 1."""
        _start(self.weight, None)

    def forward(self, input: Tensor) -> Tensor:
        """Normalises ``input`` of shape (*, normalized_shape)."""
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """The shape and the settings."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """Normalises the channels of each element in ``num_groups`` groups. Follows ``torch.nn.GroupNorm``.

    >>> import groundup
    >>> layer = groundup.nn.GroupNorm(2, 4, affine=False)
    >>> layer(groundup.tensor([[1.0, 3.0, 0.0, 8.0]]))
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        if num_channels % num_groups:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        self.register_parameter("weight", _parameter(num_channels, affine, device, dtype))
        self.register_parameter("bias", _parameter(num_channels, affine and bias, device, dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets the weight to 1 and the bias to 0."""
        _start(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Normalises ``input`` of shape (N, C, *)."""
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The sizes and the settings."""
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


def _parameter(size: Any, wanted: bool, device: Any, dtype: Any) -> Parameter | None:
    return Parameter(empty(size, device=device, dtype=dtype)) if wanted else None


def _start(weight: Parameter | None, bias: Parameter | None) -> None:
    with no_grad():
        if weight is not None:
            weight.fill_(1)
        if bias is not None:
            bias.zero_()


def _sizes(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    return (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)


def _check_dim(input: Tensor, *wanted: int) -> None:
    if input.dim() not in wanted:
        named = " or ".join(f"{n}D" for n in wanted)
        raise ValueError(f"expected {named} input (got {input.dim()}D input)")
