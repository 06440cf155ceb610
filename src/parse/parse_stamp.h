/*
 * parse_stamp.h - times as devices write them. The reader takes the longest form that fits and says what was
 * missing. Forms: docs/format/syslog.md section 3. Private to src/parse.
 */
#ifndef KHIEN_PARSE_PARSE_STAMP_H
#define KHIEN_PARSE_PARSE_STAMP_H

#include "base/cur.h"
#include "base/when.h"

struct parse_stamp {
    int64_t ns;
    bool year_missing; /* inferred from the time of receipt */
    bool zone_missing; /* zone_s was used */
    bool unsynced;     /* the device itself says that its clock is not set (Cisco '*') */
};

/*
 * Read a time at the cursor; false, and the cursor unmoved, where there is none. zone_s: seconds east of UTC
 * for times without zone. recv_ns: a missing year is the latest one that lies at most `ahead_ns` after
 * receipt.
 */
bool parse_stamp_read(struct cur *c, int64_t recv_ns, int32_t zone_s, int64_t ahead_ns,
                      struct parse_stamp *ret);
/* "10/Oct/2000:13:55:36 -0700" of web access logs. */
bool parse_stamp_clf(struct cur *c, int64_t *ret_ns);
/* "Sun Dec 04 04:47:44.123456 2005" (Apache error log) or "2026/11/22 13:04:05" (nginx error log). */
bool parse_stamp_web_error(struct cur *c, int32_t zone_s, int64_t *ret_ns);
/* Parts of other forms, into the civil time: "07:59:58" with or without a fraction; the cursor bad where
 * there is none. "Nov"; false where there is none. */
void parse_stamp_clock(struct cur *c, struct civil *v);
bool parse_stamp_month(struct cur *c, struct civil *v);

#endif
