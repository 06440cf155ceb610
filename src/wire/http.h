/*
 * http.h - the HTTPS service of the front process: console assets are answered here, everything below /api,
 * /metrics, /healthz and /readyz becomes a call for core. HTTP/1.1 (RFC 9112) by libevent, TLS by crypt/tls.
 */
#ifndef KHIEN_WIRE_HTTP_H
#define KHIEN_WIRE_HTTP_H

#include "wire/frame.h"

struct event_base;
struct tls_server;
struct http;

struct http_asset {
    const char *path; /* "/assets/index-abc.js" */
    const char *type;
    const char *etag;
    bool immutable; /* name carries a hash */
    const unsigned char *raw, *gzip, *brotli;
    size_t raw_n, gzip_n, brotli_n; /* gzip_n and brotli_n may be 0 */
};

/* All built-in assets; the table is generated from web/dist. */
const struct http_asset *http_assets(size_t *ret_n);

struct http_opts {
    struct event_base *base;
    int fd;                 /* listening socket, taken over */
    struct tls_server *tls; /* borrowed */
    size_t body_bytes_max;
    size_t connections_max; /* further clients wait until one leaves */
    /* A request for core; call ids are unique. The JSON body was parsed and written anew. */
    void (*request)(void *arg, uint64_t call, const struct frame_request *r);
    void (*cancel)(void *arg, uint64_t call); /* the client has gone */
    void *arg;
};

int http_new(const struct http_opts *o, struct http **ret, struct err *err) MUST_USE;
void http_free(struct http *h);
/* Answers of core. Unknown calls (client gone) are ignored. */
void http_respond(struct http *h, uint64_t call, const struct frame_response *r);
void http_chunk(struct http *h, uint64_t call, struct str bytes);
void http_end(struct http *h, uint64_t call);
/* Core has gone: answer all open calls with 503 and go on doing so until http_core(h, true). */
void http_core(struct http *h, bool available);

#endif
