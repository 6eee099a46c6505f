"""What users' code does in the middle of a walk: hooks that answer wrongly, errors, gradients put there by hand."""

from __future__ import annotations

import signal
import threading

import pytest

import groundup


@pytest.fixture(params=["groundup", "torch"])
def lib(request):
    return pytest.importorskip(request.param)


@pytest.mark.parametrize("leaf", [True, False])
@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (lambda g: g.sum(), RuntimeError, "hook '<lambda>' has changed the size of value"),
        (lambda g: g.expand(2, 3), RuntimeError, "hook '<lambda>' has changed the size of value"),
        (lambda g: g.double(), RuntimeError, "hook '<lambda>' has changed the type of value"),
        (lambda g: 3, TypeError, "expected Variable, but hook returned 'int'"),
    ],
)
def test_a_hook_returns_a_gradient_of_the_same_kind(lib, leaf, answer, error, text):
    x = lib.ones(3, requires_grad=True)
    y = x * 2
    (x if leaf else y).register_hook(answer)
    with pytest.raises(error, match=text):
        y.sum().backward()


def _two_outputs(lib):
    class Two(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1, x * 2

        @staticmethod
        def backward(ctx, first, second):
            return first + 2 * second

    return Two


@pytest.mark.parametrize("broken", [0, 1])
def test_a_walk_that_failed_leaves_nothing_in_a_function(lib, broken):
    def fail(g):
        raise ValueError("on purpose")

    x = lib.tensor([1.0], requires_grad=True)
    outputs = _two_outputs(lib).apply(x)
    used = [each * 1 for each in outputs]
    handle = used[broken].register_hook(fail)
    with pytest.raises(ValueError, match="on purpose"):
        (used[0] + used[1]).sum().backward(retain_graph=True)
    handle.remove()
    used[broken].sum().backward()
    assert x.grad.tolist() == [[1.0], [2.0]][broken]


def test_threads_may_walk_one_graph_with_a_function():
    x = groundup.ones(100, requires_grad=True)
    first, second = _two_outputs(groundup).apply(x)
    total = (first * second).sum()
    errors = []

    def walk():
        for _ in range(30):
            (g,) = groundup.autograd.grad(total, x, retain_graph=True)
            if g.tolist() != [4.0] * 100:
                errors.append(g)

    threads = [threading.Thread(target=walk) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not errors


def test_a_leaf_that_was_detached_collects_no_more(lib):
    for stop in (lambda x: x.detach_(), lambda x: x.requires_grad_(False)):
        x = lib.ones(2, requires_grad=True)
        y = (x * 3).sum()
        stop(x)
        y.backward()
        assert x.grad is None


def test_an_expanded_gradient_that_was_put_there_is_added_to():
    x = groundup.ones(3, requires_grad=True)
    x.grad = groundup.ones(1).expand(3)
    (x * groundup.tensor([1.0, 2.0, 3.0])).sum().backward()
    assert x.grad.tolist() == [2.0, 3.0, 4.0]


def test_a_gradient_is_of_the_tensors_type(lib):
    x = lib.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="grad"):
        x.grad = lib.ones(3, dtype=lib.float64)
    assert x.grad is None


def test_a_gradient_is_of_the_tensors_size(lib):
    x = lib.ones(2, requires_grad=True)
    with pytest.raises(
        RuntimeError, match=r"^attempting to assign a gradient of size '\[3\]' to a tensor of size '\[2\]'"
    ):
        x.grad = lib.ones(3)
    assert x.grad is None


def test_a_gradient_that_was_used_and_added_to_is_noticed():
    x, w = groundup.ones(2, requires_grad=True), groundup.ones(2, requires_grad=True)
    (x * 2).sum().backward()
    product = (x.grad * w).sum()
    (x * 2).sum().backward()
    with pytest.raises(RuntimeError, match=r"changed by    backward, which added to a \.grad"):
        product.backward()


def test_the_first_gradient_takes_the_type_of_the_output(lib):
    for create_graph in (False, True):
        x = lib.ones(3, requires_grad=True)
        (g,) = lib.autograd.grad(x * x, x, lib.ones(3, dtype=lib.float64), create_graph=create_graph)
        assert g.dtype == lib.float32


def test_an_empty_list_of_inputs_is_refused(lib):
    x = lib.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"`inputs` argument to `backward\(\)` cannot be empty"):
        x.sum().backward(inputs=[])
    with pytest.raises(RuntimeError, match=r"`inputs` argument to `grad\(\)` cannot be empty"):
        lib.autograd.grad(x.sum(), [])


def test_only_tensors_have_gradients():
    with pytest.raises(TypeError, match="gradients start from tensors, but element 0 is of type float"):
        groundup.autograd.backward([1.0])


def test_a_view_is_not_detached_in_place(lib):
    y = lib.ones(3, requires_grad=True) * 2
    with pytest.raises(RuntimeError, match=r"Can't detach views in-place. Use detach\(\) instead"):
        y[:2].detach_()


def test_an_interrupt_during_backward_leaves_the_grad_mode_alone():
    x = groundup.ones(3, requires_grad=True)
    y = x * 2

    def interrupt(g):
        signal.raise_signal(signal.SIGINT)

    handle = y.register_hook(interrupt)
    with pytest.raises(KeyboardInterrupt):
        y.sum().backward(retain_graph=True)
    assert groundup.is_grad_enabled()
    handle.remove()
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0, 2.0]


class _Notices(groundup.Tensor):
    """A leaf that runs a backward pass of its own whenever its gradient is set, as a finaliser might."""

    @property
    def grad(self):
        return self._grad

    @grad.setter
    def grad(self, value):
        self._grad = value
        with groundup.enable_grad():
            self.other.sum().backward()


def test_backward_inside_the_collecting_of_another_one():
    x = _Notices([1.0, 2.0]).requires_grad_()
    x.other = groundup.ones(2, requires_grad=True)
    (x * 2).sum().backward()
    assert x._grad.tolist() == [2.0, 2.0]
    assert x.other.grad.tolist() == [1.0, 1.0]
