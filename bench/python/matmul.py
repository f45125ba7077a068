"""Twin of bench/sepal/matmul.spl."""
import sys


def generate(n):
    scale = 1.0 / n / n
    return [[scale * (i - j) * (i + j) for j in range(n)] for i in range(n)]


def transposed(m):
    return [[row[j] for row in m] for j in range(len(m[0]))]


def dot(xs, ys):
    total = 0.0
    for i in range(len(xs)):
        total += xs[i] * ys[i]
    return total


def multiply(a, b):
    columns = transposed(b)
    return [[dot(row, column) for column in columns] for row in a]


n = int(sys.argv[1]) if len(sys.argv) > 1 else 500
m = generate(n)
print(f"matmul {n}: {multiply(m, m)[n // 2][n // 2]:.9f}")
