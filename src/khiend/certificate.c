#include "khiend/certificate.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/when.h"
#include "crypt/digest.h"

#define PEM_BYTES_MAX (256u * 1024u)
#define VALID_DAYS 730
#define RENEW_BEFORE_NS (30 * WHEN_DAY_NS)

static bool paths(const struct node_plan *p, char *cert, char *key, size_t n)
{
    const char *own_cert = config_text(p->config, CONFIG_TLS_CERT),
               *own_key = config_text(p->config, CONFIG_TLS_KEY);
    if (own_cert[0] != '\0')
        return (size_t)snprintf(cert, n, "%s", own_cert) < n && (size_t)snprintf(key, n, "%s", own_key) < n;
    return node_plan_path(p, "keys/tls.crt", cert, n) && node_plan_path(p, "keys/tls.key", key, n);
}

static bool still_good(const struct node_plan *p, const char *cert_path)
{
    char *pem = NULL, fingerprint[96];
    size_t n = 0;
    int64_t end = 0;
    struct err err = {0};
    bool ok = sys_read_file(p->sys, cert_path, PEM_BYTES_MAX, &pem, &n, &err) == 0 &&
              tls_cert_info((struct str){pem, n}, fingerprint, &end, &err) == 0 &&
              end - sys_now(p->sys) > RENEW_BEFORE_NS;
    free(pem);
    return ok;
}

/* The host of "127.0.0.1:8443" or "[::1]:8443". */
static struct str host_of(const char *address)
{
    struct str s = str_of(address);
    while (s.n > 0 && s.p[s.n - 1] != ':')
        s.n--;
    s.n -= s.n > 0;
    if (s.n >= 2 && s.p[0] == '[')
        s = str_sub(s, 1, s.n - 2);
    return s;
}

int certificate_prepare(const struct node_plan *p, struct err *err)
{
    char cert_path[2300], key_path[2300], host[256] = "localhost", listen[80];
    if (!paths(p, cert_path, key_path, sizeof(cert_path)))
        return err_set(err, ERR_USAGE, "tls_cert, tls_key: path too long");
    if (config_text(p->config, CONFIG_TLS_CERT)[0] != '\0')
        return 0;
    if (still_good(p, cert_path) && sys_exists(p->sys, key_path))
        return 0;
    (void)gethostname(host, sizeof(host) - 1);
    (void)snprintf(listen, sizeof(listen), "%.*s", STR_ARG(host_of(p->https.address)));
    const char *names[] = {host, "localhost", "127.0.0.1", "::1", listen};
    char *cert = NULL, *key = NULL;
    if (tls_make_cert(names, COUNT_OF(names), sys_now(p->sys), VALID_DAYS, &cert, &key, err) != 0)
        return -1;
    int rc = sys_write_file(p->sys, key_path, str_of(key), err);
    if (rc == 0)
        rc = sys_write_file(p->sys, cert_path, str_of(cert), err);
    digest_wipe(key, strlen(key));
    free(key);
    free(cert);
    return rc;
}

int certificate_fingerprint(const struct node_plan *p, char ret[96], struct err *err)
{
    char cert_path[2300], key_path[2300], *pem = NULL;
    size_t n = 0;
    int64_t end = 0;
    ret[0] = '\0';
    if (!paths(p, cert_path, key_path, sizeof(cert_path)))
        return err_set(err, ERR_USAGE, "tls_cert, tls_key: path too long");
    int rc = sys_read_file(p->sys, cert_path, PEM_BYTES_MAX, &pem, &n, err);
    if (rc == 0)
        rc = tls_cert_info((struct str){pem, n}, ret, &end, err);
    free(pem);
    return rc;
}

int certificate_load(const struct node_plan *p, struct certificate *ret, struct err *err)
{
    char cert_path[2300], key_path[2300];
    const char *ca = config_text(p->config, CONFIG_TLS_CLIENT_CA);
    size_t n = 0, key_n = 0, ca_n = 0;
    *ret = (struct certificate){0};
    if (!paths(p, cert_path, key_path, sizeof(cert_path)))
        return err_set(err, ERR_USAGE, "tls_cert, tls_key: path too long");
    if (sys_read_file(p->sys, cert_path, PEM_BYTES_MAX, &ret->cert_pem, &n, err) != 0 ||
        sys_read_file(p->sys, key_path, PEM_BYTES_MAX, &ret->key_pem, &key_n, err) != 0 ||
        (ca[0] != '\0' && sys_read_file(p->sys, ca, PEM_BYTES_MAX, &ret->client_ca_pem, &ca_n, err) != 0) ||
        tls_cert_info((struct str){ret->cert_pem, n}, ret->fingerprint, &ret->not_after_ns, err) != 0) {
        certificate_done(ret);
        return -1;
    }
    return 0;
}

void certificate_done(struct certificate *c)
{
    if (c->key_pem != NULL)
        digest_wipe(c->key_pem, strlen(c->key_pem));
    free(c->key_pem);
    free(c->cert_pem);
    free(c->client_ca_pem);
    c->key_pem = c->cert_pem = c->client_ca_pem = NULL;
}
