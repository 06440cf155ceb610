#include "wire/http.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <jansson.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "crypt/tls.h"

#define CALLS_MAX 4096u
#define STREAM_BACKLOG_BYTES_MAX (4u * 1024u * 1024u)
#define KEEP_ALIVE_S 60

struct call {
    uint64_t id;
    struct evhttp_request *req; /* NULL = free slot */
    struct evhttp_connection *conn;
    bool stream;
};

struct http {
    struct http_opts o;
    struct evhttp *ev;
    struct evconnlistener *listener;
    struct event *retry; /* pending while the listener is off */
    struct event *watch; /* every second */
    uint64_t next_id;
    bool core;
    struct call calls[CALLS_MAX]; /* slot = id % CALLS_MAX */
};

static const struct timeval retry_after = {.tv_usec = 50 * 1000};
static const struct timeval watch_every = {.tv_sec = 1};

static const char csp[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'";

static void common_headers(struct evhttp_request *req)
{
    struct evkeyvalq *h = evhttp_request_get_output_headers(req);
    (void)evhttp_add_header(h, "Content-Security-Policy", csp);
    (void)evhttp_add_header(h, "X-Content-Type-Options", "nosniff");
    (void)evhttp_add_header(h, "X-Frame-Options", "DENY");
    (void)evhttp_add_header(h, "Referrer-Policy", "no-referrer");
    (void)evhttp_add_header(h, "Cross-Origin-Opener-Policy", "same-origin");
    (void)evhttp_add_header(h, "Permissions-Policy", "camera=(), microphone=(), geolocation=()");
}

static struct str header(struct evhttp_request *req, const char *name)
{
    return str_of(evhttp_find_header(evhttp_request_get_input_headers(req), name));
}

static void send_bytes(struct evhttp_request *req, int status, const char *type, struct str body)
{
    struct evbuffer *out = evbuffer_new();
    common_headers(req);
    (void)evhttp_add_header(evhttp_request_get_output_headers(req), "Content-Type", type);
    if (out != NULL && body.n > 0)
        (void)evbuffer_add(out, body.p, body.n);
    evhttp_send_reply(req, status, NULL, out);
    if (out != NULL)
        evbuffer_free(out);
}

static void send_problem(struct evhttp_request *req, int status, const char *code, const char *detail)
{
    char body[512];
    int n = snprintf(
        body, sizeof(body),
        "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\",\"code\":\"%s\"}", code,
        status, detail, code);
    (void)evhttp_add_header(evhttp_request_get_output_headers(req), "Cache-Control", "no-store");
    send_bytes(req, status, "application/problem+json", (struct str){body, n < 0 ? 0 : (size_t)n});
}

/* A quality of nought in "gzip;q=0": the coding is switched off. RFC 9110, 12.4.2. */
static bool is_switched_off(struct str params)
{
    struct str name, value, part;
    double q;
    while (params.n > 0) {
        (void)str_cut(params, ';', &part, &params);
        if (str_cut(part, '=', &name, &value) && str_eq_nocase(str_trim(name), S("q")))
            return str_to_double(str_trim(value), &q) && q <= 0;
    }
    return false;
}

/* True where the list in Accept-Encoding names the coding and does not switch it off. */
static bool accepts(struct str list, struct str coding)
{
    struct str part, name, params;
    while (list.n > 0) {
        (void)str_cut(list, ',', &part, &list);
        (void)str_cut(part, ';', &name, &params);
        if (str_eq_nocase(str_trim(name), coding))
            return !is_switched_off(params);
    }
    return false;
}

static void send_asset(struct evhttp_request *req, const struct http_asset *a)
{
    struct evkeyvalq *h = evhttp_request_get_output_headers(req);
    (void)evhttp_add_header(h, "ETag", a->etag);
    (void)evhttp_add_header(h, "Vary", "Accept-Encoding");
    (void)evhttp_add_header(h, "Cache-Control",
                            a->immutable ? "public, max-age=31536000, immutable" : "no-cache");
    if (str_eq(header(req, "If-None-Match"), str_of(a->etag))) {
        common_headers(req);
        evhttp_send_reply(req, 304, NULL, NULL);
        return;
    }
    struct str encodings = header(req, "Accept-Encoding");
    struct str body = {(const char *)a->raw, a->raw_n};
    if (a->brotli_n > 0 && accepts(encodings, S("br"))) {
        body = (struct str){(const char *)a->brotli, a->brotli_n};
        (void)evhttp_add_header(h, "Content-Encoding", "br");
    } else if (a->gzip_n > 0 && accepts(encodings, S("gzip"))) {
        body = (struct str){(const char *)a->gzip, a->gzip_n};
        (void)evhttp_add_header(h, "Content-Encoding", "gzip");
    }
    send_bytes(req, 200, a->type, body);
}

static const struct http_asset *find_asset(struct str path)
{
    size_t n;
    const struct http_asset *all = http_assets(&n);
    for (size_t i = 0; i < n; i++) {
        if (str_eq(path, str_of(all[i].path)))
            return &all[i];
    }
    return NULL;
}

/* A path of a file, as against a page whose id or host name has dots. */
static bool is_file(struct str path)
{
    static const struct str ends[] = {
        {".js", 3},    {".css", 4},  {".html", 5},         {".svg", 4},  {".png", 4},
        {".ico", 4},   {".json", 5}, {".map", 4},          {".webp", 5}, {".jpg", 4},
        {".woff2", 6}, {".txt", 4},  {".webmanifest", 12},
    };
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        if (str_ends(path, ends[i]))
            return true;
    }
    return str_starts(path, S("/assets/"));
}

/* Pages of the console have no file of their own: the page's script reads the path. */
static void serve_console(struct evhttp_request *req, struct str path)
{
    const struct http_asset *a = find_asset(path);
    if (a == NULL && !is_file(path))
        a = find_asset(S("/index.html"));
    if (a == NULL)
        send_problem(req, 404, "not_found", "no such page");
    else if (evhttp_request_get_command(req) != EVHTTP_REQ_GET &&
             evhttp_request_get_command(req) != EVHTTP_REQ_HEAD)
        send_problem(req, 405, "method", "pages are read with GET");
    else
        send_asset(req, a);
}

static const char *method_name(struct evhttp_request *req)
{
    switch (evhttp_request_get_command(req)) {
    case EVHTTP_REQ_GET:
    case EVHTTP_REQ_HEAD:
        return "GET";
    case EVHTTP_REQ_POST:
        return "POST";
    case EVHTTP_REQ_PUT:
        return "PUT";
    case EVHTTP_REQ_DELETE:
        return "DELETE";
    case EVHTTP_REQ_PATCH:
        return "PATCH";
    default:
        return NULL;
    }
}

/*
 * Two Content-Length headers, one beside Transfer-Encoding, or a coding that libevent does not undo: how
 * requests are smuggled past proxies. RFC 9112, 6.3.
 */
static bool head_is_sound(struct evhttp_request *req)
{
    size_t lengths = 0;
    bool sound = true;
    struct evkeyval *kv;
    for (kv = evhttp_request_get_input_headers(req)->tqh_first; kv != NULL; kv = kv->next.tqe_next) {
        bool coding = str_eq_nocase(str_of(kv->key), S("transfer-encoding"));
        lengths += coding || str_eq_nocase(str_of(kv->key), S("content-length"));
        sound = sound && (!coding || str_eq_nocase(str_of(kv->value), S("chunked")));
    }
    return sound && lengths <= 1;
}

/* Answer and close: what else came over the connection is not to be read as a request. */
static void send_bad_head(struct evhttp_request *req)
{
    (void)evhttp_add_header(evhttp_request_get_output_headers(req), "Connection", "close");
    send_problem(req, 400, "bad_request", "the head of the request does not make sense");
}

static void peer_of(struct evhttp_request *req, char out[128])
{
    char *address = NULL;
    ev_uint16_t port = 0;
    struct evhttp_connection *c = evhttp_request_get_connection(req);
    if (c != NULL)
        evhttp_connection_get_peer(c, &address, &port);
    (void)snprintf(out, 128, "%s", address == NULL ? "" : address);
}

static void on_client_gone(struct evhttp_connection *conn, void *arg)
{
    struct http *h = arg;
    for (size_t i = 0; i < CALLS_MAX; i++) {
        struct call *c = &h->calls[i];
        if (c->req == NULL || c->conn != conn)
            continue;
        /* libevent lets go of a request that still waits for its answer; then it is ours to free. */
        struct evhttp_request *req = TAKE(c->req);
        if (evhttp_request_get_connection(req) == NULL)
            evhttp_request_free(req);
        h->o.cancel(h->o.arg, c->id);
    }
}

/*
 * libevent does not read while an answer is being made, so it does not see that the client has gone; the
 * kernel knows. Streams are noticed at once, because they write.
 */
static void on_watch(evutil_socket_t fd, short what, void *arg)
{
    struct http *h = arg;
    (void)fd;
    (void)what;
    for (size_t i = 0; i < CALLS_MAX; i++) {
        struct call *c = &h->calls[i];
        struct tcp_info info = {0};
        socklen_t n = sizeof(info);
        if (c->req == NULL || c->stream)
            continue;
        int sock = bufferevent_getfd(evhttp_connection_get_bufferevent(c->conn));
        if (getsockopt(sock, IPPROTO_TCP, TCP_INFO, &info, &n) == 0 &&
            (info.tcpi_state == TCP_CLOSE_WAIT || info.tcpi_state == TCP_CLOSE))
            evhttp_connection_free(c->conn); /* cancels the call */
    }
}

static struct call *new_call(struct http *h, struct evhttp_request *req)
{
    for (size_t tries = 0; tries < CALLS_MAX; tries++) {
        uint64_t id = ++h->next_id;
        struct call *c = &h->calls[id % CALLS_MAX];
        if (c->req == NULL) {
            *c = (struct call){.id = id, .req = req, .conn = evhttp_request_get_connection(req)};
            return c;
        }
    }
    return NULL;
}

static struct call *find_call(struct http *h, uint64_t id)
{
    struct call *c = &h->calls[id % CALLS_MAX];
    return c->req != NULL && c->id == id ? c : NULL;
}

/* Outside JSON is parsed here and written anew, so that core reads only text made by our own writer. False:
 * answered. */
static bool clean_body(struct http *h, struct evhttp_request *req, struct str *body, char **ret_text)
{
    json_error_t e;
    struct str type, params;
    if (body->n == 0)
        return true;
    (void)str_cut(header(req, "Content-Type"), ';', &type, &params);
    if (!str_eq_nocase(str_trim(type), S("application/json"))) {
        send_problem(req, 415, "media_type", "the body must be application/json");
        return false;
    }
    json_t *j = json_loadb(body->p, body->n, JSON_REJECT_DUPLICATES, &e);
    char *text = j == NULL ? NULL : json_dumps(j, JSON_COMPACT);
    json_decref(j);
    if (text == NULL) {
        send_problem(req, 400, "bad_json", "the body is not JSON, or has a key twice");
        return false;
    }
    if (strlen(text) > h->o.body_bytes_max) { /* numbers may grow: 1E300 */
        free(text);
        send_problem(req, 413, "too_large", "the body is too large");
        return false;
    }
    *ret_text = text;
    *body = str_of(text);
    return true;
}

static void call_core(struct http *h, struct evhttp_request *req)
{
    char peer[128];
    char *text = NULL;
    const char *method = method_name(req);
    struct evbuffer *in = evhttp_request_get_input_buffer(req);
    size_t n = evbuffer_get_length(in);
    struct str body = {n == 0 ? NULL : (const char *)evbuffer_pullup(in, -1), n};
    if (method == NULL) {
        send_problem(req, 405, "method", "unknown method");
        return;
    }
    if (!h->core) {
        (void)evhttp_add_header(evhttp_request_get_output_headers(req), "Retry-After", "1");
        send_problem(req, 503, "starting", "the node is starting, try again");
        return;
    }
    if (!clean_body(h, req, &body, &text))
        return;
    struct call *c = new_call(h, req);
    if (c == NULL) {
        free(text);
        send_problem(req, 503, "busy", "too many requests at once");
        return;
    }
    peer_of(req, peer);
    evhttp_connection_set_closecb(evhttp_request_get_connection(req), on_client_gone, h);
    struct frame_request r = {
        .method = str_of(method),
        .target = str_of(evhttp_request_get_uri(req)),
        .cookie = header(req, "Cookie"),
        .csrf = header(req, "X-Khien-CSRF"),
        .language = header(req, "Accept-Language"),
        .content_type = header(req, "Content-Type"),
        .if_none_match = header(req, "If-None-Match"),
        .idempotency = header(req, "Idempotency-Key"),
        .authorization = header(req, "Authorization"),
        .flags = header(req, "X-Khien-Background").n > 0 ? FRAME_REQUEST_BACKGROUND : 0,
        .peer = str_of(peer),
        .body = body,
    };
    h->o.request(h->o.arg, c->id, &r);
    free(text);
}

static void on_request(struct evhttp_request *req, void *arg)
{
    struct http *h = arg;
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
    const char *raw_path = uri == NULL ? NULL : evhttp_uri_get_path(uri);
    struct str path = raw_path == NULL || raw_path[0] == '\0' ? S("/") : str_of(raw_path);
    struct bufferevent *bev = evhttp_connection_get_bufferevent(evhttp_request_get_connection(req));
    /* Without memory for TLS libevent would go on in clear text. */
    if (bufferevent_openssl_get_ssl(bev) == NULL || !head_is_sound(req) || path.p[0] != '/' ||
        evhttp_request_get_uri(req)[0] != '/') {
        send_bad_head(req);
        return;
    }
    static const struct str for_core[] = {{"/api/", 5}, {"/metrics", 8}, {"/healthz", 8}, {"/readyz", 7}};
    for (size_t i = 0; i < COUNT_OF(for_core); i++) {
        bool hit = for_core[i].p[for_core[i].n - 1] == '/' ? str_starts(path, for_core[i])
                                                           : str_eq(path, for_core[i]);
        if (hit) {
            call_core(h, req);
            return;
        }
    }
    serve_console(req, path);
}

/* Listen again when a connection has become free. */
static void on_retry(evutil_socket_t fd, short what, void *arg)
{
    struct http *h = arg;
    (void)fd;
    (void)what;
    if (tls_live(h->o.tls) < h->o.connections_max)
        (void)evconnlistener_enable(h->listener);
    else
        (void)event_add(h->retry, &retry_after);
}

static struct bufferevent *new_connection(struct event_base *base, void *arg)
{
    struct http *h = arg;
    struct ssl_st *ssl = tls_accept(h->o.tls);
    if (ssl == NULL)
        return NULL;
    if (tls_live(h->o.tls) >= h->o.connections_max) {
        /* Who comes now waits in the kernel's queue. */
        (void)evconnlistener_disable(h->listener);
        (void)event_add(h->retry, &retry_after);
    }
    return bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
}

static void free_timers(struct http *h)
{
    if (h->retry != NULL)
        event_free(h->retry);
    if (h->watch != NULL)
        event_free(h->watch);
}

int http_new(const struct http_opts *o, struct http **ret, struct err *err)
{
    int one = 1;
    struct http *h = calloc(1, sizeof(*h));
    if (h == NULL)
        return err_set(err, ERR_NOMEM, "HTTP service");
    h->o = *o;
    /* Accepted sockets inherit it; without it each answer waits 40 ms for a delayed acknowledgement. */
    (void)setsockopt(o->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    (void)evutil_make_socket_nonblocking(o->fd);
    h->ev = evhttp_new(o->base);
    h->retry = evtimer_new(o->base, on_retry, h);
    h->watch = event_new(o->base, -1, EV_PERSIST, on_watch, h);
    h->listener =
        h->ev == NULL ? NULL : evconnlistener_new(o->base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE, 0, o->fd);
    if (h->listener == NULL || h->retry == NULL || h->watch == NULL ||
        event_add(h->watch, &watch_every) != 0 || evhttp_bind_listener(h->ev, h->listener) == NULL) {
        if (h->ev != NULL)
            evhttp_free(h->ev);
        free_timers(h);
        free(h);
        return err_set(err, ERR_IO, "HTTP service: cannot listen");
    }
    evhttp_set_bevcb(h->ev, new_connection, h);
    evhttp_set_gencb(h->ev, on_request, h);
    evhttp_set_max_body_size(h->ev, (ev_ssize_t)o->body_bytes_max);
    evhttp_set_max_headers_size(h->ev, 32 * 1024);
    evhttp_set_timeout(h->ev, KEEP_ALIVE_S);
    evhttp_set_allowed_methods(h->ev, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
                                          EVHTTP_REQ_DELETE | EVHTTP_REQ_PATCH);
    *ret = h;
    return 0;
}

void http_free(struct http *h)
{
    if (h == NULL)
        return;
    for (size_t i = 0; i < CALLS_MAX; i++) {
        struct call *c = &h->calls[i];
        if (c->req != NULL)
            evhttp_connection_set_closecb(c->conn, NULL, NULL);
    }
    evhttp_free(h->ev);
    free_timers(h);
    free(h);
}

static void add_headers(struct evhttp_request *req, struct str lines)
{
    struct str line, name, value;
    while (lines.n > 0) {
        (void)str_cut(lines, '\n', &line, &lines);
        if (!str_cut(line, ':', &name, &value))
            continue;
        char *n = str_dup(str_trim(name)), *v = str_dup(str_trim(value));
        if (n != NULL && v != NULL)
            (void)evhttp_add_header(evhttp_request_get_output_headers(req), n, v);
        free(n);
        free(v);
    }
}

void http_respond(struct http *h, uint64_t call, const struct frame_response *r)
{
    struct call *c = find_call(h, call);
    if (c == NULL)
        return;
    struct evhttp_request *req = c->req;
    char *type = str_dup(r->content_type);
    struct evkeyvalq *out = evhttp_request_get_output_headers(req);
    add_headers(req, r->headers);
    if (evhttp_find_header(out, "Cache-Control") == NULL)
        (void)evhttp_add_header(out, "Cache-Control", "no-store");
    if (r->stream != 0) {
        c->stream = true;
        common_headers(req);
        (void)evhttp_add_header(out, "Content-Type", type == NULL ? "text/event-stream" : type);
        evhttp_send_reply_start(req, r->status, NULL);
        /* A tail is quiet for as long as its source is. */
        evhttp_connection_set_timeout(evhttp_request_get_connection(req), 0);
    } else {
        c->req = NULL;
        send_bytes(req, r->status, type == NULL || type[0] == '\0' ? "application/json" : type, r->body);
    }
    free(type);
}

static void end_stream(struct call *c)
{
    evhttp_connection_set_timeout(c->conn, KEEP_ALIVE_S);
    evhttp_send_reply_end(TAKE(c->req));
}

void http_end(struct http *h, uint64_t call)
{
    struct call *c = find_call(h, call);
    if (c == NULL)
        return;
    if (c->stream)
        end_stream(c);
    else
        send_problem(TAKE(c->req), 500, "internal", "the call ended without an answer");
}

void http_chunk(struct http *h, uint64_t call, struct str bytes)
{
    struct call *c = find_call(h, call);
    if (c == NULL || !c->stream)
        return;
    struct bufferevent *bev = evhttp_connection_get_bufferevent(c->conn);
    if (evbuffer_get_length(bufferevent_get_output(bev)) > STREAM_BACKLOG_BYTES_MAX) {
        /* A reader that does not read must not fill our memory. */
        evhttp_connection_free(c->conn); /* cancels the call */
        return;
    }
    struct evbuffer *b = evbuffer_new();
    if (b == NULL)
        return;
    (void)evbuffer_add(b, bytes.p, bytes.n);
    evhttp_send_reply_chunk(c->req, b);
    evbuffer_free(b);
}

void http_core(struct http *h, bool available)
{
    h->core = available;
    for (size_t i = 0; !available && i < CALLS_MAX; i++) {
        struct call *c = &h->calls[i];
        if (c->req == NULL)
            continue;
        if (c->stream)
            end_stream(c);
        else
            send_problem(TAKE(c->req), 503, "starting", "the node is restarting, try again");
    }
}
