/* A runtime for one test: runs the program of an object file and prints what it gives. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
    uintptr_t limit, alloc_ptr, alloc_end;
    uint32_t panic, marking;
    uint64_t *globals;
    uintptr_t entry_sp;
} Ctx;
typedef struct { const void *ptr; size_t len; } Table;
typedef struct {
    uint32_t version, reserved;
    Table descs;
    const void *entry;
    uint64_t *globals;
    size_t global_words;
    Table global_refs, locs, functions, code_locs, symbols, texts;
} Image;
typedef struct { uint32_t file, file_len, function, function_len, line, col, parent; } Loc;
typedef struct { const char *start; uint32_t size, first, count, reserved; } Fn;
typedef struct { uint32_t offset, loc; } CodeLoc;

extern const Image sepal_image;
static uint64_t memory[1 << 16];
static Ctx ctx;
static uint64_t raised;

uint64_t *rt_object_alloc(Ctx *c, uint64_t header, uint64_t size) {
    uint64_t *object = (uint64_t *)c->alloc_ptr;
    c->alloc_ptr += size;
    *object = header;
    printf("alloc %lu\n", (unsigned long)size);
    return object;
}

/* The shared cold paths refer to them; this program grows no array, and nothing marks. */
void rt_gc_log(Ctx *c, uint64_t *place) { (void)c; (void)place; abort(); }
uint64_t *rt_array_grow(Ctx *c, uint64_t *array, uint64_t len) { (void)c; (void)array; (void)len; abort(); }
void rt_poll(Ctx *c) { (void)c; puts("poll"); }
void rt_yield(Ctx *c) { (void)c; }
void rt_raise(Ctx *c, uint64_t code, uint64_t a, uint64_t b) { (void)a; (void)b; c->panic = raised = code; }

void rt_print(Ctx *c, const uint64_t *s) {
    (void)c;
    fwrite(s + 2, 1, s[1], stdout);
    putchar('\n');
}

static void show(uint32_t n) {
    const Loc *loc = (const Loc *)sepal_image.locs.ptr + n;
    const char *texts = sepal_image.texts.ptr;
    printf("  %.*s:%u in %.*s\n", (int)loc->file_len, texts + loc->file, loc->line,
           (int)loc->function_len, texts + loc->function);
}

void rt_panic_at(Ctx *c, uint64_t loc, uint64_t *fp) {
    (void)c;
    printf("panic %lu\n", (unsigned long)raised);
    if (loc != UINT32_MAX) show(loc);
    for (; fp; fp = (uint64_t *)fp[0]) {
        const char *back = (const char *)fp[1];
        for (size_t n = 0; n < sepal_image.functions.len; n++) {
            const Fn *f = (const Fn *)sepal_image.functions.ptr + n;
            if (back <= f->start || back > f->start + f->size) continue;
            for (uint32_t i = f->first; i < f->first + f->count; i++) {
                const CodeLoc *entry = (const CodeLoc *)sepal_image.code_locs.ptr + i;
                if (f->start + entry->offset == back) show(entry->loc);
            }
        }
    }
    fflush(stdout);
    exit(101);
}

int main(void) {
    uint64_t globals[8] = {0}, result;
    ctx.globals = globals;
    ctx.alloc_ptr = (uintptr_t)memory;
    /* The first allocations are inline, the others come here. */
    ctx.alloc_end = (uintptr_t)(memory + 4);
    __asm__ volatile(
        "push %%rbp\n push %%r15\n xor %%ebp, %%ebp\n mov %1, %%r15\n call *%2\n pop %%r15\n pop %%rbp\n"
        : "=a"(result)
        : "r"(&ctx), "r"(sepal_image.entry)
        : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "memory", "cc");
    printf("= %ld\n", (long)result);
    return 0;
}
