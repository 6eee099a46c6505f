"""Training: the ``Learner``, its callbacks, metrics and history, and runs that survive being killed.

``Learner`` puts a model, data, a loss and an optimiser together; all else here is what it uses or what is
hung on it. The command ``groundup train`` stands on this room.
"""

from groundup.train.callbacks import (
    Callback,
    CancelBatch,
    CancelEpoch,
    CancelFit,
    EarlyStopping,
    GradientClip,
)
from groundup.train.checkpoint import Checkpoint, SaveBest
from groundup.train.figures import confusion_figure, history_figure, images_figure, save_figure
from groundup.train.fingerprint import ResumeWarning, fingerprint
from groundup.train.history import History
from groundup.train.learner import Learner
from groundup.train.metrics import Accuracy, AverageOf, ConfusionMatrix, Mean, Metric, TopKAccuracy
from groundup.train.progress import ProgressBar, ProgressLines
from groundup.train.random_states import get_random_states, set_random_states
from groundup.train.run_folder import RunFolder, SaveHistory

__all__ = [
    "Learner",
    "Callback",
    "CancelBatch",
    "CancelEpoch",
    "CancelFit",
    "Checkpoint",
    "EarlyStopping",
    "GradientClip",
    "ProgressBar",
    "ProgressLines",
    "SaveBest",
    "SaveHistory",
    "Accuracy",
    "AverageOf",
    "ConfusionMatrix",
    "Mean",
    "Metric",
    "TopKAccuracy",
    "History",
    "RunFolder",
    "ResumeWarning",
    "confusion_figure",
    "fingerprint",
    "get_random_states",
    "history_figure",
    "images_figure",
    "save_figure",
    "set_random_states",
]
