/*
 * client.h - questions to a running node over DIR/run/khiend.sock.
 */
#ifndef KHIEN_KHIEN_CLIENT_H
#define KHIEN_KHIEN_CLIENT_H

#include "wire/channel.h"

struct client;

/* 0 = connected; 1 = no node runs in the directory; -1 = there is one that cannot be reached. */
int client_open(const char *data_dir, struct client **ret, struct err *err) MUST_USE;
void client_close(struct client *c);
int client_fd(const struct client *c);
/*
 * Ask and wait. The body is a JSON object. The answer (view into b) on success; an answer that is a problem
 * becomes an error with its code and detail.
 */
int client_ask(struct client *c, const char *path, struct str body, struct buf *b, struct str *ret,
               struct err *err) MUST_USE;
/* Ask for a stream and pass its pieces to fn until it ends or fn says false. */
int client_stream(struct client *c, const char *path, struct str body,
                  bool (*fn)(void *arg, struct str piece), void *arg, struct err *err) MUST_USE;

#endif
