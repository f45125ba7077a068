/* The same kinds of things in small numbers, for a run that collects at every allocation. */
#include "sepal.h"
#include <stdio.h>
#include <string.h>

static int64_t number(int64_t n) { return rt_value_int(INT64_MAX - n); }

static void worker(const void *args) {
    int64_t list = rt_array_new(0);
    for (int64_t i = 0; i < 20; i++) {
        rt_array_push(list, rt_actor_recv());
        rt_array_push(list, number(i));
    }
    rt_actor_send(*(const int64_t *)args, list);
}

static int64_t task(const void *ctx) {
    int64_t text = ((const int64_t *)ctx)[1], dict = rt_dict_new(0);
    for (int64_t i = 0; i < 20; i++) rt_dict_set(dict, number(i), rt_string_concat(text, text));
    return dict;
}

int main(void) {
    rt_init_actor(2);
    int64_t self = rt_actor_self();
    int64_t pid = rt_actor_spawn(worker, &self, 8, 1);
    for (int64_t i = 0; i < 20; i++) rt_actor_send(pid, number(i));
    int64_t text = rt_string_new((int64_t) "abc", 3), closure = rt_closure_new((int64_t)task, 1);
    rt_closure_set_capture(closure, 0, text);
    int64_t future = rt_future_new((int64_t)task, closure);
    int64_t list = rt_actor_recv();
    for (int64_t i = 0; i < 20; i++) {
        if (sepal_int(rt_array_get(list, 2 * i)) != INT64_MAX - i) return 1;
        if (sepal_int(rt_array_get(list, 2 * i + 1)) != INT64_MAX - i) return 2;
    }
    int64_t dict = rt_future_await(future);
    for (int64_t i = 0; i < 20; i++) {
        int64_t value = rt_dict_get(dict, number(i));
        if (sepal_len(value) != 6 || memcmp(sepal_data(value), "abcabc", 6)) return 3;
    }
    printf("stress holds\n");
    return 7;
}
