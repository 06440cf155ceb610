#include "flow/sentence.h"

#include <stdlib.h>

#include "base/text.h"
#include "codec/yamltree.h"

#define VALUE_BYTES_MAX 300u

struct row {
    struct str action, outcome, vi, en;
};

struct sentences {
    struct arena mem;
    size_t n;
    struct row *rows;
};

static int load_row(const struct yamltree_node *node, struct row *r, struct err *err)
{
    static const struct str keys[] = {{"action", 6}, {"outcome", 7}, {"vi", 2}, {"en", 2}};
    r->outcome = S("");
    if (yamltree_only_keys(node, keys, COUNT_OF(keys), err) != 0 ||
        yamltree_need_str(node, S("action"), &r->action, err) != 0 ||
        yamltree_opt_str(node, S("outcome"), &r->outcome, err) != 0 ||
        yamltree_need_str(node, S("vi"), &r->vi, err) != 0 ||
        yamltree_need_str(node, S("en"), &r->en, err) != 0)
        return -1;
    return 0;
}

static int load_rows(struct sentences *s, const struct yamltree_node *root, struct err *err)
{
    if (root->kind != YAMLTREE_LIST)
        return yamltree_fail(root, err, "a list of sentences is wanted");
    s->rows = ARENA_NEW(&s->mem, struct row, root->n == 0 ? 1 : root->n);
    if (s->rows == NULL)
        return err_set(err, ERR_NOMEM, "sentences");
    for (s->n = 0; s->n < root->n; s->n++) {
        if (load_row(root->items[s->n], &s->rows[s->n], err) != 0)
            return -1;
    }
    return 0;
}

int sentence_load(const struct sys *sys, const char *path, struct sentences **ret, struct err *err)
{
    char *text = NULL;
    size_t n = 0;
    const struct yamltree_node *root = NULL;
    if (sys_read_file(sys, path, YAMLTREE_BYTES_MAX, &text, &n, err) != 0)
        return -1;
    struct sentences *s = calloc(1, sizeof(*s));
    if (s == NULL) {
        free(text);
        return err_set(err, ERR_NOMEM, "sentences");
    }
    arena_init(&s->mem, 16u << 20);
    int rc = yamltree_parse((struct str){text, n}, str_of(path), &s->mem, &root, err);
    if (rc == 0)
        rc = load_rows(s, root, err);
    free(text);
    if (rc != 0) {
        sentence_free(s);
        return -1;
    }
    *ret = s;
    return 0;
}

void sentence_free(struct sentences *s)
{
    if (s == NULL)
        return;
    arena_done(&s->mem);
    free(s);
}

/* Cut at a character border. */
static struct str shorten(struct str v)
{
    if (v.n <= VALUE_BYTES_MAX)
        return v;
    v.n = VALUE_BYTES_MAX;
    while (v.n > 0 && ((unsigned char)v.p[v.n] & 0xC0) == 0x80)
        v.n--;
    return v;
}

/* False: a field of the template is missing in the event. */
static bool fill(struct buf *b, struct str text, const struct event *e)
{
    struct str head, name;
    while (str_cut(text, '{', &head, &text)) {
        buf_put(b, head);
        if (!str_cut(text, '}', &name, &text))
            return false;
        struct str v = event_get_named(e, name);
        if (v.n == 0)
            return false;
        text_put_clean(b, shorten(v));
    }
    buf_put(b, head);
    return !b->bad;
}

static struct str fill_into(struct arena *a, struct str text, const struct event *e)
{
    struct buf b;
    struct str out = {NULL, 0};
    buf_init(&b, 16384);
    if (fill(&b, text, e))
        out = arena_str(a, buf_str(&b));
    buf_done(&b);
    return out;
}

static bool find_sentence(const struct sentences *s, struct str action, const struct event *e,
                          struct arena *a, struct str *vi, struct str *en)
{
    struct str outcome = event_get(e, FIELD_EVENT_OUTCOME);
    for (size_t i = 0; i < s->n; i++) {
        const struct row *r = &s->rows[i];
        if (!str_eq(r->action, action) || (r->outcome.n > 0 && !str_eq(r->outcome, outcome)))
            continue;
        *vi = fill_into(a, r->vi, e);
        *en = vi->p == NULL ? (struct str){NULL, 0} : fill_into(a, r->en, e);
        if (en->p != NULL)
            return true;
    }
    *vi = *en = (struct str){NULL, 0};
    return false;
}

bool sentence_of(const struct sentences *s, const struct event *e, struct arena *a, struct str *vi,
                 struct str *en)
{
    struct str action = event_get(e, FIELD_EVENT_ACTION), dataset = event_get(e, FIELD_EVENT_DATASET);
    *vi = *en = (struct str){NULL, 0};
    if (action.n > 0 && find_sentence(s, action, e, a, vi, en))
        return true;
    return str_eq(dataset, S("khien.audit")) && find_sentence(s, dataset, e, a, vi, en);
}
