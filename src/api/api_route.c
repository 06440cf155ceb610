#include "api/api_route.h"

static const struct {
    unsigned roles;
    const char *doc;
} permissions[PERMIT_COUNT] = {
#define X(id, doc, roles) [id] = {roles, doc},
    API_PERMISSION_TABLE(X)
#undef X
};

unsigned api_route_roles(enum api_permission p)
{
    assert(p < PERMIT_COUNT);
    return permissions[p].roles;
}

const char *api_route_permission_doc(enum api_permission p)
{
    assert(p < PERMIT_COUNT);
    return permissions[p].doc;
}

const char *api_route_method_name(enum api_method m)
{
    static const char *const names[] = {[API_GET] = "get", [API_POST] = "post", [API_DELETE] = "delete"};
    assert(m < COUNT_OF(names));
    return names[m];
}

/* Segment by segment; {…} takes one segment that is not empty. */
static bool path_fits(struct str path, struct str pattern, struct str *id)
{
    struct str have, want;
    bool more_have = true, more_want = true;
    *id = (struct str){NULL, 0};
    while (more_have && more_want) {
        more_have = str_cut(path, '/', &have, &path);
        more_want = str_cut(pattern, '/', &want, &pattern);
        if (want.n > 0 && want.p[0] == '{') {
            if (have.n == 0)
                return false;
            *id = have;
        } else if (!str_eq(have, want)) {
            return false;
        }
    }
    return more_have == more_want;
}

const struct api_route *api_route_find(enum api_method method, struct str path, struct str *ret_id,
                                       unsigned *ret_allow)
{
    struct str prefix = S("/api/v1"), id;
    unsigned allow = 0;
    bool below = str_starts(path, S("/api/v1/"));
    struct str rest = below ? str_from(path, prefix.n) : path;
    for (size_t i = 0; i < api_routes_count; i++) {
        const struct api_route *route = &api_routes[i];
        bool at_root = (route->flags & ROUTE_ROOT) != 0;
        if (at_root == below || !path_fits(rest, str_of(route->path), &id))
            continue;
        if (route->method == method) {
            *ret_id = id;
            return route;
        }
        allow |= 1u << route->method;
    }
    *ret_allow = allow;
    return NULL;
}
