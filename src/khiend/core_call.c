#include <stdio.h>

#include "khiend/core_state.h"

static struct core_peer *find_peer(struct core *c, uint64_t number)
{
    for (struct core_peer *p = c->peers; p != NULL; p = p->next) {
        if (p->number == number && !p->gone)
            return p;
    }
    return NULL;
}

static struct core_call *find_call(struct core *c, uint64_t token)
{
    struct core_call *k = &c->calls[token % CORE_CALLS_MAX];
    return token != 0 && k->token == token ? k : NULL;
}

static struct core_call *new_call(struct core *c)
{
    for (unsigned tries = 0; tries < CORE_CALLS_MAX; tries++) {
        uint64_t token = ++c->next_token;
        struct core_call *k = &c->calls[token % CORE_CALLS_MAX];
        if (k->token == 0) {
            k->token = token;
            return k;
        }
    }
    return NULL;
}

static enum api_method method_of(struct str s)
{
    if (str_eq(s, S("GET")))
        return API_GET;
    if (str_eq(s, S("POST")))
        return API_POST;
    return str_eq(s, S("DELETE")) ? API_DELETE : API_OTHER;
}

static void send_response(struct core_peer *p, uint64_t tag, const struct frame_response *r)
{
    struct buf b;
    buf_init(&b, FRAME_BYTES_MAX);
    frame_put_response(&b, r);
    if (b.bad) {
        const struct frame_response too_long = {
            .status = 500,
            .content_type = S("application/problem+json"),
            .body = S("{\"code\":\"limit\",\"status\":500,\"title\":\"answer too long\"}")};
        buf_clear(&b);
        frame_put_response(&b, &too_long);
    }
    channel_send(p->channel, FRAME_RESPONSE, tag, buf_str(&b));
    buf_done(&b);
}

void core_call_request(struct core *c, struct core_peer *p, uint64_t tag, struct str payload, bool *ret_ok)
{
    struct frame_request m;
    *ret_ok = frame_get_request(payload, &m);
    if (!*ret_ok)
        return;
    struct core_call *k = new_call(c);
    if (k == NULL) {
        const struct frame_response busy = {
            .status = 503,
            .content_type = S("application/problem+json"),
            .body = S("{\"code\":\"busy\",\"status\":503,\"title\":\"too many requests\"}")};
        send_response(p, tag, &busy);
        return;
    }
    k->peer = p->number;
    k->tag = tag;
    k->stream = false;
    struct api_request r = {
        .token = k->token,
        .method = method_of(m.method),
        .cookie = m.cookie,
        .csrf = m.csrf,
        .accept_language = m.language,
        .content_type = m.content_type,
        .authorization = m.authorization,
        .body = m.body,
        .peer = p->local ? S("local") : m.peer,
        .loopback = p->local || str_starts(m.peer, S("127.")) || str_eq(m.peer, S("::1")),
        .background = (m.flags & FRAME_REQUEST_BACKGROUND) != 0,
    };
    (void)str_cut(m.target, '?', &r.path, &r.query);
    if (p->local && str_starts(r.path, S("/local/"))) {
        core_local_request(c, k->token, r.path, r.body);
        return;
    }
    api_handle(c->api, &r);
}

void core_call_reply(void *self, uint64_t token, const struct api_response *r)
{
    struct core *c = self;
    struct core_call *k = find_call(c, token);
    struct core_peer *p = k == NULL ? NULL : find_peer(c, k->peer);
    if (k == NULL)
        return;
    if (p != NULL) {
        struct buf headers;
        buf_init(&headers, 64 * 1024);
        for (size_t i = 0; i < r->n_headers; i++)
            buf_printf(&headers, "%s: %.*s\n", r->headers[i].name, STR_ARG(r->headers[i].value));
        struct frame_response m = {.status = (uint16_t)r->status,
                                   .stream = r->stream,
                                   .content_type = str_of(r->content_type),
                                   .headers = buf_str(&headers),
                                   .body = r->body};
        send_response(p, k->tag, &m);
        buf_done(&headers);
    }
    if (r->stream && p != NULL)
        k->stream = true;
    else
        k->token = 0;
}

bool core_call_chunk(struct core *c, uint64_t token, struct str bytes)
{
    struct core_call *k = find_call(c, token);
    struct core_peer *p = k == NULL ? NULL : find_peer(c, k->peer);
    if (p == NULL || !k->stream)
        return false;
    channel_send(p->channel, FRAME_CHUNK, k->tag, bytes);
    return true;
}

void core_call_end(struct core *c, uint64_t token)
{
    struct core_call *k = find_call(c, token);
    struct core_peer *p = k == NULL ? NULL : find_peer(c, k->peer);
    if (k == NULL)
        return;
    if (p != NULL)
        channel_send(p->channel, FRAME_END, k->tag, S(""));
    k->token = 0;
}

static void drop(struct core *c, struct core_call *k)
{
    uint64_t token = k->token;
    core_tail_cancel(c, token);
    api_cancel(c->api, token);
    k->token = 0;
}

void core_call_cancel(struct core *c, struct core_peer *p, uint64_t tag)
{
    for (size_t i = 0; i < CORE_CALLS_MAX; i++) {
        if (c->calls[i].token != 0 && c->calls[i].peer == p->number && c->calls[i].tag == tag)
            drop(c, &c->calls[i]);
    }
}

void core_call_peer_gone(struct core *c, struct core_peer *p)
{
    for (size_t i = 0; i < CORE_CALLS_MAX; i++) {
        if (c->calls[i].token != 0 && c->calls[i].peer == p->number)
            drop(c, &c->calls[i]);
    }
}
