/* Generators as state machines: a body that dispatches on its state, with slots, a context and an end. */
#include "sepal.h"
#include <stdio.h>
#include <stdlib.h>

#define IS_NIL(value) (sepal_kind(value) == 4)
#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            printf("line %d: %s\n", __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

static int64_t count_up(int64_t g) {
    int64_t state = rt_generator_get_state(g);
    int64_t limit = sepal_int(rt_generator_get_ctx(g));
    if (state == limit) {
        rt_generator_mark_done(g);
        return rt_value_nil();
    }
    rt_generator_set_state(g, state + 1);
    int64_t sum = state == 0 ? 0 : sepal_int(rt_generator_load_slot(g, 0));
    rt_generator_store_slot(g, 0, rt_value_int(sum + state));
    if (state % 2) {
        rt_generator_yield(rt_generator_load_slot(g, 0));
        return rt_value_int(-1);
    }
    return rt_generator_load_slot(g, 0);
}

static void generators(void) {
    int64_t g = rt_generator_new((int64_t)count_up, 1, rt_value_int(5));
    int64_t expected[] = {0, 1, 3, 6, 10};
    for (int i = 0; i < 5; i++) CHECK(sepal_int(rt_generator_next(g)) == expected[i]);
    CHECK(IS_NIL(rt_generator_next(g)) && IS_NIL(rt_generator_next(g)) && IS_NIL(rt_generator_next(rt_value_nil())));
}

/* One that runs the other, a step for a step. */
static int64_t outer(int64_t g) {
    if (rt_generator_get_state(g) == 0) {
        rt_generator_store_slot(g, 0, rt_generator_new((int64_t)count_up, 1, rt_value_int(3)));
        rt_generator_set_state(g, 1);
    }
    int64_t value = rt_generator_next(rt_generator_load_slot(g, 0));
    if (IS_NIL(value)) rt_generator_mark_done(g);
    rt_generator_yield(value);
    return rt_value_nil();
}

static void nested(void) {
    int64_t g = rt_generator_new((int64_t)outer, 1, rt_value_nil());
    int64_t expected[] = {0, 1, 3};
    for (int i = 0; i < 3; i++) CHECK(sepal_int(rt_generator_next(g)) == expected[i]);
    CHECK(IS_NIL(rt_generator_next(g)) && IS_NIL(rt_generator_next(g)));
    CHECK(IS_NIL(rt_generator_load_slot(g, 1)) && IS_NIL(rt_generator_load_slot(g, -1)));
}

int main(void) {
    rt_init_actor(1);
    generators();
    nested();
    printf("generators hold\n");
    return 0;
}
