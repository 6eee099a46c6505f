"""Every workload is one step, however it is written: the versions that need no peer give the same numbers."""

from __future__ import annotations

import dataclasses
import sys
from typing import Any

import numpy as np
import pytest

from bench import compiled, fleet, peers, worker
from bench.peers.base import Absent
from bench.timing import QUICK
from bench.workloads import WORKLOADS, chosen, made

SMALL = ("W1", "W2", "W3")


def numbers(version: str, name: str) -> Any:
    pytest.importorskip(peers.VERSIONS[version][0])
    try:
        return worker.Worker(peers.maker(version, 1)).build(name, {})["numbers"]
    except Absent as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("version", ["groundup-eager", "groundup-compiled", "torch-eager", "torch-fused"])
def test_a_step_agrees_with_the_one_by_hand(version: str, name: str) -> None:
    by_hand = numbers("numpy", name)
    found = numbers(version, name)
    assert len(found) == len(by_hand) == made(name).checked and by_hand[0] != by_hand[-1]
    assert compiled.agree(found, by_hand, made(name).tolerance)


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_workload_is_the_same_each_time(name: str) -> None:
    first, second = made(name), made(name)
    for a, b in zip([*first.weights, *first.batch], [*second.weights, *second.batch], strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.dtype in (np.float32, np.int64)
    assert first.flops + first.traffic > 0


def test_workloads_and_versions_are_chosen_by_their_beginnings() -> None:
    assert chosen(["W3"]) == ["W3", "W3-large"] and chosen(["w3-large"]) == ["W3-large"] and chosen([]) == [*WORKLOADS]
    assert peers.chosen(["numpy", "jax"]) == ["numpy", "jax-jit", "jax-scan"] and peers.chosen([]) == [*peers.VERSIONS]
    with pytest.raises(ValueError, match="no workload is called 'W99'"):
        chosen(["W99"])
    with pytest.raises(ValueError, match="no version is called 'jx'"):
        peers.chosen(["jx"])


def test_other_numbers_do_not_agree() -> None:
    assert compiled.agree([[1.0], [0.5]], [[1.0], [0.5]], 1e-4)
    assert compiled.agree([[1.0, 0.5, 0.25]], [[1.0], [0.5]], 1e-4)  # many steps in one call
    assert not compiled.agree([[1.0], [0.51]], [[1.0], [0.5]], 1e-4)
    assert not compiled.agree([[1.0], [np.nan]], [[1.0], [0.5]], 1e-4)
    assert not compiled.agree([], [[1.0]], 1e-4)


def test_a_digest_tells_large_arrays_apart() -> None:
    x = np.random.default_rng(0).standard_normal(1000)
    norm, direction = worker.digest([x])
    assert norm == pytest.approx(np.linalg.norm(x))
    for other in (-x, x[::-1], np.roll(x, 1)):
        assert worker.digest([other]) == [pytest.approx(norm), pytest.approx(worker.digest([other])[1])]
        assert abs(worker.digest([other])[1] - direction) > 1e-2


def test_a_wrong_version_is_reported_and_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    with fleet.Fleet(["numpy", "groundup-eager"], 1) as both:
        limits = compiled.limits_of(both, QUICK)
        right = compiled.measure(both, "W2", {}, limits, QUICK)
        assert set(right.seconds) == {"numpy", "groundup-eager"} and right.problems == {}
        assert 0 < right.floor < min(right.seconds.values())

        wrong = both.all[1]
        monkeypatch.setattr(wrong, "ask", lambda do, **request: {"numbers": [[1.0]]})
        found = compiled.measure(both, "W2", {}, limits, QUICK)
        assert set(found.seconds) == {"numpy"} and "other numbers" in found.problems["groundup-eager"]


def test_a_process_that_ends_says_so() -> None:
    with fleet.Fleet(["numpy"], 1) as one:
        (process,) = one.all
        assert "RuntimeError: nothing has been made ready" in process.ask("time", count=1)["problem"]
        process.process.kill()
        process.process.wait()
        assert "ended" in process.ask("time", count=1)["problem"]
        with pytest.raises(fleet.Ended):
            process.seconds(1)


def test_what_is_not_installed_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tinygrad", None)
    monkeypatch.delitem(sys.modules, "bench.peers.tinygrad", raising=False)
    with pytest.raises(Absent, match="tinygrad is not installed"):
        peers.maker("tinygrad-jit", 1)


def test_a_version_without_a_form_of_the_workload_says_so() -> None:
    make = peers.maker("numpy", 1)
    with pytest.raises(Absent, match="W1 has not been written by hand"):
        make(dataclasses.replace(made("W1"), by_hand=None))


def test_the_command_runs(capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("rich")
    from bench import __main__

    code = __main__.main(
        ["compiled", "W1", "--quick", "--threads", "1", "--libraries", "numpy", "groundup-eager", "--busy"]
    )
    assert code == 0
    printed = capfd.readouterr().out
    assert "groundup-eager" in printed and "lost" in printed
