"""Changes in place where types meet: whole numbers and bools have no gradient, whatever is written into them."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["groundup", "torch"])
def lib(request):
    return pytest.importorskip(request.param)


WRITES = {
    "setitem": lambda x, value: x.__setitem__(0, value[0]),
    "setitem of a mask": lambda x, value: x.__setitem__(x > 0, value.sum()),
    "masked_fill_": lambda x, value: x.masked_fill_(x > 0, value.sum()),
    "copy_": lambda x, value: x.copy_(value),
    "fill_": lambda x, value: x.fill_(value[0]),
}


@pytest.mark.parametrize("kind", ["int64", "bool"])
@pytest.mark.parametrize("name", WRITES)
def test_whole_numbers_pass_no_gradient_on(lib, name, kind):
    x = lib.ones(3, dtype=getattr(lib, kind))
    value = lib.tensor([1.0, 2.0, 3.0], requires_grad=True)
    if lib.__name__ == "torch" and name not in ("setitem", "copy_"):
        pytest.skip("PyTorch lets these pretend to require a gradient, which it then cannot compute")
    WRITES[name](x, value)
    assert not x.requires_grad
    assert x.is_leaf
    (x.float().sum() + value.sum()).backward()
    assert value.grad.tolist() == [1.0, 1.0, 1.0]


def test_a_quotient_may_be_changed_in_place(lib):
    a, b = lib.tensor([1.0, 2.0], requires_grad=True), lib.tensor([2.0, 4.0], requires_grad=True)
    quotient = a / b
    quotient += 1
    quotient.sum().backward()
    assert a.grad.tolist() == [0.5, 0.25]
    assert b.grad.tolist() == [-0.25, -0.125]
