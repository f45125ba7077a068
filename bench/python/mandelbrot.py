"""Twin of bench/sepal/mandelbrot.spl."""
import sys


def is_member(cr, ci):
    zr = zi = zr2 = zi2 = 0.0
    for _ in range(50):
        zi = 2.0 * zr * zi + ci
        zr = zr2 - zi2 + cr
        zr2 = zr * zr
        zi2 = zi * zi
        if zr2 + zi2 > 4.0:
            return False
    return True


def bitmap(size):
    pixels = bytearray()
    scale = 2.0 / size
    for y in range(size):
        ci = y * scale - 1.0
        for left in range(0, size, 8):
            bits = 0
            for x in range(left, left + 8):
                inside = x < size and is_member(x * scale - 1.5, ci)
                bits = bits << 1 | (1 if inside else 0)
            pixels.append(bits)
    return pixels


def checksum(data):
    total = 0
    for byte in data:
        total = (total * 31 + byte) % 1_000_000_007
    return total


size = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
print(f"mandelbrot {size}: {checksum(bitmap(size))}")
