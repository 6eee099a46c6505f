"""Models read as programs, by the names of their layers, whichever library they come from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from groundup.explain.program import Argument, Program
from groundup.explain.reading import apply, read_text

# The row or formula of each, and the settings that are its further arguments.
ACTIVATIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    **{
        name: (name.lower(), ())
        for name in ("ReLU", "Tanh", "Sigmoid", "GELU", "SiLU", "Mish", "Softsign", "Hardswish")
    },
    "Hardsigmoid": ("hardsigmoid", ()),
    "LogSigmoid": ("log_sigmoid", ()),
    "ELU": ("elu", ("alpha",)),
    "LeakyReLU": ("leaky_relu", ("negative_slope",)),
    "Softplus": ("softplus", ("beta", "threshold")),
    "Softmax": ("softmax", ()),
    "LogSoftmax": ("log_softmax", ()),
}
LOSSES = {
    "MSELoss": "mse",
    "L1Loss": "l1_loss",
    "HuberLoss": "huber_loss",
    "SmoothL1Loss": "smooth_l1_loss",
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "CrossEntropyLoss": "cross_entropy",
    "NLLLoss": "nll",
    "KLDivLoss": "kl_div",
}
NORMS = {"LayerNorm": "layer_norm", "RMSNorm": "rms_norm", "BatchNorm1d": "batch_norm", "BatchNorm2d": "batch_norm_2d"}
CONVOLUTIONS = {"Conv1d": "conv1d", "Conv2d": "conv2d"}
KNOWN = ("Linear", "Sequential", "Flatten", "Identity", *CONVOLUTIONS, *NORMS, *ACTIVATIONS, *LOSSES)


def read(what: Any) -> Program:
    """The program of a text, of the name of a row, or of a layer, a loss or a sequence of layers."""
    if isinstance(what, str):
        return read_text(what)
    program = Program()
    models = what if isinstance(what, list | tuple) else [what]
    value: Argument = program.value("x")
    for model in models:
        for path, layer in _layers(model):
            value = _layer(program, value, path, layer)
    if not program.steps:
        raise ValueError(f"there is nothing to derive in {type(what).__name__}")
    return program


def _layers(model: Any, path: str = "") -> Iterable[tuple[str, Any]]:
    if hasattr(model, "backward") and hasattr(model, "apply") and not hasattr(model, "named_children"):
        name = getattr(model, "__name__", type(model).__name__)
        raise TypeError(
            f"{name} is a Function: its derivative is what its backward says, and autograd.gradcheck judges that"
        )
    if not hasattr(model, "named_children"):
        raise TypeError(f"derive takes a formula or modules, not {type(model).__name__}")
    if type(model).__name__ == "Sequential":
        for name, child in model.named_children():
            yield from _layers(child, f"{path}_{name}")
    else:
        yield path, model


def _layer(program: Program, value: Argument, path: str, layer: Any) -> Argument:
    kind = type(layer).__name__

    def own(name: str, absent: float) -> Argument:
        """A parameter of the layer, or the number that stands for it where there is none."""
        return absent if getattr(layer, name, None) is None else program.value(f"{name}{path}")

    if kind == "Identity":
        return value
    if kind == "Linear":
        return apply(program, "linear", [value, own("weight", 1.0), own("bias", 0.0)])
    if kind == "Flatten":
        return apply(program, "flatten", [value], params={"start_dim": layer.start_dim})
    if kind in NORMS:
        _check(layer, kind, "normalized_shape", lambda shape: len(shape) == 1)
        parameters = [own("weight", 1.0)] + ([own("bias", 0.0)] if kind != "RMSNorm" else [])
        eps = layer.eps if layer.eps is not None else 2.0**-23
        return apply(program, NORMS[kind], [value, *parameters], params={"eps": eps})
    if kind in CONVOLUTIONS:
        _check(layer, kind, "groups", lambda groups: groups == 1)
        _check(layer, kind, "padding", lambda padding: not isinstance(padding, str))
        windows = {name: tuple(getattr(layer, name)) for name in ("stride", "padding", "dilation")}
        return apply(program, CONVOLUTIONS[kind], [value, own("weight", 1.0), own("bias", 0.0)], params=windows)
    if kind in ACTIVATIONS:
        _check(layer, kind, "approximate", lambda approximate: approximate == "none")
        operation, settings = ACTIVATIONS[kind]
        numbers: list[Argument] = [float(getattr(layer, each)) for each in settings]
        over = {"dim": layer.dim} if getattr(layer, "dim", None) is not None else {}
        return apply(program, operation, [value, *numbers, *([1.0, 1.0] if kind == "ELU" else [])], params=over)
    if kind not in LOSSES:
        raise ValueError(f"derive knows {', '.join(KNOWN)}; the model has a {kind}")
    _check(layer, kind, "reduction", lambda reduction: reduction == "mean")
    _check(layer, kind, "label_smoothing", lambda smoothing: smoothing == 0)
    given = {name: float(getattr(layer, name)) for name in ("delta", "beta") if hasattr(layer, name)}
    return apply(program, LOSSES[kind], [value, program.value("y")], params=given)


def _check(layer: Any, kind: str, name: str, fits: Any) -> None:
    found = getattr(layer, name, None)
    if found is not None and not fits(found):
        raise ValueError(f"derive knows no {kind} with {name}={found!r}")
