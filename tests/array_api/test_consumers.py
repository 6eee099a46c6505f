"""Array code of others on `groundup.array_api`: each library is tried where it is installed."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import groundup
import groundup.array_api as xp

DATA = np.random.default_rng(0).standard_normal((40, 3))


def test_array_api_compat_takes_us_for_what_we_are():
    compat = pytest.importorskip("array_api_compat")
    x = xp.asarray(DATA)
    assert compat.array_namespace(x, xp.ones(2)) is xp
    assert compat.is_array_api_obj(x) and compat.is_writeable_array(x)
    assert compat.device(x) == x.device and compat.to_device(x, "cpu") is x
    assert compat.size(x) == 120
    with pytest.raises(TypeError, match="Multiple namespaces"):
        compat.array_namespace(x, np.ones(2))


def test_array_api_extra():
    extra = pytest.importorskip("array_api_extra")
    x = xp.asarray(DATA)
    for found, expected in (
        (extra.cov(x.T), np.cov(DATA.T)),
        (extra.kron(x[:2, :], x), np.kron(DATA[:2], DATA)),
        (extra.pad(x, 2), np.pad(DATA, 2)),
        (extra.create_diagonal(x[:, 0]), np.diag(DATA[:, 0])),
        (extra.setdiff1d(x[:, 0], x[:9, 0]), np.setdiff1d(DATA[:, 0], DATA[:9, 0])),
        (extra.sinc(x), np.sinc(DATA)),
        (extra.at(x)[x > 0].set(1.0, copy=True), np.where(DATA > 0, 1.0, DATA)),
        (extra.apply_where(x > 0, x, xp.log, xp.exp), np.where(DATA > 0, np.log(abs(DATA)), np.exp(DATA))),
        (extra.nan_to_num(x / xp.zeros_like(x)), np.sign(DATA) * np.finfo(float).max),
    ):
        assert isinstance(found, xp.Array)
        np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-12)


def test_einops():
    pytest.importorskip("einops")
    from einops import array_api as einops

    a = np.arange(24.0).reshape(2, 3, 4)
    x = xp.asarray(a.copy())
    assert np.array_equal(np.asarray(einops.rearrange(x, "a b c -> c (b a)")), a.transpose(2, 1, 0).reshape(4, 6))
    assert np.array_equal(np.asarray(einops.reduce(x, "a (b1 b2) c -> b2 c", "max", b1=1)), a.max(axis=0))
    assert einops.repeat(x, "a b c -> a b c d", d=5).shape == (2, 3, 4, 5)
    packed, shapes = einops.pack([x, x[:, 0, :]], "a * c")
    assert packed.shape == (2, 4, 4) and [part.shape for part in einops.unpack(packed, shapes, "a * c")] == [
        (2, 3, 4),
        (2, 4),
    ]


def test_einops_can_be_differentiated():
    pytest.importorskip("einops")
    from einops import array_api as einops

    w = groundup.ones(2, 6, dtype=groundup.float64, requires_grad=True)

    def pooled(t):
        return einops.reduce(xp.asarray(t) ** 2, "a (b two) -> a b", "mean", two=2).tensor

    assert groundup.autograd.gradcheck(pooled, (w,))


# SciPy reads its switch when it is imported, and scikit-learn asks SciPy's: a process of their own.
SCIPY = """
import numpy as np, scipy, scipy.special, scipy.stats, scipy.cluster.vq, scipy.signal, scipy.integrate, scipy.optimize
import scipy.differentiate
import groundup, groundup.array_api as xp

groundup.set_default_dtype(groundup.float64)  # SciPy takes NumPy's for granted
a = np.random.default_rng(0).standard_normal((40, 3))
calls = [
    lambda m, x: scipy.special.logsumexp(x, axis=0),
    lambda m, x: scipy.special.softmax(x, axis=1),
    lambda m, x: scipy.special.expit(x),
    lambda m, x: scipy.special.gammaln(m.abs(x)),
    lambda m, x: scipy.stats.zscore(x),
    lambda m, x: scipy.stats.skew(x),
    lambda m, x: scipy.stats.kurtosis(x, axis=None),
    lambda m, x: scipy.stats.ttest_ind(x[:, 0], x[:, 1]).pvalue,
    lambda m, x: scipy.stats.pearsonr(x[:, 0], x[:, 1]).statistic,
    lambda m, x: scipy.stats.normaltest(x).pvalue,
    lambda m, x: scipy.stats.gmean(m.abs(x)),
    lambda m, x: scipy.stats.rankdata(x, axis=0),
    lambda m, x: scipy.cluster.vq.whiten(x),
    lambda m, x: scipy.cluster.vq.vq(x, x[:4, :])[1],
    lambda m, x: scipy.signal.detrend(x, axis=0),
    lambda m, x: scipy.integrate.trapezoid(x, axis=0),
    lambda m, x: scipy.integrate.cumulative_simpson(x, axis=0),
    lambda m, x: scipy.optimize.rosen(x),
    lambda m, x: scipy.optimize.rosen_der(x),
    lambda m, x: scipy.differentiate.derivative(m.exp, x[0, :]).df,
]
for i, call in enumerate(calls):
    found, expected = call(xp, xp.asarray(a.copy())), call(np, a)
    assert isinstance(found, xp.Array), (i, type(found))
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-9, atol=1e-12, err_msg=str(i))
print("agreed", len(calls))
"""

SKLEARN = """
import numpy as np, sklearn
import groundup.array_api as xp
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, Normalizer

sklearn.set_config(array_api_dispatch=True)
a = np.random.default_rng(0).standard_normal((40, 3))
t = (a[:, 0] > 0).astype(np.int64)
calls = [
    lambda m, x, t: PCA(2, svd_solver="full").fit(x).explained_variance_,
    lambda m, x, t: LinearDiscriminantAnalysis().fit(x, t).predict(x),
    lambda m, x, t: Ridge(solver="svd").fit(x, x[:, 1]).coef_,
    lambda m, x, t: MinMaxScaler().fit(x).transform(x),
    lambda m, x, t: MaxAbsScaler().fit(x).transform(x),
    lambda m, x, t: Normalizer().fit(x).transform(x),
    lambda m, x, t: cosine_similarity(x, x),
]
for i, call in enumerate(calls):
    found, expected = call(xp, xp.asarray(a.copy()), xp.asarray(t.copy())), call(np, a, t)
    assert isinstance(found, xp.Array), (i, type(found))
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-8, atol=1e-10, err_msg=str(i))
x = xp.asarray(a)
assert r2_score(x[:, 0], x[:, 0]) == 1.0
print("agreed", len(calls))
"""


def agreed(script):
    environment = {**os.environ, "SCIPY_ARRAY_API": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-W", "ignore", "-c", script]
    run = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert run.returncode == 0 and run.stdout.startswith("agreed"), run.stderr[-2000:]


def test_scipy():
    pytest.importorskip("scipy.differentiate")
    agreed(SCIPY)


def test_scikit_learn():
    pytest.importorskip("sklearn", minversion="1.6")
    pytest.importorskip("array_api_compat")
    agreed(SKLEARN)


def test_the_check_sees_an_error():
    with pytest.raises(AssertionError):
        agreed("raise ValueError")
