#include "gen/gen_cut.h"

#include <stdio.h>
#include <stdlib.h>

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}
static bool hex(char c)
{
    return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
static bool letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}

static size_t run(const char *p, bool (*is)(char))
{
    size_t n = 0;
    while (is(p[n]))
        n++;
    return n;
}

static size_t uuid_at(const char *p)
{
    static const size_t groups[] = {8, 4, 4, 4, 12};
    size_t n = 0;
    for (size_t i = 0; i < 5; i++) {
        if ((i > 0 && p[n++] != '-') || run(p + n, hex) != groups[i])
            return 0;
        n += groups[i];
    }
    return n;
}

static size_t ip_at(const char *p)
{
    size_t n = 0;
    for (size_t i = 0; i < 4; i++) {
        if (i > 0 && p[n++] != '.')
            return 0;
        size_t k = run(p + n, digit);
        if (k == 0 || k > 3)
            return 0;
        n += k;
    }
    return p[n] == '.' && digit(p[n + 1]) ? 0 : n;
}

/* An id: eight or more hexadecimal digits, among them a letter and a digit. */
static size_t hex_at(const char *p, bool *ret_upper)
{
    size_t n = run(p, hex), digits = 0;
    *ret_upper = true;
    for (size_t i = 0; i < n; i++) {
        digits += digit(p[i]);
        *ret_upper = *ret_upper && !(p[i] >= 'a' && p[i] <= 'f');
    }
    return n >= 8 && n <= GEN_ID_DIGITS_MAX && digits > 0 && digits < n && !letter(p[n]) ? n : 0;
}

static size_t word_at(const char *p)
{
    size_t n = 0;
    while (letter(p[n]) || digit(p[n]) || p[n] == '-')
        n++;
    return n;
}

/* What begins at p, a place behind neither letter nor digit; *ret_n its length. */
static enum gen_part_kind variable_at(const char *p, char before, size_t *ret_n, bool *ret_upper)
{
    static const struct {
        const char *text;
        enum gen_part_kind kind;
    } marks[] = {{"{clf}", GEN_PART_CLF},   {"{up}", GEN_PART_UP},     {"{date}", GEN_PART_DATE},
                 {"{time}", GEN_PART_TIME}, {"{unix}", GEN_PART_UNIX}, {"{status}", GEN_PART_STATUS}};
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        *ret_n = strlen(marks[i].text);
        if (strncmp(p, marks[i].text, *ret_n) == 0)
            return marks[i].kind;
    }
    *ret_upper = false;
    if ((*ret_n = uuid_at(p)) > 0)
        return GEN_PART_UUID;
    if ((*ret_n = ip_at(p)) > 0)
        return GEN_PART_IP;
    if ((*ret_n = hex_at(p, ret_upper)) > 0)
        return GEN_PART_HEX;
    if (digit(*p) && (*ret_n = run(p, digit)) <= 9) /* a digit behind '/' or '.' is of a version */
        return *ret_n == 1 && (before == '/' || before == '.') ? GEN_PART_TEXT : GEN_PART_NUMBER;
    *ret_n = word_at(p);
    return *ret_n > 0 && gen_names_is_user(p, *ret_n) ? GEN_PART_USER : GEN_PART_TEXT;
}

static void add_part(struct gen_cut *c, enum gen_part_kind kind, const char *text, size_t n, bool upper)
{
    struct gen_part *last = c->n == 0 ? NULL : &c->parts[c->n - 1];
    if (kind == GEN_PART_TEXT && last != NULL && last->kind == GEN_PART_TEXT) {
        last->n = (uint16_t)(last->n + n);
        return;
    }
    if (c->n == GEN_PARTS_MAX) {
        (void)fprintf(stderr, "gen_corpus: a seed line has too many parts: %s\n", text);
        exit(3);
    }
    c->parts[c->n++] = (struct gen_part){.kind = kind, .text = text, .n = (uint16_t)n, .upper = upper};
}

void gen_cut_line(struct gen_cut *c, const char *p)
{
    c->n = 0;
    for (char before = ' '; *p != '\0';) {
        size_t n = 1;
        bool upper = false, inside = letter(before) || digit(before);
        if (strncmp(p, "{=", 2) == 0) {
            n = strcspn(p, "}");
            add_part(c, GEN_PART_FIXED, p + 2, n - 2, false);
            n++;
        } else {
            enum gen_part_kind kind = inside ? GEN_PART_TEXT : variable_at(p, before, &n, &upper);
            n = inside || n == 0 ? 1 : n;
            add_part(c, kind, p, n, upper);
        }
        before = p[n - 1];
        p += n;
    }
}
