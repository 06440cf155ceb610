#include "register/register_source_state.h"

#include "register/sql.h"

int register_source_state_put(struct reg *r, int64_t source, const struct register_source_state *s,
                              struct err *err)
{
    struct str position = s->position.p == NULL ? S("") : s->position;
    struct str dialect = s->dialect.p == NULL ? S("") : s->dialect;
    return sql_run(
        r,
        "INSERT INTO source_state(source, received, stored, dropped, malformed, last_seq, gaps, missing,"
        " first_at, last_seen, position, dialect, silent)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
        " ON CONFLICT(source) DO UPDATE SET received = ?2, stored = ?3, dropped = ?4, malformed = ?5,"
        " last_seq = ?6, gaps = ?7, missing = ?8, first_at = ?9, last_seen = ?10, position = ?11,"
        " dialect = ?12, silent = ?13",
        SQL_VALS(SQL_I(source), SQL_I(s->received), SQL_I(s->stored), SQL_I(s->dropped), SQL_I(s->malformed),
                 SQL_I(s->last_seq), SQL_I(s->gaps), SQL_I(s->missing), SQL_I(s->first_ns),
                 SQL_I(s->last_seen_ns), SQL_S(position), SQL_S(dialect), SQL_I(s->silent)),
        err);
}

int register_source_state_find(struct reg *r, struct arena *a, int64_t source,
                               struct register_source_state *ret, bool *ret_found, struct err *err)
{
    CLEANUP(sql_close) struct sql q = {0};
    struct register_source_state s = {0};
    bool row;
    if (sql_open(r, &q, a,
                 "SELECT received, stored, dropped, malformed, last_seq, gaps, missing, first_at, last_seen, "
                 "position,"
                 " dialect, silent FROM source_state WHERE source = ?1",
                 SQL_VALS(SQL_I(source)), err) != 0 ||
        sql_step(&q, &row, err) != 0)
        return -1;
    if (row) {
        uint64_t *const counts[] = {&s.received, &s.stored, &s.dropped, &s.malformed,
                                    &s.last_seq, &s.gaps,   &s.missing};
        for (size_t i = 0; i < COUNT_OF(counts); i++)
            *counts[i] = (uint64_t)sql_i64(&q);
        s.first_ns = sql_i64(&q);
        s.last_seen_ns = sql_i64(&q);
        s.position = sql_str(&q);
        s.dialect = sql_str(&q);
        s.silent = sql_bool(&q);
        if (sql_check(&q, err) != 0)
            return -1;
        *ret = s;
    }
    *ret_found = row;
    return 0;
}
