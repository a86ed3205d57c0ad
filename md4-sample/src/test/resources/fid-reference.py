# SPDX-License-Identifier: Apache-2.0
"""Makes fid-reference.json: Frechet distances, precision and recall of made-up features, by numpy and scipy.

    python3 fid-reference.py > fid-reference.json

Features are float32(sin(a (i + 1) (j + 2)) + b cos(i + 3 j) + c j) for row i, column j, so that a test can make
them again. The root of C1 C2 is taken twice: by scipy.linalg.sqrtm, as the usual FID programs do, and from the
eigenvalues of the unsymmetric product; where covariances are singular sqrtm is not to be trusted, and the second is
the reference.
"""
import json
import platform

import numpy
import scipy
import scipy.linalg


def features(n, width, a, b, c):
    i = numpy.arange(n, dtype=numpy.float64)[:, None]
    j = numpy.arange(width, dtype=numpy.float64)[None, :]
    return (numpy.sin(a * (i + 1) * (j + 2)) + b * numpy.cos(i + 3 * j) + c * j).astype(numpy.float32)


def distance(x, y):
    x, y = x.astype(numpy.float64), y.astype(numpy.float64)
    c1, c2 = numpy.cov(x, rowvar=False), numpy.cov(y, rowvar=False)
    rest = ((x.mean(0) - y.mean(0)) ** 2).sum() + numpy.trace(c1) + numpy.trace(c2)
    eigenvalues = numpy.linalg.eigvals(c1 @ c2).real
    root = scipy.linalg.sqrtm(c1 @ c2)
    return {
        "byEigenvalues": rest - 2 * numpy.sqrt(numpy.maximum(eigenvalues, 0)).sum(),
        "bySqrtm": float(rest - 2 * numpy.trace(root).real),
    }


def manifold_share(reference, others, k):
    reference, others = reference.astype(numpy.float64), others.astype(numpy.float64)
    within = ((reference[:, None] - reference[None]) ** 2).sum(-1)
    radii = numpy.sort(within, axis=1)[:, k]
    across = ((others[:, None] - reference[None]) ** 2).sum(-1)
    return float((across <= radii[None]).any(1).mean())


def case(name, first, second, k):
    x, y = features(*first), features(*second)
    return {
        "name": name,
        "first": first,
        "second": second,
        "neighbours": k,
        **distance(x, y),
        "precision": manifold_share(y, x, k),
        "recall": manifold_share(x, y, k),
    }


cases = [
    case("more vectors than dimensions", [97, 13, 0.37, 0.5, 0.0], [61, 13, 0.41, 0.3, 0.1], 3),
    case("far from the origin", [97, 7, 0.37, 0.5, 40.0], [89, 7, 0.37, 0.4, 40.0], 3),
    case("fewer vectors than dimensions", [9, 13, 0.37, 0.5, 0.0], [11, 13, 0.53, 0.5, 0.2], 2),
    case("the same twice", [50, 11, 0.37, 0.5, 0.3], [50, 11, 0.37, 0.5, 0.3], 3),
]
versions = {
    "python": platform.python_version(),
    "numpy": numpy.__version__,
    "scipy": scipy.__version__,
}
print(json.dumps({"versions": versions, "cases": cases}, indent=1))
