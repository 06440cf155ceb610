#include "crypt/totp.h"

static const char base32_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

#define CODE_DIGITS 6
#define CODE_MOD 1000000u
#define RECOVERY_LETTERS 16u

int64_t totp_step_of(int64_t now_ns)
{
    assert(now_ns >= 0);
    return now_ns / TOTP_STEP_NS;
}

uint32_t totp_code(const uint8_t secret[TOTP_SECRET_BYTES], int64_t step)
{
    uint8_t sum[20], counter[8];
    for (int i = 0; i < 8; i++)
        counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    digest_hmac_sha1((struct str){(const char *)secret, TOTP_SECRET_BYTES},
                     (struct str){(const char *)counter, sizeof(counter)}, sum);
    size_t at = sum[19] & 15u;
    uint32_t v = (uint32_t)(sum[at] & 0x7fu) << 24 | (uint32_t)sum[at + 1] << 16 |
                 (uint32_t)sum[at + 2] << 8 | (uint32_t)sum[at + 3];
    digest_wipe(sum, sizeof(sum));
    return v % CODE_MOD;
}

static bool read_code(struct str code, uint32_t *ret)
{
    uint32_t v = 0;
    int digits = 0;
    for (size_t i = 0; i < code.n; i++) {
        if (code.p[i] == ' ')
            continue;
        if (!ascii_is_digit(code.p[i]) || ++digits > CODE_DIGITS)
            return false;
        v = v * 10 + (uint32_t)(code.p[i] - '0');
    }
    *ret = v;
    return digits == CODE_DIGITS;
}

bool totp_check(const uint8_t secret[TOTP_SECRET_BYTES], struct str code, int64_t now_ns, int64_t last_step,
                int64_t *ret_step)
{
    uint32_t want;
    int64_t now = totp_step_of(now_ns), found = 0;
    bool ok = false;
    if (!read_code(code, &want))
        return false;
    for (int64_t step = now - 1; step <= now + 1; step++) {
        uint32_t have = totp_code(secret, step);
        bool fits = digest_same(&have, &want, sizeof(have)) && step > last_step && !ok;
        found = fits ? step : found;
        ok = ok || fits;
    }
    if (ok)
        *ret_step = found;
    return ok;
}

void totp_base32(const uint8_t *in, size_t n, char *out)
{
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < n; i++) {
        bits = bits << 8 | in[i];
        for (have += 8; have >= 5; have -= 5)
            *out++ = base32_letters[bits >> (have - 5) & 31u];
        bits &= 0xffu;
    }
    if (have > 0)
        *out++ = base32_letters[bits << (5 - have) & 31u];
    *out = '\0';
}

void totp_secret_text(const uint8_t secret[TOTP_SECRET_BYTES], char ret[TOTP_SECRET_TEXT])
{
    _Static_assert(TOTP_SECRET_TEXT == (TOTP_SECRET_BYTES * 8 + 4) / 5 + 1, "room for the text");
    totp_base32(secret, TOTP_SECRET_BYTES, ret);
}

/* RFC 3986: everything but unreserved characters. */
static void put_encoded(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (ascii_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~')
            buf_put_char(b, c);
        else
            buf_printf(b, "%%%02X", (unsigned)(unsigned char)c);
    }
}

void totp_put_uri(struct buf *b, struct str issuer, struct str account,
                  const uint8_t secret[TOTP_SECRET_BYTES])
{
    char text[TOTP_SECRET_TEXT];
    totp_secret_text(secret, text);
    buf_put(b, S("otpauth://totp/"));
    put_encoded(b, issuer);
    buf_put_char(b, ':');
    put_encoded(b, account);
    buf_printf(b, "?secret=%s&issuer=", text);
    put_encoded(b, issuer);
    buf_put(b, S("&algorithm=SHA1&digits=6&period=30"));
    digest_wipe(text, sizeof(text));
}

void totp_recovery_text(const uint8_t random[TOTP_RECOVERY_RANDOM], char ret[TOTP_RECOVERY_TEXT])
{
    char letters[RECOVERY_LETTERS + 1];
    size_t n = 0;
    _Static_assert(TOTP_RECOVERY_TEXT == RECOVERY_LETTERS + 3 + 1, "three dashes and the NUL");
    totp_base32(random, TOTP_RECOVERY_RANDOM, letters);
    for (size_t i = 0; i < RECOVERY_LETTERS; i++) {
        if (i > 0 && i % 4 == 0)
            ret[n++] = '-';
        ret[n++] = letters[i];
    }
    ret[n] = '\0';
}

struct digest totp_recovery_digest(struct str typed, bool *ret_ok)
{
    char letters[RECOVERY_LETTERS];
    size_t n = 0;
    bool ok = true;
    for (size_t i = 0; i < typed.n; i++) {
        char c = typed.p[i];
        if (c == '-' || c == ' ')
            continue;
        ok = ok && n < RECOVERY_LETTERS && (ascii_is_alpha(c) || (c >= '2' && c <= '7'));
        if (!ok)
            break;
        letters[n++] = ascii_is_lower(c) ? (char)(c - 'a' + 'A') : c;
    }
    *ret_ok = ok && n == RECOVERY_LETTERS;
    return digest_sha256((struct str){letters, n});
}
