"""Loss layers: each keeps its settings and calls the function of the same purpose in ``functional``."""

from __future__ import annotations

from groundup.nn import functional as F
from groundup.nn.functional.reduction import check_reduction
from groundup.nn.module import Module
from groundup.tensor import Tensor


class _Loss(Module):
    """A loss of a prediction and a target, with a reduction."""

    def __init__(self, *, reduction: str = "mean") -> None:
        check_reduction(reduction)
        self.reduction = reduction


class _WeightedLoss(_Loss):
    """A loss whose weights are a buffer, and so follow ``to`` and ``state_dict``."""

    weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.register_buffer("weight", weight)


class MSELoss(_Loss):
    """The mean, or the sum, of (input - target)**2. Follows ``torch.nn.MSELoss``.

    >>> import groundup
    >>> groundup.nn.MSELoss()(groundup.tensor([1.0, 2.0]), groundup.tensor([1.0, 4.0]))
    tensor(2.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of ``input`` against ``target``."""
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    """The mean, or the sum, of abs(input - target). Follows ``torch.nn.L1Loss``.

    >>> import groundup
    >>> groundup.nn.L1Loss()(groundup.tensor([1.0, 2.0]), groundup.tensor([1.0, 4.0]))
    tensor(1.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of ``input`` against ``target``."""
        return F.l1_loss(input, target, reduction=self.reduction)


class HuberLoss(_Loss):
    """Squared error near 0, absolute error beyond ``delta``. Follows ``torch.nn.HuberLoss``.

    >>> import groundup
    >>> groundup.nn.HuberLoss()(groundup.tensor([0.0, 0.0]), groundup.tensor([1.0, 3.0]))
    tensor(1.5000)
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        if not isinstance(delta, (float, int)):
            raise TypeError(f"delta must be a float or int, got: {type(delta)}")
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of ``input`` against ``target``."""
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class SmoothL1Loss(_Loss):
    """``HuberLoss`` divided by ``beta``. Follows ``torch.nn.SmoothL1Loss``.

    >>> import groundup
    >>> groundup.nn.SmoothL1Loss()(groundup.tensor([0.0, 0.0]), groundup.tensor([1.0, 3.0]))
    tensor(1.5000)
    """

    def __init__(self, *, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of ``input`` against ``target``."""
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class CrossEntropyLoss(_WeightedLoss):
    """The cross entropy of softmax(input) and the target, from scores. Follows ``torch.nn.CrossEntropyLoss``.

    See ``nn.functional.cross_entropy`` for shapes and arguments.

    >>> import groundup
    >>> scores = groundup.tensor([[2.0, 0.0], [0.0, 0.0]])
    >>> groundup.nn.CrossEntropyLoss()(scores, groundup.tensor([0, 1]))
    tensor(0.4100)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, reduction=reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of ``input`` against ``target``."""
        return F.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(_WeightedLoss):
    """The negative log likelihood of log probabilities. Follows ``torch.nn.NLLLoss``.

    >>> import groundup
    >>> groundup.nn.NLLLoss()(groundup.tensor([[-0.5, -2.0], [-3.0, -0.1]]), groundup.tensor([0, 1]))
    tensor(0.3000)
    """

    def __init__(self, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(weight, reduction=reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of ``input`` against ``target``."""
        return F.nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class BCELoss(_WeightedLoss):
    """The binary cross entropy of probabilities. Follows ``torch.nn.BCELoss``.

    >>> import groundup
    >>> groundup.nn.BCELoss()(groundup.tensor([0.5, 1.0]), groundup.tensor([1.0, 1.0]))
    tensor(0.3466)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of ``input`` against ``target``."""
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_WeightedLoss):
    """The binary cross entropy of sigmoid(input), from scores. Follows ``torch.nn.BCEWithLogitsLoss``.

    >>> import groundup
    >>> groundup.nn.BCEWithLogitsLoss()(groundup.tensor([0.0, 100.0]), groundup.tensor([1.0, 0.0]))
    tensor(50.3466)
    """

    pos_weight: Tensor | None

    def __init__(
        self, weight: Tensor | None = None, *, reduction: str = "mean", pos_weight: Tensor | None = None
    ) -> None:
        super().__init__(weight, reduction=reduction)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of ``input`` against ``target``."""
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class KLDivLoss(_Loss):
    """The Kullback-Leibler divergence of the target from log probabilities. Follows ``torch.nn.KLDivLoss``.

    ``reduction="batchmean"`` is the divergence by its definition.

    >>> import groundup
    >>> loss = groundup.nn.KLDivLoss(reduction="batchmean")
    >>> loss(groundup.tensor([[0.5, 0.5]]).log(), groundup.tensor([[1.0, 0.0]]))
    tensor(0.6931)
    """

    def __init__(self, *, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction="mean" if reduction == "batchmean" else reduction)
        self.reduction = reduction
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of ``input`` against ``target``."""
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class PoissonNLLLoss(_Loss):
    """How unlikely counts are under a Poisson distribution. Follows ``torch.nn.PoissonNLLLoss``.

    >>> import groundup
    >>> groundup.nn.PoissonNLLLoss()(groundup.tensor([0.0, 1.0]), groundup.tensor([2.0, 1.0]))
    tensor(1.3591)
    """

    def __init__(
        self, log_input: bool = True, full: bool = False, *, eps: float = 1e-8, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction=reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        """The loss of the expected counts (their logarithms, unless told otherwise) against ``target``."""
        return F.poisson_nll_loss(log_input, target, self.log_input, self.full, eps=self.eps, reduction=self.reduction)


class GaussianNLLLoss(_Loss):
    """How unlikely the target is under a normal distribution. Follows ``torch.nn.GaussianNLLLoss``.

    >>> import groundup
    >>> one = groundup.ones(1)
    >>> groundup.nn.GaussianNLLLoss()(one, 3 * one, 2 * one)
    tensor(1.3466)
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        """The loss of the mean ``input`` and the variance ``var`` against ``target``."""
        return F.gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)
