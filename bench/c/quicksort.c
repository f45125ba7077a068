/* Twin of bench/sepal/quicksort.spl. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void quicksort(int64_t *xs, int64_t low, int64_t high) {
    if (low >= high) return;
    int64_t pivot = xs[low + (high - low) / 2], i = low, j = high;
    while (i <= j) {
        while (xs[i] < pivot) i++;
        while (xs[j] > pivot) j--;
        if (i <= j) {
            int64_t t = xs[i];
            xs[i++] = xs[j];
            xs[j--] = t;
        }
    }
    quicksort(xs, low, j);
    quicksort(xs, i, high);
}

static int64_t sum_of(const int64_t *xs, int64_t n) {
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++) sum += xs[i];
    return sum;
}

int main(int argc, char **argv) {
    int64_t n = argc > 1 ? atoll(argv[1]) : 5000000;
    int64_t *xs = malloc(n * sizeof *xs), seed = 42;
    for (int64_t i = 0; i < n; i++) {
        seed = (seed * 1103515245 + 12345) % 2147483648;
        xs[i] = seed;
    }
    int64_t sum = sum_of(xs, n);
    quicksort(xs, 0, n - 1);
    for (int64_t i = 1; i < n; i++) {
        if (xs[i - 1] > xs[i]) return 1;
    }
    if (sum_of(xs, n) != sum) return 1;
    printf("quicksort %" PRId64 ": %" PRId64 " %" PRId64 " %" PRId64 "\n", n, xs[0], xs[n / 2], xs[n - 1]);
    free(xs);
    return 0;
}
