/*
 * api_captcha.h - own captcha (D13.6.5): five characters drawn as strokes of one path, shaken, turned and
 * crossed by noise, in an order that says nothing. Answers are kept as digests, once, for five minutes.
 */
#ifndef KHIEN_API_API_CAPTCHA_H
#define KHIEN_API_API_CAPTCHA_H

#include "base/buf.h"
#include "crypt/digest.h"
#include "sys/sys.h"

#define API_CAPTCHA_CHARS 5u
#define API_CAPTCHA_SLOTS 256u
#define API_CAPTCHA_SPAN_NS (INT64_C(300) * NS_PER_S)
#define API_CAPTCHA_ID_TEXT 33u

struct api_captcha_slot {
    char id[API_CAPTCHA_ID_TEXT]; /* empty: free */
    struct digest answer;
    int64_t made_ns;
};

struct api_captcha {
    size_t next; /* the oldest slot is used again */
    struct api_captcha_slot slots[API_CAPTCHA_SLOTS];
};

/* Make one: its id, and its picture as SVG. */
int api_captcha_new(struct api_captcha *k, const struct sys *sys, int64_t now_ns,
                    char ret_id[API_CAPTCHA_ID_TEXT], struct buf *svg, struct err *err) MUST_USE;
/* Judge an answer (case does not matter); the captcha is used up whatever the answer is. */
bool api_captcha_check(struct api_captcha *k, struct str id, struct str answer, int64_t now_ns);
/* The picture of a text; random: an endless source of bytes (xorshift state, not 0). For tests as well. */
void api_captcha_draw(struct buf *svg, const char *text, uint64_t random);

#endif
