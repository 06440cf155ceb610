#include "parse/parse.h"

#include "base/text.h"
#include "parse/legacy.h"
#include "parse/linux.h"
#include "parse/parse_out.h"

#define MISSES_MAX 8u                /* lines in a row after which the dialect of a source is guessed anew */
#define ZONE_VOTES_MIN 16u           /* lines in a row that must agree on a zone … */
#define ZONE_SPAN_NS (60 * NS_PER_S) /* … received over at least this long */
#define ZONE_STEP_S 1800             /* zones are multiples of half an hour … */
#define ZONE_SLACK_S 60              /* … and the way of a line takes at most this long */
#define GUESS_STEP_S 1800            /* a zone may be guessed from one line: a multiple of half an hour … */
#define GUESS_SLACK_S 30        /* … give or take this: few lines that are merely late come so near … */
#define GUESS_MAX_S (14 * 3600) /* … and at most this far from the zone in use */
#define SEVERITY_DEFAULT 6      /* info: what journald uses for lines without a priority */

static const struct parse_row rows[PARSE_COUNT] = {
#define PARSER(id, name_, fn, shapes, since_, spec_, doc_)                                                   \
    [PARSE_##id] = {{(name_), sizeof(name_) - 1},                                                            \
                    {(since_), sizeof(since_) - 1},                                                          \
                    {(spec_), sizeof(spec_) - 1},                                                            \
                    {(doc_), sizeof(doc_) - 1}},
#include "parse/parse.def"
#undef PARSER
};

static parse_fn *const functions[PARSE_COUNT] = {
#define PARSER(id, name, fn, shapes, since, spec, doc) [PARSE_##id] = (fn),
#include "parse/parse.def"
#undef PARSER
};

/* What the first bytes of a line say; a grammar is tried only on lines of its shapes. */
enum shape {
    PRI = 1,       /* '<' and a digit */
    XML = 2,       /* '<' and anything else */
    BRACE = 4,     /* '{' */
    HASH = 8,      /* '#' */
    WORD = 16,     /* a letter */
    DATE = 32,     /* "2026-" */
    NUMBER = 64,   /* another digit */
    BRACKET = 128, /* '[' */
    OTHER = 256,
    ANY = 511,
};

static const uint16_t shapes_of[PARSE_COUNT] = {
#define PARSER(id, name, fn, shapes, since, spec, doc) [PARSE_##id] = (shapes),
#include "parse/parse.def"
#undef PARSER
};

static enum shape shape_of(struct str raw)
{
    char c = raw.n == 0 ? '\0' : raw.p[0];
    if (ascii_is_digit(c))
        return raw.n > 5 && raw.p[4] == '-' ? DATE : NUMBER;
    if (ascii_is_alpha(c))
        return WORD;
    switch (c) {
    case '<':
        return raw.n > 1 && ascii_is_digit(raw.p[1]) ? PRI : XML;
    case '{':
        return BRACE;
    case '#':
        return HASH;
    case '[':
        return BRACKET;
    default:
        return OTHER;
    }
}

const struct parse_row *parse_row(enum parse_id id)
{
    assert(id < PARSE_COUNT);
    return &rows[id];
}

struct str parse_dialect(const struct parse_hint *hint)
{
    assert(hint->dialect <= PARSE_COUNT);
    return hint->dialect == 0 ? (struct str){"", 0} : rows[hint->dialect - 1].name;
}

static bool all_ascii(struct str s)
{
    uint64_t any = 0, word;
    size_t i = 0;
    for (; s.n - i >= sizeof(word); i += sizeof(word)) {
        memcpy(&word, s.p + i, sizeof(word));
        any |= word;
    }
    for (; i < s.n; i++)
        any |= (unsigned char)s.p[i];
    return (any & UINT64_C(0x8080808080808080)) == 0;
}

/* Back to the empty event; the field array is not cleared, n says how much of it counts. */
static void rewind_out(struct parse_out *out, struct str raw)
{
    const struct parse_ctx *ctx = out->ctx;
    out->e = (struct event){.time_ns = ctx->recv_ns,
                            .recv_ns = ctx->recv_ns,
                            .facility = EVENT_NO_FACILITY,
                            .severity = SEVERITY_DEFAULT,
                            .flags = ctx->flags,
                            .raw = raw,
                            .message = raw};
    out->tag = out->dataset = (struct str){NULL, 0};
    out->zone_missing = out->content_done = false;
    out->columns[0] = 0;
    out->n = 0;
}

static bool try_one(struct parse_out *out, struct str raw, enum parse_id id)
{
    rewind_out(out, raw);
    return functions[id](out, raw);
}

/*
 * The dialect of the source first, then those of the line's shape in order; `text` takes what is left. Lines
 * that begin with a date are in order always: the head of syslog also fits what databases write.
 */
static enum parse_id choose(struct parse_out *out, struct str raw)
{
    unsigned first = out->hint->dialect;
    enum shape shape = shape_of(raw);
    if (first > PARSE_BARE || (shape == DATE && first == PARSE_RFC3164 + 1))
        first = 0; /* bare and text take what the strict ones leave, so they never come first */
    if (first != 0 && (shapes_of[first - 1] & shape) != 0 && try_one(out, raw, (enum parse_id)(first - 1)))
        return (enum parse_id)(first - 1);
    for (unsigned id = 0; id < PARSE_TEXT; id++) {
        if (id + 1 != first && (shapes_of[id] & shape) != 0 && try_one(out, raw, (enum parse_id)id))
            return (enum parse_id)id;
    }
    (void)try_one(out, raw, PARSE_TEXT);
    return PARSE_TEXT;
}

static void remember(struct parse_hint *hint, enum parse_id id)
{
    if (hint->dialect == (uint8_t)id + 1) {
        hint->misses = 0;
    } else if (id != PARSE_TEXT &&
               (hint->dialect == 0 || hint->dialect > PARSE_BARE || ++hint->misses >= MISSES_MAX)) {
        hint->dialect = (uint8_t)(id + 1);
        hint->misses = 0;
    }
}

/*
 * Until the votes below have decided, one line may: the first live one, and each that would come from the
 * future, for what waited somewhere is late and never early. The line itself is put right.
 */
static void guess_zone(struct parse_out *out, struct parse_hint *hint, int32_t used_s, int64_t late_ns)
{
    bool first = !hint->zone_seen, early = late_ns < -GUESS_SLACK_S * NS_PER_S;
    int64_t late_s = late_ns / NS_PER_S;
    hint->zone_seen = true;
    if (!first && !early)
        return;
    int64_t steps = (late_s + (late_s < 0 ? -GUESS_STEP_S : GUESS_STEP_S) / 2) / GUESS_STEP_S;
    int64_t off_s = late_s - steps * GUESS_STEP_S, zone_s = used_s - steps * GUESS_STEP_S;
    bool fits = off_s <= GUESS_SLACK_S && off_s >= -GUESS_SLACK_S && zone_s >= -12 * 3600 &&
                zone_s <= 14 * 3600 && steps * GUESS_STEP_S <= GUESS_MAX_S &&
                steps * GUESS_STEP_S >= -GUESS_MAX_S;
    if (!fits || steps == 0)
        return;
    hint->zone_s = (int32_t)zone_s;
    hint->zone_known = hint->zone_guessed = true;
    out->e.time_ns += steps * GUESS_STEP_S * NS_PER_S;
}

/* A clock that writes no zone but always is k half hours off runs in another zone: most devices ship with
 * UTC. */
static void learn_zone(struct parse_out *out, struct parse_hint *hint)
{
    int32_t used = hint->zone_known ? hint->zone_s : out->ctx->zone_s;
    int64_t late_ns;
    if (!out->zone_missing || out->ctx->history ||
        __builtin_sub_overflow(out->e.recv_ns, out->e.time_ns, &late_ns))
        return;
    if (!hint->zone_known || hint->zone_guessed)
        guess_zone(out, hint, used, late_ns);
    int64_t zone_s = used - late_ns / NS_PER_S;
    int64_t steps = (zone_s + (zone_s < 0 ? -ZONE_STEP_S : ZONE_STEP_S) / 2) / ZONE_STEP_S;
    int64_t off_s = zone_s - steps * ZONE_STEP_S;
    if (off_s > ZONE_SLACK_S || off_s < -ZONE_SLACK_S || steps < -24 || steps > 28) {
        hint->zone_votes = 0;
        return;
    }
    int32_t maybe_s = (int32_t)(steps * ZONE_STEP_S);
    if (hint->zone_votes == 0 || maybe_s != hint->zone_maybe_s) {
        hint->zone_maybe_s = maybe_s;
        hint->zone_votes = 1;
        hint->zone_since_ns = out->e.recv_ns;
        return;
    }
    if (hint->zone_votes < ZONE_VOTES_MIN)
        hint->zone_votes++;
    if (hint->zone_votes >= ZONE_VOTES_MIN && out->e.recv_ns - hint->zone_since_ns >= ZONE_SPAN_NS) {
        hint->zone_s = maybe_s;
        hint->zone_known = true;
        hint->zone_guessed = false;
    }
}

/* A clock may lie: its time is kept as said, and marked where it is more than a day from receipt. */
static void check_clock(struct parse_out *out)
{
    int64_t late_ns;
    if ((out->e.flags & EVENT_NO_TIME) != 0)
        return;
    bool far = __builtin_sub_overflow(out->e.recv_ns, out->e.time_ns, &late_ns) || late_ns < -WHEN_DAY_NS;
    if (far || (late_ns > WHEN_DAY_NS && !out->ctx->history))
        out->e.flags |= EVENT_CLOCK;
}

static void put_head(struct parse_out *out)
{
    parse_out_put(out, FIELD_SYSLOG_FACILITY, event_facility_name(out->e.facility));
}

void parse_line(const struct parse_ctx *ctx, struct parse_hint *hint, struct str raw, struct arena *a,
                struct event *ret)
{
    static const struct parse_hint no_hint;
    struct parse_out out; /* not cleared: the field array is large */
    assert(raw.n <= EVENT_RAW_BYTES_MAX);
    if (raw.p == NULL)
        raw = (struct str){"", 0};
    out.ctx = ctx;
    out.hint = hint == NULL ? &no_hint : hint;
    out.arena = a;
    enum parse_id id = choose(&out, raw);
    if (!out.content_done)
        linux_content(&out);
    put_head(&out);
    if (!all_ascii(raw) && !text_is_utf8(raw)) {
        out.e.flags |= EVENT_NOT_UTF8;
        legacy_decode(&out);
    }
    check_clock(&out);
    if (hint != NULL) {
        remember(hint, id);
        if (out.columns[0] > 0)
            memcpy(hint->columns, out.columns, sizeof(hint->columns));
        learn_zone(&out, hint);
    }
    if (out.n > 0) {
        out.e.fields = ARENA_NEW(a, struct event_field, out.n);
        if (out.e.fields == NULL) {
            out.e.flags |= EVENT_MALFORMED;
            out.n = 0;
        } else {
            memcpy(out.e.fields, out.fields, out.n * sizeof(out.fields[0]));
        }
    }
    out.e.n_fields = out.n;
    *ret = out.e;
}
