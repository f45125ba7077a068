/* How a program of C ends, by its argument. */
#include "sepal.h"
#include <string.h>

static void waits(const void *args) {
    (void)args;
    rt_actor_receive(-1);
}

int main(int count, char **args) {
    if (count < 2) return 0;
    const char *how = args[1];
    if (!strcmp(how, "outside")) return (int)rt_array_new(1);
    rt_init_actor(1);
    if (!strcmp(how, "eval")) rt_interp_eval(rt_value_nil());
    if (!strcmp(how, "call")) rt_interp_call((int64_t) "f", 1, 0);
    if (!strcmp(how, "method")) rt_method_not_found((int64_t) "C", 1, (int64_t) "m", 1);
    if (!strcmp(how, "deadlock")) {
        rt_actor_spawn(waits, NULL, 0, 1);
        rt_actor_receive(-1);
    }
    if (!strcmp(how, "memory"))
        for (int64_t list = rt_array_new(0);;) rt_array_push(list, rt_array_new(1000));
    return 3;
}
