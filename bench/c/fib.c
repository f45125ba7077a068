/* Twin of bench/sepal/fib.spl. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int64_t fib(int64_t n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

int main(int argc, char **argv) {
    int64_t n = argc > 1 ? atoll(argv[1]) : 40;
    printf("fib(%" PRId64 ") = %" PRId64 "\n", n, fib(n));
    return 0;
}
