#include "gen/gen.h"

#define WORD(text)                                                                                           \
    {                                                                                                        \
        text, sizeof(text) - 1                                                                               \
    }

struct word {
    const char *p;
    size_t n;
};

/* Accounts that seed lines name; they are the most frequent of the pool. */
static const struct word known[] = {
    WORD("root"),       WORD("admin"),    WORD("backup"),  WORD("postgres"), WORD("www-data"), WORD("deploy"),
    WORD("nguyenvana"), WORD("tranthib"), WORD("levanc"),  WORD("phamthid"), WORD("oracle"),   WORD("ubuntu"),
    WORD("hoangvane"),  WORD("vothif"),   WORD("giamsat"), WORD("vanthu"),
};
static const char *const family[] = {"nguyen", "tran", "le", "pham", "huynh", "phan", "vu",  "vo",    "dang",
                                     "bui",    "do",   "ho", "ngo",  "duong", "ly",   "lam", "thach", "son"};
static const char *const middle[] = {"van",  "thi",  "huu",   "duc", "minh",
                                     "ngoc", "quoc", "thanh", "kim", "hong"};
static const char *const given[] = {"an",   "binh", "chau", "dung",  "giang", "hanh", "khanh", "lan",
                                    "linh", "long", "mai",  "nam",   "oanh",  "phuc", "quan",  "son",
                                    "tam",  "thao", "tuan", "tuyen", "uyen",  "vinh", "xuan",  "yen"};
static const char *const place[] = {"nk", "cr", "bt", "om", "tn", "pd", "cd", "vt", "tl", "vl",
                                    "nb", "lm", "st", "mt", "ks", "lp", "ub", "tt", "yt", "mc"};
static const char *const role[] = {"web", "db", "fw", "sw", "app", "mail", "dns", "vpn", "file", "pc"};
static const char *const syllable[] = {"ba", "ca", "da", "ga", "ha", "ka", "la", "ma",
                                       "na", "pa", "ra", "sa", "ta", "va", "xa", "za"};
#define N(a) ((uint32_t)(sizeof(a) / sizeof((a)[0])))

void gen_names_host(struct gen_text *t, uint32_t index)
{
    uint64_t x = gen_mix(index + 1000);
    gen_puts(t, place[x % N(place)]);
    gen_putc(t, '-');
    gen_puts(t, role[(x >> 20) % N(role)]);
    gen_num_put(t, index, 2);
}

void gen_names_user(struct gen_text *t, uint32_t index)
{
    uint64_t x = gen_mix(index + 2000);
    if (index < N(known)) {
        gen_put(t, known[index].p, known[index].n);
        return;
    }
    gen_puts(t, family[x % N(family)]);
    gen_puts(t, middle[(x >> 16) % N(middle)]);
    gen_puts(t, given[(x >> 32) % N(given)]);
    if (x >> 62 == 0)
        gen_num_put(t, index % 100, 1);
}

bool gen_names_is_user(const char *word, size_t n)
{
    for (uint32_t i = 0; i < N(known); i++) {
        if (known[i].n == n && memcmp(known[i].p, word, n) == 0)
            return true;
    }
    return false;
}

void gen_names_ip(struct gen_text *t, uint64_t id, bool inside)
{
    static const unsigned first[] = {14, 27, 42, 45, 103, 113, 115, 117, 171, 185, 194, 203, 222};
    uint64_t x = gen_mix(id + 3000);
    unsigned a = inside ? 10 : first[(x >> 40) % N(first)];
    unsigned b = (unsigned)(x >> 8) & 255u;
    gen_num_put(t, a, 1);
    gen_putc(t, '.');
    gen_num_put(t, inside ? b & 31u : b, 1);
    gen_putc(t, '.');
    gen_num_put(t, (x >> 16) & 255, 1);
    gen_putc(t, '.');
    gen_num_put(t, 1 + (x >> 24) % 254, 1);
}

void gen_names_word(struct gen_text *t, uint32_t index, unsigned syllables)
{
    for (unsigned i = 0; i < syllables; i++, index >>= 4)
        gen_put(t, syllable[index & 15], 2);
}
