"""Where groundup differs from PyTorch on PyTorch's own samples, on purpose or not yet, each with its reason.

`test_samples.py` fails when a sample differs that no line here names, and when a line here names nothing any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# Operations that draw random numbers, or show memory that nobody wrote: types and shapes are compared, and what
# the numbers are like is tested in tests/test_random_distributions.py.
RANDOM = frozenset(
    """
    bernoulli cauchy empty empty_like empty_permuted empty_strided exponential geometric log_normal multinomial
    new_empty new_empty_strided nn.functional.alpha_dropout nn.functional.dropout nn.functional.dropout2d
    nn.functional.dropout3d nn.functional.feature_alpha_dropout nn.functional.fractional_max_pool2d
    nn.functional.fractional_max_pool3d nn.functional.rrelu normal rand_like randint randint_like randn randn_like
    resize_ resize_as_ uniform
    """.split()
)

# Factorizations whose vectors are unique only up to a sign: compared, as in PyTorch's own tests, through a function
# of them that does not depend on it, such as their absolute values.
UP_TO_SIGN = frozenset(("linalg.eigh", "linalg.svd", "svd"))

# Factors on the usual tolerance: a sum of many terms in another order.
LOOSER: dict[str, float] = {
    # sums of a thousand terms in another order
    **dict.fromkeys(("nn.functional.conv3d", "nn.functional.conv_transpose3d"), 10.0),
    # weights are added up in double precision, in PyTorch in single
    "histogram": 10.0,
    # gradients of matrices near to singular ones, or with near values, in float32
    **dict.fromkeys(("linalg.eigh", "linalg.lstsq", "linalg.lstsq.grad_oriented", "linalg.svd", "svd"), 20.0),
    **dict.fromkeys(("linalg.multi_dot", "triangular_solve"), 20.0),
    # near a pole or far out PyTorch's float32 loses digits that are kept here, where float64 is rounded once
    **dict.fromkeys(("digamma", "special.polygamma.special_polygamma_n_0"), 20.0),
    **{f"polygamma.polygamma_n_{n}": 20.0 for n in range(5)},
    "special.log_ndtr": 5.0,
    "nn.functional.scaled_dot_product_attention": 50.0,  # PyTorch's kernel approximates exp in float32
    "pow": 10.0,  # the gradient of a broadcast exponent: a sum in another order
}


@dataclass(frozen=True)
class Known:
    """A difference: why, and in which samples (all, unless `when` says)."""

    reason: str
    when: Callable[[Any], bool] = lambda sample: True


_TIES = Known(
    "which of equal elements is named: the first (or last) here, whichever its algorithm met in PyTorch",
    lambda sample: not sample.input.is_floating_point(),
)

# By the full name of the operation.
SAMPLES: dict[str, tuple[Known, ...]] = {
    **dict.fromkeys(("kthvalue", "mode", "topk"), (_TIES,)),
    "logcumsumexp": (
        Known(
            "PyTorch's gradient goes through logarithms and loses three digits beside numbers of ten thousand",
            lambda sample: "float32" in str(sample.input.dtype) and bool((sample.input.abs() > 1000).any()),
        ),
    ),
    "cov": (
        Known(
            "a gradient that is 0 but for rounding",
            lambda sample: "float32" in str(sample.input.dtype) and tuple(sample.input.shape) == (3, 2),
        ),
    ),
    "nn.functional.scaled_dot_product_attention": (
        Known("dropout draws other numbers", lambda sample: sample.kwargs.get("dropout_p", 0) > 0),
    ),
    "nn.functional.triplet_margin_with_distance_loss": (Known("each brings a module of PyTorch as its distance"),),
    "nn.functional.multi_head_attention_forward": (Known("dropout draws other numbers"),),
    **dict.fromkeys(
        ("cholesky_inverse", "cholesky_solve"),
        (
            Known(
                "PyTorch gives a gradient to the triangle of the factor that is not read; here it is 0",
                lambda sample: (sample.args or (sample.input,))[0].numel() > 0,
            ),
        ),
    ),
    "as_strided_scatter": (
        Known(
            "PyTorch's gradient of the input is that of the elements written over, where it should be 0; here it is "
            "that of those left standing, as finite differences say",
            lambda sample: sample.input.requires_grad,
        ),
    ),
    "matrix_exp": (
        Known(
            "single precision is computed in double here; PyTorch loses the digits of small elements beside thousands",
            lambda sample: "float32" in str(sample.input.dtype),
        ),
    ),
    "nextafter": (Known("PyTorch's result asks for a gradient and then refuses to compute it"),),
}

# The same for inputs that must be refused; `when` is given PyTorch's ErrorInput.
ERRORS: dict[str, tuple[Known, ...]] = {
    "nn.functional.poisson_nll_loss": (
        Known(
            "shapes that clash are named in the order of the arguments", lambda case: case.error_type is RuntimeError
        ),
    ),
    **dict.fromkeys(
        ("amax", "amin", "aminmax"),
        (Known("NumPy itself refuses more than 64 dimensions", lambda case: case.sample_input.input.ndim > 64),),
    ),
}
ERRORS_OF_ALL = (
    Known(
        "a number is taken where PyTorch wants a tensor, as NumPy does",
        lambda case: isinstance(case.sample_input.input, int) or any(type(a) is int for a in case.sample_input.args),
    ),
)


def reason_for(listed: tuple[Known, ...], what: Any) -> Known | None:
    """The line that names this sample, or None."""
    return next((known for known in listed if known.when(what)), None)
