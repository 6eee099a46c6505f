"""A neural network from the ground up, in Python, on NumPy alone.

This namespace is the functional surface, with PyTorch's names; `groundup.nn`, `optim`, `data` and the other rooms
load when they are first used.
"""

from __future__ import annotations

import importlib
from math import e, inf, nan, pi
from time import time as _now
from typing import Any

from groundup import autograd
from groundup.autograd.state import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from groundup.dtypes import (
    bfloat16,
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
from groundup.dtypes import bool_ as bool
from groundup.dtypes import float_ as float
from groundup.dtypes import int_ as int
from groundup.functions import compare, contract, creation, elementwise, index, matrices, norms, reduce, view
from groundup.functions.compare import *
from groundup.functions.contract import *
from groundup.functions.creation import *
from groundup.functions.elementwise import *
from groundup.functions.index import *
from groundup.functions.matrices import *
from groundup.functions.norms import *
from groundup.functions.reduce import *
from groundup.functions.view import *
from groundup.printing import get_printoptions, printoptions, set_printoptions
from groundup.random import Generator, default_generator, initial_seed, seed
from groundup.size import Size
from groundup.tensor import Tensor

# `groundup.tensor` is the function; the module that holds the class has the same name, and gives way.
tensor = creation.tensor

__version__ = "0.1.0"

_imported = _now()  # before this the modules were what is in memory; a file that changed later may be something else

__all__ = [
    # math
    "e",
    "inf",
    "nan",
    "pi",
    # groundup
    "autograd",
    # groundup.autograd.state
    "enable_grad",
    "inference_mode",
    "is_grad_enabled",
    "no_grad",
    "set_grad_enabled",
    # groundup.dtypes
    "bfloat16",
    "bool",
    "double",
    "dtype",
    "float",
    "float16",
    "float32",
    "float64",
    "get_default_dtype",
    "half",
    "int",
    "int16",
    "int32",
    "int64",
    "int8",
    "long",
    "promote_types",
    "set_default_dtype",
    "short",
    "uint8",
    # groundup.printing
    "get_printoptions",
    "printoptions",
    "set_printoptions",
    # groundup.random
    "Generator",
    "default_generator",
    "initial_seed",
    "seed",
    # groundup.size
    "Size",
    # groundup.tensor
    "Tensor",
]
# groundup.functions: each module lists what it makes public
__all__ += compare.__all__
__all__ += contract.__all__
__all__ += creation.__all__
__all__ += elementwise.__all__
__all__ += index.__all__
__all__ += matrices.__all__
__all__ += norms.__all__
__all__ += reduce.__all__
__all__ += view.__all__

del compare, contract, creation, elementwise, index, matrices, norms, reduce, view

_ROOMS = (
    "array_api",
    "cli",
    "compile",
    "cuda",
    "data",
    "errors",
    "explain",
    "foundations",
    "io",
    "linalg",
    "nn",
    "optim",
    "special",
    "train",
)
_LATER = {"load": "io", "save": "io", "finfo": "limits", "iinfo": "limits"}
# Functions of networks that PyTorch has in its main namespace too, with the same arguments.
_OF_NETWORKS = frozenset(
    """
    adaptive_avg_pool1d avg_pool1d bilinear celu celu_ channel_shuffle conv1d conv2d conv3d conv_transpose1d
    conv_transpose2d conv_transpose3d cosine_similarity group_norm hardshrink layer_norm max_pool1d max_pool2d
    max_pool3d pairwise_distance pixel_shuffle pixel_unshuffle prelu relu_ rms_norm rrelu rrelu_ selu selu_ threshold
    threshold_
    """.split()
)
_ELSEWHERE = {
    "func": "groundup.autograd.functional has jacobian, hessian, jvp and vjp",
    "jit": "groundup.compile traces a step",
    "set_num_threads": "the environment variable OMP_NUM_THREADS sets the threads of NumPy's products",
    "use_deterministic_algorithms": "with one seed a run repeats bit for bit, without a setting",
    "utils": "groundup.data has datasets and loaders, groundup.nn.utils what clips gradients",
}


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"groundup.{name}")
    if name in _LATER:
        return getattr(importlib.import_module(f"groundup.{_LATER[name]}"), name)
    if name in _OF_NETWORKS:
        return getattr(importlib.import_module("groundup.nn.functional"), name)
    hint = f"\n  {_ELSEWHERE[name]}." if name in _ELSEWHERE else ""
    raise AttributeError(f"module 'groundup' has no attribute {name!r}{hint}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_ROOMS, *_LATER, *_OF_NETWORKS])
