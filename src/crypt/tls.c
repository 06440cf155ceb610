#include "crypt/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct tls_server {
    SSL_CTX *ctx;
};

/*
 * How many connections of a server live. The counter hangs on the SSL_CTX, which every connection holds,
 * because libevent frees connections later than its owner thinks.
 */
static int ctx_index = -1, ssl_index = -1;
static pthread_once_t index_once = PTHREAD_ONCE_INIT;

static void free_counter(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl, void *argp)
{
    (void)parent;
    (void)ad;
    (void)index;
    (void)argl;
    (void)argp;
    free(ptr);
}

static void count_down(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl, void *argp)
{
    atomic_size_t *live = ptr;
    (void)parent;
    (void)ad;
    (void)index;
    (void)argl;
    (void)argp;
    if (live != NULL)
        (void)atomic_fetch_sub(live, 1);
}

static void index_init(void)
{
    ctx_index = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, NULL, NULL, NULL, free_counter);
    ssl_index = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL, 0, NULL, NULL, NULL, count_down);
}

static bool add_counter(SSL_CTX *ctx)
{
    (void)pthread_once(&index_once, index_init);
    atomic_size_t *live = ctx_index < 0 || ssl_index < 0 ? NULL : calloc(1, sizeof(*live));
    if (live == NULL || SSL_CTX_set_ex_data(ctx, ctx_index, live) != 1) {
        free(live);
        return false;
    }
    return true;
}

size_t tls_live(const struct tls_server *s)
{
    return atomic_load((atomic_size_t *)SSL_CTX_get_ex_data(s->ctx, ctx_index));
}

static int tls_fail(struct err *err, const char *what)
{
    char text[160] = "unknown";
    unsigned long e = ERR_get_error();
    if (e != 0)
        ERR_error_string_n(e, text, sizeof(text));
    ERR_clear_error();
    return err_set(err, ERR_CRYPT, "%s: %s", what, text);
}

static char *pem_text(BIO *bio)
{
    char *data = NULL;
    long n = BIO_get_mem_data(bio, &data);
    return n <= 0 ? NULL : str_dup((struct str){data, (size_t)n});
}

static bool add_ext(X509 *x, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool ok = e != NULL && X509_add_ext(x, e, -1) == 1;
    X509_EXTENSION_free(e);
    return ok;
}

static bool alt_names(struct buf *out, const char *const *names, size_t n_names)
{
    unsigned char addr[16];
    for (size_t i = 0; i < n_names; i++) {
        bool is_ip = inet_pton(AF_INET, names[i], addr) == 1 || inet_pton(AF_INET6, names[i], addr) == 1;
        buf_printf(out, "%s%s:%s", i == 0 ? "" : ",", is_ip ? "IP" : "DNS", names[i]);
    }
    buf_put_char(out, '\0');
    return !out->bad;
}

static bool fill_cert(X509 *x, EVP_PKEY *key, const char *const *names, size_t n_names, int64_t now_ns,
                      int days)
{
    unsigned char serial[16];
    struct buf alt;
    buf_init(&alt, 8192);
    X509_NAME *name = X509_get_subject_name(x);
    /* RFC 5280, appendix A: a common name has 64 characters at most; clients look at the alternative names.
     */
    const char *common = strlen(names[0]) <= 64 ? names[0] : "khien";
    time_t from = (time_t)(now_ns / NS_PER_S) - 3600; /* clients with a slow clock accept it at once */
    ASN1_INTEGER *number = X509_get_serialNumber(x);
    BIGNUM *bn = NULL;
    bool ok = RAND_bytes(serial, sizeof(serial)) == 1;
    serial[0] &= 0x7f; /* serial numbers are positive */
    ok = ok && (bn = BN_bin2bn(serial, sizeof(serial), NULL)) != NULL &&
         BN_to_ASN1_INTEGER(bn, number) != NULL;
    BN_free(bn);
    ok = ok && X509_set_version(x, 2) == 1 && X509_time_adj_ex(X509_getm_notBefore(x), 0, 0, &from) != NULL &&
         X509_time_adj_ex(X509_getm_notAfter(x), days, 0, &from) != NULL && X509_set_pubkey(x, key) == 1 &&
         X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"Khiên", -1, -1, 0) ==
             1 &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common, -1, -1, 0) ==
             1 &&
         X509_set_issuer_name(x, name) == 1 && alt_names(&alt, names, n_names) &&
         add_ext(x, NID_subject_alt_name, alt.p) && add_ext(x, NID_basic_constraints, "critical,CA:FALSE") &&
         add_ext(x, NID_key_usage, "critical,digitalSignature") &&
         add_ext(x, NID_ext_key_usage, "serverAuth") && X509_sign(x, key, EVP_sha256()) > 0;
    buf_done(&alt);
    return ok;
}

int tls_make_cert(const char *const *names, size_t n_names, int64_t now_ns, int days, char **ret_cert_pem,
                  char **ret_key_pem, struct err *err)
{
    assert(n_names > 0 && days > 0);
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    X509 *x = X509_new();
    BIO *cert = BIO_new(BIO_s_mem()), *priv = BIO_new(BIO_s_mem());
    char *cert_pem = NULL, *key_pem = NULL;
    bool ok = key != NULL && x != NULL && cert != NULL && priv != NULL &&
              fill_cert(x, key, names, n_names, now_ns, days) && PEM_write_bio_X509(cert, x) == 1 &&
              PEM_write_bio_PrivateKey(priv, key, NULL, NULL, 0, NULL, NULL) == 1;
    if (ok) {
        cert_pem = pem_text(cert);
        key_pem = pem_text(priv);
    }
    BIO_free(cert);
    BIO_free(priv);
    X509_free(x);
    EVP_PKEY_free(key);
    if (cert_pem == NULL || key_pem == NULL) {
        free(cert_pem);
        free(key_pem);
        return tls_fail(err, "make certificate");
    }
    *ret_cert_pem = cert_pem;
    *ret_key_pem = key_pem;
    return 0;
}

static X509 *read_cert(struct str pem)
{
    BIO *bio = pem.n > INT32_MAX ? NULL : BIO_new_mem_buf(pem.p, (int)pem.n);
    X509 *x = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return x;
}

int tls_cert_info(struct str cert_pem, char ret_fingerprint[96], int64_t *ret_not_after_ns, struct err *err)
{
    unsigned char md[32];
    unsigned n = 0;
    int days = 0, seconds = 0;
    X509 *x = read_cert(cert_pem);
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    bool ok = x != NULL && epoch != NULL && X509_digest(x, EVP_sha256(), md, &n) == 1 && n == sizeof(md) &&
              ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(x)) == 1;
    X509_free(x);
    ASN1_TIME_free(epoch);
    if (!ok)
        return tls_fail(err, "read certificate");
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < sizeof(md); i++) {
        ret_fingerprint[3 * i] = hex[md[i] >> 4];
        ret_fingerprint[3 * i + 1] = hex[md[i] & 15];
        ret_fingerprint[3 * i + 2] = i + 1 == sizeof(md) ? '\0' : ':';
    }
    *ret_not_after_ns = ((int64_t)days * 86400 + seconds) * NS_PER_S;
    return 0;
}

/* A locked key is an error: nobody is there to type its password. */
static int no_password(char *out, int n, int for_writing, void *arg)
{
    (void)out;
    (void)n;
    (void)for_writing;
    (void)arg;
    return -1;
}

/* Hand every certificate of the text to `take`; true where there is one and all were taken. */
static bool each_cert(SSL_CTX *ctx, struct str pem, bool (*take)(SSL_CTX *ctx, X509 *x, bool first))
{
    BIO *bio = pem.n > INT32_MAX ? NULL : BIO_new_mem_buf(pem.p, (int)pem.n);
    bool ok = bio != NULL, first = true;
    X509 *x;
    while (ok && (x = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL) {
        ok = take(ctx, x, first);
        first = false;
        X509_free(x);
    }
    BIO_free(bio);
    if (ok && !first)
        ERR_clear_error(); /* the end of the text is no error */
    return ok && !first;
}

/* The server's own certificate comes first, then those that lead to the authority. */
static bool take_own(SSL_CTX *ctx, X509 *x, bool first)
{
    return first ? SSL_CTX_use_certificate(ctx, x) == 1 : SSL_CTX_add1_chain_cert(ctx, x) == 1;
}

static bool take_authority(SSL_CTX *ctx, X509 *x, bool first)
{
    (void)first;
    return X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), x) == 1 && SSL_CTX_add_client_CA(ctx, x) == 1;
}

static bool use_pem(SSL_CTX *ctx, struct str cert_pem, struct str key_pem)
{
    BIO *bio = key_pem.n > INT32_MAX ? NULL : BIO_new_mem_buf(key_pem.p, (int)key_pem.n);
    EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    bool ok = key != NULL && each_cert(ctx, cert_pem, take_own) && SSL_CTX_use_PrivateKey(ctx, key) == 1 &&
              SSL_CTX_check_private_key(ctx) == 1;
    BIO_free(bio);
    EVP_PKEY_free(key);
    return ok;
}

static bool use_client_ca(SSL_CTX *ctx, struct str pem)
{
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    return each_cert(ctx, pem, take_authority);
}

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n, const unsigned char *in,
                       unsigned in_n, void *arg)
{
    static const unsigned char http11[] = "\x08http/1.1";
    unsigned char *pick = NULL;
    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&pick, out_n, http11, sizeof(http11) - 1, in, in_n) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = pick;
    return SSL_TLSEXT_ERR_OK;
}

int tls_server_new(struct str cert_pem, struct str key_pem, struct str client_ca_pem, struct tls_server **ret,
                   struct err *err)
{
    static const unsigned char session_id[] = "khien";
    struct tls_server *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return err_set(err, ERR_NOMEM, "TLS server");
    s->ctx = SSL_CTX_new(TLS_server_method());
    bool ok =
        s->ctx != NULL && add_counter(s->ctx) && SSL_CTX_set_min_proto_version(s->ctx, TLS1_2_VERSION) == 1 &&
        SSL_CTX_set_cipher_list(s->ctx, "ECDHE+AESGCM:!aNULL") == 1 &&
        SSL_CTX_set_session_id_context(s->ctx, session_id, sizeof(session_id) - 1) == 1 &&
        use_pem(s->ctx, cert_pem, key_pem) && (client_ca_pem.n == 0 || use_client_ca(s->ctx, client_ca_pem));
    if (!ok) {
        tls_server_free(s);
        return tls_fail(err, "TLS server");
    }
    (void)SSL_CTX_set_mode(s->ctx, SSL_MODE_RELEASE_BUFFERS);
    (void)SSL_CTX_set_options(s->ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                          SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_alpn_select_cb(s->ctx, choose_alpn, NULL);
    *ret = s;
    return 0;
}

void tls_server_free(struct tls_server *s)
{
    if (s == NULL)
        return;
    SSL_CTX_free(s->ctx);
    free(s);
}

struct ssl_st *tls_accept(struct tls_server *s)
{
    SSL *ssl = SSL_new(s->ctx);
    atomic_size_t *live = SSL_CTX_get_ex_data(s->ctx, ctx_index);
    if (ssl == NULL || SSL_set_ex_data(ssl, ssl_index, live) != 1) {
        SSL_free(ssl);
        return NULL;
    }
    (void)atomic_fetch_add(live, 1);
    SSL_set_accept_state(ssl);
    return ssl;
}

bool tls_peer_subject(struct ssl_st *ssl, struct buf *out)
{
    X509 *x = SSL_get1_peer_certificate(ssl);
    if (x == NULL || SSL_get_verify_result(ssl) != X509_V_OK) {
        X509_free(x);
        return false;
    }
    BIO *bio = BIO_new(BIO_s_mem());
    bool ok = bio != NULL && X509_NAME_print_ex(bio, X509_get_subject_name(x), 0,
                                                XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) > 0;
    char *data = NULL;
    long n = ok ? BIO_get_mem_data(bio, &data) : 0;
    if (n > 0)
        buf_put(out, (struct str){data, (size_t)n});
    BIO_free(bio);
    X509_free(x);
    return n > 0 && !out->bad;
}
