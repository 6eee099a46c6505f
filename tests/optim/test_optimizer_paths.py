"""Each optimiser follows its formula (a judge in plain Python, which needs nothing) and PyTorch's path (live,
where it is installed), for every combination of options, over 20 steps."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import groundup
from groundup.optim import ASGD, SGD, Adadelta, Adagrad, Adam, Adamax, AdamW, NAdam, RAdam, RMSprop, Rprop

STEPS = 20
SHAPES = [(3, 4), (5,), (), (2, 1, 3), (1,)]
CLASSES = {
    kind.__name__: kind for kind in (ASGD, SGD, Adadelta, Adagrad, Adam, AdamW, Adamax, NAdam, RAdam, RMSprop, Rprop)
}


def combinations(**choices):
    return [dict(zip(choices, values)) for values in itertools.product(*choices.values())]


CASES = [
    *(
        ("SGD", options)
        for options in combinations(
            lr=[0.1],
            momentum=[0, 0.9],
            dampening=[0, 0.3],
            weight_decay=[0, 0.1],
            nesterov=[False, True],
            maximize=[False, True],
        )
        if not options["nesterov"] or (options["momentum"] and not options["dampening"])
    ),
    *(
        (name, options)
        for name in ("Adam", "AdamW")
        for options in combinations(
            lr=[0.05],
            betas=[(0.8, 0.9), (0.9, 0.999), (0.3, 0.4)],
            weight_decay=[0, 0.1],
            amsgrad=[False, True],
            maximize=[False, True],
        )
    ),
    ("Adam", {"decoupled_weight_decay": True, "weight_decay": 0.2, "eps": 1e-3}),
    *(
        ("RMSprop", options)
        for options in combinations(
            momentum=[0, 0.9], centered=[False, True], weight_decay=[0, 0.1], maximize=[False, True]
        )
    ),
    ("RMSprop", {"alpha": 0.5, "eps": 1e-2}),
    *(
        ("Adagrad", options)
        for options in combinations(
            lr=[0.1],
            lr_decay=[0, 0.2],
            weight_decay=[0, 0.1],
            initial_accumulator_value=[0, 0.5],
            maximize=[False, True],
        )
    ),
    *(
        ("Adadelta", options)
        for options in combinations(rho=[0.5, 0.9], eps=[1e-6, 0.1], weight_decay=[0, 0.1], maximize=[False, True])
    ),
    *(
        (name, options)
        for name in ("NAdam", "RAdam")
        for options in combinations(
            lr=[0.05],
            betas=[(0.8, 0.9), (0.9, 0.999), (0.5, 0.6)],
            weight_decay=[0, 0.1],
            decoupled_weight_decay=[False, True],
            maximize=[False, True],
        )
    ),
    ("NAdam", {"momentum_decay": 0.3, "eps": 1e-3}),
    *(
        ("Adamax", options)
        for options in combinations(betas=[(0.9, 0.999), (0.5, 0.6)], weight_decay=[0, 0.1], maximize=[False, True])
    ),
    *(
        ("Rprop", options)
        for options in combinations(
            etas=[(0.5, 1.2), (0.9, 3.0)], step_sizes=[(1e-6, 50), (0.005, 0.02)], maximize=[False, True]
        )
    ),
    *(
        ("ASGD", options)
        for options in combinations(
            lambd=[1e-4, 0.5], alpha=[0.75, 1.5], t0=[1e6, 4], weight_decay=[0, 0.1], maximize=[False, True]
        )
    ),
    *((name, {}) for name in CLASSES),
]


def label(case):
    name, options = case
    return name + "".join(f"-{key}={value}" for key, value in options.items())


class Path:
    """The beginning of a run and its gradients: values that do not depend on the library."""

    def __init__(self, dtype, seed=0):
        random = np.random.default_rng(seed)
        self.start = [np.asarray(random.standard_normal(shape), dtype) for shape in SHAPES]
        # One parameter in turn has no gradient, as the part of a network that a batch does not reach.
        self.grads = [
            [None if (i + t) % 4 == 3 else np.asarray(random.standard_normal(a.shape), dtype)
             for i, a in enumerate(self.start)]
            for t in range(STEPS)
        ]  # fmt: skip

    def run(self, library, optimizer_class, options, make):
        """Two groups with rates of their own; the rate is halved and a weight is changed on the way."""
        params = [make(a.copy()).requires_grad_() for a in self.start]
        options = dict(options)
        lr = options.pop("lr", 0.01)
        groups = [{"params": params[:2]}, {"params": params[2:], "lr": 3 * lr}]
        optimizer = optimizer_class(groups, lr=lr, **options)
        for t, grads in enumerate(self.grads):
            for param, grad in zip(params, grads):
                param.grad = None if grad is None else make(grad.copy())
            optimizer.step()
            if t == 8:
                optimizer.param_groups[0]["lr"] *= 0.5
                with library.no_grad():
                    params[0].mul_(0.9)
        return [param.detach().numpy() for param in params], optimizer


def assert_same_path(ours, theirs, tolerance):
    for a, b in zip(ours, theirs):
        assert a.shape == b.shape and a.dtype == b.dtype
        difference = np.abs(a.astype(np.float64) - b.astype(np.float64)).max()
        assert difference <= tolerance * max(1.0, float(np.abs(b).max())), difference


@pytest.mark.parametrize("case", CASES, ids=label)
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["float32", "float64"])
def test_path_is_pytorchs(case, dtype):
    torch = pytest.importorskip("torch")
    name, options = case
    path = Path(dtype)
    ours, _ = path.run(groundup, CLASSES[name], options, groundup.from_numpy)
    theirs, _ = path.run(torch, getattr(torch.optim, name), options, torch.as_tensor)
    assert_same_path(ours, theirs, 2e-6 if dtype is np.float32 else 1e-12)


# ---- the judge in plain Python -----------------------------------------------------------------------------


def sgd(p, g, s, t, lr, momentum=0, dampening=0, weight_decay=0, nesterov=False):
    g = g + weight_decay * p
    if momentum == 0:
        return p - lr * g
    s["v"] = momentum * s["v"] + (1 - dampening) * g if t > 1 else g
    return p - lr * (g + momentum * s["v"] if nesterov else s["v"])


def adam(p, g, s, t, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False, decoupled=False):
    b1, b2 = betas
    if decoupled:
        p = p * (1 - lr * weight_decay)
    else:
        g = g + weight_decay * p
    s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    s["v"] = b2 * s.get("v", 0) + (1 - b2) * g * g
    s["largest"] = max(s.get("largest", 0), s["v"])
    v = s["largest"] if amsgrad else s["v"]
    return p - lr * (s["m"] / (1 - b1**t)) / (math.sqrt(v / (1 - b2**t)) + eps)


def adamw(p, g, s, t, lr, weight_decay=0.01, **options):
    return adam(p, g, s, t, lr, weight_decay=weight_decay, decoupled=True, **options)


def rmsprop(p, g, s, t, lr, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False):
    g = g + weight_decay * p
    s["v"] = alpha * s.get("v", 0) + (1 - alpha) * g * g
    s["a"] = alpha * s.get("a", 0) + (1 - alpha) * g
    size = math.sqrt(s["v"] - s["a"] ** 2 if centered else s["v"]) + eps
    s["u"] = momentum * s.get("u", 0) + g / size
    return p - lr * s["u"]


def adagrad(p, g, s, t, lr, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10):
    g = g + weight_decay * p
    s["v"] = s.get("v", initial_accumulator_value) + g * g
    return p - lr / (1 + (t - 1) * lr_decay) * g / (math.sqrt(s["v"]) + eps)


def adadelta(p, g, s, t, lr, rho=0.9, eps=1e-6, weight_decay=0):
    g = g + weight_decay * p
    s["v"] = rho * s.get("v", 0) + (1 - rho) * g * g
    d = math.sqrt(s.get("u", 0) + eps) / math.sqrt(s["v"] + eps) * g
    s["u"] = rho * s.get("u", 0) + (1 - rho) * d * d
    return p - lr * d


def adamax(p, g, s, t, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0):
    g = g + weight_decay * p
    s["m"] = betas[0] * s.get("m", 0) + (1 - betas[0]) * g
    s["u"] = max(betas[1] * s.get("u", 0), abs(g) + eps)
    return p - lr / (1 - betas[0] ** t) * s["m"] / s["u"]


def averages(p, g, s, lr, betas, weight_decay, decoupled):
    if decoupled:
        p = p * (1 - lr * weight_decay)
    else:
        g = g + weight_decay * p
    s["m"] = betas[0] * s.get("m", 0) + (1 - betas[0]) * g
    s["v"] = betas[1] * s.get("v", 0) + (1 - betas[1]) * g * g
    return p, g


def nadam(p, g, s, t, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, momentum_decay=4e-3, decoupled=False):
    p, g = averages(p, g, s, lr, betas, weight_decay, decoupled)
    mu, later = (betas[0] * (1 - 0.96 ** (i * momentum_decay) / 2) for i in (t, t + 1))
    # The product is kept as a float32, here and in PyTorch.
    s["M"] = float(np.float32(np.float32(s.get("M", 1)) * np.float32(mu)))
    size = math.sqrt(s["v"] / (1 - betas[1] ** t)) + eps
    return p - lr * ((1 - mu) * g / (1 - s["M"]) + later * s["m"] / (1 - s["M"] * later)) / size


def radam(p, g, s, t, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, decoupled=False):
    p, g = averages(p, g, s, lr, betas, weight_decay, decoupled)
    step = lr * s["m"] / (1 - betas[0] ** t)
    most = 2 / (1 - betas[1]) - 1
    n = most - 2 * t * betas[1] ** t / (1 - betas[1] ** t)
    if n <= 5:
        return p - step
    r = math.sqrt((n - 4) * (n - 2) * most / ((most - 4) * (most - 2) * n))
    return p - step * r * math.sqrt(1 - betas[1] ** t) / (math.sqrt(s["v"]) + eps)


def rprop(p, g, s, t, lr, etas=(0.5, 1.2), step_sizes=(1e-6, 50)):
    product = g * s.get("before", 0)
    size = s.get("size", lr) * (etas[0] if product < 0 else etas[1] if product > 0 else 1)
    s["size"] = min(max(size, step_sizes[0]), step_sizes[1])
    s["before"] = g = 0 if product < 0 else g
    return p - math.copysign(s["size"], g) if g else p


def asgd(p, g, s, t, lr, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0):
    g = g + weight_decay * p
    eta = float(np.float32(s.get("eta", lr)))
    s["eta"] = lr / (1 + lambd * lr * t) ** alpha
    return p * (1 - lambd * eta) - eta * g


JUDGES = {"SGD": sgd, "Adam": adam, "AdamW": adamw, "RMSprop": rmsprop, "Adagrad": adagrad, "Adadelta": adadelta,
          "Adamax": adamax, "NAdam": nadam, "RAdam": radam, "Rprop": rprop, "ASGD": asgd}  # fmt: skip


def judged(path, judge, options):
    """The path by the formula, one element after another."""
    options = dict(options)
    lr = options.pop("lr", 0.01)
    sign = -1 if options.pop("maximize", False) else 1
    if "decoupled_weight_decay" in options:
        options["decoupled"] = options.pop("decoupled_weight_decay")
    ends = []
    for i, start in enumerate(path.start):
        elements = [float(x) for x in start.reshape(-1)]
        states = [{} for _ in elements]
        done = 0
        for t, grads in enumerate(path.grads):
            if grads[i] is not None:
                done += 1
                rate = (lr * (0.5 if t > 8 else 1)) if i < 2 else 3 * lr
                slopes = [sign * float(x) for x in grads[i].reshape(-1)]
                elements = [judge(p, g, s, done, rate, **options) for p, g, s in zip(elements, slopes, states)]
            if t == 8 and i == 0:
                elements = [0.9 * p for p in elements]
        ends.append(np.array(elements).reshape(start.shape))
    return ends


@pytest.mark.parametrize("case", CASES, ids=label)
def test_path_is_the_formulas(case):
    name, options = case
    path = Path(np.float64, seed=1)
    ours, _ = path.run(groundup, CLASSES[name], options, groundup.from_numpy)
    assert_same_path(ours, judged(path, JUDGES[name], options), 1e-12)


@pytest.mark.parametrize(
    ("name", "options", "wrong"),
    [
        ("SGD", {"momentum": 0.9}, {"momentum": 0.9, "dampening": 1e-5}),
        ("SGD", {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}),
        ("Adam", {"weight_decay": 0.1}, {"weight_decay": 0.1, "decoupled": True}),
        ("Adam", {"eps": 1e-8}, {"eps": 1e-7}),
        ("Adam", {"betas": (0.9, 0.9)}, {"betas": (0.9, 0.9), "amsgrad": True}),
        ("AdamW", {"betas": (0.9, 0.999)}, {"betas": (0.9, 0.99901)}),
        ("RMSprop", {"alpha": 0.9}, {"alpha": 0.9, "centered": True}),
        ("RMSprop", {}, {"momentum": 1e-6}),
        ("Adagrad", {}, {"lr_decay": 1e-4}),
        ("Adadelta", {"rho": 0.9}, {"rho": 0.9001}),
        ("Adamax", {}, {"eps": 1e-4}),
        ("NAdam", {}, {"momentum_decay": 0.0041}),
        ("RAdam", {"betas": (0.9, 0.9)}, {"betas": (0.9, 0.91)}),
        ("Rprop", {}, {"etas": (0.5, 1.21)}),
        ("ASGD", {}, {"lambd": 2e-4}),
    ],
)
def test_judges_refuse_a_wrong_path(name, options, wrong):
    path = Path(np.float64, seed=2)
    ours, _ = path.run(groundup, CLASSES[name], options, groundup.from_numpy)
    assert_same_path(ours, judged(path, JUDGES[name], options), 1e-12)
    with pytest.raises(AssertionError):
        assert_same_path(ours, judged(path, JUDGES[name], wrong), 1e-12)


# ---- what may change between steps -------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLASSES)
def test_dtype_of_parameters_stays(name):
    """A rate computed with NumPy is a float64, which NumPy would let spread to the parameter."""
    for dtype in (groundup.float16, groundup.float32, groundup.float64):
        param = groundup.ones(3, dtype=dtype, requires_grad=True)
        decay = {} if name == "Rprop" else {"weight_decay": np.float64(0.1)}
        optimizer = CLASSES[name]([param], lr=np.float64(0.1), **decay)
        for lr in (np.float64(0.2), np.float32(0.2), groundup.tensor(0.2)):
            optimizer.param_groups[0]["lr"] = lr
            param.grad = groundup.ones(3, dtype=dtype)
            optimizer.step()
            assert param.dtype is dtype
            for key, value in optimizer.state[param].items():
                if isinstance(value, groundup.Tensor) and key not in optimizer._scalars:
                    assert value.dtype is dtype


@pytest.mark.parametrize("name", CLASSES)
def test_rate_given_as_a_tensor(name):
    paths = []
    for lr in (0.1, groundup.tensor(0.1, dtype=groundup.float64)):
        param = groundup.tensor([1.0, 2.0], dtype=groundup.float64, requires_grad=True)
        optimizer = CLASSES[name]([param], lr=lr)
        param.grad = groundup.tensor([0.5, -1.0], dtype=groundup.float64)
        optimizer.step()
        paths.append(param.tolist())
    assert paths[0] == paths[1]


@pytest.mark.parametrize(
    ("name", "first", "then", "key"),
    [
        ("Adam", {}, {"amsgrad": True}, "max_exp_avg_sq"),
        ("RMSprop", {}, {"momentum": 0.9}, "momentum_buffer"),
        ("RMSprop", {}, {"centered": True}, "grad_avg"),
        ("SGD", {}, {"momentum": 0.9}, "momentum_buffer"),
    ],
)
def test_option_switched_on_later(name, first, then, key):
    param = groundup.ones(2, requires_grad=True)
    optimizer = CLASSES[name]([param], **first)
    for settings in ({}, then):
        optimizer.param_groups[0].update(settings)
        param.grad = groundup.ones(2)
        optimizer.step()
    assert optimizer.state[param][key].shape == (2,)
    assert groundup.isfinite(param).all()


@pytest.mark.parametrize("name", CLASSES)
def test_gradient_is_left_as_it_is(name):
    param = groundup.ones(3, requires_grad=True)
    param.grad = groundup.tensor([1.0, -2.0, 3.0])
    optimizer = CLASSES[name]([param], maximize=True, **({} if name == "Rprop" else {"weight_decay": 0.1}))
    for _ in range(3):
        optimizer.step()
    assert param.grad.tolist() == [1.0, -2.0, 3.0]
    assert param.requires_grad and param.is_leaf


def test_momentum_does_not_alias_the_gradient():
    param = groundup.ones(2, requires_grad=True)
    param.grad = groundup.ones(2)
    optimizer = SGD([param], lr=0.1, momentum=0.9)
    optimizer.step()
    param.grad.zero_()
    assert optimizer.state[param]["momentum_buffer"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("name", CLASSES)
def test_views_of_a_parameter_see_the_update(name):
    param = groundup.ones(2, 2, requires_grad=True)
    row, array = param.detach()[0], param.detach().numpy()
    param.grad = groundup.ones(2, 2)
    CLASSES[name]([param], lr=0.5).step()
    assert row.tolist() == param.detach()[0].tolist() == array[0].tolist() != [1.0, 1.0]


@pytest.mark.parametrize("name", CLASSES)
def test_minimum_of_a_parabola_is_found(name):
    target = groundup.tensor([1.0, -2.0, 0.5])
    param = groundup.zeros(3, requires_grad=True)
    lr = {"Adadelta": 10, "Adagrad": 0.5, "RAdam": 0.1, "Adamax": 0.1}.get(name, 0.02)
    optimizer = CLASSES[name]([param], lr=lr, **({"weight_decay": 0} if name == "AdamW" else {}))
    for _ in range(400):
        optimizer.zero_grad()
        ((param - target) ** 2).sum().backward()
        optimizer.step()
    assert (param - target).abs().max().item() < 0.02
