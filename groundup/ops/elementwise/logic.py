"""Comparisons, the logic of bools and bits, and whole numbers: no derivative."""

from __future__ import annotations

from groundup.ops.elementwise.family import elementwise

eq = elementwise(lambda m, a, b: a == b, dtypes="bool", ufunc="equal")
ne = elementwise(lambda m, a, b: a != b, dtypes="bool", ufunc="not_equal")
lt = elementwise(lambda m, a, b: a < b, dtypes="bool", ufunc="less")
le = elementwise(lambda m, a, b: a <= b, dtypes="bool", ufunc="less_equal")
gt = elementwise(lambda m, a, b: a > b, dtypes="bool", ufunc="greater")
ge = elementwise(lambda m, a, b: a >= b, dtypes="bool", ufunc="greater_equal")
isnan = elementwise(lambda m, x: x != x, dtypes="bool", ufunc="isnan")
isinf = elementwise(lambda m, x: m.isinf(x), dtypes="bool", ufunc="isinf")
signbit = elementwise(lambda m, x: m.signbit(x), dtypes="bool", ufunc="signbit")
isfinite = elementwise(lambda m, x: m.isfinite(x), dtypes="bool", ufunc="isfinite")
logical_and = elementwise(lambda m, a, b: m.logical_and(a, b), dtypes="bool", ufunc="logical_and")
logical_or = elementwise(lambda m, a, b: m.logical_or(a, b), dtypes="bool", ufunc="logical_or")
logical_xor = elementwise(lambda m, a, b: m.logical_xor(a, b), dtypes="bool", ufunc="logical_xor")
logical_not = elementwise(lambda m, x: m.logical_not(x), dtypes="bool", ufunc="logical_not")
bitwise_and = elementwise(lambda m, a, b: a & b, dtypes="integral", ufunc="bitwise_and")
bitwise_or = elementwise(lambda m, a, b: a | b, dtypes="integral", ufunc="bitwise_or")
bitwise_xor = elementwise(lambda m, a, b: a ^ b, dtypes="integral", ufunc="bitwise_xor")
bitwise_not = elementwise(lambda m, x: ~x, dtypes="integral", ufunc="bitwise_not")
bitwise_left_shift = elementwise(lambda m, a, b: m.bitwise_left_shift(a, b), dtypes="integers", ufunc="left_shift")
bitwise_right_shift = elementwise(lambda m, a, b: m.bitwise_right_shift(a, b), dtypes="integers", ufunc="right_shift")
gcd = elementwise(lambda m, a, b: m.gcd(a, b), dtypes="integers", ufunc="gcd")
lcm = elementwise(lambda m, a, b: m.lcm(a, b), dtypes="integers", ufunc="lcm")
exponent = elementwise(lambda m, x: m.exponent(x), dtypes="floating")
nextafter = elementwise(lambda m, a, b: m.nextafter(a, b), dtypes="floating", ufunc="nextafter")
