"""Every elementwise in-place method computes what its function does, beside PyTorch's, in values and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import groundup

# Each with its further arguments; "like" stands for a tensor of the same shape, "row" for one that broadcasts.
METHODS: dict[str, tuple[Any, ...]] = {
    "add_": ("row",), "sub_": ("like",), "mul_": ("row",), "div_": ("like",), "pow_": (2,), "floor_divide_": ("like",),
    "remainder_": ("like",), "neg_": (), "abs_": (), "exp_": (), "log_": (), "sqrt_": (), "rsqrt_": (),
    "reciprocal_": (), "square_": (), "tanh_": (), "sigmoid_": (), "relu_": (), "floor_": (), "ceil_": (),
    "round_": (), "trunc_": (), "clamp_": (0.4, 1.2), "clamp_min_": (0.5,), "clamp_max_": (1.5,),
    "lerp_": ("like", 0.3), "addcmul_": ("row", "like"), "addcdiv_": ("like", "row"), "copy_": ("row",),
    "fill_": (2.5,), "zero_": (), "logical_not_": (), "masked_fill_": ("mask", 3.0),
    "fmod_": ("like",), "copysign_": ("row",), "float_power_": (1.5,), "ldexp_": ("row",), "sgn_": (), "exp2_": (),
    "expm1_": (), "log1p_": (), "log2_": (), "log10_": (), "xlogy_": ("row",), "hypot_": ("row",), "sin_": (),
    "cos_": (), "tan_": (), "asin_": (), "acos_": (), "atan_": (), "atan2_": ("row",), "sinc_": (), "sinh_": (),
    "cosh_": (), "asinh_": (), "acosh_": (), "atanh_": (), "logit_": (0.2,), "deg2rad_": (), "rad2deg_": (),
    "erf_": (), "erfc_": (), "erfinv_": (), "lgamma_": (), "digamma_": (), "mvlgamma_": (1,), "nan_to_num_": (),
    "frac_": (), "eq_": ("row",), "ge_": ("row",), "logical_and_": ("like",), "polygamma_": (2,),
    "cumsum_": (0,), "cumprod_": (1,), "renorm_": (2, 0, 1.0),
}  # fmt: skip
LAYOUTS = {
    "plain": lambda t, x: x,
    "transposed": lambda t, x: x.t(),
    "a slice": lambda t, x: x[:, 1:],
    "one row": lambda t, x: x[1:2],
}


def arguments(t: Any, x: Any, names: tuple[Any, ...]) -> list[Any]:
    random = np.random.default_rng(1)
    made = []
    for name in names:
        if name in ("like", "row"):
            shape = tuple(x.shape) if name == "like" else tuple(x.shape[1:])
            made.append(t.tensor(random.uniform(0.3, 2, shape)))
        elif name == "mask":
            made.append(t.tensor(random.uniform(0, 1, tuple(x.shape)) > 0.5))
        else:
            made.append(name)
    return made


# PyTorch has no derivative of the method (of digamma_ one of 11 digits).
WITHOUT = {"floor_divide_", "digamma_", "asinh_", "acosh_", "atanh_", "sgn_", "eq_", "ge_", "logical_and_"}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", [name for name in METHODS if name not in WITHOUT])
def test_in_place(name: str, layout: str) -> None:
    torch = pytest.importorskip("torch")
    values = np.random.default_rng(0).uniform(0.2, 2, (3, 4))
    found = []
    for t in (groundup, torch):
        leaf = t.tensor(values, requires_grad=True)
        x = leaf * 1
        view = LAYOUTS[layout](t, x)
        result = getattr(view, name)(*arguments(t, view, METHODS[name]))
        assert result is view
        (x * t.arange(12, dtype=t.float64).reshape(3, 4)).sum().backward()
        found.append((x.detach().numpy(), leaf.grad.numpy()))
    (ours, our_grad), (theirs, their_grad) = found
    assert np.allclose(ours, theirs, rtol=1e-12, atol=1e-14, equal_nan=True)
    assert np.allclose(our_grad, their_grad, rtol=1e-10, atol=1e-12, equal_nan=True)


@pytest.mark.parametrize("name", METHODS)
def test_the_memory_stays_where_it_was(name: str) -> None:
    x = groundup.from_numpy(np.random.default_rng(0).uniform(0.2, 2, (3, 4)))
    memory = x.numpy()
    getattr(x, name)(*arguments(groundup, x, METHODS[name]))
    assert np.shares_memory(memory, x.numpy())
    assert np.array_equal(memory, x.numpy(), equal_nan=True)
    assert x.dtype == groundup.float64


def test_overlapping_arguments_are_read_before_they_are_written() -> None:
    x = groundup.arange(5.0)
    x[1:] += x[:-1]
    assert x.tolist() == [0, 1, 3, 5, 7]
    y = groundup.arange(4.0).reshape(2, 2)
    y.add_(y.t())
    assert y.tolist() == [[0, 3], [3, 6]]
    z = groundup.arange(4.0)
    z.addcmul_(z.flip(0), groundup.ones(4))
    assert z.tolist() == [3, 3, 3, 3]
