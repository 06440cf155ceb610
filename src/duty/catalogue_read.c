#include "base/text.h"
#include "base/when.h"
#include "duty/catalogue_priv.h"

#define WORD(name, word) {word, sizeof(word) - 1},
static const struct str who_words[] = {CATALOGUE_WHO_TABLE(WORD)};
static const struct str scope_words[] = {CATALOGUE_SCOPE_TABLE(WORD)};
static const struct str trigger_words[] = {CATALOGUE_TRIGGER_TABLE(WORD)};
static const struct str verification_words[] = {CATALOGUE_VERIFICATION_TABLE(WORD)};
static const struct str form_words[] = {CATALOGUE_FORM_TABLE(WORD)};
#undef WORD

_Static_assert(CATALOGUE_WHO_COUNT <= 32 && CATALOGUE_SCOPE_COUNT <= 32, "a bit per word");

struct words {
    const struct str *of;
    size_t n;
    const char *what;
};

#define WORDS(table, what)                                                                                   \
    (struct words)                                                                                           \
    {                                                                                                        \
        (table), COUNT_OF(table), (what)                                                                     \
    }

struct str catalogue_who_name(enum catalogue_who who)
{
    assert(who < CATALOGUE_WHO_COUNT);
    return who_words[who];
}

struct str catalogue_scope_name(enum catalogue_scope scope)
{
    assert(scope < CATALOGUE_SCOPE_COUNT);
    return scope_words[scope];
}

struct str catalogue_trigger_name(enum catalogue_trigger trigger)
{
    assert(trigger < CATALOGUE_TRIGGER_COUNT);
    return trigger_words[trigger];
}

struct str catalogue_verification_name(enum catalogue_verification verification)
{
    assert(verification < CATALOGUE_VERIFICATION_COUNT);
    return verification_words[verification];
}

struct str catalogue_form_name(enum catalogue_form form)
{
    assert(form < CATALOGUE_FORM_COUNT);
    return form_words[form];
}

static int find_word(struct words w, struct str word)
{
    for (size_t i = 0; i < w.n; i++) {
        if (word.n > 0 && str_eq(w.of[i], word))
            return (int)i;
    }
    return -1;
}

int catalogue_form_find(struct str word)
{
    return find_word(WORDS(form_words, "form"), word);
}

/* One word of a table. */
static int read_word(const struct yamltree_node *node, struct words w, int *ret, struct err *err)
{
    struct str s;
    if (yamltree_str(node, &s, err) != 0)
        return -1;
    int i = find_word(w, s);
    if (i < 0)
        return yamltree_fail(node, err, "'%.*s' is not a word of %s", (int)(s.n > 40 ? 40 : s.n), s.p,
                             w.what);
    *ret = i;
    return 0;
}

static int need_word(const struct yamltree_node *map, struct str key, struct words w, int *ret,
                     struct err *err)
{
    const struct yamltree_node *node;
    if (yamltree_need(map, key, YAMLTREE_SCALAR, &node, err) != 0)
        return -1;
    return read_word(node, w, ret, err);
}

static int need_i64(const struct yamltree_node *map, struct str key, int64_t max, int64_t *ret,
                    struct err *err)
{
    const struct yamltree_node *node;
    if (yamltree_need(map, key, YAMLTREE_SCALAR, &node, err) != 0)
        return -1;
    return yamltree_i64(node, 0, max, ret, err);
}

/* A list of one or more different words of a table, as bits. */
static int read_bits(const struct yamltree_node *map, struct str key, struct words w, uint32_t *ret,
                     struct err *err)
{
    const struct yamltree_node *list;
    uint32_t bits = 0;
    if (yamltree_need(map, key, YAMLTREE_LIST, &list, err) != 0)
        return -1;
    for (size_t i = 0; i < list->n; i++) {
        int word;
        if (read_word(list->items[i], w, &word, err) != 0)
            return -1;
        if ((bits & 1u << (unsigned)word) != 0)
            return yamltree_fail(list->items[i], err, "'%.*s' is listed twice", STR_ARG(w.of[word]));
        bits |= 1u << (unsigned)word;
    }
    if (bits == 0)
        return yamltree_fail(list, err, "%s needs at least one word", w.what);
    *ret = bits;
    return 0;
}

int catalogue_read_text(const struct yamltree_node *node, struct catalogue_text *ret, struct err *err)
{
    static const struct str keys[] = {{"vi", 2}, {"en", 2}};
    struct catalogue_text t;
    if (yamltree_only_keys(node, keys, COUNT_OF(keys), err) != 0 ||
        yamltree_need_str(node, S("vi"), &t.vi, err) != 0 ||
        yamltree_need_str(node, S("en"), &t.en, err) != 0)
        return -1;
    if (str_trim(t.vi).n == 0 || str_trim(t.en).n == 0)
        return yamltree_fail(node, err, "an empty text");
    *ret = t;
    return 0;
}

static int need_text(const struct yamltree_node *map, struct str key, struct catalogue_text *ret,
                     struct err *err)
{
    const struct yamltree_node *node;
    if (yamltree_need(map, key, YAMLTREE_MAP, &node, err) != 0)
        return -1;
    return catalogue_read_text(node, ret, err);
}

static int opt_text(const struct yamltree_node *map, struct str key, struct catalogue_text *ret,
                    struct err *err)
{
    const struct yamltree_node *node = yamltree_get(map, key);
    return node == NULL ? 0 : catalogue_read_text(node, ret, err);
}

int catalogue_read_date(const struct yamltree_node *node, int32_t *ret, struct err *err)
{
    struct str s;
    if (yamltree_str(node, &s, err) != 0)
        return -1;
    struct cur in = cur_of(s);
    struct civil c = {0};
    c.year = (int32_t)cur_dec_width(&in, 4);
    cur_expect(&in, '-');
    c.month = (int)cur_dec_width(&in, 2);
    cur_expect(&in, '-');
    c.day = (int)cur_dec_width(&in, 2);
    if (!cur_done(&in) || !when_civil_ok(&c))
        return yamltree_fail(node, err, "'%.*s' is not a date: write 2026-11-22", (int)(s.n > 40 ? 40 : s.n),
                             s.p);
    *ret = (int32_t)when_days(c.year, c.month, c.day);
    return 0;
}

static int need_date(const struct yamltree_node *map, struct str key, int32_t *ret, struct err *err)
{
    const struct yamltree_node *node;
    if (yamltree_need(map, key, YAMLTREE_SCALAR, &node, err) != 0)
        return -1;
    return catalogue_read_date(node, ret, err);
}

int catalogue_read_version(struct catalogue *c, const struct yamltree_node *root, struct err *err)
{
    static const struct str keys[] = {{"version", 7}, {"date", 4}};
    if (yamltree_only_keys(root, keys, COUNT_OF(keys), err) != 0 ||
        yamltree_need_str(root, S("version"), &c->version, err) != 0)
        return -1;
    if (c->version.n == 0)
        return yamltree_fail(root, err, "an empty version");
    return need_date(root, S("date"), &c->date, err);
}

static int read_chapter(struct catalogue *c, const struct yamltree_node *node, struct err *err)
{
    static const struct str keys[] = {{"id", 2}, {"title", 5}};
    struct catalogue_chapter ch;
    if (c->n_chapters == CATALOGUE_CHAPTERS_MAX)
        return err_set(err, ERR_LIMIT, "more than %u chapters", CATALOGUE_CHAPTERS_MAX);
    if (yamltree_only_keys(node, keys, COUNT_OF(keys), err) != 0 ||
        yamltree_need_str(node, S("id"), &ch.id, err) != 0 ||
        need_text(node, S("title"), &ch.title, err) != 0)
        return -1;
    for (size_t i = 0; i < c->n_chapters; i++) {
        if (str_eq(c->chapters[i].id, ch.id))
            return yamltree_fail(node, err, "chapter %.*s is listed twice", STR_ARG(ch.id));
    }
    c->chapters[c->n_chapters++] = ch;
    return 0;
}

static int read_article(struct catalogue *c, const struct yamltree_node *node, struct err *err)
{
    static const struct str keys[] = {{"n", 1}, {"chapter", 7}, {"title", 5}};
    struct catalogue_article a = {0};
    struct str chapter;
    int64_t n;
    if (c->n_articles == CATALOGUE_ARTICLES_MAX)
        return err_set(err, ERR_LIMIT, "more than %u articles", CATALOGUE_ARTICLES_MAX);
    if (yamltree_only_keys(node, keys, COUNT_OF(keys), err) != 0 ||
        need_i64(node, S("n"), 999, &n, err) != 0 ||
        yamltree_need_str(node, S("chapter"), &chapter, err) != 0 ||
        need_text(node, S("title"), &a.title, err) != 0)
        return -1;
    if (catalogue_article_find(c, n) != NULL)
        return yamltree_fail(node, err, "article %d is listed twice", (int)n);
    for (size_t i = 0; i < c->n_chapters && a.chapter == NULL; i++) {
        if (str_eq(c->chapters[i].id, chapter))
            a.chapter = &c->chapters[i];
    }
    if (a.chapter == NULL)
        return yamltree_fail(node, err, "there is no chapter '%.*s'", (int)(chapter.n > 20 ? 20 : chapter.n),
                             chapter.p);
    a.n = (int32_t)n;
    c->articles[c->n_articles++] = a;
    return 0;
}

int catalogue_read_articles(struct catalogue *c, const struct yamltree_node *root, struct err *err)
{
    static const struct str keys[] = {{"chapters", 8}, {"articles", 8}};
    const struct yamltree_node *chapters, *articles;
    if (yamltree_only_keys(root, keys, COUNT_OF(keys), err) != 0 ||
        yamltree_need(root, S("chapters"), YAMLTREE_LIST, &chapters, err) != 0 ||
        yamltree_need(root, S("articles"), YAMLTREE_LIST, &articles, err) != 0)
        return -1;
    for (size_t i = 0; i < chapters->n; i++) {
        if (read_chapter(c, chapters->items[i], err) != 0)
            return -1;
    }
    for (size_t i = 0; i < articles->n; i++) {
        if (read_article(c, articles->items[i], err) != 0)
            return -1;
    }
    return 0;
}

/* An optional list of texts, each not empty, into the arena. */
static int read_strings(struct catalogue *c, const struct yamltree_node *map, struct str key,
                        const struct str **ret, size_t *ret_n, struct err *err)
{
    const struct yamltree_node *list = NULL;
    *ret = NULL;
    *ret_n = 0;
    if (yamltree_opt(map, key, YAMLTREE_LIST, &list, err) != 0)
        return -1;
    if (list == NULL || list->n == 0)
        return 0;
    struct str *out = ARENA_NEW(&c->arena, struct str, list->n);
    if (out == NULL)
        return err_set(err, ERR_NOMEM, "catalogue");
    for (size_t i = 0; i < list->n; i++) {
        if (yamltree_str(list->items[i], &out[i], err) != 0)
            return -1;
        if (out[i].n == 0)
            return yamltree_fail(list->items[i], err, "an empty id");
        for (size_t k = 0; k < i; k++) {
            if (str_eq(out[i], out[k]))
                return yamltree_fail(list->items[i], err, "'%.*s' is listed twice", STR_ARG(out[i]));
        }
    }
    *ret = out;
    *ret_n = list->n;
    return 0;
}

static int need_bool(const struct yamltree_node *map, struct str key, bool *ret, struct err *err)
{
    const struct yamltree_node *node;
    if (yamltree_need(map, key, YAMLTREE_SCALAR, &node, err) != 0)
        return -1;
    return yamltree_bool(node, ret, err);
}

static int read_law(struct catalogue *c, const struct yamltree_node *node, struct err *err)
{
    static const struct str keys[] = {
        {"id", 2},           {"number", 6},       {"title", 5}, {"cited", 5}, {"in_force_from", 13},
        {"in_force_to", 11}, {"replaced_by", 11},
    };
    struct catalogue_law law = {0};
    if (c->n_laws == CATALOGUE_LAWS_MAX)
        return err_set(err, ERR_LIMIT, "more than %u laws", CATALOGUE_LAWS_MAX);
    if (yamltree_only_keys(node, keys, COUNT_OF(keys), err) != 0 ||
        yamltree_need_str(node, S("id"), &law.id, err) != 0 ||
        yamltree_need_str(node, S("number"), &law.number, err) != 0 ||
        need_text(node, S("title"), &law.title, err) != 0 ||
        need_bool(node, S("cited"), &law.cited, err) != 0 ||
        need_date(node, S("in_force_from"), &law.in_force_from, err) != 0 ||
        read_strings(c, node, S("replaced_by"), &law.replaced_by, &law.n_replaced_by, err) != 0)
        return -1;
    const struct yamltree_node *to = yamltree_get(node, S("in_force_to"));
    if (to != NULL) {
        if (catalogue_read_date(to, &law.in_force_to, err) != 0)
            return -1;
        if (law.in_force_to < law.in_force_from)
            return yamltree_fail(to, err, "in_force_to is before in_force_from");
        law.in_force_ends = true;
    }
    if (catalogue_law_find(c, law.id) != NULL)
        return yamltree_fail(node, err, "law '%.*s' is listed twice", STR_ARG(law.id));
    c->law_nodes[c->n_laws] = node;
    c->laws[c->n_laws++] = law;
    return 0;
}

int catalogue_read_laws(struct catalogue *c, const struct yamltree_node *root, struct err *err)
{
    if (root->kind != YAMLTREE_LIST)
        return yamltree_fail(root, err, "a list of laws is expected");
    for (size_t i = 0; i < root->n; i++) {
        if (read_law(c, root->items[i], err) != 0)
            return -1;
    }
    return 0;
}

/* "QD" or "D" and the article, then parts of lower-case letters and digits: ^(QD|D\d+)(\.[0-9a-z]+)+$ */
static bool id_ok(struct str id, int32_t article)
{
    struct str head, rest;
    uint64_t n;
    if (!str_cut(id, '.', &head, &rest) || rest.n == 0 || id.p[id.n - 1] == '.')
        return false;
    if (str_eq(head, S("QD"))) {
        if (article != 0)
            return false;
    } else if (head.n < 2 || head.p[0] != 'D' || head.p[1] == '0' ||
               !str_to_u64(str_from(head, 1), 999, &n) || n != (uint64_t)article) {
        return false;
    }
    for (size_t i = 0; i < rest.n; i++) {
        bool dot = rest.p[i] == '.';
        if (dot ? (i == 0 || rest.p[i - 1] == '.') : !ascii_is_lower(rest.p[i]) && !ascii_is_digit(rest.p[i]))
            return false;
    }
    return true;
}

static int read_span(const struct yamltree_node *map, struct str key, struct calendar_span *ret,
                     struct err *err)
{
    struct str s;
    if (yamltree_need_str(map, key, &s, err) != 0)
        return -1;
    if (!calendar_parse_span(s, ret))
        return yamltree_fail(yamltree_get(map, key), err, "'%.*s' is not a duration: write PT1H, P1D or P3M",
                             (int)(s.n > 40 ? 40 : s.n), s.p);
    return 0;
}

static int read_within(const struct yamltree_node *map, struct calendar_span *ret, struct err *err)
{
    static const struct str keys[] = {{"n", 1}, {"unit", 4}};
    int64_t n;
    struct str unit;
    const struct yamltree_node *node = yamltree_get(map, S("within"));
    if (node == NULL)
        return 0;
    if (yamltree_only_keys(node, keys, COUNT_OF(keys), err) != 0 ||
        need_i64(node, S("n"), CALENDAR_SPAN_MAX, &n, err) != 0 ||
        yamltree_need_str(node, S("unit"), &unit, err) != 0)
        return -1;
    int u = calendar_unit_find(unit);
    if (n == 0)
        return yamltree_fail(node, err, "a limit has at least one unit");
    if (u < 0 || u > CALENDAR_WORKING_DAY)
        return yamltree_fail(node, err, "the unit is minute, hour, day or working_day");
    *ret = (struct calendar_span){.n = (int32_t)n, .unit = (enum calendar_unit)u};
    return 0;
}

/* trigger, every, within, event: which of them go together. */
static int read_trigger(const struct yamltree_node *node, struct catalogue_duty *d, struct err *err)
{
    int word;
    if (need_word(node, S("trigger"), WORDS(trigger_words, "trigger"), &word, err) != 0)
        return -1;
    d->trigger = (enum catalogue_trigger)word;
    bool every = yamltree_get(node, S("every")) != NULL, event = yamltree_get(node, S("event")) != NULL;
    bool within = yamltree_get(node, S("within")) != NULL;
    if (every != (d->trigger == CATALOGUE_PERIODIC))
        return yamltree_fail(node, err, "every belongs to trigger periodic, and to no other");
    if (event != (d->trigger == CATALOGUE_EVENT))
        return yamltree_fail(node, err, "event belongs to trigger event, and to no other");
    if (within && d->trigger != CATALOGUE_EVENT)
        return yamltree_fail(node, err, "within belongs to trigger event");
    if (every && read_span(node, S("every"), &d->every, err) != 0)
        return -1;
    if (every && d->every.unit < CALENDAR_DAY)
        return yamltree_fail(node, err, "every is written in days, weeks, months or years");
    if (opt_text(node, S("event"), &d->event, err) != 0)
        return -1;
    return read_within(node, &d->within, err);
}

static int name_checks(struct catalogue *c, struct catalogue_duty *d, struct err *err)
{
    if (d->n_checks == 0)
        return 0;
    struct str *words = ARENA_NEW(&c->arena, struct str, d->n_checks);
    for (size_t i = 0; words != NULL && i < d->n_checks; i++) {
        words[i] = arena_printf(&c->arena, "word.check.%.*s", STR_ARG(d->checks[i]));
        if (words[i].p == NULL)
            words = NULL;
    }
    if (words == NULL)
        return err_set(err, ERR_NOMEM, "catalogue");
    d->check_words = words;
    return 0;
}

static int read_evidence(struct catalogue *c, const struct yamltree_node *duty, struct catalogue_duty *d,
                         struct err *err)
{
    static const struct str keys[] = {{"auto", 4}, {"form", 4}, {"approve", 7}};
    const struct yamltree_node *node;
    if (yamltree_need(duty, S("evidence"), YAMLTREE_MAP, &node, err) != 0 ||
        yamltree_only_keys(node, keys, COUNT_OF(keys), err) != 0 ||
        read_strings(c, node, S("auto"), &d->checks, &d->n_checks, err) != 0 || name_checks(c, d, err) != 0)
        return -1;
    bool machine = d->verification == CATALOGUE_MACHINE;
    const struct yamltree_node *form = yamltree_get(node, S("form"));
    if (machine && (yamltree_get(node, S("auto")) == NULL || form != NULL))
        return yamltree_fail(node, err, "a machine duty (A) has auto and no form");
    if (!machine && form == NULL)
        return yamltree_fail(node, err, "a duty of people (W, M) names the form of its document");
    if (form != NULL) {
        int word;
        if (read_word(form, WORDS(form_words, "form"), &word, err) != 0)
            return -1;
        d->form = (enum catalogue_form)word;
        d->approve = true;
    } else if (yamltree_get(node, S("approve")) != NULL) {
        return yamltree_fail(node, err, "approve belongs to form");
    }
    return yamltree_opt_bool(node, S("approve"), &d->approve, err);
}

static int read_texts(const struct yamltree_node *node, struct catalogue_duty *d, struct err *err)
{
    if (need_text(node, S("clause"), &d->clause, err) != 0 ||
        need_text(node, S("title"), &d->title, err) != 0 || need_text(node, S("why"), &d->why, err) != 0 ||
        need_text(node, S("todo"), &d->todo, err) != 0 ||
        opt_text(node, S("threshold"), &d->threshold, err) != 0)
        return -1;
    const struct str titles[] = {d->title.vi, d->title.en};
    for (size_t i = 0; i < COUNT_OF(titles); i++) {
        size_t chars = 0, len = 0;
        for (size_t at = 0; at < titles[i].n; at += len, chars++)
            (void)text_decode(str_from(titles[i], at), &len);
        if (chars > CATALOGUE_TITLE_CHARS_MAX)
            return yamltree_fail(yamltree_get(node, S("title")), err, "a title has at most %u characters",
                                 CATALOGUE_TITLE_CHARS_MAX);
    }
    return 0;
}

static int read_head(const struct yamltree_node *node, struct catalogue_duty *d, struct err *err)
{
    static const struct str keys[] = {
        {"id", 2},        {"article", 7}, {"clause", 6},        {"title", 5},    {"who", 3},
        {"scope", 5},     {"trigger", 7}, {"every", 5},         {"within", 6},   {"event", 5},
        {"threshold", 9}, {"default", 7}, {"verification", 12}, {"evidence", 8}, {"freshness", 9},
        {"why", 3},       {"todo", 4},    {"laws", 4},
    };
    int64_t article;
    if (node->kind != YAMLTREE_MAP)
        return yamltree_fail(node, err, "a duty is a map");
    if (yamltree_only_keys(node, keys, COUNT_OF(keys), err) != 0 ||
        yamltree_need_str(node, S("id"), &d->id, err) != 0 ||
        need_i64(node, S("article"), 999, &article, err) != 0)
        return -1;
    d->number = (int32_t)article;
    if (!id_ok(d->id, d->number))
        return yamltree_fail(node, err, "'%.*s' is not an id of article %d",
                             (int)(d->id.n > 40 ? 40 : d->id.n), d->id.p, d->number);
    return 0;
}

static int read_duty(struct catalogue *c, const struct yamltree_node *node, struct err *err)
{
    int word;
    if (c->n_rows == CATALOGUE_DUTIES_MAX)
        return err_set(err, ERR_LIMIT, "more than %u duties", CATALOGUE_DUTIES_MAX);
    struct catalogue_row *row = ARENA_NEW(&c->arena, struct catalogue_row, 1);
    if (row == NULL)
        return err_set(err, ERR_NOMEM, "catalogue");
    struct catalogue_duty *d = &row->duty;
    row->node = node;
    d->file = node->file;
    d->line = node->line;
    if (read_head(node, d, err) != 0 || read_texts(node, d, err) != 0 ||
        read_bits(node, S("who"), WORDS(who_words, "who"), &d->who, err) != 0 ||
        read_bits(node, S("scope"), WORDS(scope_words, "scope"), &d->scope, err) != 0 ||
        read_trigger(node, d, err) != 0 ||
        need_word(node, S("verification"), WORDS(verification_words, "verification"), &word, err) != 0)
        return -1;
    d->verification = (enum catalogue_verification)word;
    if (read_evidence(c, node, d, err) != 0 || read_span(node, S("freshness"), &d->freshness, err) != 0 ||
        yamltree_opt_bool(node, S("default"), &d->is_default, err) != 0 ||
        read_strings(c, node, S("laws"), &row->law_ids, &d->n_laws, err) != 0)
        return -1;
    c->rows[c->n_rows++] = row;
    return 0;
}

int catalogue_read_duties(struct catalogue *c, const struct yamltree_node *root, struct err *err)
{
    if (root->kind != YAMLTREE_LIST)
        return yamltree_fail(root, err, "a list of duties is expected");
    for (size_t i = 0; i < root->n; i++) {
        if (read_duty(c, root->items[i], err) != 0)
            return -1;
    }
    return 0;
}
