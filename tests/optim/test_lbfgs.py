"""L-BFGS: its path beside PyTorch's, with and without the line search, its state, and what it finds."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import groundup
from groundup.optim import LBFGS
from groundup.optim.line_search import Point, _cubic_minimum, strong_wolfe


def valley(library, x, y):
    """Rosenbrock's function in pairs, with a third parameter that has no gradient."""
    return ((1 - x) ** 2 + 100 * (y - x * x) ** 2).sum()


def waves(library, x, y):
    return (library.sin(3 * x) + x * x / 4).sum() + (y * y).sum() / 2 + library.exp(y / 5).sum()


class Run:
    def __init__(self, library, loss, options, dtype="float64"):
        dtype = getattr(library, dtype)
        starts = ([[-1.2, 0.5], [0.3, 2.0]], [[1.0, -0.4], [0.1, 1.5]], [7.0])
        self.params = [library.tensor(start, dtype=dtype, requires_grad=True) for start in starts]
        self.optimizer = library.optim.LBFGS(self.params, **options)
        self.calls = 0
        self.loss = lambda: loss(library, *self.params[:2])

    def closure(self):
        self.calls += 1
        self.optimizer.zero_grad()
        value = self.loss()
        value.backward()
        return value

    def step(self):
        return self.optimizer.step(self.closure).item()

    def values(self):
        return np.concatenate([p.detach().numpy().reshape(-1) for p in self.params])


OPTIONS = [
    {"lr": 1e-3},
    {"lr": 1e-3, "max_iter": 4, "history_size": 2},
    {"line_search_fn": "strong_wolfe"},
    {"line_search_fn": "strong_wolfe", "max_iter": 5, "history_size": 3},
    {"line_search_fn": "strong_wolfe", "max_eval": 3, "lr": 0.1},
    {"line_search_fn": "strong_wolfe", "max_eval": 1},
    {"line_search_fn": "strong_wolfe", "tolerance_grad": 1.0},
    {"line_search_fn": "strong_wolfe", "tolerance_change": 0.1},
    {"line_search_fn": "strong_wolfe", "lr": 20.0, "max_iter": 8},
]


@pytest.mark.parametrize("loss", [valley, waves])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_path_is_pytorchs(options, loss):
    torch = pytest.importorskip("torch")
    ours, theirs = Run(groundup, loss, options), Run(torch, loss, options)
    for _ in range(3):
        assert ours.step() == pytest.approx(theirs.step(), rel=1e-6)
        assert ours.calls == theirs.calls
        np.testing.assert_allclose(ours.values(), theirs.values(), rtol=1e-6, atol=1e-9)
        a, b = ours.optimizer.state[ours.params[0]], theirs.optimizer.state[theirs.params[0]]
        assert set(a) == set(b)
        for key in ("func_evals", "n_iter"):
            assert a[key] == b[key]
        for key in ("old_dirs", "old_stps", "ro"):
            assert len(a.get(key, ())) == len(b.get(key, ()))


def moved(value):
    """A state dictionary with NumPy arrays in the place of tensors."""
    if isinstance(value, dict):
        return {key: moved(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [moved(entry) for entry in value]
    return value.detach().numpy().copy() if hasattr(value, "numpy") else value


def as_tensors(library, value):
    if isinstance(value, dict):
        return {key: as_tensors(library, entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [as_tensors(library, entry) for entry in value]
    return library.tensor(value) if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize("line_search", [None, "strong_wolfe"])
def test_state_moves_to_pytorch_and_back(line_search):
    torch = pytest.importorskip("torch")
    options = {"lr": 1e-2 if line_search is None else 1, "max_iter": 5, "line_search_fn": line_search}
    ours, theirs = Run(groundup, waves, options), Run(torch, waves, options)
    ours.step()
    theirs.optimizer.load_state_dict(as_tensors(torch, moved(ours.optimizer.state_dict())))
    back = Run(groundup, waves, options)
    for library, run in ((torch, theirs), (groundup, back)):
        with library.no_grad():
            for a, b in zip(run.params, ours.params):
                a.copy_(library.tensor(b.detach().numpy().copy()))
    back.optimizer.load_state_dict(theirs.optimizer.state_dict())
    for run in (ours, theirs, back):
        run.step()
    np.testing.assert_allclose(ours.values(), theirs.values(), rtol=1e-9)
    np.testing.assert_array_equal(ours.values(), back.values())


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda optimizer: pickle.loads(pickle.dumps(optimizer))])
def test_a_copy_goes_on_alike(duplicate):
    run = Run(groundup, waves, {"max_iter": 3, "line_search_fn": "strong_wolfe"})
    run.step()
    twin = Run(groundup, waves, {})
    twin.optimizer = duplicate(run.optimizer)
    twin.params = twin.optimizer.param_groups[0]["params"]
    run.step()
    twin.step()
    np.testing.assert_array_equal(run.values(), twin.values())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_valley_is_walked_to_its_end(dtype):
    run = Run(groundup, valley, {"max_iter": 200, "line_search_fn": "strong_wolfe"}, dtype)
    assert run.step() > 100
    np.testing.assert_allclose(run.values(), [1] * 8 + [7], rtol=1e-3)
    assert run.params[0].dtype is getattr(groundup, dtype)


def test_hooks_and_closure():
    run = Run(groundup, waves, {"max_iter": 2})
    seen = []
    run.optimizer.register_step_pre_hook(lambda opt, args, kwargs: seen.append("before"))
    run.optimizer.register_step_post_hook(lambda opt, args, kwargs: seen.append("after"))
    with groundup.no_grad():
        run.step()
    assert seen == ["before", "after"] and run.calls == 2
    with pytest.raises(TypeError, match="closure"):
        run.optimizer.step()


def test_what_it_refuses():
    a, b = groundup.zeros(1, requires_grad=True), groundup.zeros(1, requires_grad=True)
    with pytest.raises(ValueError, match=r"LBFGS doesn't support per-parameter options \(parameter groups\)"):
        LBFGS([{"params": [a]}, {"params": [b]}])
    with pytest.raises(ValueError, match="parameter groups"):
        LBFGS([a]).add_param_group({"params": [b]})
    with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported"):
        LBFGS([a], line_search_fn="armijo")
    with pytest.raises(ValueError, match="Invalid learning rate: -1"):
        LBFGS([a], lr=-1)


@pytest.mark.parametrize("line_search", [None, "strong_wolfe"])
def test_losses_that_are_not_numbers_end(line_search):
    param = groundup.ones(2, requires_grad=True)
    optimizer = LBFGS([param], line_search_fn=line_search)

    def closure():
        optimizer.zero_grad()
        loss = (param * float("nan")).sum()
        loss.backward()
        return loss

    assert groundup.isnan(optimizer.step(closure))
    stopped = groundup.ones(2, requires_grad=True)
    optimizer = LBFGS([stopped], lr=0.0, line_search_fn=line_search)
    optimizer.step(lambda: (stopped * stopped).sum())


@pytest.mark.parametrize("t", [0.01, 1.0, 3.0, 40.0])
@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (lambda t: (t - 2) ** 2, lambda t: 2 * (t - 2)),
        (lambda t: np.cos(t) + t / 20, lambda t: -np.sin(t) + 0.05),
        (lambda t: -t / (t * t + 2), lambda t: (t * t - 2) / (t * t + 2) ** 2),
        (lambda t: np.exp(-3 * t) + 0.1 * t, lambda t: -3 * np.exp(-3 * t) + 0.1),
    ],
)
def test_line_search_ends_where_the_wolfe_conditions_hold(f, slope, t):
    def evaluate(t):
        return Point(t, float(f(t)), groundup.tensor(0.0), float(slope(t)))

    start = evaluate(0.1)._replace(t=0.0)
    begin, calls = 0.1, []

    def shifted(t):
        calls.append(t)
        return evaluate(begin + t)._replace(t=t)

    found, count = strong_wolfe(shifted, start, t, 1.0, 1e-9, 25)
    assert count == len(calls) < 15
    assert found.loss <= start.loss + 1e-4 * found.t * start.slope
    assert abs(found.slope) <= 0.9 * abs(start.slope)


def test_cubic_through_two_points():
    cubic = [Point(t, t**3 - 3 * t, groundup.tensor(0.0), 3 * t * t - 3) for t in (0.0, 3.0)]
    assert _cubic_minimum(cubic[0], cubic[1], 0, 3) == pytest.approx(1.0)
    assert _cubic_minimum(cubic[1], cubic[0], 0, 3) == pytest.approx(1.0)
    assert _cubic_minimum(cubic[0], cubic[1], 1.5, 3) == 1.5
    assert _cubic_minimum(cubic[0], cubic[0], 0, 4) == 2
    lost = cubic[1]._replace(loss=float("nan"))
    assert _cubic_minimum(cubic[0], lost, 0, 4) == 2
