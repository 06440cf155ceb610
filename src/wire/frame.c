#include "wire/frame.h"

static void put_le(char *out, uint64_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        out[i] = (char)(v >> (8 * i));
}

void frame_put_head(char head[FRAME_HEAD_BYTES], enum frame_type type, uint64_t tag, size_t payload_n)
{
    assert(type > FRAME_NONE && type < FRAME_TYPE_COUNT && payload_n <= FRAME_BYTES_MAX);
    put_le(head, payload_n, 4);
    put_le(head + 4, type, 2);
    put_le(head + 6, FRAME_VERSION, 2);
    put_le(head + 8, tag, 8);
}

void frame_put(struct buf *b, enum frame_type type, uint64_t tag, struct str payload)
{
    char head[FRAME_HEAD_BYTES];
    frame_put_head(head, type, tag, payload.n);
    buf_put(b, (struct str){head, sizeof(head)});
    buf_put(b, payload);
}

int frame_get(struct str in, struct frame *ret, size_t *ret_used, struct err *err)
{
    if (in.n < FRAME_HEAD_BYTES) {
        *ret_used = FRAME_HEAD_BYTES;
        return 1;
    }
    struct cur c = cur_of(in);
    uint32_t n = cur_u32(&c);
    uint16_t type = cur_u16(&c), version = cur_u16(&c);
    uint64_t tag = cur_u64(&c);
    if (n > FRAME_BYTES_MAX || type == FRAME_NONE || type >= FRAME_TYPE_COUNT || version != FRAME_VERSION)
        return err_set(err, ERR_CORRUPT, "frame of type %u, version %u, %u bytes", type, version, n);
    *ret_used = FRAME_HEAD_BYTES + (size_t)n;
    if (in.n < *ret_used)
        return 1;
    *ret = (struct frame){.type = (enum frame_type)type, .tag = tag, .payload = cur_bytes(&c, n)};
    return 0;
}

void frame_put_text(struct buf *b, struct str s)
{
    assert(s.n <= UINT32_MAX);
    buf_put_u32(b, (uint32_t)s.n);
    buf_put(b, s);
}

struct str frame_get_text(struct cur *c)
{
    return cur_bytes(c, cur_u32(c));
}

void frame_put_hello(struct buf *b, const struct frame_hello *m)
{
    buf_put_u32(b, m->pid);
    buf_put_u8(b, m->landlock);
    buf_put_u8(b, m->seccomp);
    buf_put_u8(b, m->landlock_abi);
    buf_put_u32(b, m->uid);
    frame_put_text(b, m->listen_https);
    frame_put_text(b, m->listen_syslog);
    frame_put_text(b, m->listen_syslog_tls);
    frame_put_text(b, m->fingerprint);
    buf_put_i64(b, m->cert_not_after_ns);
}

bool frame_get_hello(struct str in, struct frame_hello *ret)
{
    struct cur c = cur_of(in);
    ret->pid = cur_u32(&c);
    ret->landlock = cur_u8(&c);
    ret->seccomp = cur_u8(&c);
    ret->landlock_abi = cur_u8(&c);
    ret->uid = cur_u32(&c);
    ret->listen_https = frame_get_text(&c);
    ret->listen_syslog = frame_get_text(&c);
    ret->listen_syslog_tls = frame_get_text(&c);
    ret->fingerprint = frame_get_text(&c);
    ret->cert_not_after_ns = cur_i64(&c);
    return cur_done(&c);
}

void frame_put_source(struct buf *b, const struct frame_source *m)
{
    frame_put_text(b, m->kind);
    frame_put_text(b, m->address);
    frame_put_text(b, m->identity);
    frame_put_text(b, m->position);
}

bool frame_get_source(struct str in, struct frame_source *ret)
{
    struct cur c = cur_of(in);
    ret->kind = frame_get_text(&c);
    ret->address = frame_get_text(&c);
    ret->identity = frame_get_text(&c);
    ret->position = frame_get_text(&c);
    return cur_done(&c) && ret->kind.n > 0;
}

void frame_put_counters(struct buf *b, const struct frame_counters *m)
{
    buf_put_u32(b, m->source);
    buf_put_u64(b, m->received);
    buf_put_u64(b, m->dropped);
    buf_put_u64(b, m->malformed);
    buf_put_i64(b, m->last_seen_ns);
    frame_put_text(b, m->dialect);
    frame_put_text(b, m->position);
}

bool frame_get_counters(struct cur *c, struct frame_counters *ret)
{
    ret->source = cur_u32(c);
    ret->received = cur_u64(c);
    ret->dropped = cur_u64(c);
    ret->malformed = cur_u64(c);
    ret->last_seen_ns = cur_i64(c);
    ret->dialect = frame_get_text(c);
    ret->position = frame_get_text(c);
    return !c->bad;
}

void frame_put_front(struct buf *b, const struct frame_front *m)
{
    buf_put_u64(b, m->rss_bytes);
    buf_put_u64(b, m->kernel_dropped);
}

bool frame_get_front(struct str in, struct frame_front *ret)
{
    struct cur c = cur_of(in);
    ret->rss_bytes = cur_u64(&c);
    ret->kernel_dropped = cur_u64(&c);
    return cur_done(&c);
}

void frame_put_request(struct buf *b, const struct frame_request *m)
{
    const struct str texts[] = {m->method,        m->target,       m->cookie,        m->csrf,
                                m->language,      m->content_type, m->if_none_match, m->idempotency,
                                m->authorization, m->peer,         m->body};
    buf_put_u8(b, m->flags);
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        frame_put_text(b, texts[i]);
}

bool frame_get_request(struct str in, struct frame_request *ret)
{
    struct str *const texts[] = {&ret->method,        &ret->target,      &ret->cookie,
                                 &ret->csrf,          &ret->language,    &ret->content_type,
                                 &ret->if_none_match, &ret->idempotency, &ret->authorization,
                                 &ret->peer,          &ret->body};
    struct cur c = cur_of(in);
    ret->flags = cur_u8(&c);
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        *texts[i] = frame_get_text(&c);
    return cur_done(&c) && ret->method.n > 0 && ret->target.n > 0 && ret->target.p[0] == '/';
}

void frame_put_response(struct buf *b, const struct frame_response *m)
{
    buf_put_u16(b, m->status);
    buf_put_u8(b, m->stream);
    frame_put_text(b, m->content_type);
    frame_put_text(b, m->headers);
    frame_put_text(b, m->body);
}

bool frame_get_response(struct str in, struct frame_response *ret)
{
    struct cur c = cur_of(in);
    ret->status = cur_u16(&c);
    ret->stream = cur_u8(&c);
    ret->content_type = frame_get_text(&c);
    ret->headers = frame_get_text(&c);
    ret->body = frame_get_text(&c);
    return cur_done(&c) && ret->status >= 100 && ret->status <= 599;
}
