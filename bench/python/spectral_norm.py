"""Twin of bench/sepal/spectral_norm.spl."""
import math
import sys


def a(i, j):
    return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)


def multiply(v, out):
    for i in range(len(out)):
        total = 0.0
        for j in range(len(v)):
            total += a(i, j) * v[j]
        out[i] = total


def multiply_transposed(v, out):
    for i in range(len(out)):
        total = 0.0
        for j in range(len(v)):
            total += a(j, i) * v[j]
        out[i] = total


def spectral_norm(n):
    u = [1.0] * n
    v = [0.0] * n
    scratch = [0.0] * n
    for _ in range(10):
        multiply(u, scratch)
        multiply_transposed(scratch, v)
        multiply(v, scratch)
        multiply_transposed(scratch, u)
    uv = 0.0
    vv = 0.0
    for i in range(n):
        uv += u[i] * v[i]
        vv += v[i] * v[i]
    return math.sqrt(uv / vv)


print(f"{spectral_norm(int(sys.argv[1]) if len(sys.argv) > 1 else 1000):.9f}")
