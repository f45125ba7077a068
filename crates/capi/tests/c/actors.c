/* Actors and futures, from C. */
#include "sepal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            printf("line %d: %s\n", __LINE__, #condition); \
            fflush(stdout); \
            exit(1); \
        } \
    } while (0)

typedef struct { int64_t from, value; } Message;

/* Sends back what comes, one more, until it gets -1. */
static void echo(const void *args) {
    CHECK(!strcmp(args, "hello"));
    for (;;) {
        const Message *m = rt_actor_receive(-1);
        if (m->value == -1) return;
        Message answer = {rt_actor_self(), m->value + 1};
        rt_actor_send(m->from, &answer, sizeof answer);
    }
}

static void round_trips(void) {
    int64_t pid = rt_actor_spawn(echo, "hello", 6, 1);
    CHECK(pid > 0 && pid != rt_actor_self());
    for (int64_t i = 0; i < 10000; i++) {
        Message m = {rt_actor_self(), i};
        rt_actor_send(pid, &m, sizeof m);
        /* The message is a copy. */
        m.value = 99;
        const Message *answer = rt_actor_receive(-1);
        CHECK(sepal_message_len(answer) == sizeof(Message) && answer->from == pid && answer->value == i + 1);
    }
    Message stop = {0, -1};
    rt_actor_send(pid, &stop, sizeof stop);
}

static void timeouts(void) {
    CHECK(rt_actor_receive(0) == NULL && rt_actor_receive(20) == NULL);
    rt_actor_send(rt_actor_self(), "x", 2);
    CHECK(!strcmp(rt_actor_receive(0), "x"));
    /* A null body does nothing. */
    CHECK(rt_actor_spawn(NULL, NULL, 0, 1) > 0);
}

/* Gets a closure's captures, and answers with a dict. */
static void keeper(const void *ctx) {
    const int64_t *captures = ctx;
    int64_t parent = sepal_int(captures[1]), list = captures[2];
    rt_array_push(list, rt_actor_recv());
    int64_t dict = rt_dict_new(0);
    rt_dict_set(dict, rt_value_int(1), list);
    rt_actor_send(parent, dict);
}

static void values_travel(void) {
    int64_t list = rt_array_new(0), closure = rt_closure_new((int64_t)keeper, 2);
    rt_array_push(list, rt_value_int(INT64_MIN));
    rt_closure_set_capture(closure, 0, rt_value_int(rt_actor_self()));
    rt_closure_set_capture(closure, 1, list);
    int64_t pid = rt_actor_spawn(rt_closure_func_ptr(closure), closure);
    rt_actor_send(pid, rt_value_float(0.1));
    int64_t back = rt_dict_get(rt_actor_recv(), rt_value_int(1));
    CHECK(sepal_len(back) == 2 && sepal_int(rt_array_get(back, 0)) == INT64_MIN);
    CHECK(sepal_float(rt_array_get(back, 1)) == 0.1);
    /* What was captured was copied. */
    CHECK(sepal_len(list) == 1);
}

static void note_end(const void *state, const void *reason) {
    int64_t parent = *(const int64_t *)state;
    rt_actor_send(parent, reason, (int64_t)strlen(reason) + 1);
}

/* Waits for one message, and says no more. */
static void wait_once(const void *args) {
    (void)args;
    rt_actor_receive(-1);
}

static void fails(const void *args) {
    (void)args;
    rt_actor_receive(-1);
    rt_function_not_found((int64_t) "frobnicate", 10);
}

static void terminates(void) {
    int64_t self = rt_actor_self();
    int64_t pid = rt_actor_spawn(wait_once, &self, 8, 1);
    rt_actor_set_terminate(pid, note_end);
    rt_actor_send(pid, "", 1);
    CHECK(!strcmp(rt_actor_receive(-1), "Normal"));
    pid = rt_actor_spawn(fails, &self, 8, 1);
    rt_actor_set_terminate(pid, note_end);
    rt_actor_send(pid, "", 1);
    CHECK(!strcmp(rt_actor_receive(-1), "Panic: function not found: frobnicate"));
}

/* Links itself to the pid it is told, then waits for ever. */
static void linker(const void *args) {
    rt_actor_link(((const int64_t *)args)[1]);
    int64_t self = rt_actor_self();
    rt_actor_send(*(const int64_t *)args, &self, 8);
    rt_actor_receive(-1);
}

/* The same, but runs for ever. */
static void busy_linker(const void *args) {
    rt_actor_link(((const int64_t *)args)[1]);
    int64_t self = rt_actor_self();
    rt_actor_send(*(const int64_t *)args, &self, 8);
    for (;;) rt_reduction_check();
}

static void links(void) {
    int64_t self = rt_actor_self();
    int64_t victim = rt_actor_spawn(fails, &self, 8, 1);
    int64_t args[2] = {self, victim};
    int64_t waits = rt_actor_spawn(linker, args, sizeof args, 1);
    int64_t runs = rt_actor_spawn(busy_linker, args, sizeof args, 1);
    rt_actor_set_terminate(waits, note_end);
    rt_actor_set_terminate(runs, note_end);
    CHECK(sepal_message_len(rt_actor_receive(-1)) == 8);
    CHECK(sepal_message_len(rt_actor_receive(-1)) == 8);
    rt_actor_send(victim, "", 1);
    for (int i = 0; i < 2; i++)
        CHECK(!strcmp(rt_actor_receive(-1), "Panic: function not found: frobnicate"));
}

static int64_t slow_square(const void *ctx) {
    int64_t n = sepal_int(((const int64_t *)ctx)[1]);
    rt_wait(rt_value_int(20));
    return rt_value_int(n * n);
}

static int64_t square_of(int64_t n) {
    int64_t closure = rt_closure_new((int64_t)slow_square, 1);
    rt_closure_set_capture(closure, 0, rt_value_int(n));
    return rt_future_new(rt_closure_func_ptr(closure), closure);
}

/* Awaits in the middle of a step. */
static int64_t squares(int64_t g) {
    int64_t n = rt_generator_get_state(g) + 1;
    rt_generator_set_state(g, n);
    return rt_future_await(square_of(n));
}

static void futures(void) {
    int64_t fs[10];
    for (int i = 0; i < 10; i++) fs[i] = square_of(i);
    for (int i = 9; i >= 0; i--) CHECK(sepal_int(i % 2 ? rt_future_await(fs[i]) : rt_wait(fs[i])) == i * i);
    CHECK(sepal_int(rt_future_await(rt_value_int(5))) == 5);
    /* A null body is a legal one here too. */
    CHECK(sepal_kind(rt_future_await(rt_future_new(0, rt_value_nil()))) == 4);
    int64_t g = rt_generator_new((int64_t)squares, 0, rt_value_nil());
    for (int i = 1; i < 5; i++) CHECK(sepal_int(rt_generator_next(g)) == i * i);
}

static void adder(const void *args) {
    int64_t sum = 0;
    for (int i = 0; i < 100; i++) sum += *(const int64_t *)rt_actor_receive(-1);
    rt_actor_send(*(const int64_t *)args, &sum, 8);
}

static void many(void) {
    enum { COUNT = 1000 };
    int64_t self = rt_actor_self(), pids[COUNT], sum = 0;
    for (int i = 0; i < COUNT; i++) pids[i] = rt_actor_spawn(adder, &self, 8, (int8_t)(i % 4));
    for (int64_t n = 0; n < 100; n++)
        for (int i = 0; i < COUNT; i++) rt_actor_send(pids[i], &n, 8);
    for (int i = 0; i < COUNT; i++) sum += *(const int64_t *)rt_actor_receive(-1);
    CHECK(sum == COUNT * 4950);
}

int main(void) {
    rt_init_actor(0);
    round_trips();
    timeouts();
    values_travel();
    terminates();
    links();
    futures();
    many();
    printf("actors hold\n");
    return 7;
}
