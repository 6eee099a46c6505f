"""The model of a finished run, built again from its folder; ``predict`` and ``evaluate`` begin with it."""

from __future__ import annotations

from groundup.cli.models import build
from groundup.cli.settings import Form, Settings, read_config
from groundup.io.tensor_file import require_safetensors
from groundup.nn import Module
from groundup.train import RunFolder


def load_model(path: str) -> tuple[Module, Settings, Form]:
    """The trained model in eval mode, its settings, and the form of the images that it knows.

    Raises ``FileNotFoundError`` where there is no run or it has not ended, and ``ValueError`` where a file of
    it is damaged.
    """
    require_safetensors("loading a model")
    run = RunFolder.open(path)
    settings, form = read_config(run)
    if not run.weights.exists():
        if run.checkpoint.exists():
            raise FileNotFoundError(f"{run.path} is not finished; go on with: groundup train --resume {run.path}")
        raise FileNotFoundError(f"{run.path} has no {run.weights.name}")
    model = build(settings.model, form.shape, len(form.classes))
    try:
        run.load_weights(model)
    except RuntimeError as error:
        raise ValueError(
            f"{run.weights} holds the weights of another model than {run.config_file.name} says"
        ) from error
    model.eval()
    return model, settings, form
