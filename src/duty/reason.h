/*
 * reason.h - why something is as it is: a stable code and named arguments. The sentences are data
 * (catalogue/texts/reasons.yaml: code → {vi, en} with {argument} in braces), so that every language says the
 * same and no text stands in code. A reason owns nothing: its texts are views of the caller, of literals or
 * of an arena.
 */
#ifndef KHIEN_DUTY_REASON_H
#define KHIEN_DUTY_REASON_H

#include "base/arena.h"
#include "codec/jout.h"
#include "sys/sys.h"

#define REASON_ARGS_MAX 8
#define REASON_ALSO_MAX 2

enum reason_lang { REASON_VI, REASON_EN };

enum reason_kind {
    REASON_TEXT, /* as it is */
    REASON_WORD, /* code of another text, "word.…" (form of a document, name of a check) */
    REASON_INT,
    REASON_REAL, /* shown with at most one decimal, decimal comma in Vietnamese */
    REASON_TIME, /* ns since 1970 UTC, shown in Vietnam time to the minute */
    REASON_DATE, /* days since 1970-01-01 */
};

struct reason_arg {
    struct str name;
    enum reason_kind kind;
    struct str text; /* TEXT, WORD */
    int64_t i;       /* INT, TIME, DATE */
    double d;        /* REAL */
};

struct reason {
    struct str code;
    size_t n;
    struct reason_arg args[REASON_ARGS_MAX];
    struct str also[REASON_ALSO_MAX]; /* codes of further sentences with the same arguments; .n == 0: none */
};

/* Build: start with a code, then add. More than REASON_ARGS_MAX arguments are our mistake (assertion). */
struct reason reason_of(struct str code);
void reason_add_text(struct reason *r, struct str name, struct str text);
void reason_add_word(struct reason *r, struct str name, struct str code);
void reason_add_int(struct reason *r, struct str name, int64_t v);
void reason_add_real(struct reason *r, struct str name, double v);
void reason_add_time(struct reason *r, struct str name, int64_t ns);
void reason_add_date(struct reason *r, struct str name, int64_t day);
void reason_add_also(struct reason *r, struct str code);

struct reason_texts;

/* Read catalogue/texts/reasons.yaml. Errors: ERR_PARSE with file and line, ERR_IO, ERR_NOMEM. */
int reason_load(const struct sys *sys, const char *path, struct reason_texts **ret, struct err *err) MUST_USE;
int reason_parse_texts(struct str text, struct str file, struct reason_texts **ret, struct err *err) MUST_USE;
void reason_texts_free(struct reason_texts *t); /* NULL is allowed */
DEFINE_FREEP(reason_texts)
size_t reason_count(const struct reason_texts *t);
struct str reason_code_at(const struct reason_texts *t, size_t i); /* in byte order */
/* The bare text of a code, {arguments} not filled; .p == NULL where there is none. */
struct str reason_text(const struct reason_texts *t, struct str code, enum reason_lang lang);

/*
 * Write the sentence(s) of a reason. A code without text writes the code itself, an argument that is not
 * there writes its name in braces: never nothing, and tests find both.
 */
void reason_render(const struct reason_texts *t, const struct reason *r, enum reason_lang lang,
                   struct buf *out);
/* {"code":…,"args":{…},"vi":…,"en":…} as in docs/api.md. t == NULL: code and args only, for storing. */
void reason_put_json(struct jout *j, const struct reason_texts *t, const struct reason *r);
/*
 * Read back what reason_put_json wrote (vi and en are ignored). Kinds are told from the values: number,
 * RFC 3339 time, date, "word.…", else text. Views go into the arena. Errors: ERR_PARSE, ERR_LIMIT, ERR_NOMEM.
 */
int reason_parse(struct str json, struct arena *a, struct reason *ret, struct err *err) MUST_USE;

#endif
