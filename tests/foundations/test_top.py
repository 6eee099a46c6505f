"""The compiled step's source is the step by hand."""

from __future__ import annotations

import re
from pathlib import Path

import groundup
from groundup.foundations import plain_numpy, top
from groundup.foundations.network import sample


def test_the_compiled_source_is_about_as_long_as_the_one_by_hand() -> None:
    source = top.compiled_source()
    compile(source, "<source>", "exec")
    products = re.findall(r"\w+(?:\.T)? @ \w+(?:\.T)?", source)
    by_hand = re.findall(r"\w+(?:\.T)? @ \w+(?:\.T)?", Path(plain_numpy.__file__).read_text("utf-8"))
    assert len(products) == len(by_hand) == 5


def test_both_stand_side_by_side() -> None:
    lines = top.beside().splitlines()
    places = {line.index("|") for line in lines}
    assert len(places) == 1
    left, right = ("\n".join(line.split("|")[side] for line in lines) for side in (0, 1))
    assert "w1_g = l1_g.T @ x" in left and "weight_0_grad = " in right
    assert "weight_0 -= lr * weight_0_grad" in right and "(200, 50)" not in right


def test_the_compiled_step_trains() -> None:
    step = top.training(groundup, sample(groundup), 0.1)
    losses = [float(step()[0]) for _ in range(20)]
    assert losses[-1] < 0.5 * losses[0]
