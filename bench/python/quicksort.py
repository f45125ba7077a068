"""Twin of bench/sepal/quicksort.spl."""
import sys


def random_list(n):
    seed = 42
    xs = []
    for _ in range(n):
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
        xs.append(seed)
    return xs


def quicksort(xs, low, high):
    if low >= high:
        return
    pivot = xs[low + (high - low) // 2]
    i = low
    j = high
    while i <= j:
        while xs[i] < pivot:
            i += 1
        while xs[j] > pivot:
            j -= 1
        if i <= j:
            t = xs[i]
            xs[i] = xs[j]
            xs[j] = t
            i += 1
            j -= 1
    quicksort(xs, low, j)
    quicksort(xs, i, high)


n = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
xs = random_list(n)
total = sum(xs)
quicksort(xs, 0, n - 1)
for i in range(1, n):
    assert xs[i - 1] <= xs[i]
assert sum(xs) == total
print(f"quicksort {n}: {xs[0]} {xs[n // 2]} {xs[n - 1]}")
