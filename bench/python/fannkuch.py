"""Twin of bench/sepal/fannkuch.spl."""
import sys


def count_flips(flipped):
    flips = 0
    first = flipped[0]
    while first != 0:
        low = 0
        high = first
        while low < high:
            t = flipped[low]
            flipped[low] = flipped[high]
            flipped[high] = t
            low += 1
            high -= 1
        flips += 1
        first = flipped[0]
    return flips


def next_permutation(perm, left):
    for r in range(1, len(perm)):
        first = perm[0]
        for i in range(r):
            perm[i] = perm[i + 1]
        perm[r] = first
        left[r] -= 1
        if left[r] > 0:
            return True
        left[r] = r + 1
    return False


def fannkuch(n):
    perm = list(range(n))
    left = [i + 1 for i in range(n)]
    scratch = [0] * n
    checksum = 0
    most = 0
    sign = 1
    while True:
        if perm[0] != 0:
            for i in range(n):
                scratch[i] = perm[i]
            flips = count_flips(scratch)
            checksum += sign * flips
            most = max(most, flips)
        if not next_permutation(perm, left):
            return checksum, most
        sign = -sign


n = int(sys.argv[1]) if len(sys.argv) > 1 else 10
checksum, most = fannkuch(n)
print(checksum)
print(f"Pfannkuchen({n}) = {most}")
