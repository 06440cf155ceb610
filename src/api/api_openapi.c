/*
 * The OpenAPI 3.1 document, written from the route table.
 */
#include "api/api_ctx.h"

static const struct {
    const char *type, *format;
} schema_types[] = {
    [TYPE_STRING] = {"string", NULL}, [TYPE_INT] = {"integer", "int64"}, [TYPE_DATE] = {"string", "date"},
    [TYPE_OBJECT] = {"object", NULL}, [TYPE_WORD] = {"string", NULL},
};

static void write_words(struct jout *j, const char *words)
{
    struct str head, rest = str_of(words);
    bool more = true;
    jout_key(j, S("enum"));
    jout_arr(j);
    while (more) {
        more = str_cut(rest, '|', &head, &rest);
        jout_str(j, head);
    }
    jout_arr_end(j);
}

static void write_scalar(struct jout *j, const struct api_member *m)
{
    JOUT_CSTR(j, "type", schema_types[m->type].type);
    if (schema_types[m->type].format != NULL)
        JOUT_CSTR(j, "format", schema_types[m->type].format);
    if (m->doc != NULL && m->doc[0] != '\0')
        JOUT_CSTR(j, "description", m->doc);
    if (m->type == TYPE_WORD)
        write_words(j, m->words);
    if (m->type == TYPE_STRING && m->max != 0)
        JOUT_I64(j, "maxLength", m->max);
    if (m->type == TYPE_INT && (m->min != 0 || m->max != 0)) {
        JOUT_I64(j, "minimum", m->min);
        JOUT_I64(j, "maximum", m->max);
    }
    if (m->secret)
        JOUT_BOOL(j, "writeOnly", true);
}

/* Members of an object schema; objects inside are one level deep. */
static void write_object(struct jout *j, const struct api_member *members, bool inner)
{
    if (!inner)
        JOUT_CSTR(j, "type", "object");
    JOUT_BOOL(j, "additionalProperties", false);
    jout_key(j, S("required"));
    jout_arr(j);
    for (const struct api_member *m = members; m->type != TYPE_END; m++) {
        if (m->required)
            jout_str(j, str_of(m->name));
    }
    jout_arr_end(j);
    jout_key(j, S("properties"));
    jout_obj(j);
    for (const struct api_member *m = members; m->type != TYPE_END; m++) {
        jout_key(j, str_of(m->name));
        jout_obj(j);
        write_scalar(j, m);
        if (m->type == TYPE_OBJECT) {
            assert(!inner);
            write_object(j, m->members, true);
        }
        jout_obj_end(j);
    }
    jout_obj_end(j);
}

static void write_parameter(struct jout *j, const char *name, const char *in, bool required,
                            const struct api_member *m)
{
    jout_obj(j);
    JOUT_CSTR(j, "name", name);
    JOUT_CSTR(j, "in", in);
    JOUT_BOOL(j, "required", required);
    jout_key(j, S("schema"));
    jout_obj(j);
    if (m == NULL)
        JOUT_CSTR(j, "type", "string");
    else
        write_scalar(j, m);
    jout_obj_end(j);
    jout_obj_end(j);
}

static bool needs_csrf(const struct api_route *r)
{
    return r->method != API_GET && (r->flags & ROUTE_NO_CSRF) == 0;
}

static void write_parameters(struct jout *j, const struct api_route *r)
{
    jout_key(j, S("parameters"));
    jout_arr(j);
    if (strchr(r->path, '{') != NULL)
        write_parameter(j, "id", "path", true, NULL);
    if (needs_csrf(r))
        write_parameter(j, "X-Khien-CSRF", "header", true, NULL);
    for (const struct api_member *m = r->query; m != NULL && m->type != TYPE_END; m++)
        write_parameter(j, m->name, "query", m->required, m);
    jout_arr_end(j);
}

static void write_body(struct jout *j, const struct api_route *r)
{
    jout_key(j, S("requestBody"));
    jout_obj(j);
    JOUT_BOOL(j, "required", true);
    jout_key(j, S("content"));
    jout_obj(j);
    jout_key(j, S("application/json"));
    jout_obj(j);
    jout_key(j, S("schema"));
    jout_obj(j);
    write_object(j, r->body, false);
    for (int i = 0; i < 4; i++)
        jout_obj_end(j);
}

static const char *media_of(const struct api_route *r)
{
    return (r->flags & ROUTE_STREAM) != 0 ? "text/event-stream"
           : (r->flags & ROUTE_FILE) != 0 ? "application/octet-stream"
           : (r->flags & ROUTE_ROOT) != 0 ? "text/plain"
                                          : "application/json";
}

static void write_responses(struct jout *j, const struct api_route *r)
{
    char status[4] = {(char)('0' + r->status / 100), (char)('0' + r->status / 10 % 10),
                      (char)('0' + r->status % 10), '\0'};
    jout_key(j, S("responses"));
    jout_obj(j);
    jout_key(j, str_of(status));
    jout_obj(j);
    JOUT_CSTR(j, "description", "done");
    if (r->status != 204) {
        jout_key(j, S("content"));
        jout_obj(j);
        jout_key(j, str_of(media_of(r)));
        jout_obj(j);
        jout_obj_end(j);
        jout_obj_end(j);
    }
    jout_obj_end(j);
    jout_key(j, S("default"));
    jout_obj(j);
    JOUT_CSTR(j, "$ref", "#/components/responses/Problem");
    jout_obj_end(j);
    jout_obj_end(j);
}

static void write_operation(struct jout *j, const struct api_route *r)
{
    jout_key(j, str_of(api_route_method_name(r->method)));
    jout_obj(j);
    JOUT_CSTR(j, "summary", r->doc);
    JOUT_CSTR(j, "x-khien-permission", api_route_permission_doc(r->permission));
    write_parameters(j, r);
    if (r->body != NULL)
        write_body(j, r);
    if (r->permission == PERMIT_OPEN) {
        jout_key(j, S("security"));
        jout_arr(j);
        jout_arr_end(j);
    }
    write_responses(j, r);
    jout_obj_end(j);
}

/* One object per path, with all its methods; a path is written where it stands first. */
static void write_paths(struct jout *j)
{
    jout_key(j, S("paths"));
    jout_obj(j);
    for (size_t i = 0; i < api_routes_count; i++) {
        bool first = true;
        for (size_t k = 0; k < i; k++)
            first = first && strcmp(api_routes[k].path, api_routes[i].path) != 0;
        if (!first)
            continue;
        struct buf path;
        buf_init(&path, 256);
        buf_put(&path, (api_routes[i].flags & ROUTE_ROOT) != 0 ? S("") : S("/api/v1"));
        buf_put(&path, str_of(api_routes[i].path));
        jout_key(j, buf_str(&path));
        buf_done(&path);
        jout_obj(j);
        for (size_t k = i; k < api_routes_count; k++) {
            if (strcmp(api_routes[k].path, api_routes[i].path) == 0)
                write_operation(j, &api_routes[k]);
        }
        jout_obj_end(j);
    }
    jout_obj_end(j);
}

static void write_problem(struct jout *j)
{
    jout_key(j, S("Problem"));
    jout_obj(j);
    JOUT_CSTR(j, "description", "an error; code is one of the words below");
    jout_key(j, S("content"));
    jout_obj(j);
    jout_key(j, S("application/problem+json"));
    jout_obj(j);
    jout_key(j, S("schema"));
    jout_obj(j);
    JOUT_CSTR(j, "type", "object");
    jout_key(j, S("properties"));
    jout_obj(j);
    jout_key(j, S("code"));
    jout_obj(j);
    JOUT_CSTR(j, "type", "string");
    jout_key(j, S("enum"));
    jout_arr(j);
    for (size_t i = 0; i < PROBLEM_COUNT; i++)
        jout_str(j, str_of(api_problem_row((enum api_problem)i)->word));
    jout_arr_end(j);
    for (int i = 0; i < 6; i++)
        jout_obj_end(j);
}

static void write_components(struct jout *j)
{
    jout_key(j, S("components"));
    jout_obj(j);
    jout_key(j, S("securitySchemes"));
    jout_obj(j);
    jout_key(j, S("session"));
    jout_obj(j);
    JOUT_CSTR(j, "type", "apiKey");
    JOUT_CSTR(j, "in", "cookie");
    JOUT_CSTR(j, "name", API_COOKIE);
    jout_obj_end(j);
    jout_obj_end(j);
    jout_key(j, S("responses"));
    jout_obj(j);
    write_problem(j);
    jout_obj_end(j);
    jout_obj_end(j);
}

void api_openapi(struct buf *b)
{
    struct jout j;
    jout_init(&j, b);
    jout_obj(&j);
    JOUT_CSTR(&j, "openapi", "3.1.0");
    jout_key(&j, S("info"));
    jout_obj(&j);
    JOUT_CSTR(&j, "title", "Khiên");
    JOUT_CSTR(&j, "version", KHIEN_VERSION);
    jout_obj_end(&j);
    jout_key(&j, S("security"));
    jout_arr(&j);
    jout_obj(&j);
    jout_key(&j, S("session"));
    jout_arr(&j);
    jout_arr_end(&j);
    jout_obj_end(&j);
    jout_arr_end(&j);
    write_paths(&j);
    write_components(&j);
    jout_obj_end(&j);
}
