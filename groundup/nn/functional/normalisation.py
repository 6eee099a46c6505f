"""Normalisation over a batch, a layer, groups of channels or each image, with PyTorch's names and arguments.

All of them bring the input into a shape in which the rows of ``ops.normalise`` measure and scale it. The layers of
``nn.normalisation`` keep the weights and the running statistics, and call these.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from groundup.autograd import apply, no_grad
from groundup.autograd.tape import shown_as
from groundup.functions import elementwise
from groundup.ops import ROWS
from groundup.tensor import Tensor


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * weight + bias, for each channel (dimension 1) of a batch.

    In training the mean and the variance are those of the batch, and the running ones move towards them by
    ``momentum`` (the running variance is the unbiased one); otherwise the running ones are used.
    Ioffe and Szegedy, "Batch normalization" (2015).

    >>> import groundup
    >>> groundup.nn.functional.batch_norm(groundup.tensor([[1.0], [3.0]]), None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])
    """
    _check_float("batch_norm", input)
    if input.dim() < 2:
        if input.numel():
            raise IndexError("Dimension out of range (expected to be in range of [-1, 0], but got 1)")
        return input.clone()
    channels = input.shape[1]
    if training and eps <= 0:
        raise ValueError(f"batch_norm eps must be positive during training, but got {eps}")
    if training and input.numel() == channels:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {input.shape!r}\n"
            "  one value has no variance: use a larger batch, or .eval() to normalise by the running statistics"
        )
    for name, values in (
        ("running_mean", running_mean),
        ("running_var", running_var),
        ("weight", weight),
        ("bias", bias),
    ):
        _check_channel_values(name, values, input, channels)
    for values in (running_mean, running_var, weight, bias):
        _check_same_type(values, input)
    if training:
        output = _by_batch(input, running_mean, running_var, weight, bias, momentum, eps)
    else:
        output = _by_running(input, running_mean, running_var, weight, bias, eps)
    return shown_as(output, "NativeBatchNormBackward0")


def _by_batch(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    momentum: float,
    eps: float,
) -> Tensor:
    batch, channels = input.shape[:2]
    x = _single(input)
    dim: tuple[int, ...] = (0,)
    scale: tuple[int, ...] = (channels,)
    if input.dim() > 2:
        x, dim, scale = x.reshape(batch, channels, math.prod(input.shape[2:])), (0, 2), (channels, 1)
    stats = apply(ROWS["moments"], x, dim=dim)
    if input.numel() and (running_mean is not None or running_var is not None):
        n = input.numel() // channels
        _move(running_mean, stats[0].reshape(channels), momentum)
        _move(running_var, stats[1].reshape(channels) * (n / (n - 1)), momentum)
    return _like(_normalised(x, stats, weight, bias, scale, dim, eps), input)


def _by_running(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    eps: float,
) -> Tensor:
    if running_mean is None:
        raise RuntimeError("running_mean must be defined in evaluation mode")
    if running_var is None:
        raise RuntimeError("running_var must be defined in evaluation mode")
    scale = elementwise.rsqrt(running_var + eps)
    if weight is not None:
        scale = scale * weight
    shift = -running_mean * scale
    if bias is not None:
        shift = shift + bias
    shape = (-1, *[1] * (input.dim() - 2))
    return _like(input * scale.reshape(shape) + shift.reshape(shape), input)


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * weight + bias, for each channel of each element of a batch alone.

    Running statistics are moved by the mean over the batch; ``use_input_stats=False`` normalises by them.
    Ulyanov et al., "Instance normalization" (2016).

    >>> import groundup
    >>> groundup.nn.functional.instance_norm(groundup.tensor([[[1.0, 3.0], [5.0, 5.0]]]))
    tensor([[[-1.0000,  1.0000],
             [ 0.0000,  0.0000]]])
    """
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise RuntimeError("Expected running_mean and running_var to be defined when use_input_stats is false")
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    _check_float("batch_norm", input)
    places = math.prod(input.shape[2:])
    if places == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {input.shape!r}\n"
            "  one value has no variance: instance_norm measures each channel of each element alone"
        )
    batch, channels = input.shape[:2]
    for name, values in (("weight", weight), ("bias", bias)):
        _check_channel_values(name, values, input, channels)
        _check_same_type(values, input)
    x = _single(input).reshape(batch, channels, places)
    if input.numel() and (running_mean is not None or running_var is not None):
        stats = apply(ROWS["moments"], x, dim=(2,))
        _move(running_mean, stats[0].mean(0).reshape(channels), momentum)
        _move(running_var, stats[1].mean(0).reshape(channels) * (places / (places - 1)), momentum)
    return _like(_normalised(x, 0, weight, bias, (channels, 1), (2,), eps), input)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * weight + bias over the last dimensions, whose sizes are ``normalized_shape``.

    Ba et al., "Layer normalization" (2016).

    >>> import groundup
    >>> groundup.nn.functional.layer_norm(groundup.tensor([[1.0, 3.0], [0.0, 8.0]]), (2,))
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]])
    """
    shape = _last_sizes("layer_norm", input, normalized_shape, "*, ")
    for name, values in (("weight", weight), ("bias", bias)):
        _check_last_values(name, values, shape)
        if values is not None and values.dtype != input.dtype and input.dtype.itemsize >= 4:
            raise RuntimeError(
                f"mixed dtype (CPU): expect parameter to have scalar type of {input.dtype.legacy}\n"
                f"  write input.to(groundup.{values.dtype.name}), the type of {name}, or convert the layer"
            )
    _check_float("LayerNormKernelImpl", input)
    return shown_as(_over_last(input, shape, weight, bias, eps, True), "NativeLayerNormBackward0")


def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """x / sqrt(mean(x**2) + eps) * weight over the last dimensions, whose sizes are ``normalized_shape``.

    ``eps`` None stands for the distance from 1 to the next number. Zhang and Sennrich, "Root mean square layer
    normalization" (2019).

    >>> import groundup
    >>> groundup.nn.functional.rms_norm(groundup.tensor([3.0, 4.0]), (2,))
    tensor([0.8485, 1.1314])
    """
    shape = _last_sizes("rms_norm", input, normalized_shape, "*")
    _check_last_values("weight", weight, shape)
    _check_float("rms_norm", input)
    if eps is None:  # of the type in which the mean square is added up
        eps = 2.0**-52 if input.dtype.itemsize == 8 else 2.0**-23
    return _over_last(input, shape, weight, None, eps, False)


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * weight + bias, the channels of each element measured in ``num_groups`` groups.

    ``weight`` and ``bias`` hold one number for each channel. Wu and He, "Group normalization" (2018).

    >>> import groundup
    >>> groundup.nn.functional.group_norm(groundup.tensor([[1.0, 3.0, 0.0, 8.0]]), 2)
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """
    if input.dim() < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {input.dim()}")
    shape, (batch, channels) = tuple(input.shape), input.shape[:2]
    if num_groups <= 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {num_groups}")
    if channels % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, "
            f"but got input of shape {list(shape)} and num_groups={num_groups}"
        )
    if math.prod(shape[2:]) * batch * channels == num_groups:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {list(shape)}")
    for name, values in (("weight", weight), ("bias", bias)):
        if values is not None and tuple(values.shape) != (channels,):
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, "
                f"but got {name} of shape {list(values.shape)} and input of shape {list(shape)}"
            )
        _check_same_type(values, input)
    _check_float("GroupNormKernelImpl", input)
    x = _single(input).reshape(batch, num_groups, channels // num_groups, math.prod(shape[2:]))
    output = _normalised(x, 0, weight, bias, (num_groups, channels // num_groups, 1), (2, 3), eps)
    return shown_as(_like(output, input), "NativeGroupNormBackward0")


def _over_last(
    input: Tensor, shape: tuple[int, ...], weight: Tensor | None, bias: Tensor | None, eps: float, centred: bool
) -> Tensor:
    n = math.prod(shape)
    x = _single(input)
    if x.dim() != 2 or len(shape) != 1:
        x = x.reshape(math.prod(input.shape[: -len(shape)]), n)
    return _like(_normalised(x, 0, weight, bias, (n,), (1,), eps, centred), input)


def _normalised(
    x: Tensor,
    stats: Tensor | int,
    weight: Tensor | None,
    bias: Tensor | None,
    shape: tuple[int, ...],
    dim: tuple[int, ...],
    eps: float,
    centred: bool = True,
) -> Tensor:
    """The row, with weight and bias in the shape and type in which they broadcast over x; `stats` as it wants them."""
    scale, shift = (_over(values, shape, x) for values in (weight, bias))
    return apply(
        ROWS["normalise"],
        x,
        stats,
        1 if scale is None else scale,
        0 if shift is None else shift,
        dim=dim,
        eps=eps,
        centred=centred,
    )


def _over(values: Tensor | None, shape: tuple[int, ...], x: Tensor) -> Tensor | None:
    if values is None:
        return None
    values = values if values.dtype == x.dtype else values.to(x.dtype)
    return values if values.shape == shape else values.reshape(shape)


def _single(input: Tensor) -> Tensor:
    """The input in the type in which it is measured: half precision is only a way to store it."""
    return input.float() if input.dtype.itemsize < 4 else input


def _like(output: Tensor, input: Tensor) -> Tensor:
    """The output in the shape and the type of the input."""
    output = output if output.shape == input.shape else output.reshape(input.shape)
    return output if output.dtype == input.dtype else output.to(input.dtype)


def _move(running: Tensor | None, value: Tensor, momentum: float) -> None:
    if running is not None:
        with no_grad():
            running.copy_(running * (1 - momentum) + value * momentum)


def _check_float(kernel: str, input: Tensor) -> None:
    if not input.is_floating_point():
        raise NotImplementedError(
            f"\"{kernel}\" not implemented for '{input.dtype.legacy}'\n"
            "  a mean has a fraction: convert the input with .float()"
        )


def _check_channel_values(name: str, values: Tensor | None, input: Tensor, channels: int) -> None:
    if values is not None and values.numel() != channels:
        raise RuntimeError(
            f"{name} should contain {channels} elements not {values.numel()}\n"
            f"  the input has the shape {tuple(input.shape)}, and its channels are dimension 1"
        )


def _check_same_type(values: Tensor | None, input: Tensor) -> None:
    if values is not None and values.dtype != input.dtype and input.dtype.itemsize >= 4:
        raise RuntimeError(
            "mixed dtype (CPU): all inputs must share same datatype.\n"
            f"  the input is {input.dtype.legacy}, the layer {values.dtype.legacy}: convert one with .to(dtype)"
        )


def _last_sizes(name: str, input: Tensor, normalized_shape: Sequence[int], lead: str) -> tuple[int, ...]:
    """``normalized_shape`` as a tuple, checked against the input."""
    if isinstance(normalized_shape, int):
        raise TypeError(f"{name}(): argument 'normalized_shape' (position 2) must be tuple of ints, not int")
    shape = tuple(normalized_shape)
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, "
            "but got normalized_shape = []"
        )
    if tuple(input.shape[-len(shape) :]) != shape:
        sizes = ", ".join(map(str, shape))
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [{lead}{sizes}], "
            f"but got input of size{list(input.shape)}"
        )
    return shape


def _check_last_values(name: str, values: Tensor | None, shape: tuple[int, ...]) -> None:
    if values is not None and tuple(values.shape) != shape:
        raise RuntimeError(
            f"Expected {name} to be of same shape as normalized_shape, "
            f"but got {name} of shape {list(values.shape)} and normalized_shape = {list(shape)}"
        )
