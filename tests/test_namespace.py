"""What a script written for PyTorch asks of the main namespace and of tensors before it computes anything."""

from __future__ import annotations

import pytest

import groundup


def test_there_is_no_cuda() -> None:
    assert not groundup.cuda.is_available()
    assert groundup.cuda.device_count() == 0
    x = groundup.ones(2)
    assert (x.is_cpu, x.is_cuda, x.get_device()) == (True, False, -1)
    for thing in (x, groundup.nn.Linear(2, 2)):
        with pytest.raises(RuntimeError, match="not compiled with CUDA enabled"):
            thing.cuda()


def test_functions_of_networks_are_those_of_nn_functional() -> None:
    torch = pytest.importorskip("torch")
    for name in groundup._OF_NETWORKS:
        assert getattr(groundup, name) is getattr(groundup.nn.functional, name)
        assert hasattr(torch, name), name


def test_a_name_that_is_elsewhere_says_where() -> None:
    for name, where in groundup._ELSEWHERE.items():
        assert not hasattr(groundup, name)
        with pytest.raises(AttributeError) as caught:
            getattr(groundup, name)
        assert where in str(caught.value)
    with pytest.raises(AttributeError, match=r"^module 'groundup' has no attribute 'no_such_name'$"):
        groundup.no_such_name


def test_python_types_mean_numpys_sizes() -> None:
    assert groundup.zeros(1, dtype=float).dtype == groundup.float64
    assert groundup.zeros(1, dtype=int).dtype == groundup.int64
    assert groundup.zeros(1, dtype=bool).dtype == groundup.bool


@pytest.mark.parametrize("data", [300, [300], 300.0, -256, float("nan"), [1.0, float("inf")]])
def test_numbers_that_an_integer_type_cannot_hold_are_refused(data: object) -> None:
    with pytest.raises(RuntimeError, match=r"^value cannot be converted to type uint8 without overflow"):
        groundup.tensor(data, dtype=groundup.uint8)


def test_negative_numbers_wrap_in_an_unsigned_type() -> None:
    assert groundup.tensor([-1, 255], dtype=groundup.uint8).tolist() == [255, 255]
    assert groundup.tensor(-1, dtype=groundup.uint8).item() == 255


def test_questions_of_type() -> None:
    x = groundup.tensor([0.0])
    assert (x.is_complex(), x.is_signed(), x.byte().is_signed(), x.is_nonzero()) == (False, True, False, False)
    with pytest.raises(RuntimeError, match="more than one value is ambiguous"):
        groundup.is_nonzero(groundup.ones(2))


@pytest.mark.parametrize(
    "call, problem",
    [
        (lambda: groundup.zeros(2.5), "must be ints or a tuple of ints, not float"),
        (lambda: groundup.zeros("a"), "must be ints or a tuple of ints, not str"),
        (lambda: groundup.zeros(2, 2).reshape("a"), "must be ints or a tuple of ints, not str"),
        (lambda: groundup.zeros(groundup.ones(1)), "must be ints or a tuple of ints, not Tensor"),
        (lambda: groundup.zeros(2, 2).sum("x"), "'dim' must be int, not str"),
        (lambda: groundup.zeros(2, 2).sum(1.0), "'dim' must be tuple of ints, not float"),
        (lambda: groundup.zeros(2).fill_("x"), r"fill_\(\): argument 'value' \(position 1\) must be Number, not str"),
        (lambda: groundup.zeros(2).add(groundup.zeros(2), alpha="x"), "must be a Tensor or a number, not str"),
        (lambda: groundup.allclose(groundup.zeros(2), 3), r"'other' \(position 2\) must be Tensor, not int"),
        (lambda: groundup.isclose([0.0], groundup.zeros(1)), r"'input' \(position 1\) must be Tensor, not list"),
    ],
)
def test_an_argument_of_a_wrong_type_is_named(call: object, problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        call()


def test_float_of_several_elements() -> None:
    with pytest.raises(ValueError, match=r"^only one element tensors can be converted to Python scalars"):
        float(groundup.ones(2))


def test_arguments_have_pytorchs_names() -> None:
    x = groundup.arange(6.0).reshape(2, 3)
    assert groundup.split(tensor=x, split_size_or_sections=1)[1].equal(x.split(split_size=1)[1])
    assert groundup.swapdims(x, dim0=0, dim1=1).equal(x.T)
    assert groundup.randint(high=1, size=(2,)).tolist() == [0, 0]
    assert groundup.promote_types(type1=groundup.int8, type2=groundup.uint8) == groundup.int16
    assert groundup.zeros(2).clamp_min_(min=1).clamp_max_(max=1).tolist() == [1, 1]
    assert groundup.zeros(2, 2).addmm_(mat1=x, mat2=x.T).equal(x @ x.T)
    w = groundup.ones(2, requires_grad=True)
    outputs, ones = w * 3, groundup.ones(2)
    (found,) = groundup.autograd.grad(outputs=outputs, inputs=w, grad_outputs=ones, only_inputs=True, allow_unused=True)
    assert found.tolist() == [3, 3]
    groundup.nn.GRU(1, 1).flatten_parameters()
    assert groundup.nn.utils.clip_grad_norm_([w], 1.0, foreach=True).item() == 0


def test_diagonals_are_filled_as_in_pytorch() -> None:
    torch = pytest.importorskip("torch")
    for shape, wrap in (((7, 3), True), ((7, 3), False), ((3, 7), True), ((3, 3, 3), False), ((2, 2, 2), True)):
        expected = torch.zeros(shape).fill_diagonal_(1, wrap).tolist()
        assert groundup.zeros(shape).fill_diagonal_(1, wrap).tolist() == expected
    for shape in ((3,), (2, 3, 2)):
        with pytest.raises(RuntimeError, match="dimensions"):
            groundup.zeros(shape).fill_diagonal_(1)
