#include "crypt/password.h"

#include <argon2.h>

#include "base/buf.h"
#include "base/text.h"

const struct password_cost password_cost_default = {.memory_kib = 65536, .passes = 3, .lanes = 1};

int password_hash(const struct password_cost *cost, struct str password,
                  const uint8_t salt[PASSWORD_SALT_BYTES], char ret[PASSWORD_HASH_BYTES_MAX], struct err *err)
{
    if (password.n > PASSWORD_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "a password may have at most %u bytes", PASSWORD_BYTES_MAX);
    char text[PASSWORD_HASH_BYTES_MAX];
    int rc = argon2id_hash_encoded(cost->passes, cost->memory_kib, cost->lanes, password.p, password.n, salt,
                                   PASSWORD_SALT_BYTES, PASSWORD_SUM_BYTES, text, sizeof(text));
    if (rc == ARGON2_MEMORY_ALLOCATION_ERROR)
        return err_set(err, ERR_NOMEM, "no memory for a password hash");
    if (rc != ARGON2_OK)
        return err_set(err, ERR_CRYPT, "password hash: %s", argon2_error_message(rc));
    memcpy(ret, text, sizeof(text));
    return 0;
}

/* Base64 without padding, as PHC text has it. Source: RFC 4648 section 4. */
static void put_base64(struct buf *b, const uint8_t *in, size_t n)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < n; i++) {
        bits = bits << 8 | in[i];
        for (have += 8; have >= 6; have -= 6)
            buf_put_char(b, letters[bits >> (have - 6) & 63]);
    }
    if (have > 0)
        buf_put_char(b, letters[bits << (6 - have) & 63]);
}

void password_nobody(const struct password_cost *cost, const uint8_t random[PASSWORD_RANDOM_BYTES],
                     char ret[PASSWORD_HASH_BYTES_MAX])
{
    struct buf b = {.p = ret, .cap = PASSWORD_HASH_BYTES_MAX - 1, .max = PASSWORD_HASH_BYTES_MAX - 1};
    buf_printf(&b, "$argon2id$v=%d$m=%u,t=%u,p=%u$", ARGON2_VERSION_13, cost->memory_kib, cost->passes,
               cost->lanes);
    put_base64(&b, random, PASSWORD_SALT_BYTES);
    buf_put_char(&b, '$');
    put_base64(&b, random + PASSWORD_SALT_BYTES, PASSWORD_SUM_BYTES);
    assert(!b.bad);
    ret[b.n] = '\0';
}

bool password_matches(const char *phc, struct str password)
{
    return password.n <= PASSWORD_BYTES_MAX && argon2id_verify(phc, password.p, password.n) == ARGON2_OK;
}

static const char *const reason_words[PASSWORD_REASON_COUNT] = {
#define X(id, word) [id] = word,
    PASSWORD_REASON_TABLE(X)
#undef X
};

const char *password_reason_word(enum password_reason reason)
{
    assert(reason < PASSWORD_REASON_COUNT);
    return reason_words[reason];
}

/*
 * Ranges of letters above ASCII in which capitals and small letters alternate or lie apart. Source: Unicode
 * blocks Latin-1 Supplement, Latin Extended-A and -B (ă đ ĩ ũ ơ ư), Latin Extended Additional.
 */
static const struct {
    uint32_t first, last;
    enum { PAIRS_EVEN_UPPER, PAIRS_ODD_UPPER, ALL_UPPER, ALL_LOWER } shape;
} letter_ranges[] = {
    {0x00C0, 0x00D6, ALL_UPPER},        {0x00D8, 0x00DE, ALL_UPPER},        {0x00DF, 0x00F6, ALL_LOWER},
    {0x00F8, 0x00FF, ALL_LOWER},        {0x0100, 0x0137, PAIRS_EVEN_UPPER}, {0x0139, 0x0148, PAIRS_ODD_UPPER},
    {0x014A, 0x0177, PAIRS_EVEN_UPPER}, {0x01A0, 0x01A1, PAIRS_EVEN_UPPER}, {0x01AF, 0x01B0, PAIRS_ODD_UPPER},
    {0x1E00, 0x1EFF, PAIRS_EVEN_UPPER},
};

#define BIT(reason) (1u << (reason))

/* The class that a character belongs to, as the bit of the reason that it takes away. */
static unsigned class_of(uint32_t cp)
{
    if (cp < 0x80) {
        char c = (char)cp;
        return ascii_is_upper(c)   ? BIT(PASSWORD_UPPER)
               : ascii_is_lower(c) ? BIT(PASSWORD_LOWER)
               : ascii_is_digit(c) ? BIT(PASSWORD_DIGIT)
               : cp >= 0x20        ? BIT(PASSWORD_SPECIAL)
                                   : 0;
    }
    for (size_t i = 0; i < COUNT_OF(letter_ranges); i++) {
        if (cp < letter_ranges[i].first || cp > letter_ranges[i].last)
            continue;
        unsigned odd = cp & 1u;
        bool upper = letter_ranges[i].shape == ALL_UPPER ||
                     (letter_ranges[i].shape == PAIRS_EVEN_UPPER && odd == 0) ||
                     (letter_ranges[i].shape == PAIRS_ODD_UPPER && odd == 1);
        return upper ? BIT(PASSWORD_UPPER) : BIT(PASSWORD_LOWER);
    }
    /* Combining marks belong to the letter before them. */
    return cp >= 0x0300 && cp <= 0x036F ? 0 : BIT(PASSWORD_SPECIAL);
}

static bool contains_nocase(struct str s, struct str part)
{
    for (size_t i = 0; part.n > 0 && i + part.n <= s.n; i++) {
        if (str_eq_nocase(str_sub(s, i, part.n), part))
            return true;
    }
    return false;
}

unsigned password_check(struct str password, struct str login)
{
    unsigned missing =
        BIT(PASSWORD_UPPER) | BIT(PASSWORD_LOWER) | BIT(PASSWORD_DIGIT) | BIT(PASSWORD_SPECIAL);
    size_t chars = 0;
    for (size_t i = 0, len; i < password.n; i += len, chars++)
        missing &= ~class_of(text_decode(str_from(password, i), &len));
    if (chars < PASSWORD_CHARS_MIN)
        missing |= BIT(PASSWORD_LENGTH);
    if (contains_nocase(password, login))
        missing |= BIT(PASSWORD_LOGIN);
    return missing;
}
