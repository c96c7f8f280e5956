"""LAPACK's Cholesky factor and triangular inverse of one complex block: the seconds of zpotrf and ztrtri on one core.

    OPENBLAS_NUM_THREADS=1 python benches/peers/factors.py 1000 2000

Prints one line of JSON per number of rows, best of three.
"""

from __future__ import annotations

import json
import os
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy.linalg.lapack import zpotrf, ztrtri

REPEATS = 3


def block(rows):
    """A Hermitian matrix with a dominant diagonal, column after column as LAPACK has it."""
    index = np.arange(rows)
    low, high = np.minimum.outer(index, index), np.maximum.outer(index, index)
    sign = np.sign(np.subtract.outer(index, index))
    return np.asfortranarray(np.sin(high + 2.0 * low) + 1j * sign * np.cos(3.0 * high - low) + 2.0 * rows * np.eye(rows))


def measure(rows):
    matrix = block(rows)
    best = {"factor": float("inf"), "inverse": float("inf")}
    for _ in range(REPEATS):
        copy = matrix.copy(order="F")
        start = time.perf_counter()
        factor, info = zpotrf(copy, lower=1, overwrite_a=1, clean=0)
        middle = time.perf_counter()
        if info != 0:
            raise SystemExit(f"zpotrf: info {info}")
        _, info = ztrtri(factor, lower=1, overwrite_c=1)
        end = time.perf_counter()
        if info != 0:
            raise SystemExit(f"ztrtri: info {info}")
        best["factor"] = min(best["factor"], middle - start)
        best["inverse"] = min(best["inverse"], end - middle)
    return best


for argument in sys.argv[1:]:
    print(json.dumps({"rows": int(argument), **measure(int(argument))}), flush=True)
