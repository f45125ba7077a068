/* Twin of bench/sepal/spectral_norm.spl. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static double a(int64_t i, int64_t j) {
    return 1.0 / (double)((i + j) * (i + j + 1) / 2 + i + 1);
}

static void multiply(int64_t n, const double *v, double *out) {
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t j = 0; j < n; j++) sum += a(i, j) * v[j];
        out[i] = sum;
    }
}

static void multiply_transposed(int64_t n, const double *v, double *out) {
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t j = 0; j < n; j++) sum += a(j, i) * v[j];
        out[i] = sum;
    }
}

int main(int argc, char **argv) {
    int64_t n = argc > 1 ? atoll(argv[1]) : 1000;
    double *u = malloc(n * sizeof *u);
    double *v = malloc(n * sizeof *v);
    double *scratch = malloc(n * sizeof *scratch);
    for (int64_t i = 0; i < n; i++) {
        u[i] = 1;
        v[i] = 0;
    }
    for (int round = 0; round < 10; round++) {
        multiply(n, u, scratch);
        multiply_transposed(n, scratch, v);
        multiply(n, v, scratch);
        multiply_transposed(n, scratch, u);
    }
    double uv = 0, vv = 0;
    for (int64_t i = 0; i < n; i++) {
        uv += u[i] * v[i];
        vv += v[i] * v[i];
    }
    printf("%.9f\n", sqrt(uv / vv));
    free(u);
    free(v);
    free(scratch);
    return 0;
}
