"""Arithmetic, comparison and reduction, one number at a time."""

import torch
from torch import tensor

a = tensor([10.0, 6, -4])
b = tensor([2.0, 8, 7])

print(a, b, sep="\n")
print(a + b, a - b, a * b, sep="\n")
print(a / b)
print(a + 1, 1 + a, 2 * a, a - 0.5, 0.5 - a, sep="\n")
print(1 / b, b / 2, a // b, a % b, sep="\n")
print(-a, abs(a), a**2, a**3, 2**b, sep="\n")

print(a < b, a > b, a <= b, a >= b, a == b, a != b, sep="\n")
print((a < b).float().mean())
print((a < b).sum(), (a < b).float().sum(), (a < b).any(), (a == b).all())
print((a + b == tensor([12.0, 14.0, 3.0])).all().item())
print((a > 0) & (b > 5), (a > 0) | (b > 5), (a > 0) ^ (b > 5), ~(a > 0), sep="\n")

print((a + b).mean(), a.sum().item(), (a + b).mean().item())
print(a.max(), a.min(), a.argmax(), a.prod(), a.std(), a.var(), sep="\n")
print(a.clamp_min(0.0), a.clamp(-1, 7), a.relu(), torch.maximum(a, b), torch.where(a > b, a, b), sep="\n")
print(b.sqrt(), b.log(), (b / 4).exp(), a.tanh(), a.sigmoid(), sep="\n")

m = tensor([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]])
print(m)
print(m * m)
print((m * m).sum().sqrt())
print(m.sum(0), m.sum(1), m.sum(dim=1, keepdim=True), m.mean(dim=(0, 1)), sep="\n")
print(m.max(dim=1))
print(m.max(0).values, m.min(1).indices)
print(m.cumsum(0))
print(m.t(), m.T, m.flip(0), m.diagonal(), m.diagonal().sum(), sep="\n")

n = tensor([[1, 2, 3], [4, 5, 6]])
print(n, n.dtype, n.float(), n.float().dtype, n * 2, n / 2, n // 2, n * 0.5, sep="\n")
print((n + tensor([0.5])).dtype, (n > 2).dtype, (n + True).dtype, n.sum().dtype, n.float().mean())
print(n == n.t().t(), n[n > 2])

total = torch.zeros(3)
total += a
total *= 2
total -= b
total /= 4
print(total)
total.add_(1).mul_(2).clamp_min_(0)
print(total)
for value in total:
    print(value, value.item())
print(len(total), total.tolist(), float(total[0]), int(total[0]), bool(total[1] > 0))
print(f"{total.sum():.2f} {total[0]:.3f} {a.mean().item():.4f}")
