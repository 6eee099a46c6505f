"""What the command understands: its subcommands, their options, and the help that explains them.

Values are checked here as far as that needs no data, so that a slip of the finger is told at once. The
defaults that depend on the data are in ``settings``.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from groundup.cli.outcome import say

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

MODELS = ("mlp", "cnn")
OPTIMIZERS = ("adamw", "adam", "sgd", "rmsprop")
SCHEDULERS = ("onecycle", "cosine", "none")

_DATA_HELP = (
    "digits or fashion (both come with groundup), mnist or fashion-mnist (fetched once, or read from --root or "
    "the folder that GROUNDUP_DATA names), or a path: .npz, .csv, a folder of IDX files, or one with a "
    "subfolder of pictures for each class"
)
_EXAMPLES = """examples:
  groundup train                                  a classifier of handwritten digits, in seconds
  groundup train --data mnist --epochs 5          the same on MNIST
  groundup evaluate runs/digits-cnn-1             how good it is, and what it takes for what
  groundup predict runs/digits-cnn-1 mine.png     what it sees in your own picture
  groundup ladder                                 from three loops to compiled code, timed on this machine
  groundup explain "(5,1,3) + (4,1)"              how the shapes broadcast
  groundup derive "mse(lin(x,w,b),y)"             its gradients, line by line by the chain rule
  groundup study init                             what becomes of numbers in 50 layers, and a plot of it
"""


class Parser(argparse.ArgumentParser):
    """A parser that tells a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        if file is not None:
            super().print_help(file)
        else:  # argparse itself would keep silent where the output takes nothing
            say(self.format_help().rstrip())


class _Version(argparse.Action):
    """Looks the version up when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        import groundup

        say(f"groundup {groundup.__version__}")
        parser.exit()


def make_parser() -> Parser:
    """The parser of the whole command."""
    parser = Parser(
        prog="groundup",
        description="Train a neural network, use it and measure it.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    _add_train(commands.add_parser("train", help="train a classifier of images", allow_abbrev=False))
    _add_predict(commands.add_parser("predict", help="say what is in pictures", allow_abbrev=False))
    _add_evaluate(commands.add_parser("evaluate", help="measure a trained model", allow_abbrev=False))
    _add_ladder(commands.add_parser("ladder", help="time every rung from loops to compiled code", allow_abbrev=False))
    _add_explain(commands.add_parser("explain", help="explain broadcasting or an einsum", allow_abbrev=False))
    _add_derive(commands.add_parser("derive", help="derive the gradients of a formula", allow_abbrev=False))
    _add_study(commands.add_parser("study", help="repeat an experiment of the foundations", allow_abbrev=False))
    information = commands.add_parser("info", help="show versions, machine and data sets", allow_abbrev=False)
    information.description = "Show what a report of a problem should contain."
    return parser


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Train a classifier of images, and measure it on images that it has not seen. Everything goes into a run "
        "folder: the weights, the history as a table and a plot, the misread images, and a checkpoint from which a "
        "run that was ended goes on exactly."
    )
    what = parser.add_argument_group("what to train")
    what.add_argument("--data", metavar="NAME|PATH", help=f"{_DATA_HELP} (default: digits)")
    what.add_argument("--root", metavar="DIR", help="folder with the files of mnist or fashion-mnist")
    what.add_argument("--model", choices=MODELS, help="dense layers or convolutions (default: cnn)")
    how = parser.add_argument_group("how to train it")
    how.add_argument("--epochs", type=whole(1), metavar="N", help="passes through the data (default: by its size)")
    how.add_argument("--lr", type=number(above=0), metavar="X", help="highest learning rate (default: by optimizer)")
    how.add_argument("--batch-size", type=whole(1), metavar="N", help="images in a step (default: by the data's size)")
    how.add_argument("--optimizer", choices=OPTIMIZERS, help="(default: adamw)")
    how.add_argument("--weight-decay", type=number(least=0), metavar="X", help="(default: 0.01 for adamw, else 0)")
    how.add_argument("--scheduler", choices=SCHEDULERS, help="course of the learning rate (default: onecycle)")
    how.add_argument(
        "--augment",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="turn, stretch and shift each training image a little, anew in each epoch (default: yes)",
    )
    how.add_argument("--seed", type=whole(0, 2**64 - 1), metavar="N", help="makes a run repeat exactly (default: 0)")
    how.add_argument("--threads", type=whole(1), metavar="N", help="threads for the arithmetic (default: 1)")
    how.add_argument(
        "--eager",
        action="store_true",
        default=None,
        help="do not compile the training step, as is done where the extra groundup[compile] is installed",
    )
    where = parser.add_argument_group("where to keep it")
    folder = where.add_mutually_exclusive_group()
    folder.add_argument("--out", metavar="DIR", help="run folder (default: runs/<data>-<model>-<number>)")
    folder.add_argument("--resume", metavar="RUN", help="go on with the run in this folder, as if it had not ended")
    where.add_argument(
        "--checkpoint-every",
        type=whole(1),
        metavar="N",
        help="save a checkpoint after every N batches too (default: after each epoch and every 30 seconds)",
    )
    where.add_argument("--quiet", "-q", action="store_true", help="show the result only")


def _add_predict(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Say what a trained model sees in pictures. They may have any size and colours: each is brought into the "
        "form of the images that the model was trained on (light on dark or the reverse, cut out, scaled, centred)."
    )
    _add_run(parser)
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="a PNG file, or another that Pillow reads")
    parser.add_argument("--top", type=whole(1), default=3, metavar="N", help="classes to show for each (default: 3)")
    parser.add_argument("--json", action="store_true", help="write JSON, with the probability of every class")


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.description = "Measure a trained model on held-out images: accuracy, loss, and what it takes for what."
    _add_run(parser)
    parser.add_argument("--data", metavar="NAME|PATH", help=f"{_DATA_HELP} (default: what the run was trained on)")
    parser.add_argument("--root", metavar="DIR", help="folder with the files of mnist or fashion-mnist")
    parser.add_argument("--json", action="store_true", help="write JSON")


def _add_ladder(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Time every rung of groundup.foundations on this machine, on one thread: the matrix product from three loops "
        "to tiles in registers, and the training step from single neurons to the compiled one. Takes under a minute."
    )
    parser.add_argument("--plot", default="ladder.png", metavar="FILE", help="the picture (default: ladder.png)")
    parser.add_argument(
        "--seconds", type=number(above=0), default=0.7, metavar="X", help="how long to time each rung (default: 0.7)"
    )
    parser.add_argument("--source", action="store_true", help="show the compiled step's source beside the one by hand")
    parser.add_argument("--json", action="store_true", help="write JSON")


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="folder that groundup train made")


def _add_explain(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Explain the broadcasting of shapes, as in groundup explain '(5,1,3) + (4,1)', or an einsum with the shapes of "
        "its operands, as in groundup explain 'ik,kj->ij' 5,784 784,10. A @ between two shapes is the matrix product."
    )
    parser.add_argument("what", metavar="SHAPES|EQUATION", help="shapes with operators between them, or an equation")
    parser.add_argument("shapes", nargs="*", metavar="SHAPE", help="the shapes of an equation's operands")
    parser.add_argument("--svg", metavar="FILE", help="draw it into this file too")


def _add_derive(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Derive the gradients of a formula by the chain rule, each line beside the line of groundup that computes it. "
        "The formula is made of names, numbers, + - * / ** @ and groundup's operations, or is the name of one."
    )
    parser.add_argument("formula", metavar="FORMULA", help="such as 'mse(lin(x, w, b), y)', or tanh")
    parser.add_argument(
        "--form", choices=("index", "scalar"), default="index", help="element by element, or on single numbers"
    )
    parser.add_argument("--latex", action="store_true", help="write the equations for LaTeX or MathJax")


def _add_study(parser: argparse.ArgumentParser) -> None:
    parser.description = "Repeat an experiment of the foundations on this machine."
    studies = parser.add_subparsers(title="studies", dest="study", metavar="STUDY", required=True)
    init = studies.add_parser("init", help="what becomes of numbers in 50 layers", allow_abbrev=False)
    init.description = (
        "Send random numbers through 50 layers whose weights start at different scales, and show where they "
        "overflow, where they vanish, and which start keeps them."
    )
    init.add_argument("--layers", type=whole(1, 10_000), default=50, metavar="N", help="layers (default: 50)")
    init.add_argument("--width", type=whole(1, 4096), default=100, metavar="N", help="units in each (default: 100)")
    init.add_argument("--seed", type=whole(0, 2**64 - 1), default=0, metavar="N", help="(default: 0)")
    init.add_argument("--plot", metavar="FILE", default="study-init.png", help="(default: study-init.png)")


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """Reads a whole number within bounds."""
    bounds = f"a whole number of {least} or more" if most is None else f"a whole number from {least} to {most}"

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"must be {bounds}, got {text!r}")
        return value

    return read


def number(above: float = -math.inf, least: float = -math.inf) -> Callable[[str], float]:
    """Reads a finite number above one bound or not below another."""
    bounds = f"a number above {above:g}" if above > -math.inf else f"a number of {least:g} or more"

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (value > above and value >= least and math.isfinite(value)):
            raise argparse.ArgumentTypeError(f"must be {bounds}, got {text!r}")
        return value

    return read
