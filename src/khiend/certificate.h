/*
 * certificate.h - the server certificate of the node: the operator's own, or a self-signed one made at the
 * first start.
 */
#ifndef KHIEN_KHIEND_CERTIFICATE_H
#define KHIEN_KHIEND_CERTIFICATE_H

#include "crypt/tls.h"
#include "khiend/node_plan.h"

/* Make keys/tls.crt and keys/tls.key where the settings name no others and they are missing or expire within
 * 30 days. */
int certificate_prepare(const struct node_plan *p, struct err *err) MUST_USE;

/* "AB:CD:…" of the certificate that will be used; reads the public file only. */
int certificate_fingerprint(const struct node_plan *p, char ret[96], struct err *err) MUST_USE;

struct certificate {
    char *cert_pem, *key_pem, *client_ca_pem; /* malloc'ed; client_ca_pem may be NULL */
    char fingerprint[96];
    int64_t not_after_ns;
};
int certificate_load(const struct node_plan *p, struct certificate *ret, struct err *err) MUST_USE;
void certificate_done(struct certificate *c); /* wipes the key */

#endif
