/* Twin of bench/sepal/binary_trees.spl: malloc and free where Sepal collects. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MIN_DEPTH 4

typedef struct Tree {
    struct Tree *left, *right;
} Tree;

static Tree *full_tree(int64_t depth) {
    Tree *t = malloc(sizeof *t);
    t->left = depth == 0 ? NULL : full_tree(depth - 1);
    t->right = depth == 0 ? NULL : full_tree(depth - 1);
    return t;
}

static int64_t count_nodes(const Tree *t) {
    return t == NULL ? 0 : 1 + count_nodes(t->left) + count_nodes(t->right);
}

static void release(Tree *t) {
    if (t == NULL) return;
    release(t->left);
    release(t->right);
    free(t);
}

static int64_t build_and_count(int64_t depth) {
    Tree *t = full_tree(depth);
    int64_t count = count_nodes(t);
    release(t);
    return count;
}

int main(int argc, char **argv) {
    int64_t n = argc > 1 ? atoll(argv[1]) : 16;
    int64_t max_depth = n > MIN_DEPTH + 2 ? n : MIN_DEPTH + 2;
    printf("stretch tree of depth %" PRId64 "\t check: %" PRId64 "\n", max_depth + 1,
           build_and_count(max_depth + 1));
    Tree *long_lived = full_tree(max_depth);
    for (int64_t depth = MIN_DEPTH; depth <= max_depth; depth += 2) {
        int64_t rounds = (int64_t)1 << (max_depth - depth + MIN_DEPTH), check = 0;
        for (int64_t i = 0; i < rounds; i++) check += build_and_count(depth);
        printf("%" PRId64 "\t trees of depth %" PRId64 "\t check: %" PRId64 "\n", rounds, depth, check);
    }
    printf("long lived tree of depth %" PRId64 "\t check: %" PRId64 "\n", max_depth,
           count_nodes(long_lived));
    release(long_lived);
    return 0;
}
