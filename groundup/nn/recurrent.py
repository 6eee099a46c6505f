"""Recurrent layers: networks that carry a state along a sequence, step by step.

One step of each kind is a plain function of the state; the products with the inputs of all steps are made at once.
Sequences have the shape (length, batch, features), with ``batch_first`` (batch, length, features), or no batch.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from groundup.functions import elementwise, index, view
from groundup.functions.creation import empty
from groundup.nn import functional as F
from groundup.nn import init
from groundup.nn.module import Module
from groundup.nn.parameter import Parameter
from groundup.nn.utils.rnn import PackedSequence
from groundup.tensor import Tensor

State = tuple[Tensor, ...]
Cut = Callable[[Tensor], Sequence[Tensor]]
Join = Callable[[Sequence[Tensor]], Tensor]


def _simple_step(activation: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor, State], State]:
    """h = activation(inputs + hidden)."""
    return lambda inputs, hidden, state: (activation(inputs + hidden),)


def _lstm_step(inputs: Tensor, hidden: Tensor, state: State) -> State:
    """c = f c + i g and h = o tanh(c), with gates between 0 and 1. Hochreiter and Schmidhuber (1997)."""
    i, f, g, o = view.chunk(inputs + hidden, 4, -1)
    c = elementwise.sigmoid(f) * state[1] + elementwise.sigmoid(i) * elementwise.tanh(g)
    return elementwise.sigmoid(o) * elementwise.tanh(c), c


def _gru_step(inputs: Tensor, hidden: Tensor, state: State) -> State:
    """h = n + z (h - n), where n sees as much of the state as r lets through. Cho et al. (2014)."""
    (r, z, n), (hr, hz, hn) = view.chunk(inputs, 3, -1), view.chunk(hidden, 3, -1)
    n = elementwise.tanh(n + elementwise.sigmoid(r + hr) * hn)
    return (n + elementwise.sigmoid(z + hz) * (state[0] - n),)


GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}  # rows of weights for each number of the state


def _activation(nonlinearity: str, owner: str) -> Callable[[Tensor], Tensor]:
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.\n  It is for {owner}.")
    return elementwise.tanh if nonlinearity == "tanh" else elementwise.relu


class _Recurrent(Module):
    """Layers of a recurrent network, in one direction or both."""

    kind: str

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        _check_settings(input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size)
        if dropout > 0 and num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
                f"num_layers greater than 1, but got dropout={dropout} and num_layers={num_layers}",
                stacklevel=3,
            )
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        out = proj_size or hidden_size
        rows = GATES[self.kind] * hidden_size
        for layer in range(num_layers):
            width = input_size if layer == 0 else out * (1 + bidirectional)
            for name in self._names(layer):
                sizes: list[tuple[str, tuple[int, ...]]] = [("weight_ih", (rows, width)), ("weight_hh", (rows, out))]
                sizes += [("bias_ih", (rows,)), ("bias_hh", (rows,))] if bias else []
                sizes += [("weight_hr", (proj_size, hidden_size))] if proj_size else []
                for part, size in sizes:
                    setattr(self, f"{part}_{name}", Parameter(empty(*size, device=device, dtype=dtype)))
        self.reset_parameters()

    def _names(self, layer: int) -> list[str]:
        """The endings of the names of a layer's parameters, one for each direction."""
        return [f"l{layer}", f"l{layer}_reverse"][: 1 + self.bidirectional]

    def _step(self) -> Callable[[Tensor, Tensor, State], State]:
        raise NotImplementedError(f"{type(self).__name__} must define _step")

    def reset_parameters(self) -> None:
        """Draws all parameters anew, uniform between -1/sqrt(hidden_size) and 1/sqrt(hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def flatten_parameters(self) -> None:
        """Does nothing: each product reads its weights where they lie."""

    def forward(self, input: Tensor | PackedSequence, hx: Any = None) -> tuple[Any, Any]:
        """The states after each step, and the last ones, (layers * directions, batch, size)."""
        if isinstance(input, PackedSequence):
            return self._packed(input, hx)
        self._check_input(input)
        batched = input.dim() == 3
        x = input if batched else input.unsqueeze(1)
        if batched and self.batch_first:
            x = view.transpose(x, 0, 1)
        x, ends = self._layers(x, self._starts(x, hx, x.shape[1], batched), view.unbind, view.stack)
        if not batched:
            x, ends = x.squeeze(1), tuple(end.squeeze(1) for end in ends)
        elif self.batch_first:
            x = view.transpose(x, 0, 1)
        return x, ends if len(ends) > 1 else ends[0]

    def _packed(self, input: PackedSequence, hx: Any) -> tuple[PackedSequence, Any]:
        """The same for packed sequences: at each step only those that are long enough."""
        data, sizes, order, back = input
        if data.dim() != 2:
            raise RuntimeError(f"input must have 2 dimensions, got {data.dim()}")
        self._check_input(data)
        counts = sizes.tolist()
        starts = self._starts(data, hx, counts[0], True)
        if order is not None and hx is not None:
            starts = tuple(index.index_select(start, 1, order) for start in starts)
        x, ends = self._layers(data, starts, lambda inputs: view.split(inputs, counts), view.cat)
        if back is not None:
            ends = tuple(index.index_select(end, 1, back) for end in ends)
        return PackedSequence(x, sizes, order, back), ends if len(ends) > 1 else ends[0]

    def _layers(self, x: Tensor, starts: State, cut: Cut, join: Join) -> tuple[Tensor, State]:
        """All layers: the states after each step, which `cut` separates and `join` puts together, and the last."""
        last: list[State] = []
        for layer in range(self.num_layers):
            outputs = []
            for name in self._names(layer):
                states, end = self._run(x, name, tuple(start[len(last)] for start in starts), cut)
                outputs.append(join(states))
                last.append(end)
            x = outputs[0] if len(outputs) == 1 else view.cat(outputs, -1)
            if self.dropout and layer < self.num_layers - 1:
                x = F.dropout(x, self.dropout, self.training)
        return x, tuple(view.stack(parts) for parts in zip(*last, strict=True))

    def _run(self, x: Tensor, name: str, start: State, cut: Cut) -> tuple[list[Tensor], State]:
        """One layer in one direction: the states in the order of the sequence, and the last of each sequence."""
        weights = {part: getattr(self, f"{part}_{name}", None) for part in ("bias_ih", "bias_hh", "weight_hr")}
        inputs = cut(F.linear(x, getattr(self, f"weight_ih_{name}"), weights["bias_ih"]))
        recurrent, step = getattr(self, f"weight_hh_{name}"), self._step()
        backwards = name.endswith("reverse")
        states: list[Tensor] = []
        ended: list[State] = []
        state = tuple(part[: len(inputs[-1])] for part in start) if backwards else start
        for each in reversed(inputs) if backwards else inputs:
            running, count = len(state[0]), len(each)
            if count > running:  # backwards: others are long enough for this step
                state = tuple(view.cat([part, new[running:count]]) for part, new in zip(state, start, strict=True))
            elif count < running:  # forwards: the shortest have ended
                ended.append(tuple(part[count:] for part in state))
                state = tuple(part[:count] for part in state)
            state = step(each, F.linear(state[0], recurrent, weights["bias_hh"]), state)
            if weights["weight_hr"] is not None:
                state = (F.linear(state[0], weights["weight_hr"]), *state[1:])
            states.append(state[0])
        for shorter in reversed(ended):
            state = tuple(view.cat(parts) for parts in zip(state, shorter, strict=True))
        return states[::-1] if backwards else states, state

    def _starts(self, x: Tensor, hx: Any, batch: int, batched: bool) -> State:
        """The states to start from, zeros if there are none: each (layers * directions, batch, size)."""
        count = self.num_layers * (1 + self.bidirectional)
        sizes = [self.proj_size or self.hidden_size] + [self.hidden_size] * (self.kind == "LSTM")
        if hx is None:
            return tuple(x.new_zeros(count, batch, size) for size in sizes)
        given = hx if self.kind == "LSTM" else (hx,)
        found = []
        for name, start, size in zip(("hidden", "cell"), given, sizes, strict=False):
            if start.dim() != (3 if batched else 2):
                kind = "batched 3-D" if batched else "unbatched 2-D"
                raise RuntimeError(
                    f"For {kind} input, hx should also be {3 if batched else 2}-D but got {start.dim()}-D tensor"
                )
            start = start if batched else start.unsqueeze(1)
            expected = (count, batch, size)
            if tuple(start.shape) != expected:
                text = f"Expected {name}[{int(name == 'cell')}]" if self.kind == "LSTM" else "Expected hidden"
                raise RuntimeError(f"{text} size {expected}, got {list(start.shape)}")
            found.append(start)
        return tuple(found)

    def _check_input(self, input: Tensor) -> None:
        weight = self.weight_ih_l0
        if input.dim() not in (2, 3):
            raise ValueError(f"{self.kind}: Expected input to be 2D or 3D, got {input.dim()}D instead")
        if input.dtype != weight.dtype:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). "
                f"Convert input: input.to({weight.dtype}), or convert model: model.to({input.dtype})"
            )
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.shape[-1]}"
            )
        if not input.shape[1 if self.batch_first and input.dim() == 3 else 0]:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")

    def extra_repr(self) -> str:
        """The sizes, and the settings that are not the usual ones."""
        usual = (
            ("proj_size", 0),
            ("num_layers", 1),
            ("bias", True),
            ("batch_first", False),
            ("dropout", 0),
            ("bidirectional", False),
        )
        parts = [f"{name}={getattr(self, name)}" for name, value in usual if getattr(self, name) != value]
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *parts])


class RNN(_Recurrent):
    """h = tanh(W_ih x + b_ih + W_hh h + b_hh), step by step; or ReLU. Follows ``torch.nn.RNN``.

    Elman (1990).

    >>> import groundup
    >>> output, last = groundup.nn.RNN(4, 3, num_layers=2)(groundup.randn(5, 2, 4))
    >>> output.shape, last.shape
    (groundup.Size([5, 2, 3]), groundup.Size([2, 2, 3]))
    """

    kind = "RNN"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        self.nonlinearity = nonlinearity
        _activation(nonlinearity, "RNN")
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype
        )

    def _step(self) -> Callable[[Tensor, Tensor, State], State]:
        return _simple_step(_activation(self.nonlinearity, "RNN"))


class LSTM(_Recurrent):
    """Long short-term memory: a state that gates write, keep and show. Follows ``torch.nn.LSTM``.

    The state is the pair (h, c); with ``proj_size`` h is projected to that size. Hochreiter and Schmidhuber (1997).

    >>> import groundup
    >>> output, (h, c) = groundup.nn.LSTM(4, 3, bidirectional=True)(groundup.randn(5, 2, 4))
    >>> output.shape, h.shape, c.shape
    (groundup.Size([5, 2, 6]), groundup.Size([2, 2, 3]), groundup.Size([2, 2, 3]))
    """

    kind = "LSTM"

    def _step(self) -> Callable[[Tensor, Tensor, State], State]:
        return _lstm_step


class GRU(_Recurrent):
    """Gated recurrent unit: as much of the state is new as a gate says. Follows ``torch.nn.GRU``.

    Cho et al. (2014).

    >>> import groundup
    >>> output, last = groundup.nn.GRU(4, 3, batch_first=True)(groundup.randn(2, 5, 4))
    >>> output.shape, last.shape
    (groundup.Size([2, 5, 3]), groundup.Size([1, 2, 3]))
    """

    kind = "GRU"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype
        )

    def _step(self) -> Callable[[Tensor, Tensor, State], State]:
        return _gru_step


class _Cell(Module):
    """One step of a recurrent network."""

    kind: str
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = GATES[self.kind] * hidden_size
        self.weight_ih = Parameter(empty(rows, input_size, device=device, dtype=dtype))
        self.weight_hh = Parameter(empty(rows, hidden_size, device=device, dtype=dtype))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, Parameter(empty(rows, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws all parameters anew, uniform between -1/sqrt(hidden_size) and 1/sqrt(hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size else 0.0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _next(self, input: Tensor, state: State | None, step: Callable[[Tensor, Tensor, State], State]) -> State:
        """The state after the step; a single example may come without its batch dimension."""
        name = f"{self.kind}Cell"
        if input.dim() not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        if state is None:
            size = (*input.shape[:-1], self.hidden_size)
            state = tuple(input.new_zeros(*size) for _ in range(2 if self.kind == "LSTM" else 1))
        if input.shape[-1] != self.input_size:
            raise RuntimeError(f"input has inconsistent input_size: got {input.shape[-1]} expected {self.input_size}")
        for i, hidden in enumerate(state):
            if hidden.dim() not in (1, 2):
                what = f"hx[{i}]" if self.kind == "LSTM" else "hidden"
                raise ValueError(f"{name}: Expected {what} to be 1D or 2D, got {hidden.dim()}D instead")
            if hidden.shape[-1] != self.hidden_size:
                raise RuntimeError(
                    f"hidden{i} has inconsistent hidden_size: got {hidden.shape[-1]}, expected {self.hidden_size}"
                )
            if hidden.shape[:-1] != input.shape[:-1]:
                raise RuntimeError(
                    f"Input batch size {input.shape[0]} doesn't match hidden{i} batch size {hidden.shape[0]}"
                )
        inputs = F.linear(input, self.weight_ih, self.bias_ih)
        return step(inputs, F.linear(state[0], self.weight_hh, self.bias_hh), state)

    def extra_repr(self) -> str:
        """The sizes, and whether there is no bias."""
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias is True else f", bias={self.bias}")


class RNNCell(_Cell):
    """One step of ``RNN``. Follows ``torch.nn.RNNCell``."""

    kind = "RNN"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The state after ``input``."""
        step = _simple_step(_activation(self.nonlinearity, "RNNCell"))
        return self._next(input, None if hx is None else (hx,), step)[0]

    def extra_repr(self) -> str:
        """The sizes, and the settings that are not the usual ones."""
        other = "" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}"
        return super().extra_repr() + other


class LSTMCell(_Cell):
    """One step of ``LSTM``. Follows ``torch.nn.LSTMCell``."""

    kind = "LSTM"

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """The state (h, c) after ``input``."""
        h, c = self._next(input, hx, _lstm_step)
        return h, c


class GRUCell(_Cell):
    """One step of ``GRU``. Follows ``torch.nn.GRUCell``."""

    kind = "GRU"

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The state after ``input``."""
        return self._next(input, None if hx is None else (hx,), _gru_step)[0]


def _check_settings(
    input_size: int, hidden_size: int, layers: int, bias: bool, batch_first: bool, dropout: float, proj_size: int
) -> None:
    flags = (("bias", bias), ("batch_first", batch_first))
    sizes = (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", layers))
    for name, value, kind in [(*size, int) for size in sizes] + [(*flag, bool) for flag in flags]:
        if not isinstance(value, kind):
            raise TypeError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")
    for name, size in sizes:
        if size <= 0:
            raise ValueError(f"{name} must be greater than zero")
    if isinstance(dropout, bool) or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
        )
    if proj_size < 0:
        raise ValueError("proj_size should be a positive integer or zero to disable projections")
    if proj_size >= hidden_size:
        raise ValueError("proj_size has to be smaller than hidden_size")
