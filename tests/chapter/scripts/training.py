"""The training loop: by hand, with SGD, with momentum, and with Adam."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn, optim

rng = np.random.RandomState(10)
x = torch.from_numpy(rng.randn(200, 8).astype(np.float32))
target = (x[:, 0] * x[:, 1] + x[:, 2]).tanh()
initial = [rng.randn(16, 8) * 0.4, rng.randn(16) * 0.1, rng.randn(1, 16) * 0.3, rng.randn(1) * 0.1]


def new_model():
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), initial):
            parameter.copy_(torch.from_numpy(value.astype(np.float32)))
    return model


def report(title, losses):
    print(title, " ".join(f"{loss:.3f}" for loss in losses))


# The step written out.
model, losses = new_model(), []
for _ in range(5):
    for start in range(0, 200, 50):
        xb, yb = x[start : start + 50], target[start : start + 50]
        loss = F.mse_loss(model(xb).squeeze(-1), yb)
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= parameter.grad * 0.1
                parameter.grad.zero_()
    losses.append(loss.item())
report("by hand", losses)
print(loss.requires_grad, loss.shape)


class Optimizer:
    def __init__(self, parameters, lr):
        self.parameters, self.lr = list(parameters), lr

    def step(self):
        with torch.no_grad():
            for parameter in self.parameters:
                parameter -= self.lr * parameter.grad

    def zero_grad(self):
        for parameter in self.parameters:
            parameter.grad.data.zero_()


def fit(make_optimizer, epochs=5):
    model, losses = new_model(), []
    optimizer = make_optimizer(model.parameters())
    for epoch in range(epochs):
        model.train()
        for start in range(0, 200, 50):
            loss = F.mse_loss(model(x[start : start + 50]).squeeze(-1), target[start : start + 50])
            optimizer.zero_grad() if start or epoch else None
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            losses.append(F.mse_loss(model(x).squeeze(-1), target).item())
    return model, losses


for title, make_optimizer in {
    "own class": lambda parameters: Optimizer(parameters, 0.1),
    "sgd": lambda parameters: optim.SGD(parameters, lr=0.1),
    "momentum": lambda parameters: optim.SGD(parameters, lr=0.05, momentum=0.9),
    "nesterov, decay": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "adam": lambda parameters: optim.Adam(parameters, lr=0.01),
    "adamw": lambda parameters: optim.AdamW(parameters, lr=0.01, weight_decay=0.1),
    "rmsprop": lambda parameters: optim.RMSprop(parameters, lr=0.005),
}.items():
    model, losses = fit(make_optimizer)
    report(title, losses)
print(model[2].bias, model[2].weight.shape, model[0].weight.grad.shape)

# Classes: cross entropy and accuracy.
labels = (x[:, 0] + x[:, 1] > 0).long() + (x[:, 2] > 0.5).long()
print(labels[:10], [(labels == k).sum().item() for k in range(3)])
first = torch.from_numpy((rng.randn(3, 8) * 0.1).astype(np.float32)).requires_grad_()
for _ in range(20):
    logits = x @ first.t()
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    with torch.no_grad():
        first -= first.grad
        first.grad = None
probability = logits.softmax(dim=-1)
print(logits.shape, probability.sum(-1)[:3], f"{loss.item():.3f}", (logits.argmax(1) == labels).float().mean())
picked = F.log_softmax(logits, -1)[range(200), labels]
print(f"{-picked.mean().item():.3f} {F.nll_loss(F.log_softmax(logits, dim=1), labels).item():.3f}")
