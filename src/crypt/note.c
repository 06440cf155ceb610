#include "crypt/note.h"

#include <stdio.h>

#include "base/cur.h"
#include "base/text.h"

#define DASH "\xe2\x80\x94 " /* em dash and a blank */
#define KEY_ED25519 1
#define ID_BYTES 4
#define SIGNATURES_MAX 64u

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void note_put_base64(struct buf *b, struct str bytes)
{
    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t n = bytes.n - i < 3 ? bytes.n - i : 3;
        uint32_t v = 0;
        for (size_t k = 0; k < 3; k++)
            v = v << 8 | (k < n ? (unsigned char)bytes.p[i + k] : 0u);
        for (size_t k = 0; k < 4; k++)
            buf_put_char(b, k <= n ? base64_digits[v >> (18 - 6 * k) & 63] : '=');
    }
}

static int base64_value(char c)
{
    const char *p = c == '\0' ? NULL : memchr(base64_digits, c, 64);
    return p == NULL ? -1 : (int)(p - base64_digits);
}

bool note_get_base64(struct str s, uint8_t *out, size_t out_max, size_t *ret_n)
{
    size_t have = 0;
    if (s.n % 4 != 0)
        return false;
    for (size_t i = 0; i < s.n; i += 4) {
        size_t pad = i + 4 < s.n || s.p[i + 3] != '=' ? 0 : s.p[i + 2] == '=' ? 2 : 1;
        uint32_t v = 0;
        for (size_t k = 0; k < 4; k++) {
            int d = k >= 4 - pad ? 0 : base64_value(s.p[i + k]);
            if (d < 0)
                return false;
            v = v << 6 | (uint32_t)d;
        }
        if (have + 3 - pad > out_max || (v & ((1u << (8 * pad)) - 1)) != 0)
            return false; /* too long, or bits set that no byte holds */
        for (size_t k = 0; k < 3 - pad; k++)
            out[have++] = (uint8_t)(v >> (16 - 8 * k));
    }
    *ret_n = have;
    return true;
}

uint32_t note_key_id(const struct note_key *k)
{
    struct str parts[] = {k->name, {"\n\1", 2}, {(const char *)k->public_key, SIGN_KEY_BYTES}};
    struct digest d = digest_sha256_parts(parts, COUNT_OF(parts));
    return (uint32_t)d.b[0] << 24 | (uint32_t)d.b[1] << 16 | (uint32_t)d.b[2] << 8 | d.b[3];
}

static bool name_ok(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        if ((unsigned char)name.p[i] <= ' ' || name.p[i] == '+' || name.p[i] == 0x7f)
            return false;
    }
    return name.n > 0 && text_is_utf8(name);
}

void note_put_key(struct buf *b, const struct note_key *k)
{
    char raw[1 + SIGN_KEY_BYTES] = {KEY_ED25519};
    memcpy(raw + 1, k->public_key, SIGN_KEY_BYTES);
    buf_put(b, k->name);
    buf_printf(b, "+%08x+", note_key_id(k));
    note_put_base64(b, (struct str){raw, sizeof(raw)});
}

int note_parse_key(struct str s, struct note_key *ret, struct err *err)
{
    struct str name, rest, id, key;
    struct note_key k;
    uint8_t raw[1 + SIGN_KEY_BYTES];
    char want[16];
    size_t n = 0;
    if (!str_cut(s, '+', &name, &rest) || !str_cut(rest, '+', &id, &key) || !name_ok(name))
        return err_set(err, ERR_PARSE, "a verifier key reads name+id+base64");
    if (!note_get_base64(key, raw, sizeof(raw), &n) || n != sizeof(raw) || raw[0] != KEY_ED25519)
        return err_set(err, ERR_PARSE, "verifier key: not an Ed25519 key");
    k.name = name;
    memcpy(k.public_key, raw + 1, SIGN_KEY_BYTES);
    (void)snprintf(want, sizeof(want), "%08x", note_key_id(&k));
    if (!str_eq(id, str_of(want)))
        return err_set(err, ERR_PARSE, "verifier key: the id does not belong to the key");
    *ret = k;
    return 0;
}

/* Text of a note: lines of UTF-8 without control characters. */
static bool text_ok(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] < ' ' && text.p[i] != '\n')
            return false;
    }
    return text.n > 0 && text.p[text.n - 1] == '\n' && text_is_utf8(text);
}

int note_sign(struct buf *b, struct str text, const struct note_key *k, const uint8_t seed[SIGN_KEY_BYTES],
              struct err *err)
{
    uint8_t raw[ID_BYTES + SIGN_BYTES];
    if (!text_ok(text) || !name_ok(k->name))
        return err_set(err, ERR_USAGE, "this text cannot be a signed note");
    uint32_t id = note_key_id(k);
    for (size_t i = 0; i < ID_BYTES; i++)
        raw[i] = (uint8_t)(id >> (24 - 8 * i));
    if (sign_make(seed, text, raw + ID_BYTES, err) != 0)
        return -1;
    buf_put(b, text);
    buf_put(b, S("\n" DASH));
    buf_put(b, k->name);
    buf_put_char(b, ' ');
    note_put_base64(b, (struct str){(const char *)raw, sizeof(raw)});
    buf_put_char(b, '\n');
    return b->bad ? err_set(err, ERR_NOMEM, "signed note") : 0;
}

/* One signature line. false: not a signature line. *ret_ours: by the key's name and id. */
static bool line_read(struct str line, const struct note_key *k, uint32_t id, uint8_t sig[SIGN_BYTES],
                      bool *ret_ours)
{
    struct str name, code;
    uint8_t raw[1024];
    size_t n = 0;
    if (!str_starts(line, S(DASH)) || !str_cut(str_from(line, sizeof(DASH) - 1), ' ', &name, &code))
        return false;
    if (!name_ok(name) || !note_get_base64(code, raw, sizeof(raw), &n) || n <= ID_BYTES)
        return false;
    uint32_t got = (uint32_t)raw[0] << 24 | (uint32_t)raw[1] << 16 | (uint32_t)raw[2] << 8 | raw[3];
    *ret_ours = str_eq(name, k->name) && got == id;
    if (*ret_ours && n == ID_BYTES + SIGN_BYTES)
        memcpy(sig, raw + ID_BYTES, SIGN_BYTES);
    return !*ret_ours || n == ID_BYTES + SIGN_BYTES;
}

/* Offset of the last empty line, where the signatures begin; SIZE_MAX where there is none. */
static size_t find_signatures(struct str note)
{
    for (size_t i = note.n; i >= 2; i--) {
        if (note.p[i - 1] == '\n' && note.p[i - 2] == '\n')
            return i;
    }
    return SIZE_MAX;
}

int note_open(struct str note, const struct note_key *k, struct str *ret_text, struct err *err)
{
    size_t at = note.n > NOTE_BYTES_MAX ? SIZE_MAX : find_signatures(note);
    if (at == SIZE_MAX || at == note.n || note.p[note.n - 1] != '\n')
        return err_set(err, ERR_PARSE, "not a signed note: text, empty line, signatures");
    struct str text = str_sub(note, 0, at - 1), line, rest = str_from(note, at);
    uint32_t id = note_key_id(k);
    bool signed_by_k = false;
    if (!text_ok(text))
        return err_set(err, ERR_PARSE, "the text of the note holds control characters or is not UTF-8");
    for (size_t n = 0; rest.n > 0; n++) {
        uint8_t sig[SIGN_BYTES];
        bool ours = false;
        (void)str_cut(rest, '\n', &line, &rest);
        if (n == SIGNATURES_MAX || !line_read(line, k, id, sig, &ours))
            return err_set(err, ERR_PARSE, "signature line %zu of the note does not check", n + 1);
        if (ours && (signed_by_k || !sign_check(k->public_key, text, sig)))
            return err_set(err, ERR_CORRUPT, "the signature by %.*s does not hold", STR_ARG(k->name));
        signed_by_k = signed_by_k || ours;
    }
    if (!signed_by_k)
        return err_set(err, ERR_CORRUPT, "no signature by %.*s (key %08x)", STR_ARG(k->name), id);
    *ret_text = text;
    return 0;
}

void note_put_checkpoint(struct buf *b, const struct note_checkpoint *c)
{
    assert(c->origin.n > 0 && (c->more.n == 0 || c->more.p[c->more.n - 1] == '\n'));
    buf_put(b, c->origin);
    buf_printf(b, "\n%llu\n", (unsigned long long)c->size);
    note_put_base64(b, (struct str){(const char *)c->root.b, DIGEST_BYTES});
    buf_put_char(b, '\n');
    buf_put(b, c->more);
}

int note_parse_checkpoint(struct str text, struct note_checkpoint *ret, struct err *err)
{
    struct note_checkpoint c = {.origin = {NULL, 0}};
    struct cur in = cur_of(text);
    size_t n = 0;
    c.origin = cur_until(&in, '\n');
    struct str size = cur_until(&in, '\n');
    struct str root = cur_until(&in, '\n');
    if (in.bad || c.origin.n == 0)
        return err_set(err, ERR_PARSE, "a checkpoint has three lines: origin, size, root");
    if (!str_to_u64(size, INT64_MAX, &c.size) || (size.n > 1 && size.p[0] == '0'))
        return err_set(err, ERR_PARSE, "checkpoint: the size is not a number");
    if (!note_get_base64(root, c.root.b, DIGEST_BYTES, &n) || n != DIGEST_BYTES)
        return err_set(err, ERR_PARSE, "checkpoint: the root is not 32 bytes of base64");
    c.more = str_from(text, in.at);
    for (struct str line, rest = c.more; rest.n > 0;) {
        if (!str_cut(rest, '\n', &line, &rest) || line.n == 0)
            return err_set(err, ERR_PARSE, "checkpoint: empty or unfinished extension line");
    }
    *ret = c;
    return 0;
}
