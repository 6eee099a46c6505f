"""The random numbers: frozen values, independence of chunks and threads, the generator, errors."""

from __future__ import annotations

import copy
import math
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest

from groundup import random
from groundup.random import Generator, draws, generator

DRAWS = {
    "uniform16": lambda n, g: random.uniform(n, np.float16, generator=g),
    "uniform32": lambda n, g: random.uniform(n, generator=g),
    "uniform64": lambda n, g: random.uniform(n, np.float64, -2.0, 5.0, generator=g),
    "normal16": lambda n, g: random.normal(n, np.float16, generator=g),
    "normal32": lambda n, g: random.normal(n, generator=g),
    "normal32 scaled": lambda n, g: random.normal(n, mean=3.0, std=0.1, generator=g),
    "normal64": lambda n, g: random.normal(n, np.float64, mean=-1.0, std=2.0, generator=g),
    "integers small": lambda n, g: random.integers(n, -5, 5, generator=g),
    "integers int8": lambda n, g: random.integers(n, -128, 128, np.int8, generator=g),
    "integers middle": lambda n, g: random.integers(n, -5, 10**6, generator=g),
    "integers 2**40": lambda n, g: random.integers(n, 0, 2**40, generator=g),
    "integers large": lambda n, g: random.integers(n, -(10**18), 10**18, generator=g),
    "bernoulli": lambda n, g: random.bernoulli(n, 0.3, g),
    "keep_mask": lambda n, g: random.keep_mask(n, 0.3, g),
    "keep_mask rare": lambda n, g: random.keep_mask(n, 0.001, g),
}
each_draw = pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS.keys())


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


# --- the stream ---------------------------------------------------------------------------------------------


def philox(key: int, counter: int) -> list[int]:
    """Philox4x64-10 written out from the paper: the four words for one counter."""
    limit = 2**64
    x, k = [counter, 0, 0, 0], [key, 0]
    for _ in range(10):
        high0, low0 = divmod(0xD2E7470EE14C6C93 * x[0], limit)
        high1, low1 = divmod(0xCA5A826395121157 * x[2], limit)
        x = [high1 ^ x[1] ^ k[0], low1, high0 ^ x[3] ^ k[1], low0]
        k = [(k[0] + 0x9E3779B97F4A7C15) % limit, (k[1] + 0xBB67AE8584CAA73B) % limit]
    return x


@pytest.mark.parametrize("seed", [0, 1, 2**64 - 1])
def test_the_words_are_philox_of_block_and_seed(seed: int) -> None:
    drawn = random.integers(12, 0, 2**64, np.uint64, seeded(seed))
    assert drawn.tolist() == [word for block in (1, 2, 3) for word in philox(seed, block)]


def one_normal(seed: int, i: int) -> float:
    """Element i of the float64 normal numbers, by `math` and alone."""
    words = philox(seed, i // 4 + 1)
    a, b = words[i % 4 // 2 * 2 : i % 4 // 2 * 2 + 2]
    radius = math.sqrt(-2 * math.log((a | 1) / 2**64))
    turn = math.pi * (b - 2**64 if b >= 2**63 else b) / 2**63
    return radius * (math.sin(turn) if i % 2 else math.cos(turn))


def test_normal_numbers_are_those_of_box_and_muller() -> None:
    exact = [one_normal(5, i) for i in range(400)]
    np.testing.assert_allclose(random.normal(400, np.float64, generator=seeded(5)), exact, rtol=0, atol=5e-15)


def test_normal_float32_follows_its_formula() -> None:
    units = random.integers(40_000, 0, 2**64, np.uint64, seeded(6)).view(np.uint32).astype(np.int64)
    a, b = units[0::2] | 1, units[1::2]
    radius = np.sqrt(-2 * np.log(a / 2**32))
    turn = np.pi * np.where(b >= 2**31, b - 2**32, b) / 2**31
    exact = np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1).reshape(-1)
    np.testing.assert_allclose(random.normal(80_000, generator=seeded(6)), exact, rtol=0, atol=2e-6)


def test_integers_follow_their_formula() -> None:
    words = [word for block in range(1, 5) for word in philox(1, block)]
    for span, bits in ((1000, 32), (10**9, 64), (2**50, 64), (10**17, 128)):
        number = sum(word << 64 * i for i, word in enumerate(words))
        units = [number >> bits * i & ((1 << bits) - 1) for i in range(1024 // bits)]
        found = random.integers(len(units), 0, span, generator=seeded(1)).tolist()
        assert found == [unit * span >> bits for unit in units]


def test_frozen_values() -> None:
    """The stream must not change: saved runs repeat only as long as these hold, on every machine."""
    g = seeded(42)
    found = {
        "uniform16": random.uniform(3, np.float16, generator=g).tolist(),
        "uniform32": [float(v).hex() for v in random.uniform(3, generator=g)],
        "uniform64": [float(v).hex() for v in random.uniform(2, np.float64, generator=g)],
        "normal32": [float(v).hex() for v in random.normal(4, generator=g)],
        "normal64": [float(v).hex() for v in random.normal(4, np.float64, generator=g)],
        "integers": random.integers(5, 0, 10, generator=g).tolist(),
        "middle": random.integers(3, 0, 10**6, generator=g).tolist(),
        "large": random.integers(2, 0, 10**18, generator=g).tolist(),
        "permutation": random.permutation(8, g).tolist(),
        "bernoulli": random.bernoulli(8, 0.5, g).astype(int).tolist(),
        "keep_mask": random.keep_mask(8, 0.5, g).astype(int).tolist(),
        "state": g.get_state().tolist(),
    }
    assert found == FROZEN


FROZEN = {
    "uniform16": [0.53125, 0.30224609375, 0.50537109375],
    "uniform32": ["0x1.870f8c0000000p-2", "0x1.78f6a80000000p-2", "0x1.4097a00000000p-1"],
    "uniform64": ["0x1.c0eba9c6c350ap-1", "0x1.88b9341c7069bp-1"],
    "normal32": [
        "0x1.68a4200000000p-3",
        "0x1.3fb8d80000000p-4",
        "-0x1.6f69140000000p+0",
        "-0x1.1a135c0000000p-1",
    ],
    "normal64": [
        "0x1.747ab1d385b95p-4",
        "-0x1.18cc06386dad2p-3",
        "-0x1.f49641f4b2647p-3",
        "-0x1.054bf10c53719p+0",
    ],
    "integers": [0, 9, 1, 6, 8],
    "middle": [849541, 740614, 443454],
    "large": [147983070252070773, 758217839665210476],
    "permutation": [1, 5, 7, 6, 0, 4, 3, 2],
    "bernoulli": [1, 0, 0, 0, 1, 0, 0, 1],
    "keep_mask": [0, 1, 0, 0, 1, 1, 0, 0],
    "state": [112, 104, 105, 108, 111, 120, 45, 49, 42, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0],
}


# --- independence of how it is cut --------------------------------------------------------------------------


@each_draw
def test_same_seed_same_numbers(draw) -> None:
    for n in (1, 10, 3000, 20_000):
        first, again, other = draw(n, seeded(3)), draw(n, seeded(3)), draw(n, seeded(4))
        np.testing.assert_array_equal(first, again)
        assert n < 100 or not np.array_equal(first, other)


@each_draw
def test_chunks_do_not_show(draw, monkeypatch: pytest.MonkeyPatch) -> None:
    n = 20_003
    monkeypatch.setattr(generator, "NEAR", 0)
    monkeypatch.setattr(draws, "NEAR", 0)
    whole = draw(n, seeded())
    monkeypatch.setattr(generator, "_CHUNK", 5)
    np.testing.assert_array_equal(draw(n, seeded()), whole)
    for near in (generator, draws):
        monkeypatch.setattr(near, "NEAR", 10**6)
    np.testing.assert_array_equal(draw(n, seeded()), whole)


@each_draw
def test_a_longer_draw_begins_with_the_shorter_one(draw) -> None:
    long = draw(9001, seeded())
    for n in (1, 2, 7, 100, 4099):
        np.testing.assert_array_equal(draw(n, seeded()), long[:n])


@each_draw
def test_values_made_ahead_are_those_of_the_position(draw) -> None:
    """Small draws of every kind in turn give what a generator gives that begins at each place afresh."""
    mixed = seeded()
    for n in (1, 3, 40, 200, 5, 3000, 10_000, 6):
        state = mixed.get_state()
        random.normal(2, generator=Generator().set_state(state))
        np.testing.assert_array_equal(draw(n, mixed), draw(n, Generator().set_state(state)))
        random.normal(n, generator=mixed)


def test_draws_take_whole_blocks() -> None:
    for n, blocks in ((0, 0), (1, 1), (8, 1), (9, 2), (10_000, 1250)):
        g = seeded()
        random.uniform(n, generator=g)
        assert g.reserve(0) == (0, blocks)


def test_shape_does_not_show() -> None:
    flat = random.normal(24, generator=seeded())
    shaped = random.normal((2, 3, 4), generator=seeded())
    assert shaped.shape == (2, 3, 4) and shaped.flags.owndata
    np.testing.assert_array_equal(shaped.reshape(-1), flat)
    assert random.normal((), generator=seeded()).shape == ()
    assert random.uniform((3, 0)).shape == (3, 0)


def test_results_are_the_caller_s_own() -> None:
    for draw in DRAWS.values():
        first = draw(10, seeded())
        kept = first.copy()
        g = seeded()
        draw(10, g)[...] = 0
        np.testing.assert_array_equal(draw(10, g.manual_seed(0)), kept)


def test_threads_share_a_generator() -> None:
    """Each draw is whole, none is given twice, and together they are what one thread would have drawn."""
    shared, sizes = seeded(9), [8, 4000, 64, 2048, 16]
    found: list[np.ndarray] = []

    def work() -> None:
        for size in sizes * 10:
            found.append(random.integers(size, 0, 2**32, generator=shared))

    threads = [threading.Thread(target=work) for _ in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    total = 4 * 10 * sum(sizes)
    assert sum(map(len, found)) == total
    alone = random.integers(total, 0, 2**32, generator=seeded(9))
    np.testing.assert_array_equal(np.sort(np.concatenate(found)), np.sort(alone))


# --- the generator ------------------------------------------------------------------------------------------


def test_state_round_trip() -> None:
    g = seeded(7)
    random.normal(11, generator=g)
    state = g.get_state()
    assert state.dtype == np.uint8 and state.shape == (24,)
    ahead = random.normal(1000, generator=g)
    assert g.set_state(state) is g
    np.testing.assert_array_equal(random.normal(1000, generator=g), ahead)
    assert Generator().set_state(state).initial_seed() == 7


@pytest.mark.parametrize(
    "clone", [copy.copy, copy.deepcopy, lambda g: pickle.loads(pickle.dumps(g)), Generator.clone_state]
)
def test_clones_go_on_alike_and_apart(clone) -> None:
    g = seeded(8)
    random.uniform(5, generator=g)
    other = clone(g)
    assert type(other) is Generator and other is not g
    expected = random.uniform(50, generator=g)
    np.testing.assert_array_equal(random.uniform(50, generator=other), expected)


def test_seeds() -> None:
    g = Generator()
    assert g.initial_seed() == 67280421310721
    assert g.manual_seed(5) is g and g.initial_seed() == 5
    assert g.manual_seed(np.int64(6)).initial_seed() == 6
    assert g.manual_seed(-1).initial_seed() == 2**64 - 1
    assert g.manual_seed(-(2**63)).initial_seed() == 2**63
    fresh = g.seed()
    assert g.initial_seed() == fresh and 0 <= fresh < 2**63
    assert g.seed() != fresh


def test_seeds_as_torch() -> None:
    torch = pytest.importorskip("torch")
    assert Generator().initial_seed() == torch.Generator().initial_seed()
    for seed in (0, -1, -(2**63), 2**64 - 1):
        assert seeded(seed).initial_seed() == torch.Generator().manual_seed(seed).initial_seed()


def test_the_default_generator() -> None:
    state = random.get_rng_state()
    try:
        assert random.manual_seed(3) is random.default_generator
        assert random.initial_seed() == 3
        first = random.uniform(4)
        np.testing.assert_array_equal(first, random.uniform(4, generator=seeded(3)))
        place = random.get_rng_state()
        ahead = random.uniform(4)
        random.set_rng_state(place)
        np.testing.assert_array_equal(random.uniform(4), ahead)
        assert random.seed() == random.initial_seed()
    finally:
        random.set_rng_state(state)


def test_a_fresh_process_has_its_own_seed_and_loads_nothing_heavy() -> None:
    code = (
        "import sys, numpy; before = 'numpy.random' in sys.modules; import groundup.random as r; "
        "print(r.initial_seed(), before or 'numpy.random' not in sys.modules)"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True) for _ in range(2)]
    (seed_a, light), (seed_b, _) = (run.stdout.split() for run in runs)
    assert seed_a != seed_b and light == "True"


# --- errors -------------------------------------------------------------------------------------------------

ERRORS = [
    (lambda: random.normal(3, std=-1.0), RuntimeError, "normal expects std >= 0.0, but found std -1.0"),
    (lambda: random.normal(3, std=math.nan), RuntimeError, "normal expects std >= 0.0, but found std nan"),
    (
        lambda: random.normal(3, np.int64),
        NotImplementedError,
        "\"normal_kernel_cpu\" not implemented for 'Long'",
    ),
    (
        lambda: random.uniform(3, np.int32),
        NotImplementedError,
        "\"check_uniform_bounds\" not implemented for 'Int'",
    ),
    (
        lambda: random.uniform(3, low=1, high=0),
        RuntimeError,
        "uniform_ expects to return a [from, to) range, but found from=1 > to=0",
    ),
    (
        lambda: random.uniform(3, low=-3e38, high=3e38),
        RuntimeError,
        "uniform_ expects to-from <= std::numeric_limits",
    ),
    (lambda: random.uniform(3, high=math.inf), RuntimeError, "to is out of bounds for float"),
    (lambda: random.uniform(3, low=math.nan), RuntimeError, "from is out of bounds for float"),
    (lambda: random.uniform(3, np.float16, high=1e5), RuntimeError, "to is out of bounds for c10::Half"),
    (
        lambda: random.integers(3, 5, 5),
        RuntimeError,
        "random_ expects 'from' to be less than 'to', but got from=5 >= to=5",
    ),
    (lambda: random.integers(3, 0, 300, np.uint8), RuntimeError, "to - 1 is out of bounds for unsigned char"),
    (lambda: random.integers(3, -1, 3, np.uint8), RuntimeError, "from is out of bounds for unsigned char"),
    (lambda: random.integers(3, 0, 2**64), RuntimeError, "to - 1 is out of bounds for long"),
    (lambda: random.integers(3, 0, 3, np.bool_), RuntimeError, "to - 1 is out of bounds for bool"),
    (
        lambda: random.integers(3, 0, 3, np.complex64),
        RuntimeError,
        "check_random_bounds handles only integral, floating-point and boolean types",
    ),
    (
        lambda: random.integers(3, 0, 2**63 + 1, np.float64),
        RuntimeError,
        "random_ expects bounds that fit in an int64",
    ),
    (
        lambda: random.permutation(-1),
        RuntimeError,
        "Trying to create tensor with negative dimension -1: [-1]",
    ),
    (
        lambda: random.uniform((2, -3)),
        RuntimeError,
        "Trying to create tensor with negative dimension -3: [2, -3]",
    ),
    (lambda: random.bernoulli(3, 1.5), RuntimeError, "bernoulli_ expects p to be in [0, 1], but got p=1.5"),
    (
        lambda: random.bernoulli(3, math.nan),
        RuntimeError,
        "bernoulli_ expects p to be in [0, 1], but got p=nan",
    ),
    (
        lambda: random.bernoulli(1, np.array([1.5])),
        RuntimeError,
        "Expected p_in >= 0 && p_in <= 1 to be true, but got false.",
    ),
    (
        lambda: random.keep_mask(3, 1.5),
        ValueError,
        "dropout probability has to be between 0 and 1, but got 1.5",
    ),
    (
        lambda: random.uniform(3, generator=5),
        TypeError,
        "generator must be a groundup.Generator or None, not int",
    ),
    (lambda: Generator("cuda"), RuntimeError, "Expected a cpu device for a generator, but got cuda"),
    (lambda: seeded(2**64), ValueError, "Overflow when unpacking long long"),
    (lambda: seeded(1.5), RuntimeError, "manual_seed expected a long, but got float"),
    (lambda: seeded(True), RuntimeError, "manual_seed expected a long, but got bool"),
    (lambda: Generator().set_state(np.zeros(3)), TypeError, "RNG state must be a torch.ByteTensor"),
    (
        lambda: Generator().set_state(np.zeros(3, np.uint8)),
        RuntimeError,
        "Expected a CPUGeneratorImplState of size 24 but found the input RNG state size to be 3",
    ),
    (lambda: Generator().set_state(np.zeros(24, np.uint8)), RuntimeError, "Invalid RNG state"),
]


@pytest.mark.parametrize(("call", "kind", "text"), ERRORS, ids=[text[:40] for _, _, text in ERRORS])
def test_errors(call, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value).startswith(text)


def test_whole_numbers_beyond_a_floating_type_s_digits_warn() -> None:
    with pytest.warns(UserWarning, match="Due to precision limitations float32 can support discrete uniform"):
        random.integers(3, 0, 2**30, np.float32)
