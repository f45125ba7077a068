/* Twin of bench/sepal/matmul.spl. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static double **matrix(int64_t n) {
    double **m = malloc(n * sizeof *m);
    for (int64_t i = 0; i < n; i++) m[i] = malloc(n * sizeof **m);
    return m;
}

static void release(double **m, int64_t n) {
    for (int64_t i = 0; i < n; i++) free(m[i]);
    free(m);
}

static double dot(const double *xs, const double *ys, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += xs[i] * ys[i];
    return sum;
}

int main(int argc, char **argv) {
    int64_t n = argc > 1 ? atoll(argv[1]) : 500;
    double **m = matrix(n), **columns = matrix(n), **product = matrix(n);
    double scale = 1.0 / (double)n / (double)n;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++) m[i][j] = scale * (double)(i - j) * (double)(i + j);
    }
    for (int64_t j = 0; j < n; j++) {
        for (int64_t i = 0; i < n; i++) columns[j][i] = m[i][j];
    }
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++) product[i][j] = dot(m[i], columns[j], n);
    }
    printf("matmul %" PRId64 ": %.9f\n", n, product[n / 2][n / 2]);
    release(m, n);
    release(columns, n);
    release(product, n);
    return 0;
}
