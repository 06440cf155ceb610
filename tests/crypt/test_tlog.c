/*
 * Merkle log and signed notes: all proofs of all small trees, the published probes and notes where the test
 * data is at hand (KHIEN_DATA, or ../shared/data beside the source tree), and a few vectors of our own.
 */
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypt/note.h"
#include "crypt/tlog.h"
#include "sys/sys.h"
#include "kit/kit.h"

#define LEAVES 40u

static void make_leaves(struct digest *out)
{
    for (unsigned i = 0; i < LEAVES; i++) {
        char text[16];
        int n = snprintf(text, sizeof(text), "leaf %u", i);
        out[i] = tlog_leaf((struct str){text, (size_t)n});
    }
}

static void test_all_proofs(void **state)
{
    (void)state;
    struct digest leaf[LEAVES], root[LEAVES + 1];
    struct tlog t = {0};
    make_leaves(leaf);
    for (uint64_t n = 0; n <= LEAVES; n++) {
        root[n] = tlog_root(&t);
        if (n < LEAVES)
            tlog_add(&t, &leaf[n]);
    }
    for (uint64_t n = 1; n <= LEAVES; n++) {
        for (uint64_t i = 0; i < n; i++) {
            struct tlog_proof p;
            tlog_prove_leaf(leaf, n, i, &p);
            assert_true(tlog_check_leaf(&leaf[i], i, n, &p, &root[n]));
            assert_false(tlog_check_leaf(&leaf[(i + 1) % LEAVES], i, n, &p, &root[n]));
            assert_false(n > 1 && tlog_check_leaf(&leaf[i], (i + 1) % n, n, &p, &root[n]));
            assert_false(tlog_check_leaf(&leaf[i], n, n, &p, &root[n]));
            if (p.n > 0) {
                p.hash[p.n - 1].b[0] ^= 1;
                assert_false(tlog_check_leaf(&leaf[i], i, n, &p, &root[n]));
                p.n--;
                assert_false(tlog_check_leaf(&leaf[i], i, n, &p, &root[n]));
            }
            tlog_prove_prefix(leaf, i + 1, n, &p);
            assert_true(tlog_check_prefix(i + 1, n, &p, &root[i + 1], &root[n]));
            assert_false(i + 1 < n && tlog_check_prefix(i + 1, n, &p, &root[i], &root[n]));
            assert_false(tlog_check_prefix(i + 1, n, &p, &root[i + 1], &root[n - 1]));
        }
    }
}

static void test_known_roots(void **state)
{
    (void)state;
    /* RFC 6962 test tree of the entries "", 00, 10, 2021, 3031, 40414243, 5051…57, 6061…6f. */
    static const struct str entry[] = {{"", 0},   {"\x00", 1}, {"\x10", 1},     {" !", 2},
                                       {"01", 2}, {"@ABC", 4}, {"PQRSTUVW", 8}, {"`abcdefghijklmno", 16}};
    static const char *const want[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                       "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                       "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                       "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                       "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                       "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                       "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                       "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    struct tlog t = {0};
    char hex[65];
    for (size_t i = 0; i < COUNT_OF(entry); i++) {
        struct digest d = tlog_leaf(entry[i]);
        tlog_add(&t, &d);
        d = tlog_root(&t);
        digest_hex(&d, hex);
        assert_string_equal(hex, want[i]);
    }
}

static void test_note(void **state)
{
    (void)state;
    static const char *const note =
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem "
        "is.\n\n"
        "\xe2\x80\x94 PeterNeumann "
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBw"
        "JnAM=\n";
    static const char *const key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    static const char *const secret = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    struct note_key k;
    struct err err = {0};
    struct str text;
    struct buf b;
    uint8_t seed[33];
    size_t n = 0;
    assert_int_equal(note_parse_key(str_of(key), &k, &err), 0);
    assert_int_equal(note_open(str_of(note), &k, &text, &err), 0);
    assert_int_equal(text.n, str_find(str_of(note), S("\n\n")) + 1);
    assert_true(note_get_base64(str_of(secret), seed, sizeof(seed), &n) && n == 33);
    buf_init(&b, 4096);
    assert_int_equal(note_sign(&b, text, &k, seed + 1, &err), 0);
    assert_true(str_eq(buf_str(&b), str_of(note)));
    buf_clear(&b);
    note_put_key(&b, &k);
    assert_true(str_eq(buf_str(&b), str_of(key)));
    buf_clear(&b);
    buf_put(&b, str_of(note));
    for (size_t i = 0; i < b.n * 8; i++) { /* no bit may change */
        b.p[i / 8] = (char)(b.p[i / 8] ^ 1 << i % 8);
        assert_int_equal(note_open(buf_str(&b), &k, &text, &err), -1);
        b.p[i / 8] = (char)(b.p[i / 8] ^ 1 << i % 8);
    }
    for (size_t i = 0; i < b.n; i++)
        assert_int_equal(note_open(str_sub(buf_str(&b), 0, i), &k, &text, &err), -1);
    buf_done(&b);
    assert_int_equal(
        note_parse_key(S("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"), &k, &err),
        -1);
}

static void test_checkpoint_rows(void **state)
{
    (void)state;
#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    static const struct {
        const char *text;
        int rc;
        uint64_t size;
        const char *more;
    } cases[] = {
        {"example.com/log\n0\n" ROOT "\n", 0, 0, ""},
        {"example.com/log\n20852163\n" ROOT "\n", 0, 20852163, ""},
        {"o\n7\n" ROOT "\nmore\nand more\n", 0, 7, "more\nand more\n"},
        {"o\n7\n" ROOT, -1, 0, ""},
        {"o\n7\n" ROOT "\nmore", -1, 0, ""},
        {"o\n7\n" ROOT "\n\nx\n", -1, 0, ""},
        {"\n7\n" ROOT "\n", -1, 0, ""},
        {"o\n07\n" ROOT "\n", -1, 0, ""},
        {"o\n-7\n" ROOT "\n", -1, 0, ""},
        {"o\n\n" ROOT "\n", -1, 0, ""},
        {"o\n9223372036854775808\n" ROOT "\n", -1, 0, ""},
        {"o\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2=\n", -1, 0, ""},
        {"o\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n", -1, 0, ""}, /* bits behind the last byte */
        {"o\n7\n", -1, 0, ""},
        {"", -1, 0, ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct note_checkpoint c;
        struct err err = {0};
        assert_int_equal(note_parse_checkpoint(str_of(cases[i].text), &c, &err), cases[i].rc);
        if (cases[i].rc != 0)
            continue;
        struct buf b;
        assert_int_equal(c.size, cases[i].size);
        assert_true(str_eq(c.more, str_of(cases[i].more)));
        buf_init(&b, 4096);
        note_put_checkpoint(&b, &c);
        assert_true(str_eq(buf_str(&b), str_of(cases[i].text)));
        buf_done(&b);
    }
}

/* Folder of the published vectors, or false where they are not at hand. */
static bool data_dir(char out[1024])
{
    const char *data = getenv("KHIEN_DATA"), *root = getenv("KHIEN_SOURCE_ROOT");
    if (data != NULL)
        (void)snprintf(out, 1024, "%s/tlog", data);
    else
        (void)snprintf(out, 1024, "%s/../shared/data/tlog", root == NULL ? "." : root);
    if (!sys_exists(sys_linux(), out) && data == NULL) /* a second working tree lies one folder deeper */
        (void)snprintf(out, 1024, "%s/../../shared/data/tlog", root == NULL ? "." : root);
    return sys_exists(sys_linux(), out);
}

/* false: not the length of a digest, so nothing can be proved with it. */
static bool get_digest(const json_t *o, const char *key, struct digest *ret)
{
    size_t n = 0;
    const char *s = json_string_value(json_object_get(o, key));
    return s != NULL && note_get_base64(str_of(s), ret->b, DIGEST_BYTES, &n) && n == DIGEST_BYTES;
}

/* A component that is not 32 bytes makes a proof that cannot hold. */
static bool get_proof(const json_t *o, struct tlog_proof *p)
{
    size_t i;
    json_t *v;
    p->n = 0;
    json_array_foreach(json_object_get(o, "proof"), i, v)
    {
        size_t n = 0;
        if (p->n == TLOG_PROOF_MAX ||
            !note_get_base64(str_of(json_string_value(v)), p->hash[p->n].b, DIGEST_BYTES, &n) ||
            n != DIGEST_BYTES)
            return false;
        p->n++;
    }
    return true;
}

static uint64_t get_number(const json_t *o, const char *key)
{
    json_t *v = json_object_get(o, key);
    if (json_is_integer(v))
        return (uint64_t)json_integer_value(v);
    double d = json_is_real(v) ? json_real_value(v) : 0;
    return d < 9e18 ? (uint64_t)d : UINT64_MAX;
}

static bool run_probe(const json_t *o, bool inclusion)
{
    struct tlog_proof p;
    if (!get_proof(o, &p))
        return false;
    if (inclusion) {
        struct digest leaf, root;
        if (!get_digest(o, "leafHash", &leaf) || !get_digest(o, "root", &root))
            return false;
        return tlog_check_leaf(&leaf, get_number(o, "leafIdx"), get_number(o, "treeSize"), &p, &root);
    }
    struct digest old, root;
    if (!get_digest(o, "root1", &old) || !get_digest(o, "root2", &root))
        return false;
    return tlog_check_prefix(get_number(o, "size1"), get_number(o, "size2"), &p, &old, &root);
}

static int probe_folder(const char *dir, bool inclusion)
{
    int n = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        char path[2048];
        json_error_t why;
        (void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        if (e->d_name[0] == '.')
            continue;
        if (strstr(e->d_name, ".json") == NULL) {
            n += probe_folder(path, inclusion);
            continue;
        }
        json_t *o = json_load_file(path, 0, &why);
        if (o == NULL) /* numbers up to 2^64 - 1 occur */
            o = json_load_file(path, JSON_DECODE_INT_AS_REAL, &why);
        if (o == NULL)
            fail_msg("%s: %s", path, why.text);
        bool want = !json_is_true(json_object_get(o, "wantErr"));
        bool empty = !inclusion && get_number(o, "size1") == 0;
        if (run_probe(o, inclusion) != want &&
            !(empty && want)) /* an empty old tree proves nothing: we refuse */
            fail_msg("%s: want %s", path, want ? "accepted" : "refused");
        json_decref(o);
        n++;
    }
    if (d != NULL)
        (void)closedir(d);
    return n;
}

static void test_published_probes(void **state)
{
    (void)state;
    char dir[1024], path[1200];
    if (!data_dir(dir)) {
        print_message("# the published vectors are not at hand\n");
        skip();
    }
    (void)snprintf(path, sizeof(path), "%s/merkle-proof-probes/inclusion", dir);
    int n = probe_folder(path, true);
    (void)snprintf(path, sizeof(path), "%s/merkle-proof-probes/consistency", dir);
    n += probe_folder(path, false);
    print_message("# %d probes\n", n);
    assert_true(n > 100);
}

/* A log with a signed checkpoint at each size, and its leaf hashes. */
static void test_published_log(void **state)
{
    (void)state;
    char dir[1024], path[1200];
    if (!data_dir(dir))
        skip();
    for (int size = 1; size <= 15; size++) {
        struct tlog t = {0};
        struct err err = {0};
        struct note_checkpoint c;
        char *bytes = NULL;
        size_t n = 0;
        (void)snprintf(path, sizeof(path), "%s/tessera-log/tile/0/000.p/%d", dir, size);
        assert_int_equal(sys_read_file(sys_linux(), path, 1 << 16, &bytes, &n, &err), 0);
        assert_int_equal(n, (size_t)size * DIGEST_BYTES);
        for (int i = 0; i < size; i++) {
            struct digest d;
            memcpy(d.b, bytes + i * DIGEST_BYTES, DIGEST_BYTES);
            tlog_add(&t, &d);
        }
        free(bytes);
        (void)snprintf(path, sizeof(path), "%s/tessera-log/checkpoint.%d", dir, size);
        assert_int_equal(sys_read_file(sys_linux(), path, 1 << 16, &bytes, &n, &err), 0);
        size_t text_n = str_find((struct str){bytes, n}, S("\n\n")) + 1;
        assert_int_equal(note_parse_checkpoint((struct str){bytes, text_n}, &c, &err), 0);
        struct digest root = tlog_root(&t);
        assert_int_equal(c.size, size);
        assert_true(digest_eq(&root, &c.root));
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_proofs),
        cmocka_unit_test(test_known_roots),
        cmocka_unit_test(test_note),
        cmocka_unit_test(test_checkpoint_rows),
        cmocka_unit_test(test_published_probes),
        cmocka_unit_test(test_published_log),
    };
    return cmocka_run_group_tests_name("tlog", tests, NULL, NULL);
}
