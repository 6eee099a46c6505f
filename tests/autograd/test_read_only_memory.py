"""A tensor on memory that NumPy may only read can be computed with, and says why it cannot be changed."""

import numpy as np
import pytest

import groundup


@pytest.fixture
def tensor():
    array = np.arange(4, dtype=np.float32)
    array.flags.writeable = False
    with pytest.warns(UserWarning, match="not writable"):
        return groundup.from_numpy(array)


CHANGES = {
    "add_": lambda x: x.add_(1),
    "lerp_": lambda x: x.lerp_(groundup.ones(4), 0.5),
    "fill_": lambda x: x.fill_(0),
    "normal_": lambda x: x.normal_(),
    "a number": lambda x: x.__setitem__(0, 5.0),
    "a tensor": lambda x: x.__setitem__(slice(2), groundup.ones(2)),
    "a mask": lambda x: x.__setitem__(groundup.tensor([True, False, False, True]), 2.0),
    "a view": lambda x: x[1:].mul_(2),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_refused(tensor, change):
    with pytest.raises(RuntimeError, match=r"the tensor's memory is read-only.*\n.*Change a \.clone\(\)"):
        CHANGES[change](tensor)
    assert tensor.tolist() == [0, 1, 2, 3]


def test_it_can_be_computed_with(tensor):
    assert (tensor * 2).tolist() == [0, 2, 4, 6]
    assert tensor.clone().add_(1).tolist() == [1, 2, 3, 4]
