"""Ctrl-C at random moments: weights and state are those of a whole number of steps, and the next call is right."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from groundup.compile.undisturbed import Undisturbed

PROGRAM = """
    import os, random, signal, sys, threading, time
    import groundup
    from groundup import nn, optim
    from groundup.nn import functional as F

    steps, at_most = int(sys.argv[1]), 1200
    groundup.compile.set_num_threads(1)
    groundup.manual_seed(0)
    x, y = groundup.randn(32, 8), groundup.randn(32, 1)

    def begun(steps):
        groundup.manual_seed(1)
        model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1))
        optimizer = optim.Adam(model.parameters(), lr=1e-3)

        def step(x, y):
            optimizer.zero_grad()
            loss = F.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
            return loss.detach()

        def state():
            arrays = [each.detach().numpy().tobytes() for each in model.parameters()]
            return *arrays, *[(s["step"], s["exp_avg"].numpy().tobytes()) for s in optimizer.state.values()]

        return groundup.compile(step, steps=steps), state

    step, state = begun(None)
    known = {}
    for k in range(at_most + 200):
        known[state()] = k
        step(x, y)

    given = (x, y) if steps == 0 else (x.expand(steps, 32, 8), y.expand(steps, 32, 1))
    step, state = begun(steps or None)
    rng, wanted, sent, done = random.Random(0), threading.Event(), threading.Event(), False

    def interrupting():
        while True:
            wanted.wait()
            wanted.clear()
            if done:
                return
            moment = time.perf_counter() + rng.random() * rng.choice([2e-5, 2e-4, 2e-3])
            while time.perf_counter() < moment:
                pass
            os.kill(os.getpid(), signal.SIGINT)
            sent.set()

    thread = threading.Thread(target=interrupting, daemon=True)
    thread.start()
    sys.setswitchinterval(1e-5)
    end, heard = time.perf_counter() + 1.5, 0
    while time.perf_counter() < end:
        try:
            sent.clear()
            wanted.set()
            for _ in range(100 if steps == 0 else 5):
                step(*given)
            sent.wait()
            time.sleep(0.01)  # it comes, or Python has lost it in the callback of a reference
        except KeyboardInterrupt:
            heard += 1
        before = known[state()]
        step(*given)
        assert known[state()] == before + max(1, steps), (before, known[state()])
        if before > at_most - 300:
            step, state = begun(steps or None)
    done = True
    wanted.set()
    thread.join()
    print(heard)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals are those of POSIX")
@pytest.mark.parametrize("steps", [0, 20])
@pytest.mark.parametrize("reading", ["loops", "numpy"])
def test_state_is_that_of_whole_steps(reading: str, steps: int, tmp_path: Path) -> None:
    script = tmp_path / "interrupted.py"
    script.write_text(textwrap.dedent(PROGRAM))
    found = subprocess.run(
        [sys.executable, str(script), str(steps)],
        env={**os.environ, "GROUNDUP_COMPILE": reading, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert found.returncode == 0, found.stderr
    assert int(found.stdout) > 20


def test_what_was_heard_is_told_behind_the_block() -> None:
    told = []
    with pytest.raises(KeyboardInterrupt):
        with Undisturbed():
            with Undisturbed():
                os.kill(os.getpid(), signal.SIGINT)
                told.append("inner")
            told.append("outer")
        told.append("never")
    assert told == ["inner", "outer"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_goes_through() -> None:
    with pytest.raises(ValueError, match="as ever"), Undisturbed():
        raise ValueError("as ever")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
