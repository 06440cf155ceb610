#define PCRE2_CODE_UNIT_WIDTH 8

#include "query/rex.h"

#include <pcre2.h>
#include <stdlib.h>

#define JIT_STACK_BYTES (32u * 1024u)
#define JIT_STACK_BYTES_MAX (512u * 1024u)
#define HEAP_KIB_MAX 1024u
#define DEPTH_MAX 2000u
#define PATTERN_NEST_MAX 64u

struct rex {
    pcre2_code *code;
};

struct rex_room {
    pcre2_match_data *data;
    pcre2_match_context *ctx;
    pcre2_jit_stack *stack; /* NULL: the machine has no JIT */
};

static int compile_failed(int code, size_t at, struct err *err)
{
    PCRE2_UCHAR text[160];
    (void)pcre2_get_error_message(code, text, sizeof(text));
    if (err != NULL)
        err->at = at;
    if (code == PCRE2_ERROR_NOMEMORY)
        return err_set(err, ERR_NOMEM, "regular expression");
    return err_set(err, ERR_PARSE, "regular expression: %s", (const char *)text);
}

int rex_compile(struct str pattern, bool cased, struct rex **ret, struct err *err)
{
    int code = 0;
    size_t at = 0;
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    pcre2_compile_context *ctx = pcre2_compile_context_create(NULL);
    struct rex *r = calloc(1, sizeof(*r));
    if (ctx == NULL || r == NULL) {
        pcre2_compile_context_free(ctx);
        free(r);
        return err_set(err, ERR_NOMEM, "regular expression");
    }
    (void)pcre2_set_parens_nest_limit(ctx, PATTERN_NEST_MAX);
    r->code = pcre2_compile((PCRE2_SPTR)(pattern.n == 0 ? "" : pattern.p), pattern.n,
                            options | (cased ? 0 : PCRE2_CASELESS), &code, &at, ctx);
    pcre2_compile_context_free(ctx);
    if (r->code == NULL) {
        free(r);
        return compile_failed(code, at < pattern.n ? at : pattern.n, err);
    }
    /* Without JIT (no writable and executable memory) the interpreter does the same, only slower. */
    (void)pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);
    *ret = r;
    return 0;
}

void rex_free(struct rex *r)
{
    if (r == NULL)
        return;
    pcre2_code_free(r->code);
    free(r);
}

int rex_room_new(uint32_t steps_max, struct rex_room **ret, struct err *err)
{
    struct rex_room *m = calloc(1, sizeof(*m));
    if (m != NULL) {
        m->data = pcre2_match_data_create(1, NULL);
        m->ctx = pcre2_match_context_create(NULL);
    }
    if (m == NULL || m->data == NULL || m->ctx == NULL) {
        rex_room_free(m);
        return err_set(err, ERR_NOMEM, "regular expression");
    }
    (void)pcre2_set_match_limit(m->ctx, steps_max);
    (void)pcre2_set_depth_limit(m->ctx, DEPTH_MAX);
    (void)pcre2_set_heap_limit(m->ctx, HEAP_KIB_MAX);
    m->stack = pcre2_jit_stack_create(JIT_STACK_BYTES, JIT_STACK_BYTES_MAX, NULL);
    if (m->stack != NULL)
        pcre2_jit_stack_assign(m->ctx, NULL, m->stack);
    *ret = m;
    return 0;
}

void rex_room_free(struct rex_room *m)
{
    if (m == NULL)
        return;
    pcre2_jit_stack_free(m->stack);
    pcre2_match_context_free(m->ctx);
    pcre2_match_data_free(m->data);
    free(m);
}

bool rex_match(const struct rex *r, struct str text, struct rex_room *m, bool *ret_gave_up)
{
    int rc = pcre2_match(r->code, (PCRE2_SPTR)(text.n == 0 ? "" : text.p), text.n, 0, 0, m->data, m->ctx);
    if (rc < 0 && rc != PCRE2_ERROR_NOMATCH)
        *ret_gave_up = true;
    return rc >= 0;
}
