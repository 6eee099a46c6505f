"""Grad modes as decorators, over generators, and as PyTorch spells them."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["groundup", "torch"])
def lib(request):
    return pytest.importorskip(request.param)


def test_as_a_decorator_set_grad_enabled_changes_nothing_outside(lib):
    @lib.set_grad_enabled(False)
    def inside():
        return lib.is_grad_enabled()

    assert lib.is_grad_enabled()
    assert inside() is False
    assert lib.is_grad_enabled()


@pytest.mark.parametrize("decorate", [lambda lib: lib.no_grad(), lambda lib: lib.no_grad], ids=["no_grad()", "no_grad"])
def test_a_generator_runs_in_the_mode_and_its_caller_does_not(lib, decorate):
    @decorate(lib)
    def steps():
        seen.append(lib.is_grad_enabled())
        try:
            got = yield 1
            seen.append((got, lib.is_grad_enabled()))
            yield 2
        except ValueError:
            seen.append(lib.is_grad_enabled())
            yield 3
        finally:
            seen.append(lib.is_grad_enabled())
        return "end"

    seen = []
    running = steps()
    assert next(running) == 1
    assert lib.is_grad_enabled()
    assert running.send("sent") == 2
    assert running.throw(ValueError()) == 3
    with pytest.raises(StopIteration, match="end"):
        next(running)
    assert seen == [False, ("sent", False), False, False]
    assert lib.is_grad_enabled()


def test_inference_mode_can_be_left_off(lib):
    with lib.inference_mode(False):
        assert lib.is_grad_enabled()
    with lib.inference_mode(mode=True):
        assert not lib.is_grad_enabled()

    @lib.inference_mode
    def inside():
        return lib.is_grad_enabled()

    assert inside() is False
    assert lib.is_grad_enabled()


def test_a_mode_ends_with_an_error_and_nests(lib):
    mode = lib.no_grad()
    with pytest.raises(KeyboardInterrupt), mode, lib.enable_grad():
        assert lib.is_grad_enabled()
        raise KeyboardInterrupt
    assert lib.is_grad_enabled()
