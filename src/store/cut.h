/*
 * cut.h - cut the raw text of an event into pieces: static text, which many events share, and variables.
 * Every span of a field or of the message begins and ends between two pieces, so for events of one kind a
 * field is the same run of pieces and costs nothing. Pure; any bytes are allowed.
 */
#ifndef KHIEN_STORE_CUT_H
#define KHIEN_STORE_CUT_H

#include "model/event.h"

#define CUT_PIECES_MAX 2048u
#define CUT_STATIC_BYTES_MAX 320u /* longer texts without a digit hardly come again: variables */
#define CUT_SPANS_MAX (EVENT_FIELDS_MAX + 1)
#define CUT_MARKS_BYTES 1024u /* texts up to this length find their bounds without sorting */
#define CUT_OUTSIDE UINT16_MAX

/* What a piece is; from CUT_FIELD on a variable that is the whole value of the field of that name number. */
enum { CUT_TEXT = 0, CUT_VAR = 1, CUT_FIELD = 2 };

struct cut_piece {
    uint32_t at, n; /* place in raw; variables may be empty */
    uint16_t what;
};

struct cut_span {
    uint32_t from, to; /* place in raw */
};

/* Scratch memory and result; large, reused. Span 0 is the message, span 1 + i field i. */
struct cut {
    struct cut_piece piece[CUT_PIECES_MAX];
    size_t n;
    uint16_t from[CUT_SPANS_MAX], to[CUT_SPANS_MAX]; /* pieces [from, to); CUT_OUTSIDE: not in raw */
    /* inside */
    struct cut_span var[CUT_PIECES_MAX]; /* values found by structure (JSON), ascending */
    size_t n_var;
    uint64_t bound[2 * CUT_SPANS_MAX];
    uint64_t
        marks[CUT_MARKS_BYTES / 64 + 1];    /* a bit per place of a short text where a value begins or ends */
    uint16_t index_of[CUT_MARKS_BYTES + 1]; /* of a place that has its bit, in `at` */
    uint32_t span_from[CUT_SPANS_MAX], span_to[CUT_SPANS_MAX];
    uint32_t at[2 * CUT_SPANS_MAX + 2]; /* distinct places where pieces begin */
    uint16_t leaf[2 * CUT_SPANS_MAX + 2];
};

/*
 * names: name number of each field. False where the text has more pieces than the limit: it is then to be
 * kept as it is.
 */
bool cut_row(struct cut *c, const struct event *e, const uint16_t *names);

/* cut_json.c: values of a JSON text as variables, those inside "Name: value" lines of long texts as well. */
void cut_json_values(struct cut *c, struct str raw, size_t from);

#endif
