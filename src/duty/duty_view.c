#include "base/when.h"
#include "duty/duty.h"

#define WORD(name, word) {word, sizeof(word) - 1},
static const struct str status_words[] = {DUTY_STATUS_TABLE(WORD)};
static const struct str verdict_words[] = {DUTY_VERDICT_TABLE(WORD)};
static const struct str state_words[] = {DUTY_STATE_TABLE(WORD)};
#undef WORD

static int find_word(const struct str *words, size_t n, struct str word)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(words[i], word))
            return (int)i;
    }
    return -1;
}

struct str duty_status_name(enum duty_status s)
{
    assert(s < DUTY_STATUS_COUNT);
    return status_words[s];
}

struct str duty_verdict_name(enum duty_verdict v)
{
    assert(v < DUTY_VERDICT_COUNT);
    return verdict_words[v];
}

struct str duty_state_name(enum duty_state s)
{
    assert(s < DUTY_STATE_COUNT);
    return state_words[s];
}

int duty_status_find(struct str word)
{
    return find_word(status_words, COUNT_OF(status_words), word);
}

int duty_verdict_find(struct str word)
{
    return find_word(verdict_words, COUNT_OF(verdict_words), word);
}

int duty_state_find(struct str word)
{
    return find_word(state_words, COUNT_OF(state_words), word);
}

struct duty_counts duty_count(const struct duty_outcome *out, size_t n)
{
    struct duty_counts c = {{0}};
    for (size_t i = 0; i < n; i++)
        c.of[out[i].status]++;
    return c;
}

/* Outcomes come in legal order, so equal articles (and chapters) stand together. */
static size_t scores(const struct duty_outcome *out, size_t n, struct duty_score *ret, size_t max,
                     bool by_chapter)
{
    size_t rows = 0;
    const struct duty_outcome *last = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct catalogue_duty *d = out[i].duty;
        const struct catalogue_chapter *chapter = d->article == NULL ? NULL : d->article->chapter;
        bool same =
            last != NULL && (by_chapter ? ret[rows - 1].chapter == chapter : last->duty->number == d->number);
        if (!same) {
            if (rows == max)
                return rows;
            ret[rows++] = (struct duty_score){.chapter = chapter, .article = by_chapter ? -1 : d->number};
        }
        last = &out[i];
        ret[rows - 1].met += out[i].status == DUTY_MET;
        ret[rows - 1].total += out[i].status != DUTY_NA;
    }
    return rows;
}

size_t duty_score_articles(const struct duty_outcome *out, size_t n, struct duty_score *ret, size_t max)
{
    return scores(out, n, ret, max, false);
}

size_t duty_score_chapters(const struct duty_outcome *out, size_t n, struct duty_score *ret, size_t max)
{
    return scores(out, n, ret, max, true);
}

enum rank {
    RANK_OVERDUE,
    RANK_FAILED,
    RANK_SOON,
    RANK_UNKNOWN_DUE,
    RANK_WAITING,
    RANK_UNKNOWN,
    RANK_NOTHING
};

static enum rank rank_of(const struct duty_outcome *o, int64_t now_ns)
{
    bool due = o->due_ns > now_ns, soon = due && o->due_ns - now_ns <= DUTY_SOON_DAYS * WHEN_DAY_NS;
    switch (o->status) {
    case DUTY_OVERDUE:
        return RANK_OVERDUE;
    case DUTY_FAILED:
        return RANK_FAILED;
    case DUTY_MET:
        return soon ? RANK_SOON : RANK_NOTHING;
    case DUTY_UNKNOWN:
        if (soon)
            return RANK_SOON;
        if (o->todo == NULL)
            return RANK_NOTHING;
        if (due)
            return RANK_UNKNOWN_DUE;
        return o->n_waiting > 0 ? RANK_WAITING : RANK_UNKNOWN;
    case DUTY_NA:
    case DUTY_STATUS_COUNT:
        break;
    }
    return RANK_NOTHING;
}

/* a comes before b: by rank, then by deadline (none is last), then in legal order. */
static bool before(const struct duty_outcome *a, const struct duty_outcome *b, int64_t now_ns)
{
    enum rank x = rank_of(a, now_ns), y = rank_of(b, now_ns);
    if (x != y)
        return x < y;
    int64_t due_a = a->due_ns == 0 ? INT64_MAX : a->due_ns, due_b = b->due_ns == 0 ? INT64_MAX : b->due_ns;
    if (due_a != due_b)
        return due_a < due_b;
    return a->duty->index < b->duty->index;
}

size_t duty_today(const struct duty_outcome *out, size_t n, int64_t now_ns, const struct duty_outcome **ret,
                  size_t max)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        if (rank_of(&out[i], now_ns) == RANK_NOTHING)
            continue;
        size_t at = found;
        while (at > 0 && before(&out[i], ret[at - 1], now_ns))
            at--;
        if (at == max)
            continue;
        if (found < max)
            found++;
        memmove(&ret[at + 1], &ret[at], (found - at - 1) * sizeof(ret[0]));
        ret[at] = &out[i];
    }
    return found;
}
