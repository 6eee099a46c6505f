"""A neural network from the ground up, in Python, on NumPy alone.

This namespace is the functional surface, with PyTorch's names; `groundup.nn`, `optim`, `data` and the other rooms
load when they are first used.
"""

from __future__ import annotations

import importlib
from math import e, inf, nan, pi
from typing import Any

from groundup import autograd
from groundup.autograd.state import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from groundup.dtypes import bool_ as bool
from groundup.dtypes import (
    double,
    dtype,
    float16,
    float32,
    float64,
    get_default_dtype,
    half,
    int8,
    int16,
    int32,
    int64,
    long,
    promote_types,
    set_default_dtype,
    short,
    uint8,
)
from groundup.dtypes import float_ as float
from groundup.dtypes import int_ as int
from groundup.functions import creation
from groundup.functions.compare import (
    allclose,
    equal,
    is_floating_point,
    is_tensor,
    isclose,
    numel,
    result_type,
)
from groundup.functions.contract import addmm, bmm, dot, einsum, matmul, mm, mv, outer, tensordot
from groundup.functions.creation import (
    arange,
    as_tensor,
    bernoulli,
    device,
    empty,
    empty_like,
    eye,
    from_dlpack,
    from_numpy,
    full,
    full_like,
    get_rng_state,
    linspace,
    manual_seed,
    normal,
    ones,
    ones_like,
    rand,
    rand_like,
    randint,
    randn,
    randn_like,
    randperm,
    set_rng_state,
    zeros,
    zeros_like,
)
from groundup.functions.elementwise import (
    abs,
    add,
    addcdiv,
    addcmul,
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    ceil,
    clamp,
    clamp_max,
    clamp_min,
    cos,
    div,
    eq,
    erf,
    exp,
    expm1,
    floor,
    floor_divide,
    ge,
    gelu,
    gt,
    isfinite,
    isinf,
    isnan,
    le,
    leaky_relu,
    lerp,
    log,
    log1p,
    log2,
    log10,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    logsigmoid,
    lt,
    masked_fill,
    maximum,
    minimum,
    mul,
    ne,
    neg,
    pow,
    reciprocal,
    relu,
    remainder,
    round,
    rsqrt,
    sigmoid,
    sign,
    sin,
    softplus,
    sqrt,
    square,
    sub,
    tanh,
    trunc,
    where,
)
from groundup.functions.index import (
    gather,
    index_select,
    masked_select,
    nonzero,
    scatter,
    scatter_add,
    take_along_dim,
)
from groundup.functions.reduce import (
    all,
    amax,
    amin,
    any,
    argmax,
    argmin,
    argsort,
    count_nonzero,
    cumsum,
    log_softmax,
    logsumexp,
    max,
    mean,
    min,
    norm,
    prod,
    softmax,
    sort,
    std,
    sum,
    topk,
    var,
)
from groundup.functions.view import (
    broadcast_tensors,
    broadcast_to,
    cat,
    chunk,
    clone,
    diagonal,
    flatten,
    flip,
    movedim,
    narrow,
    permute,
    reshape,
    select,
    split,
    squeeze,
    stack,
    t,
    transpose,
    tril,
    triu,
    unbind,
    unflatten,
    unsqueeze,
)
from groundup.printing import get_printoptions, printoptions, set_printoptions
from groundup.random import Generator, default_generator, initial_seed, seed
from groundup.size import Size
from groundup.tensor import Tensor

tensor = creation.tensor  # the name of the module that holds the class gives way to the function

__version__ = "0.1.0"

absolute, clip, negative, multiply, subtract, true_divide = abs, clamp, neg, mul, sub, div
concat = concatenate = cat
swapaxes = swapdims = transpose

_ROOMS = ("compile", "data", "errors", "explain", "foundations", "io", "nn", "optim", "train", "cli")
_FILES = ("load", "save")


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"groundup.{name}")
    if name in _FILES:
        return getattr(importlib.import_module("groundup.io"), name)
    raise AttributeError(f"module 'groundup' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_ROOMS, *_FILES])
