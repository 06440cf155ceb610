/* Values of JSON in one pass. It needs no valid JSON: whatever is found are only places to cut at. */
#include "store/cut.h"

#define LINED_BYTES_MIN 48u /* shorter values are not cut into lines */
#define KEY_BYTES_MAX 48u
#define LINES_MAX 96u

static void add(struct cut *c, size_t from, size_t to)
{
    if (c->n_var < CUT_PIECES_MAX / 2 - 2) /* behind that the rest of the text is cut as any other */
        c->var[c->n_var++] = (struct cut_span){(uint32_t)from, (uint32_t)to};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Place of the quote that ends the string that begins at i; the end of raw where none does. */
static size_t string_end(struct str raw, size_t i)
{
    for (size_t from = i; i < raw.n; i++) {
        const char *q = memchr(raw.p + i, '"', raw.n - i);
        if (q == NULL)
            return raw.n;
        i = (size_t)(q - raw.p);
        size_t k = i;
        while (k > from && raw.p[k - 1] == '\\')
            k--;
        if ((i - k) % 2 == 0)
            return i;
    }
    return raw.n;
}

/* Blanks and escaped tabulators. */
static size_t skip_tabs(struct str raw, size_t i, size_t end)
{
    while (i < end && (raw.p[i] == ' ' || (raw.p[i] == '\\' && i + 1 < end && raw.p[i + 1] == 't')))
        i += raw.p[i] == ' ' ? 1 : 2;
    return i;
}

/* One line of a long text: behind "Name: " or "Name=" stands a value, else all of it is one. */
static void add_line(struct cut *c, struct str raw, size_t i, size_t end)
{
    i = skip_tabs(raw, i, end);
    size_t key_max = end - i < KEY_BYTES_MAX ? end : i + KEY_BYTES_MAX;
    for (size_t k = i; k < key_max; k++) {
        bool wide = raw.p[k] == ':' && (k + 1 == end || raw.p[k + 1] == ' ' || raw.p[k + 1] == '\\');
        if (raw.p[k] == '\\' || raw.p[k] == '"')
            break;
        if (!wide && raw.p[k] != '=')
            continue;
        i = skip_tabs(raw, k + 1, end);
        if (i < end || raw.p[k] == '=')
            add(c, i, end);
        return;
    }
    if (i < end)
        add(c, i, end);
}

/* A long text with escaped line ends. False: it has none. */
static bool add_lines(struct cut *c, struct str raw, size_t from, size_t to)
{
    size_t lines = 0, at = from, i = from;
    while (i < to && lines < LINES_MAX) {
        const char *q = memchr(raw.p + i, '\\', to - i);
        if (q == NULL || q + 1 >= raw.p + to)
            break;
        i = (size_t)(q - raw.p);
        if (q[1] != 'n' && q[1] != 'r') {
            i += 2;
            continue;
        }
        add_line(c, raw, at, i);
        lines++;
        while (i + 1 < to && raw.p[i] == '\\' && (raw.p[i + 1] == 'n' || raw.p[i + 1] == 'r'))
            i += 2;
        at = i;
    }
    if (lines == 0)
        return false;
    if (lines == LINES_MAX)
        add(c, at, to);
    else
        add_line(c, raw, at, to);
    return true;
}

static void add_string(struct cut *c, struct str raw, size_t from, size_t to)
{
    if (to - from < LINED_BYTES_MIN || !add_lines(c, raw, from, to))
        add(c, from, to);
}

void cut_json_values(struct cut *c, struct str raw, size_t from)
{
    for (size_t i = from; i < raw.n;) {
        char ch = raw.p[i];
        if (ch == '"') {
            size_t end = string_end(raw, i + 1), next = end + 1;
            while (next < raw.n && is_blank(raw.p[next]))
                next++;
            if (next >= raw.n || raw.p[next] != ':')
                add_string(c, raw, i + 1, end);
            i = next;
        } else if (ascii_is_alnum(ch) || ch == '-') {
            size_t end = i + 1;
            while (end < raw.n && raw.p[end] != ',' && raw.p[end] != '}' && raw.p[end] != ']' &&
                   raw.p[end] != '"' && !is_blank(raw.p[end]))
                end++;
            add(c, i, end);
            i = end;
        } else {
            i++;
        }
    }
}
