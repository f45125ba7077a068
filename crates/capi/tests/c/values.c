/* Values: every collection, from C. Each line that holds is counted; the first that does not is named. */
#include "sepal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int held;
#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            printf("line %d: %s\n", __LINE__, #condition); \
            exit(1); \
        } \
        held++; \
    } while (0)

#define INT(n) rt_value_int(n)
static int64_t str(const char *text) { return rt_string_new((int64_t)text, (int64_t)strlen(text)); }
static int is_str(int64_t v, const char *text) {
    return sepal_data(v) && sepal_len(v) == (int64_t)strlen(text) && !memcmp(sepal_data(v), text, strlen(text));
}
#define NIL rt_value_nil()
static int is_nil(int64_t v) { return sepal_kind(v) == 4; }

static void numbers(void) {
    int64_t ints[] = {0, 1, -1, INT64_MAX, INT64_MIN, (1LL << 60) - 1, 1LL << 60, -(1LL << 60) - 1};
    for (int i = 0; i < 8; i++) {
        int64_t v = INT(ints[i]);
        CHECK(sepal_kind(v) == 1 && sepal_int(v) == ints[i]);
    }
    double floats[] = {0.0, -0.0, 1.5, 0.1, 1e300, -1e-300};
    for (int i = 0; i < 6; i++) {
        int64_t v = rt_value_float(floats[i]);
        double back = sepal_float(v);
        CHECK(sepal_kind(v) == 2 && !memcmp(&back, &floats[i], 8));
    }
    CHECK(sepal_kind(rt_value_bool(1)) == 3 && sepal_bool(rt_value_bool(1)) == 1 && sepal_bool(rt_value_bool(0)) == 0);
    CHECK(is_nil(NIL));
}

static void arrays(void) {
    int64_t a = rt_array_new(0);
    for (int i = 0; i < 1000; i++) CHECK(rt_array_push(a, INT(i)) == 1);
    CHECK(sepal_len(a) == 1000 && sepal_int(rt_array_get(a, 999)) == 999 && sepal_int(rt_array_get(a, -1)) == 999);
    CHECK(is_nil(rt_array_get(a, 1000)) && is_nil(rt_array_get(a, -1001)));
    CHECK(rt_array_set(a, 0, str("zero")) == 1 && rt_array_set(a, 1000, NIL) == 0);
    CHECK(is_str(rt_index_get(a, INT(0)), "zero") && rt_index_set(a, INT(1), INT(11)) == 1);
    CHECK(rt_contains(a, INT(11)) && rt_contains(a, str("zero")) && !rt_contains(a, INT(1)));
    int64_t part = rt_slice(a, 10, 2, -3);
    CHECK(sepal_len(part) == 3 && sepal_int(rt_array_get(part, 0)) == 10 && sepal_int(rt_array_get(part, 2)) == 4);
    CHECK(sepal_len(rt_slice(a, -5, INT64_MAX, 1)) == 5 && is_nil(rt_slice(a, 0, 1, 0)));
    CHECK(sepal_int(rt_array_pop(a)) == 999 && sepal_len(a) == 999);
    CHECK(rt_array_clear(a) == 1 && sepal_len(a) == 0 && is_nil(rt_array_pop(a)));
    CHECK(rt_array_push(NIL, NIL) == 0 && is_nil(rt_array_get(INT(3), 0)));
}

static void tuples(void) {
    int64_t t = rt_tuple_new(3);
    CHECK(rt_tuple_len(t) == 3 && is_nil(rt_tuple_get(t, 2)));
    CHECK(rt_tuple_set(t, 1, INT(7)) == 1 && rt_tuple_set(t, 3, INT(7)) == 0);
    int64_t u = rt_tuple_new(3);
    rt_tuple_set(u, 1, INT(7));
    int64_t a = rt_array_new(1);
    rt_array_push(a, t);
    CHECK(rt_contains(a, u) == 1);
    rt_tuple_set(u, 0, INT(1));
    CHECK(rt_contains(a, u) == 0);
}

static void dicts(void) {
    int64_t d = rt_dict_new(0);
    char key[16];
    for (int i = 0; i < 2000; i++) {
        snprintf(key, sizeof key, "k%d", i);
        CHECK(rt_dict_set(d, str(key), INT(i)) == 1);
    }
    CHECK(rt_dict_set(d, str("k5"), INT(55)) == 1 && rt_dict_len(d) == 2000);
    for (int i = 0; i < 2000; i++) {
        snprintf(key, sizeof key, "k%d", i);
        CHECK(sepal_int(rt_dict_get(d, str(key))) == (i == 5 ? 55 : i));
    }
    CHECK(is_nil(rt_dict_get(d, str("k2000"))) && rt_contains(d, str("k7")) && !rt_contains(d, INT(7)));
    CHECK(is_str(rt_array_get(rt_dict_keys(d), 1999), "k1999") && sepal_int(rt_array_get(rt_dict_values(d), 5)) == 55);
    CHECK(rt_dict_clear(d) == 1 && rt_dict_len(d) == 0 && is_nil(rt_dict_get(d, str("k7"))));
    CHECK(rt_index_set(d, rt_value_float(0.0), INT(1)) == 1);
    CHECK(sepal_int(rt_index_get(d, rt_value_float(-0.0))) == 1);
    rt_dict_set(d, INT(INT64_MAX), str("big"));
    CHECK(is_str(rt_dict_get(d, INT(INT64_MAX)), "big"));
}

static void strings(void) {
    int64_t s = rt_string_concat(str("grü"), str("n"));
    CHECK(is_str(s, "grün") && sepal_len(s) == 5);
    CHECK(is_str(rt_slice(s, 2, 4, 1), "ü") && is_nil(rt_slice(s, 3, 4, 1)) && is_str(rt_slice(s, -1, 99, 1), "n"));
    CHECK(rt_contains(s, str("ün")) && !rt_contains(s, str("x")));
    CHECK(is_nil(rt_string_new((int64_t) "\xff", 1)) && is_nil(rt_string_concat(s, NIL)));
}

static int64_t twice(int64_t n) { return 2 * n; }

static void objects(void) {
    int64_t o = rt_object_new(42, 2);
    CHECK(is_nil(rt_object_field_get(o, 0)) && rt_object_field_set(o, 1, INT(5)) == 1);
    CHECK(sepal_int(rt_object_field_get(o, 1)) == 5 && rt_object_field_set(o, 2, NIL) == 0);
    int64_t c = rt_closure_new((int64_t)twice, 2);
    CHECK(rt_closure_set_capture(c, 1, INT(9)) == 1 && rt_closure_set_capture(c, 2, NIL) == 0);
    CHECK(sepal_int(rt_closure_get_capture(c, 1)) == 9 && is_nil(rt_closure_get_capture(c, 2)));
    CHECK(((int64_t(*)(int64_t))rt_closure_func_ptr(c))(21) == 42);
    int64_t e = rt_enum_new(1, 3, str("payload"));
    CHECK(rt_enum_discriminant(e) == 3 && is_str(rt_enum_payload(e), "payload") && rt_enum_discriminant(NIL) == -1);
    int64_t p = rt_alloc(64);
    CHECK(((char *)p)[63] == 0 && rt_value_to_ptr(rt_ptr_to_value(p)) == p && rt_value_to_ptr(NIL) == 0);
    rt_free(p, 64);
}

/* What only the stack and other values hold stays, however much is thrown away meanwhile. */
static void garbage(void) {
    int64_t kept = rt_array_new(0);
    for (int i = 0; i < 200000; i++) {
        int64_t s = str("some text that is longer than a word");
        if (i % 1000 == 0) rt_array_push(kept, s);
    }
    CHECK(sepal_len(kept) == 200);
    for (int i = 0; i < 200; i++) CHECK(is_str(rt_array_get(kept, i), "some text that is longer than a word"));
}

int main(void) {
    rt_init_actor(0);
    rt_init_actor(3);
    numbers();
    arrays();
    tuples();
    dicts();
    strings();
    objects();
    garbage();
    printf("values hold\n");
    return held > 5000 ? 0 : 1;
}
