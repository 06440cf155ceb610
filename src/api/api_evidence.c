#include "api/api_base64.h"
#include "api/api_handlers.h"
#include "register/register_evidence.h"

/* The name of a check stands in the catalogue. */
static void write_check_name(struct api_ctx *c, struct str check)
{
    const struct api_deps *deps = c->api->deps;
    struct str code = arena_printf(&c->mem, "word.check.%.*s", STR_ARG(check));
    deps->text(deps->self, code.p == NULL ? check : code, &c->j);
}

void api_evidence_write(struct api_ctx *c, const struct register_evidence *e)
{
    struct jout *j = &c->j;
    bool is_document = str_eq(e->kind, S("document"));
    jout_obj(j);
    JOUT_I64(j, "id", e->id);
    JOUT_STR(j, "duty", e->duty);
    JOUT_STR(j, "subject", e->subject);
    JOUT_STR(j, "kind", e->kind);
    jout_key(j, S("title"));
    if (is_document)
        jout_str(j, e->title);
    else if (str_starts(e->title, S("{")))
        jout_raw(j, e->title);
    else
        write_check_name(c, e->check_id);
    jout_key(j, S("dated"));
    api_ctx_date(j, e->dated_ns);
    JOUT_STR(j, "digest", e->digest);
    JOUT_STR(j, "by", is_document ? e->by : S("Khiên"));
    JOUT_TIME(j, "at", is_document ? e->at_ns : e->seen_ns);
    JOUT_STR(j, "state", e->state);
    JOUT_STR(j, "approved_by", e->approved_by);
    JOUT_TIME(j, "approved_at", e->approved_ns);
    JOUT_TIME(j, "expires", e->expires_ns);
    JOUT_BOOL(j, "mine", e->by_id != 0 && e->by_id == c->person.id);
    JOUT_STR(j, "note", is_document && e->note.n > 0 ? e->note : ((struct str){NULL, 0}));
    if (is_document) {
        JOUT_STR(j, "file_name", e->file_name);
        JOUT_I64(j, "bytes", e->bytes);
    } else {
        jout_key(j, S("reason"));
        jout_raw(j, e->note.n > 0 ? e->note : S("null"));
        JOUT_STR(j, "check", e->check_id);
        JOUT_STR(j, "result", e->result);
        JOUT_TIME(j, "since", e->at_ns);
    }
    jout_obj_end(j);
}

int api_evidence_list(struct api_ctx *c, struct err *err)
{
    struct register_evidence_list list;
    if (register_evidence_list(c->api->reg, &c->mem, api_ctx_query(c, "duty"), api_ctx_query(c, "state"),
                               c->now_ns, api_ctx_page(c), &list, err) != 0)
        return -1;
    jout_obj(&c->j);
    jout_key(&c->j, S("items"));
    jout_arr(&c->j);
    for (size_t i = 0; i < list.n; i++)
        api_evidence_write(c, &list.items[i]);
    jout_arr_end(&c->j);
    api_ctx_next(c, list.next);
    jout_obj_end(&c->j);
    return api_ctx_ok(c, 200);
}

static int find(struct api_ctx *c, int64_t id, struct register_evidence *e, struct err *err)
{
    bool found;
    if (register_evidence_find(c->api->reg, &c->mem, id, c->now_ns, e, &found, err) != 0)
        return -1;
    if (!found || e->org != c->person.org)
        return err_set(err, ERR_NOT_FOUND, "no such evidence");
    return 0;
}

static int answer(struct api_ctx *c, int64_t id, int status, struct err *err)
{
    struct register_evidence e;
    if (find(c, id, &e, err) != 0)
        return -1;
    api_ctx_changed(c);
    api_evidence_write(c, &e);
    return api_ctx_ok(c, status);
}

int api_evidence_attach(struct api_ctx *c, struct err *err)
{
    struct register_evidence_document d = {.org = c->person.org,
                                           .duty = c->id_text,
                                           .title = api_ctx_text(c, "title"),
                                           .file_name = api_ctx_text(c, "file_name"),
                                           .note = api_ctx_text(c, "note")};
    int64_t id;
    if (!c->api->deps->duty_known(c->api->deps->self, d.duty))
        return err_set(err, ERR_NOT_FOUND, "no such duty");
    if (api_ctx_body_date(c, "dated", &d.dated_ns, err) != 0)
        return -1;
    if (d.dated_ns > c->now_ns)
        return err_set(err, ERR_USAGE, "dated: lies in the future");
    if (api_base64_decode(api_ctx_text(c, "content"), &c->mem, &d.content, err) != 0)
        return err->code == ERR_PARSE ? err_set(err, ERR_USAGE, "content: not base64") : -1;
    if (d.content.n > REGISTER_EVIDENCE_BYTES_MAX)
        return api_ctx_problem(c, PROBLEM_TOO_LARGE, S("a document may have at most 8 MiB"));
    d.expires_ns = c->api->deps->duty_expires(c->api->deps->self, d.duty, d.dated_ns);
    if (register_evidence_attach(c->api->reg, &c->by, &d, &id, err) != 0)
        return -1;
    return answer(c, id, 201, err);
}

/* A name for the header: what is not a plain letter becomes percent signs (RFC 8187). */
static void put_file_name(struct buf *b, struct str name)
{
    static const char hex[] = "0123456789ABCDEF";
    buf_put(b, S("attachment; filename*=UTF-8''"));
    for (size_t i = 0; i < name.n; i++) {
        unsigned char ch = (unsigned char)name.p[i];
        if (ascii_is_alnum((char)ch) || ch == '.' || ch == '-' || ch == '_') {
            buf_put_char(b, (char)ch);
        } else {
            buf_put_char(b, '%');
            buf_put_char(b, hex[ch >> 4]);
            buf_put_char(b, hex[ch & 15]);
        }
    }
}

int api_evidence_content(struct api_ctx *c, struct err *err)
{
    struct register_evidence e;
    struct str content;
    bool found;
    if (find(c, c->id, &e, err) != 0 ||
        register_evidence_content(c->api->reg, &c->mem, e.id, &content, &found, err) != 0)
        return -1;
    if (!found)
        return err_set(err, ERR_NOT_FOUND, "this evidence is no document");
    buf_clear(&c->out);
    put_file_name(&c->out, e.file_name);
    if (c->out.bad)
        return err_set(err, ERR_NOMEM, "name of a document");
    api_ctx_header(c, "Content-Disposition", buf_str(&c->out));
    /* Never shown inside the console: a document of another must not run there. */
    api_ctx_header(c, "X-Content-Type-Options", S("nosniff"));
    return api_ctx_bytes(c, "application/octet-stream", content);
}

static int decide(struct api_ctx *c, bool approve, struct err *err)
{
    struct register_evidence e;
    if (find(c, c->id, &e, err) != 0)
        return -1;
    if (e.by_id == c->person.id) {
        if (api_ctx_audit(c, str_of(c->route->action), S("evidence"), c->id_text, false, S("same_person"),
                          err) != 0)
            return -1;
        return api_ctx_problem(c, PROBLEM_SAME_PERSON, S("another person decides about evidence"));
    }
    int64_t expires_ns = c->api->deps->duty_expires(c->api->deps->self, e.duty, e.dated_ns);
    if (register_evidence_decide(c->api->reg, &c->by, e.id, approve, expires_ns, api_ctx_text(c, "note"),
                                 err) != 0)
        return -1;
    return answer(c, e.id, 200, err);
}

int api_evidence_approve(struct api_ctx *c, struct err *err)
{
    return decide(c, true, err);
}

int api_evidence_reject(struct api_ctx *c, struct err *err)
{
    return decide(c, false, err);
}
