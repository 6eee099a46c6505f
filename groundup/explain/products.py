"""How many multiplications and additions the products of a layer take, by the kind of layer.

Counted are matrix products, convolutions, recurrences and attention, 2 for each product of two numbers that is added
up, as is usual (PyTorch's own counter does the same); biases and elementwise work are small beside them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

Shape = tuple[int, ...]
Rule = Callable[[Any, list[Shape], list[Shape]], int]


def flops_of(module: Any, inputs: list[Shape], outputs: list[Shape]) -> int | None:
    """The FLOPs of one call of the module itself; None for a module with parameters whose kind is not known.

    >>> from groundup import nn
    >>> flops_of(nn.Linear(784, 10), [(64, 784)], [(64, 10)])
    1003520
    """
    for kind in type(module).__mro__:
        if kind.__name__ in _RULES:
            return _RULES[kind.__name__](module, inputs, outputs)
        if kind.__name__ in _NO_PRODUCTS:
            return 0
    return None if any(True for _ in module.parameters(recurse=False)) else 0


def _linear(module: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    return 2 * math.prod(outputs[0]) * module.weight.shape[1]


def _bilinear(module: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    rows = math.prod(outputs[0][:-1])
    out, first, second = module.weight.shape
    return 2 * rows * out * second * (first + 1)


def _conv(module: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    """Each output element is a product of a window with a kernel."""
    return 2 * math.prod(outputs[0]) * math.prod(module.weight.shape[1:])


def _conv_transpose(module: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    """Each input element is multiplied with a kernel."""
    return 2 * math.prod(inputs[0]) * math.prod(module.weight.shape[1:])


def _recurrent(module: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    """Every weight meets every step of every sequence once."""
    weights = [weight for name, weight in module.named_parameters() if name.startswith("weight")]
    steps = math.prod(inputs[0]) // module.input_size
    return 2 * steps * sum(math.prod(weight.shape) for weight in weights)


def _attention(module: Any, inputs: list[Shape], outputs: list[Shape]) -> int:
    """The four projections, the scores and the weighted sums."""
    query, key, value = inputs[:3]
    batched = len(query) == 3
    batch = 1 if not batched else query[0] if module.batch_first else query[1]
    targets, sources = (math.prod(shape[:-1]) // batch for shape in (query, key))
    width = module.embed_dim
    projections = width * (2 * targets * width + sources * (key[-1] + value[-1]))
    return 2 * batch * (projections + 2 * targets * sources * width)


_CELLS = ("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell")
_RULES: dict[str, Rule] = {
    "Linear": _linear,
    "Bilinear": _bilinear,
    **{f"Conv{n}d": _conv for n in (1, 2, 3)},
    **{f"ConvTranspose{n}d": _conv_transpose for n in (1, 2, 3)},
    **dict.fromkeys(_CELLS, _recurrent),
    "MultiheadAttention": _attention,
}
# They have parameters, which are looked up, or multiplied element by element.
_NO_PRODUCTS = {
    "Embedding",
    "EmbeddingBag",
    "PReLU",
    "LayerNorm",
    "GroupNorm",
    "RMSNorm",
    *(f"{norm}{n}d" for norm in ("BatchNorm", "InstanceNorm") for n in (1, 2, 3)),
}
