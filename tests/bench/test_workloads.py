"""Every workload is one step, however it is written: the versions that need no peer give the same numbers."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import compiled, fleet, grid, peers, start, targets, worker
from bench.peers.base import Absent
from bench.timing import QUICK
from bench.workloads import WORKLOADS, chosen, made

SMALL = ("W1", "W2", "W3")


def numbers(version: str, name: str, **settings: Any) -> Any:
    pytest.importorskip(peers.VERSIONS[version][0])
    try:
        return worker.Worker(peers.maker(version, 1)).build(name, settings)["numbers"]
    except Absent as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("version", ["groundup-eager", "groundup-compiled", "torch-eager", "torch-fused"])
def test_a_step_agrees_with_the_one_by_hand(version: str, name: str) -> None:
    by_hand = numbers("numpy", name)
    found = numbers(version, name)
    assert len(found) == len(by_hand) == made(name).checked and by_hand[0] != by_hand[-1]
    assert compiled.agree(found, by_hand, made(name).tolerance)


# The other workloads, in sizes that a test has time for.
LITTLE: dict[str, dict[str, Any]] = {
    "W3": {"hidden": (20, 15), "batch": 3},
    "W4": {"batch": 2},
    "W5": {"batch": 1},
    "W6": {"depth": 3, "width": 10, "batch": 5},
    "W7-gelu": {"n": 1000},
    "W7-rows": {"rows": 5, "columns": 40},
    "W8-W3": {},
    "W8-W4": {},
}


@pytest.mark.parametrize("version", ["torch-eager", "groundup-compiled"])
@pytest.mark.parametrize("name", LITTLE)
def test_the_other_workloads_agree(name: str, version: str) -> None:
    first, second = (numbers(each, name, **LITTLE[name]) for each in ("groundup-eager", version))
    assert compiled.agree(first, second, 1e-3)


@pytest.mark.parametrize(
    ("version", "name"),
    [
        *(("numpy", name) for name in ("W3", "W6", "W8-W3")),
        *(("jax-jit", name) for name in ("W2", "W5", "W8-W4")),
        *(("autograd", name) for name in ("W2", "W5")),
        *(("jax-scan", "W2"), ("onnxruntime", "W8-W4")),
    ],
)
def test_a_peer_that_is_installed_agrees(version: str, name: str) -> None:
    found = numbers(version, name, **LITTLE.get(name, {}))
    assert compiled.agree(found, numbers("groundup-eager", name, **LITTLE.get(name, {})), 1e-3)


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


def outcome(name: str, threads: int, **seconds: float) -> compiled.Outcome:
    return compiled.Outcome(name, made("W1"), threads, {each.replace("_", "-"): s for each, s in seconds.items()})


def test_targets_are_judged_by_the_best_setting_of_each_side() -> None:
    one = outcome("W1", 1, groundup_compiled=1.0, torch_eager=9.0, torch_compile=8.0, jax_jit=1.2, jax_scan=0.1)
    two = outcome("W1", 2, groundup_compiled=2.0, torch_eager=6.0, torch_compile=3.0, jax_jit=4.0)
    two.busy = {"groundup-compiled": 8.0}
    eager, compiled_peer, busy = targets.verdicts([one, two])
    assert (eager.peer, eager.found, eager.wanted) == ("torch-eager", 6.0, 5.0)
    assert (compiled_peer.peer, compiled_peer.found, compiled_peer.wanted) == ("jax-jit", 1.2, 1.5)
    assert busy.found == 0.25 < busy.wanted
    assert targets.verdicts([outcome("W1", 1, groundup_compiled=1.0)]) == []
    assert set(targets.TARGETS) <= set(WORKLOADS)


def test_a_cell_of_the_grid_knows_its_fastest_peer(tmp_path: Path) -> None:
    cells = [
        grid.Cell(hidden, batch, outcome("W3", 1, groundup_compiled=1.0, numpy=0.1, torch_eager=2.0, jax_jit=0.5))
        for hidden, batch in grid.cells(quick=True)
    ]
    assert cells[0].fastest_peer == "jax-jit" and cells[0].ratio == 2.0
    pytest.importorskip("matplotlib")
    for cell in cells:
        cell.outcome.floor = 0.1
    grid.plot(cells, str(tmp_path / "grid.png"))
    assert (tmp_path / "grid.png").stat().st_size > 10_000


def test_a_second_process_starts_too() -> None:
    started, why = start.measure("W1", "numpy")
    assert why == "" and len(started) == 2 and all(20e6 < each.memory < 1e9 for each in started)
    assert all(0 < each.first < each.begun for each in started)
    slow = start.Started(imports=0.1, first=0.6, begun=11.0, memory=3e8)
    quick = start.Started(imports=0.1, first=0.1, begun=0.3, memory=1e8)
    assert len([*start.misses("W3", [slow, slow])]) == 3 and [*start.misses("W3", [quick, quick])] == []
    assert start.measure("W4", "numpy") == ([], "W4 has not been written by hand")


def test_the_command_runs(capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("rich")
    from bench import __main__

    code = __main__.main(
        ["compiled", "W1", "--quick", "--threads", "1", "--libraries", "numpy", "groundup-eager", "--busy"]
    )
    assert code == 0
    printed = capfd.readouterr().out
    assert "groundup-eager" in printed and "lost" in printed
