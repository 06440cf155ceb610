/*
 * tls: the certificate Khiên makes for itself, which versions are spoken, client certificates. Both ends run
 * in this program over a memory pipe; the certificates of clients are made by the openssl program.
 */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "crypt/tls.h"
#include "kit/kit.h"

#define NOW (INT64_C(1795291445) * NS_PER_S)

static char dir[256];
static char *cert, *key;

static void shell(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Run a command in the test's folder. */
static void shell(const char *fmt, ...)
{
    char text[2000];
    int n = snprintf(text, sizeof(text), "cd %s && ", dir);
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
    va_end(ap);
    if (system(text) != 0)
        fail_msg("%s", text);
}

static char *slurp(const char *name)
{
    char path[512];
    char *text = calloc(1, 100000);
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_true(fread(text, 1, 99999, f) > 0);
    (void)fclose(f);
    return text;
}

static void spill(const char *name, const char *text)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
}

static int set_up(void **state)
{
    static const char *const names[] = {"may-chu-01", "khien.cantho.example", "127.0.0.1", "::1"};
    struct err err = {0};
    (void)state;
    kit_dir(dir);
    assert_int_equal(tls_make_cert(names, COUNT_OF(names), NOW, 365, &cert, &key, &err), 0);
    spill("cert.pem", cert);
    static const char *const authorities[] = {"ca", "foreign"};
    for (size_t i = 0; i < COUNT_OF(authorities); i++) {
        const char *ca = authorities[i];
        shell(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s.key -out %s.pem "
            "-subj /CN=%s -days 30 2>/dev/null",
            ca, ca, ca);
        shell(
            "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout by-%s.key -out by-%s.csr "
            "-subj '/O=UBND phường Cái Khế/CN=may-01' -utf8 2>/dev/null",
            ca, ca);
        shell("openssl x509 -req -in by-%s.csr -CA %s.pem -CAkey %s.key -CAcreateserial -days 30 -out "
              "by-%s.pem 2>/dev/null",
              ca, ca, ca, ca);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(cert);
    free(key);
    kit_dir_remove(dir);
    return 0;
}

static X509 *read_x509(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(x);
    return x;
}

static void test_certificate(void **state)
{
    (void)state;
    X509 *x = read_x509(cert);
    assert_int_equal(X509_check_host(x, "khien.cantho.example", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(x, "may-chu-01", 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(x, "other.example", 0, 0, NULL), 0);
    assert_int_equal(X509_check_ip_asc(x, "127.0.0.1", 0), 1);
    assert_int_equal(X509_check_ip_asc(x, "::1", 0), 1);
    assert_int_equal(X509_check_ip_asc(x, "10.0.0.1", 0), 0);
    assert_int_equal(X509_check_purpose(x, X509_PURPOSE_SSL_SERVER, 0), 1);
    assert_int_equal(X509_check_ca(x), 0);
    EVP_PKEY *public = X509_get_pubkey(x);
    assert_int_equal(X509_verify(x, public), 1);
    assert_int_equal(EVP_PKEY_get_bits(public), 256);
    EVP_PKEY_free(public);
    time_t at = NOW / NS_PER_S;
    assert_int_equal(X509_cmp_time(X509_get0_notBefore(x), &at), -1);
    at += 364 * 86400;
    assert_int_equal(X509_cmp_time(X509_get0_notAfter(x), &at), 1);
    at += 2 * 86400;
    assert_int_equal(X509_cmp_time(X509_get0_notAfter(x), &at), -1);
    X509_free(x);
}

static void test_fingerprint(void **state)
{
    (void)state;
    char fingerprint[96];
    int64_t end = 0;
    struct err err = {0};
    assert_int_equal(tls_cert_info(str_of(cert), fingerprint, &end, &err), 0);
    assert_true(end == NOW - 3600 * NS_PER_S + 365 * 86400 * NS_PER_S);
    shell("openssl x509 -in cert.pem -noout -fingerprint -sha256 | sed 's/.*=//' | tr -d '\\n' > print");
    char *want = slurp("print");
    assert_string_equal(fingerprint, want);
    free(want);
    assert_int_equal(tls_cert_info(S("not a certificate"), fingerprint, &end, &err), -1);
    assert_int_equal(err.code, ERR_CRYPT);
    assert_int_equal(tls_cert_info((struct str){NULL, 0}, fingerprint, &end, &err), -1);
}

static void test_long_name(void **state)
{
    (void)state;
    char host[200];
    char *c = NULL, *k = NULL;
    struct err err = {0};
    for (size_t i = 0; i < sizeof(host) - 1; i++)
        host[i] = i % 50 == 49 ? '.' : 'a';
    host[sizeof(host) - 1] = '\0';
    const char *names[] = {host};
    assert_int_equal(tls_make_cert(names, 1, NOW, 1, &c, &k, &err), 0); /* longer than a common name may be */
    X509 *x = read_x509(c);
    assert_int_equal(X509_check_host(x, host, 0, 0, NULL), 1);
    X509_free(x);
    free(c);
    free(k);
}

/* What a handshake ended with. */
struct outcome {
    bool done;
    int version;
    char subject[200];
    unsigned char alpn[20];
    unsigned alpn_n;
    int chain; /* certificates that the client was shown */
};

static SSL_CTX *client_ctx(int version, const char *cert_name)
{
    char path[512];
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    assert_non_null(ctx);
    assert_int_equal(SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0"), 1);
    assert_int_equal(SSL_CTX_set_min_proto_version(ctx, version), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(ctx, version), 1);
    if (cert_name != NULL) {
        (void)snprintf(path, sizeof(path), "%s/%s.pem", dir, cert_name);
        assert_int_equal(SSL_CTX_use_certificate_file(ctx, path, SSL_FILETYPE_PEM), 1);
        (void)snprintf(path, sizeof(path), "%s/%s.key", dir, cert_name);
        assert_int_equal(SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM), 1);
    }
    return ctx;
}

static struct outcome shake(struct tls_server *s, int version, const char *cert_name)
{
    struct outcome out = {0};
    SSL_CTX *ctx = client_ctx(version, cert_name);
    SSL *client = SSL_new(ctx), *server = tls_accept(s);
    BIO *near = NULL, *far = NULL;
    assert_true(client != NULL && server != NULL && BIO_new_bio_pair(&near, 1 << 16, &far, 1 << 16) == 1);
    SSL_set_bio(client, near, near);
    SSL_set_bio(server, far, far);
    assert_int_equal(SSL_set_alpn_protos(client, (const unsigned char *)"\x02h2\x08http/1.1", 12), 0);
    SSL_set_connect_state(client);
    int c = 0, n = 0;
    char byte;
    for (int i = 0; i < 20; i++) {
        c = SSL_do_handshake(client);
        n = SSL_do_handshake(server);
    }
    out.done = c == 1 && n == 1;
    out.version = SSL_version(server);
    /* In TLS 1.3 the client hears of a refused certificate only when it reads. */
    out.done =
        out.done && SSL_read(client, &byte, 1) <= 0 && SSL_get_error(client, -1) == SSL_ERROR_WANT_READ;
    const unsigned char *proto = NULL;
    SSL_get0_alpn_selected(client, &proto, &out.alpn_n);
    memcpy(out.alpn, proto == NULL ? (const unsigned char *)"" : proto, out.alpn_n);
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(client);
    out.chain = chain == NULL ? 0 : sk_X509_num(chain);
    struct buf subject;
    buf_init(&subject, 150);
    if (tls_peer_subject(server, &subject))
        (void)snprintf(out.subject, sizeof(out.subject), "%.*s", STR_ARG(buf_str(&subject)));
    buf_done(&subject);
    SSL_free(client);
    SSL_free(server);
    SSL_CTX_free(ctx);
    ERR_clear_error();
    return out;
}

static void test_versions(void **state)
{
    (void)state;
    static const struct {
        int version;
        bool ok;
    } cases[] = {
        {TLS1_VERSION, false}, {TLS1_1_VERSION, false}, {TLS1_2_VERSION, true}, {TLS1_3_VERSION, true}};
    struct tls_server *s = NULL;
    struct err err = {0};
    assert_int_equal(tls_server_new(str_of(cert), str_of(key), S(""), &s, &err), 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct outcome o = shake(s, cases[i].version, NULL);
        assert_int_equal(o.done, cases[i].ok);
        assert_string_equal(o.subject, "");
        if (!o.done)
            continue;
        assert_int_equal(o.version, cases[i].version);
        assert_int_equal(o.alpn_n, 8);
        assert_memory_equal(o.alpn, "http/1.1", 8);
    }
    tls_server_free(s);
    tls_server_free(NULL);
}

static void test_client_certificates(void **state)
{
    (void)state;
    static const struct {
        const char *name; /* NULL: none is shown */
        bool ok;
        const char *subject;
    } cases[] = {
        {NULL, true, ""},
        {"by-ca", true, "CN=may-01,O=UBND phường Cái Khế"},
        {"by-foreign", false, ""},
        {"foreign", false, ""},
    };
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct tls_server *s = NULL;
    struct err err = {0};
    char *ca = slurp("ca.pem");
    assert_int_equal(tls_server_new(str_of(cert), str_of(key), str_of(ca), &s, &err), 0);
    for (size_t i = 0; i < COUNT_OF(cases) * COUNT_OF(versions); i++) {
        size_t row = i / COUNT_OF(versions);
        struct outcome o = shake(s, versions[i % COUNT_OF(versions)], cases[row].name);
        assert_int_equal(o.done, cases[row].ok);
        assert_string_equal(o.subject, cases[row].subject);
    }
    tls_server_free(s);
    free(ca);
}

static void test_chain_is_sent(void **state)
{
    (void)state;
    struct tls_server *s = NULL;
    struct err err = {0};
    shell("cat by-ca.pem ca.pem > chain.pem");
    char *chain = slurp("chain.pem"), *leaf_key = slurp("by-ca.key");
    assert_int_equal(tls_server_new(str_of(chain), str_of(leaf_key), S(""), &s, &err), 0);
    struct outcome o = shake(s, TLS1_3_VERSION, NULL);
    assert_true(o.done);
    assert_int_equal(o.chain, 2);
    tls_server_free(s);
    free(chain);
    free(leaf_key);
}

static void test_bundle_of_authorities(void **state)
{
    (void)state;
    struct tls_server *s = NULL;
    struct err err = {0};
    shell("cat ca.pem foreign.pem > both.pem");
    char *both = slurp("both.pem");
    assert_int_equal(tls_server_new(str_of(cert), str_of(key), str_of(both), &s, &err), 0);
    assert_true(shake(s, TLS1_3_VERSION, "by-ca").done);
    assert_true(shake(s, TLS1_3_VERSION, "by-foreign").done);
    tls_server_free(s);
    free(both);
}

static void test_refused_material(void **state)
{
    (void)state;
    char *other = slurp("by-ca.key");
    shell("openssl pkcs8 -topk8 -in by-ca.key -out locked.key -passout pass:secret");
    char *locked = slurp("locked.key"), *leaf = slurp("by-ca.pem");
    const struct {
        const char *cert, *key, *ca;
    } cases[] = {
        {cert, other, ""}, /* key of another certificate */
        {"", key, ""},      {cert, "", ""}, {cert, key, "not a certificate"},
        {leaf, locked, ""}, /* a locked key: nobody is there to type the password */
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct tls_server *s = NULL;
        struct err err = {0};
        assert_int_equal(
            tls_server_new(str_of(cases[i].cert), str_of(cases[i].key), str_of(cases[i].ca), &s, &err), -1);
        assert_int_equal(err.code, ERR_CRYPT);
        assert_null(s);
    }
    free(other);
    free(locked);
    free(leaf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificate),
        cmocka_unit_test(test_fingerprint),
        cmocka_unit_test(test_long_name),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_client_certificates),
        cmocka_unit_test(test_chain_is_sent),
        cmocka_unit_test(test_bundle_of_authorities),
        cmocka_unit_test(test_refused_material),
    };
    return cmocka_run_group_tests_name("tls", tests, set_up, tear_down);
}
