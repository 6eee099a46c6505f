"""Safe forms in programs: as eager for ordinary numbers, and right for those where the formula as written is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import groundup
from groundup.nn import functional as F
from tests.compile.passes.traced import lines, random, same, with_gradient

ROWS = groundup.arange(6)
PLACES = groundup.tensor([0, 4, 1, 2, 3, 0])
SHARES = groundup.from_numpy(np.random.default_rng(1).uniform(0, 1, (6, 5)))
X = Any


def _shares(x: X) -> X:
    return SHARES.to(x.dtype)


def _log_loss(share: X, x: X) -> X:
    return -(_shares(x) * share.log() + (1 - _shares(x)) * (1 - share).log())


# As written, and the function that is safe: in float64 it is the truth. What the program calls.
FORMS: dict[str, tuple[Callable[[X], X], Callable[[X], X], str]] = {
    "log softmax": (lambda x: F.softmax(x, -1).log(), lambda x: F.log_softmax(x, -1), "log_softmax("),
    "first axis": (lambda x: F.softmax(x, 0).log() * 2, lambda x: F.log_softmax(x, 0) * 2, "log_softmax("),
    "picked": (
        lambda x: F.softmax(x, -1)[ROWS, PLACES].log(),
        lambda x: F.log_softmax(x, -1)[ROWS, PLACES],
        "log_softmax(",
    ),
    "gathered": (
        lambda x: -F.softmax(x, -1).gather(1, PLACES[:, None]).squeeze(1).log(),
        lambda x: -F.log_softmax(x, -1).gather(1, PLACES[:, None]).squeeze(1),
        "log_softmax(",
    ),
    "sliced": (lambda x: F.softmax(x, -1)[:, 1:3].log(), lambda x: F.log_softmax(x, -1)[:, 1:3], "log_softmax("),
    "two of one": (
        lambda x: F.softmax(x, -1).log() * F.softmax(x, -1)[:, :1].log(),
        lambda x: F.log_softmax(x, -1) * F.log_softmax(x, -1)[:, :1],
        "log_softmax(",
    ),
    "entropy": (
        lambda x: -(F.softmax(x, -1) * F.softmax(x, -1).log()).sum(-1),
        lambda x: -(F.softmax(x, -1) * F.log_softmax(x, -1)).sum(-1),
        "log_softmax(",
    ),
    "log sum exp": (lambda x: x.exp().sum(-1).log(), lambda x: groundup.logsumexp(x, -1), "logsumexp("),
    "kept": (
        lambda x: x.exp().sum(0, keepdim=True).log() + x,
        lambda x: groundup.logsumexp(x, 0, keepdim=True) + x,
        "logsumexp(",
    ),
    "of all": (lambda x: x.exp().sum().log() * 2, lambda x: groundup.logsumexp(x, (0, 1)) * 2, "logsumexp("),
    "x less it": (
        lambda x: x - x.exp().sum(-1, keepdim=True).log(),
        lambda x: F.log_softmax(x, -1),
        "log_softmax(",
    ),
    "x less it, unsqueezed": (
        lambda x: x - groundup.logsumexp(x, 1)[:, None],
        lambda x: F.log_softmax(x, -1),
        "log_softmax(",
    ),
    "softmax by hand": (lambda x: x.exp() / x.exp().sum(-1, keepdim=True), lambda x: F.softmax(x, -1), "softmax("),
    "log sigmoid": (lambda x: groundup.sigmoid(x).log(), F.logsigmoid, "log_sigmoid("),
    "log of the rest": (lambda x: (1 - groundup.sigmoid(x)).log(), lambda x: F.logsigmoid(-x), "log_sigmoid("),
    "log1p of the rest": (lambda x: (-groundup.sigmoid(x)).log1p(), lambda x: F.logsigmoid(-x), "log_sigmoid("),
    "cross entropy": (
        lambda x: _log_loss(groundup.sigmoid(x), x),
        lambda x: F.binary_cross_entropy_with_logits(x, _shares(x), reduction="none"),
        "log_sigmoid(",
    ),
    "cross entropy by hand": (
        lambda x: _log_loss(1 / (1 + (-x).exp()), x),
        lambda x: F.binary_cross_entropy_with_logits(x, _shares(x), reduction="none"),
        "log_sigmoid(",
    ),
    "softplus": (lambda x: (1 + x.exp()).log(), lambda x: -F.logsigmoid(-x), "log_sigmoid("),
    "softplus, log1p": (lambda x: x.exp().log1p() * 3, lambda x: -F.logsigmoid(-x) * 3, "log_sigmoid("),
    "softplus of -x": (lambda x: -(1 + (-x).exp()).log(), F.logsigmoid, "log_sigmoid("),
    "sigmoid by hand": (lambda x: 1 / (1 + (-x).exp()), groundup.sigmoid, "sigmoid("),
    "sigmoid as a power": (lambda x: (1 + (-x).exp()) ** -1, groundup.sigmoid, "sigmoid("),
    "log1p": (lambda x: (1 + x * x).log(), lambda x: (x * x).log1p(), "np.log1p("),
    "expm1": (lambda x: (-x.abs()).exp() - 1, lambda x: (-x.abs()).expm1(), "np.expm1("),
    "sqrt of a square": (lambda x: (x * x).sqrt(), groundup.abs, "np.abs("),
}
FAR = [0.0, 1e-3, -1e-3, 1.0, -2.5, 12.0, -17.0, 60.0, -60.0, 110.0, -110.0, 700.0, -700.0, 1e4, -1e4, 3.0]


def _far(dtype: Any) -> X:
    rows = np.random.default_rng(3).choice(FAR, (6, 5))
    rows[0], rows[1] = [900, 0, -900, 1, 2], [-800, -801, -802, -900, -805]
    return groundup.from_numpy(rows.astype(dtype))


@pytest.mark.parametrize("name", FORMS)
def test_ordinary_numbers(name: str) -> None:
    written, _, called = FORMS[name]
    for function in (written, with_gradient(written)):
        assert any(called in line for line in lines(function, random(6, 5)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("reading", ["numpy", "loops"])
@pytest.mark.parametrize("name", FORMS)
def test_numbers_far_out(name: str, reading: str, dtype: Any) -> None:
    """The safe function in float64 is the truth; as written, most are inf or nan in some places."""
    written, safe, _ = FORMS[name]
    x = _far(dtype)
    if name == "sqrt of a square":
        x = x + (x == 0).to(x.dtype)  # no slope at 0
    rtol = 3e-5 if dtype == np.float32 else 1e-9
    step = groundup.compile(with_gradient(written))
    with groundup.compile.reading(reading):
        step(x)
        found = step(x)
    wanted = with_gradient(safe)(x.double())
    for a, b in zip(found, wanted, strict=True):
        bound = 1e-5 if dtype == np.float32 else 1e-12  # tiny numbers among large ones
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=rtol, atol=bound, err_msg=step.source())


def test_extremes_of_all() -> None:
    """Rows of nothing but -inf, and infinities: as the safe functions have it."""
    inf = float("inf")
    x = groundup.tensor([[-inf, -inf, 1.0], [inf, 0.0, 1.0], [float("nan"), 0.0, 1.0]])
    for name, axis in (("log sum exp", -1), ("log sigmoid", None), ("softplus", None), ("sigmoid by hand", None)):
        written, safe, _ = FORMS[name]
        step = groundup.compile(written)
        step(x)
        np.testing.assert_allclose(step(x).numpy(), safe(x).numpy(), rtol=1e-6, err_msg=f"{name} {axis}")


def test_what_is_overwritten_is_not_read_again() -> None:
    def step(x: X) -> X:
        with groundup.no_grad():
            y = x * 1.5
            share = F.softmax(y, -1)
            y.zero_()
            return share.log() + y

    compiled = groundup.compile(step)
    with groundup.compile.reading("numpy"):
        compiled(random(4, 5))
        same(compiled(random(4, 5, seed=1)), step(random(4, 5, seed=1)))
    assert "log_softmax" not in compiled.source()


def test_gradients_outside() -> None:
    """The program of the gradients is another one, and reads what the first kept."""
    written, safe, _ = FORMS["picked"]
    step = groundup.compile(lambda x: written(x * 2))
    x = _far(np.float64)
    for _ in range(2):
        found, wanted = (each.detach().requires_grad_() for each in (x, x))
        step(found).sum().backward()
        safe(wanted * 2).sum().backward()
        np.testing.assert_allclose(found.grad.numpy(), wanted.grad.numpy(), atol=1e-12)


CHANGED = {
    "log of softmax": lambda x: F.softmax(x, -1).log(),
    "log of sigmoid": lambda x: groundup.sigmoid(x).log(),
    "log of sum of exp": lambda x: x.exp().sum(-1).log(),
    "softmax by hand": lambda x: x.exp() / x.exp().sum(-1, keepdim=True),
    "softplus by hand": lambda x: (1 + x.exp()).log(),
    "sigmoid by hand": lambda x: 1 / (1 + (-x).exp()),
    "sqrt of square": lambda x: (x * x).sqrt(),
    "expm1": lambda x: x.exp() - 1,
}


@pytest.mark.parametrize("reading", ["numpy", "loops"])
@pytest.mark.parametrize("name", CHANGED)
def test_a_result_that_is_changed_before_backward(name: str, reading: str) -> None:
    """The safe form may need the result where the formula as written does not: it raises then, and is never wrong."""
    gradients = []
    compiled = groundup.compile(CHANGED[name])
    with groundup.compile.reading(reading):
        for function in (CHANGED[name], compiled, compiled, compiled):
            x = groundup.linspace(0.5, 1.5, 12).reshape(3, 4).requires_grad_()
            result = function(x)
            result.mul_(2.0)
            try:
                (result * result.detach()).sum().backward()
            except RuntimeError as error:
                assert "modified by an inplace operation" in str(error)
                continue
            gradients.append(x.grad)
    for found in gradients[1:]:
        assert groundup.allclose(found, gradients[0], atol=1e-4)
