/* Twin of bench/sepal/queens.spl. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
    int64_t size;
    bool *columns, *rising, *falling;
} Board;

static bool is_free(const Board *b, int64_t row, int64_t column) {
    return !b->columns[column] && !b->rising[row + column] && !b->falling[row - column + b->size - 1];
}

static void mark(Board *b, int64_t row, int64_t column, bool taken) {
    b->columns[column] = taken;
    b->rising[row + column] = taken;
    b->falling[row - column + b->size - 1] = taken;
}

static int64_t count_from(Board *b, int64_t row) {
    if (row == b->size) return 1;
    int64_t solutions = 0;
    for (int64_t column = 0; column < b->size; column++) {
        if (is_free(b, row, column)) {
            mark(b, row, column, true);
            solutions += count_from(b, row + 1);
            mark(b, row, column, false);
        }
    }
    return solutions;
}

int main(int argc, char **argv) {
    int64_t n = argc > 1 ? atoll(argv[1]) : 13;
    Board b = {n, calloc(n, sizeof(bool)), calloc(2 * n, sizeof(bool)), calloc(2 * n, sizeof(bool))};
    printf("queens(%" PRId64 ") = %" PRId64 "\n", n, count_from(&b, 0));
    free(b.columns);
    free(b.rising);
    free(b.falling);
    return 0;
}
