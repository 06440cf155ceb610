#include "parse/parse_stamp.h"

#define FRACTION_DIGITS_MAX 12u
#define YEARS_BACK                                                                                           \
    8 /* 29 February is found again within eight years, over a century without leap day too                  \
       */

/* A civil time as it is being read. */
struct reading {
    struct civil c;
    bool year, zone;
};

/* Digit pair at the cursor, or -1 and the cursor bad. */
static int two(struct cur *c)
{
    if (cur_left(c) < 2 || !ascii_is_digit(c->in.p[c->at]) || !ascii_is_digit(c->in.p[c->at + 1])) {
        c->bad = true;
        return -1;
    }
    int v = (c->in.p[c->at] - '0') * 10 + (c->in.p[c->at + 1] - '0');
    c->at += 2;
    return v;
}

static int32_t four(struct cur *c)
{
    int32_t high = two(c), low = two(c);
    return high * 100 + low;
}

static void fraction(struct cur *c, struct civil *v)
{
    int32_t unit = 100000000;
    size_t digits = 0;
    v->ns = 0;
    for (; cur_left(c) > 0 && ascii_is_digit(c->in.p[c->at]); c->at++, digits++) {
        v->ns += (c->in.p[c->at] - '0') * unit;
        unit /= 10;
    }
    if (digits == 0 || digits > FRACTION_DIGITS_MAX)
        c->bad = true;
}

void parse_stamp_clock(struct cur *c, struct civil *v)
{
    v->hour = two(c);
    cur_expect(c, ':');
    v->minute = two(c);
    cur_expect(c, ':');
    v->second = two(c);
    if (v->second == 60) /* a leap second has no place of its own */
        v->second = 59;
    if (!c->bad && (cur_peek(c) == '.' || cur_peek(c) == ',') && cur_left(c) > 1 &&
        ascii_is_digit(c->in.p[c->at + 1])) {
        c->at++;
        fraction(c, v);
    }
}

/* "+07:00", "+0700", "+07" */
static void offset(struct cur *c, struct civil *v)
{
    bool neg = cur_peek(c) == '-';
    c->at++;
    int h = two(c), m = 0;
    if (cur_skip(c, ':') || (cur_left(c) >= 2 && ascii_is_digit(c->in.p[c->at])))
        m = two(c);
    if (h > 23 || m > 59)
        c->bad = true;
    v->offset_s = (neg ? -1 : 1) * (h * 3600 + m * 60);
}

static const struct {
    struct str word;
    int32_t offset_s;
} zone_words[] = {
    {{"Z", 1}, 0},           {{"UTC", 3}, 0},         {{"GMT", 3}, 0},         {{"ICT", 3}, 7 * 3600},
    {{"WIB", 3}, 7 * 3600},  {{"SGT", 3}, 8 * 3600},  {{"HKT", 3}, 8 * 3600},  {{"JST", 3}, 9 * 3600},
    {{"KST", 3}, 9 * 3600},  {{"CET", 3}, 3600},      {{"CEST", 4}, 2 * 3600}, {{"EST", 3}, -5 * 3600},
    {{"EDT", 3}, -4 * 3600}, {{"PST", 3}, -8 * 3600}, {{"PDT", 3}, -7 * 3600},
};

/* A zone word counts only as a whole word: "GMT" of a host "GMTserver" is none. */
static bool zone_word(struct cur *c, struct civil *v)
{
    struct str rest = str_from(c->in, c->at);
    size_t n = 0;
    while (n < rest.n && n < 5 && ascii_is_alpha(rest.p[n]))
        n++;
    if (n == 0 || (n < rest.n && rest.p[n] != ' ' && rest.p[n] != ':' && rest.p[n] != ']' &&
                   rest.p[n] != '\t' && rest.p[n] != ','))
        return false;
    for (size_t i = 0; i < COUNT_OF(zone_words); i++) {
        if (str_eq_nocase(zone_words[i].word, str_sub(rest, 0, n))) {
            v->offset_s = zone_words[i].offset_s;
            c->at += n;
            return true;
        }
    }
    return false;
}

/* Zone at the cursor, directly or behind one blank; unmoved where there is none. */
static void zone(struct cur *c, struct reading *r)
{
    struct cur k = *c;
    bool blank = cur_skip(&k, ' ');
    int next = cur_peek(&k);
    if (next == '+' || next == '-') {
        offset(&k, &r->c);
        int after = cur_peek(&k);
        r->zone = !k.bad && (after == -1 || after == ' ' || after == ':' || after == ']');
    } else if (next != -1) {
        r->zone = zone_word(&k, &r->c) && !(blank && cur_left(&k) == 0);
    }
    if (r->zone)
        *c = k;
}

/* RFC 3339 and its relatives: "T" or a blank between date and time, the zone may be missing. */
static bool read_iso(struct cur *c, struct reading *r)
{
    if (cur_left(c) < 19 || c->in.p[c->at + 4] != '-')
        return false;
    r->c.year = four(c);
    cur_expect(c, '-');
    r->c.month = two(c);
    cur_expect(c, '-');
    r->c.day = two(c);
    if (!cur_skip(c, 'T') && !cur_skip(c, 't'))
        cur_expect(c, ' ');
    parse_stamp_clock(c, &r->c);
    r->year = true;
    if (!c->bad)
        zone(c, r);
    return !c->bad;
}

static int month_of(const char *p)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (int m = 0; m < 12; m++) {
        const char *n = names + m * 3;
        if (ascii_lower(p[0]) == n[0] && ascii_lower(p[1]) == n[1] && ascii_lower(p[2]) == n[2])
            return m + 1;
    }
    return 0;
}

bool parse_stamp_month(struct cur *c, struct civil *v)
{
    if (cur_left(c) < 4)
        return false;
    v->month = month_of(c->in.p + c->at);
    c->at += 3;
    return v->month != 0;
}

static bool year_here(struct cur *c, struct reading *r)
{
    struct str rest = str_from(c->in, c->at);
    if (rest.n < 5 || rest.p[4] != ' ' || (rest.p[0] != '1' && rest.p[0] != '2'))
        return false;
    struct cur k = *c;
    r->c.year = four(&k);
    if (k.bad)
        return false;
    k.at++;
    *c = k;
    return r->year = true;
}

/* "Oct 11 22:14:15", "Oct  1 2026 22:14:15.123", "2026 Oct 11 22:14:15 UTC", "Oct 11 22:14:15 2026" */
static bool read_bsd(struct cur *c, struct reading *r)
{
    (void)year_here(c, r);
    if (!parse_stamp_month(c, &r->c) || !cur_skip(c, ' '))
        return false;
    bool pad = cur_skip(c, ' ');
    if (pad || (cur_left(c) > 1 && c->in.p[c->at + 1] == ' '))
        r->c.day = (int)cur_dec_width(c, 1);
    else
        r->c.day = two(c);
    if (!cur_skip(c, ' '))
        return false;
    if (!r->year)
        (void)year_here(c, r);
    if (cur_left(c) > 1 && c->in.p[c->at + 1] == ':')
        return false;
    parse_stamp_clock(c, &r->c);
    struct cur k = *c;
    if (!c->bad && !r->year && cur_skip(&k, ' ') && year_here(&k, r)) { /* Comware writes it behind */
        *c = k;
        c->at--;
    }
    if (!c->bad)
        zone(c, r);
    return !c->bad;
}

/* Seconds since 1970 with a fraction: "1563249630.774247467 " (Meraki). */
static bool read_epoch(struct cur *c, int64_t *ret_ns)
{
    struct civil frac = {0};
    int64_t s = (int64_t)cur_dec_width(c, 10);
    if (c->bad || !cur_skip(c, '.'))
        return false;
    fraction(c, &frac);
    if (c->bad || cur_peek(c) != ' ' || s > INT64_C(9000000000))
        return false;
    *ret_ns = s * NS_PER_S + frac.ns;
    return true;
}

/* The latest year that puts the time at most ahead_ns behind receipt, so that December read in January and
 * January read in December (a clock that runs ahead) both come out right. */
static bool infer_year(struct civil *c, int64_t recv_ns, int64_t ahead_ns, int64_t *ret_ns)
{
    int64_t limit, ns;
    int32_t now = when_from_ns(recv_ns, c->offset_s).year;
    if (__builtin_add_overflow(recv_ns, ahead_ns, &limit))
        limit = INT64_MAX;
    for (int32_t year = now + 1; year >= now - YEARS_BACK; year--) {
        c->year = year;
        if (when_to_ns(c, &ns) && ns <= limit) {
            *ret_ns = ns;
            return true;
        }
    }
    return false;
}

static bool finish(struct reading *r, int64_t recv_ns, int32_t zone_s, int64_t ahead_ns,
                   struct parse_stamp *ret)
{
    if (!r->zone)
        r->c.offset_s = zone_s;
    ret->zone_missing = !r->zone;
    ret->year_missing = !r->year;
    return r->year ? when_to_ns(&r->c, &ret->ns) : infer_year(&r->c, recv_ns, ahead_ns, &ret->ns);
}

bool parse_stamp_read(struct cur *c, int64_t recv_ns, int32_t zone_s, int64_t ahead_ns,
                      struct parse_stamp *ret)
{
    struct cur k = *c;
    struct parse_stamp out = {0};
    struct reading r = {0};
    bool ok;
    int first = cur_peek(&k);
    if (first == '*' || first == '.') {
        out.unsynced = true;
        k.at++;
        first = cur_peek(&k);
    }
    if (first < '0' || first > 'z')
        return false;
    bool digit = ascii_is_digit((char)first);
    if (digit && cur_left(&k) > 10 && k.in.p[k.at + 10] == '.') {
        ok = read_epoch(&k, &out.ns);
    } else {
        ok = digit && cur_left(&k) > 4 && k.in.p[k.at + 4] == '-' ? read_iso(&k, &r) : read_bsd(&k, &r);
        ok = ok && finish(&r, recv_ns, zone_s, ahead_ns, &out);
    }
    if (!ok)
        return false;
    *c = k;
    *ret = out;
    return true;
}

bool parse_stamp_clf(struct cur *c, int64_t *ret_ns)
{
    struct cur k = *c;
    struct civil v = {0};
    v.day = two(&k);
    cur_expect(&k, '/');
    if (k.bad || !parse_stamp_month(&k, &v))
        return false;
    cur_expect(&k, '/');
    v.year = four(&k);
    cur_expect(&k, ':');
    parse_stamp_clock(&k, &v);
    cur_expect(&k, ' ');
    if (k.bad || (cur_peek(&k) != '+' && cur_peek(&k) != '-'))
        return false;
    offset(&k, &v);
    if (k.bad || !when_to_ns(&v, ret_ns))
        return false;
    *c = k;
    return true;
}

bool parse_stamp_web_error(struct cur *c, int32_t zone_s, int64_t *ret_ns)
{
    struct cur k = *c;
    struct civil v = {.offset_s = zone_s};
    if (cur_left(&k) > 4 && k.in.p[k.at + 4] == '/') {
        v.year = four(&k);
        cur_expect(&k, '/');
        v.month = two(&k);
        cur_expect(&k, '/');
        v.day = two(&k);
        cur_expect(&k, ' ');
        parse_stamp_clock(&k, &v);
    } else {
        (void)cur_bytes(&k, 3); /* the weekday follows from the date */
        cur_expect(&k, ' ');
        if (k.bad || !parse_stamp_month(&k, &v))
            return false;
        cur_expect(&k, ' ');
        v.day = two(&k);
        cur_expect(&k, ' ');
        parse_stamp_clock(&k, &v);
        cur_expect(&k, ' ');
        v.year = four(&k);
    }
    if (k.bad || !when_to_ns(&v, ret_ns))
        return false;
    *c = k;
    return true;
}
