/*
 * tls.h - the node's server certificate and TLS contexts. TLS 1.2 (ECDHE with AES-GCM) and 1.3 only.
 */
#ifndef KHIEN_CRYPT_TLS_H
#define KHIEN_CRYPT_TLS_H

#include "base/buf.h"
#include "base/err.h"

struct ssl_st;
struct tls_server; /* certificate, key and settings; may make connections until freed */

/*
 * Make a P-256 key and a self-signed certificate for the names (host names and IP addresses), valid from
 * now_ns for so many days. Both come back as PEM in malloc'ed texts.
 */
int tls_make_cert(const char *const *names, size_t n_names, int64_t now_ns, int days, char **ret_cert_pem,
                  char **ret_key_pem, struct err *err) MUST_USE;

/* SHA-256 of the certificate: "AB:CD:…", 95 characters and NUL; and its end of validity. */
int tls_cert_info(struct str cert_pem, char ret_fingerprint[96], int64_t *ret_not_after_ns,
                  struct err *err) MUST_USE;

/*
 * Server from PEM texts; cert_pem may go on with the certificates that lead to the authority. client_ca_pem
 * (one or more authorities, may be empty): client certificates are asked for, are optional, and
 * one that is shown must chain to it. console: ALPN http/1.1, session tickets kept short.
 */
int tls_server_new(struct str cert_pem, struct str key_pem, struct str client_ca_pem, struct tls_server **ret,
                   struct err *err) MUST_USE;
void tls_server_free(struct tls_server *s);

/* A connection's state in accepting mode; the bufferevent that takes it frees it. NULL when memory is used
 * up. */
struct ssl_st *tls_accept(struct tls_server *s) MUST_USE;
size_t tls_live(const struct tls_server *s); /* connections that tls_accept made and nobody has freed */
/* Subject of the verified client certificate of a connection, e.g. "CN=may-01"; false where there is none. */
bool tls_peer_subject(struct ssl_st *ssl, struct buf *out);

#endif
