/* Twin of bench/sepal/mandelbrot.spl. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_member(double cr, double ci) {
    double zr = 0, zi = 0, zr2 = 0, zi2 = 0;
    for (int i = 0; i < 50; i++) {
        zi = 2.0 * zr * zi + ci;
        zr = zr2 - zi2 + cr;
        zr2 = zr * zr;
        zi2 = zi * zi;
        if (zr2 + zi2 > 4.0) return false;
    }
    return true;
}

int main(int argc, char **argv) {
    int64_t size = argc > 1 ? atoll(argv[1]) : 1000;
    int64_t bytes = size * ((size + 7) / 8), filled = 0;
    uint8_t *pixels = malloc(bytes);
    double scale = 2.0 / (double)size;
    for (int64_t y = 0; y < size; y++) {
        double ci = (double)y * scale - 1.0;
        for (int64_t left = 0; left < size; left += 8) {
            int64_t bits = 0;
            for (int64_t x = left; x < left + 8; x++) {
                bool inside = x < size && is_member((double)x * scale - 1.5, ci);
                bits = bits << 1 | inside;
            }
            pixels[filled++] = (uint8_t)bits;
        }
    }
    int64_t sum = 0;
    for (int64_t i = 0; i < bytes; i++) sum = (sum * 31 + pixels[i]) % 1000000007;
    printf("mandelbrot %" PRId64 ": %" PRId64 "\n", size, sum);
    free(pixels);
    return 0;
}
