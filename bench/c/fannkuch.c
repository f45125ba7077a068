/* Twin of bench/sepal/fannkuch.spl. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static int64_t count_flips(int64_t *flipped) {
    int64_t flips = 0, first;
    while ((first = flipped[0]) != 0) {
        for (int64_t low = 0, high = first; low < high; low++, high--) {
            int64_t t = flipped[low];
            flipped[low] = flipped[high];
            flipped[high] = t;
        }
        flips++;
    }
    return flips;
}

static bool next_permutation(int64_t *perm, int64_t *left, int64_t n) {
    for (int64_t r = 1; r < n; r++) {
        int64_t first = perm[0];
        for (int64_t i = 0; i < r; i++) perm[i] = perm[i + 1];
        perm[r] = first;
        if (--left[r] > 0) return true;
        left[r] = r + 1;
    }
    return false;
}

int main(int argc, char **argv) {
    int64_t n = argc > 1 ? atoll(argv[1]) : 10;
    int64_t *perm = malloc(n * sizeof *perm);
    int64_t *left = malloc(n * sizeof *left);
    int64_t *scratch = malloc(n * sizeof *scratch);
    for (int64_t i = 0; i < n; i++) {
        perm[i] = i;
        left[i] = i + 1;
    }
    int64_t checksum = 0, most = 0, sign = 1;
    do {
        if (perm[0] != 0) {
            for (int64_t i = 0; i < n; i++) scratch[i] = perm[i];
            int64_t flips = count_flips(scratch);
            checksum += sign * flips;
            if (flips > most) most = flips;
        }
        sign = -sign;
    } while (next_permutation(perm, left, n));
    printf("%" PRId64 "\nPfannkuchen(%" PRId64 ") = %" PRId64 "\n", checksum, n, most);
    free(perm);
    free(left);
    free(scratch);
    return 0;
}
