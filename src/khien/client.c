#include "khien/client.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct client {
    int fd;
    uint64_t tag;
};

int client_open(const char *data_dir, struct client **ret, struct err *err)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int n = snprintf(a.sun_path, sizeof(a.sun_path), "%s/run/khiend.sock", data_dir);
    if (n < 0 || (size_t)n >= sizeof(a.sun_path))
        return err_set(err, ERR_USAGE, "%s: path too long for a local socket", data_dir);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_errno(err, errno, "local socket");
    if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
        int e = errno;
        (void)close(fd);
        return e == ENOENT || e == ECONNREFUSED || e == ENOTDIR ? 1 : err_errno(err, e, "%s", a.sun_path);
    }
    struct client *c = calloc(1, sizeof(*c));
    if (c == NULL) {
        (void)close(fd);
        return err_set(err, ERR_NOMEM, "local socket");
    }
    c->fd = fd;
    *ret = c;
    return 0;
}

void client_close(struct client *c)
{
    if (c == NULL)
        return;
    (void)close(c->fd);
    free(c);
}

int client_fd(const struct client *c)
{
    return c->fd;
}

static int send_request(struct client *c, const char *path, struct str body, struct err *err)
{
    struct buf b;
    struct frame_request r = {
        .flags = FRAME_REQUEST_LOCAL, .method = S("POST"), .target = str_of(path), .body = body};
    buf_init(&b, FRAME_BYTES_MAX);
    frame_put_request(&b, &r);
    int rc = b.bad ? err_set(err, ERR_LIMIT, "the question is too long")
                   : channel_fd_send(c->fd, FRAME_REQUEST, ++c->tag, buf_str(&b), err);
    buf_done(&b);
    return rc;
}

/* {"code","detail"} → the error it came from. */
static int problem(struct str body, uint16_t status, struct err *err)
{
    json_t *j = json_loadb(body.p == NULL ? "" : body.p, body.n, 0, NULL);
    const char *detail = json_string_value(json_object_get(j, "detail"));
    const char *code = json_string_value(json_object_get(j, "code"));
    enum err_code ec = ERR_IO;
    for (int k = ERR_NONE + 1; code != NULL && k < ERR_COUNT; k++) {
        if (str_eq(str_of(code), str_of(err_word((enum err_code)k))))
            ec = (enum err_code)k;
    }
    (void)err_set(err, ec, "%s",
                  detail != NULL  ? detail
                  : status == 503 ? "the node is busy"
                                  : "the node refused");
    json_decref(j);
    return -1;
}

static int receive(struct client *c, struct buf *b, struct frame *f, struct err *err)
{
    int rc;
    do {
        rc = channel_fd_recv(c->fd, b, f, err);
    } while (rc == 0 && (f->tag != c->tag || f->type == FRAME_ACK));
    return rc == 1 ? err_set(err, ERR_IO, "the node closed the connection") : rc;
}

static int first_answer(struct client *c, struct buf *b, struct frame_response *r, struct err *err)
{
    struct frame f;
    if (receive(c, b, &f, err) != 0)
        return -1;
    if (f.type != FRAME_RESPONSE || !frame_get_response(f.payload, r))
        return err_set(err, ERR_CORRUPT, "the node's answer does not check");
    return r->status >= 200 && r->status < 300 ? 0 : problem(r->body, r->status, err);
}

int client_ask(struct client *c, const char *path, struct str body, struct buf *b, struct str *ret,
               struct err *err)
{
    struct frame_response r;
    if (send_request(c, path, body, err) != 0 || first_answer(c, b, &r, err) != 0)
        return -1;
    *ret = r.body;
    return 0;
}

int client_stream(struct client *c, const char *path, struct str body,
                  bool (*fn)(void *arg, struct str piece), void *arg, struct err *err)
{
    struct buf b;
    struct frame_response r;
    struct frame f;
    buf_init(&b, FRAME_BYTES_MAX + FRAME_HEAD_BYTES);
    int rc = send_request(c, path, body, err);
    if (rc == 0)
        rc = first_answer(c, &b, &r, err);
    while (rc == 0) {
        rc = receive(c, &b, &f, err);
        if (rc == 0 && (f.type == FRAME_END || (f.type == FRAME_CHUNK && !fn(arg, f.payload))))
            break;
    }
    buf_done(&b);
    return rc;
}
