#include "api/api_captcha.h"

#include <math.h>

/*
 * Letters as strokes on a grid of 4 by 6: pairs of digits are points, a blank lifts the pen. Characters that
 * look alike (0 O Q D, 1 I J, 2 Z, 5 S, 6 G, 8 B, U V, 9 P) have only one of their kind.
 */
static const struct {
    char c;
    const char *strokes;
} glyphs[] = {
    {'A', "062046 1434"},
    {'C', "4130100105163645"},
    {'E', "40000646 0333"},
    {'F', "400006 0333"},
    {'H', "0006 4046 0343"},
    {'K', "0006 400346"},
    {'L', "000646"},
    {'M', "0600234046"},
    {'N', "06004640"},
    {'P', "06003041423303"},
    {'R', "06003041423303 2346"},
    {'T', "0040 2026"},
    {'W', "0016223640"},
    {'X', "0046 4006"},
    {'Y', "002340 2326"},
    {'Z', "00400646"},
    {'3', "01103041423323 334445361605"},
    {'4', "36300444"},
    {'7', "004016"},
};

#define IMAGE_W 240.0
#define IMAGE_H 70.0
#define CELL_W 44.0
#define UNIT 6.5
#define SEGMENTS_MAX 320u
#define NOISE_LINES 4
#define NOISE_PARTS 6

struct segment {
    double x1, y1, x2, y2;
};

struct drawing {
    uint64_t random;
    size_t n;
    struct segment segments[SEGMENTS_MAX];
};

/* xorshift64*: the picture needs disorder, the answer comes from real randomness. */
static uint32_t next_random(struct drawing *d)
{
    d->random ^= d->random >> 12;
    d->random ^= d->random << 25;
    d->random ^= d->random >> 27;
    return (uint32_t)((d->random * UINT64_C(2685821657736338717)) >> 32);
}

/* Uniform in -a .. a. */
static double spread(struct drawing *d, double a)
{
    return a * (2.0 * (double)next_random(d) / 4294967295.0 - 1.0);
}

static void add_segment(struct drawing *d, double x1, double y1, double x2, double y2)
{
    if (d->n < SEGMENTS_MAX)
        d->segments[d->n++] = (struct segment){x1, y1, x2, y2};
}

/* A line in three shaken parts, so that the number of points does not tell the letter. */
static void add_line(struct drawing *d, double x1, double y1, double x2, double y2)
{
    double x = x1, y = y1;
    for (int i = 1; i <= 3; i++) {
        double t = (double)i / 3.0;
        double shake = i == 3 ? 0.0 : 1.1;
        double nx = x1 + (x2 - x1) * t + spread(d, shake), ny = y1 + (y2 - y1) * t + spread(d, shake);
        add_segment(d, x, y, nx, ny);
        x = nx;
        y = ny;
    }
}

static const char *strokes_of(char c)
{
    for (size_t i = 0; i < COUNT_OF(glyphs); i++) {
        if (glyphs[i].c == c)
            return glyphs[i].strokes;
    }
    return "";
}

struct frame {
    double cx, cy, sin_a, cos_a, sx, sy, slant;
};

static void place(const struct frame *f, const char *point, double *x, double *y)
{
    double gx = ((double)(point[0] - '0') - 2.0) * UNIT * f->sx,
           gy = ((double)(point[1] - '0') - 3.0) * UNIT * f->sy;
    gx += gy * f->slant;
    *x = f->cx + gx * f->cos_a - gy * f->sin_a;
    *y = f->cy + gx * f->sin_a + gy * f->cos_a;
}

static void draw_glyph(struct drawing *d, char c, double cx)
{
    double angle = spread(d, 0.32);
    struct frame f = {.cx = cx + spread(d, 3.0),
                      .cy = IMAGE_H / 2.0 + spread(d, 7.0),
                      .sin_a = sin(angle),
                      .cos_a = cos(angle),
                      .sx = 1.0 + spread(d, 0.15),
                      .sy = 1.05 + spread(d, 0.2),
                      .slant = spread(d, 0.2)};
    const char *p = strokes_of(c);
    double x = 0.0, y = 0.0;
    bool down = false;
    while (*p != '\0') {
        if (*p == ' ') {
            down = false;
            p++;
            continue;
        }
        double nx, ny;
        place(&f, p, &nx, &ny);
        if (down)
            add_line(d, x, y, nx, ny);
        x = nx;
        y = ny;
        down = true;
        p += 2;
    }
}

static void draw_noise(struct drawing *d)
{
    for (int k = 0; k < NOISE_LINES; k++) {
        double x = IMAGE_W * (double)k / NOISE_LINES + spread(d, 20.0), y = IMAGE_H / 2.0 + spread(d, 28.0);
        double angle = spread(d, 3.14);
        for (int i = 0; i < NOISE_PARTS; i++) {
            angle += spread(d, 0.6);
            double nx = x + 9.0 * cos(angle), ny = y + 9.0 * sin(angle);
            add_segment(d, x, y, nx, ny);
            x = nx;
            y = ny;
        }
    }
}

/* Fisher-Yates; every second segment also changes its direction. */
static void shuffle(struct drawing *d)
{
    for (size_t i = d->n; i > 1; i--) {
        size_t k = next_random(d) % i;
        struct segment s = d->segments[k];
        d->segments[k] = d->segments[i - 1];
        d->segments[i - 1] = (next_random(d) & 1u) != 0 ? (struct segment){s.x2, s.y2, s.x1, s.y1} : s;
    }
}

void api_captcha_draw(struct buf *svg, const char *text, uint64_t random)
{
    struct drawing d = {.random = random};
    assert(random != 0);
    double x = (IMAGE_W - 4.0 * CELL_W) / 2.0;
    for (const char *c = text; *c != '\0'; c++, x += CELL_W)
        draw_glyph(&d, *c, x);
    draw_noise(&d);
    shuffle(&d);
    buf_put(svg,
            S("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 240 70\" width=\"240\" height=\"70\">"
              "<rect width=\"240\" height=\"70\" fill=\"#f4f6f8\"/><path fill=\"none\" stroke=\"#1f2937\" "
              "stroke-width=\"2.2\" stroke-linecap=\"round\" d=\""));
    for (size_t i = 0; i < d.n; i++) {
        const struct segment *s = &d.segments[i];
        buf_printf(svg, "M%.1f %.1fL%.1f %.1f", s->x1, s->y1, s->x2, s->y2);
    }
    buf_put(svg, S("\"/></svg>"));
}

/* Characters that are never drawn, for the ones people may take for them. */
static const struct {
    char typed, meant;
} look_alikes[] = {{'G', 'C'}, {'O', 'C'}, {'0', 'C'}, {'B', '3'},
                   {'8', '3'}, {'2', 'Z'}, {'1', '7'}, {'V', 'Y'}};

static char read_char(char c)
{
    char upper = ascii_is_lower(c) ? (char)(c - 'a' + 'A') : c;
    for (size_t i = 0; i < COUNT_OF(look_alikes); i++) {
        if (look_alikes[i].typed == upper)
            return look_alikes[i].meant;
    }
    return upper;
}

/* The digest binds the answer to its captcha. Characters beyond the last one make it wrong. */
static struct digest answer_digest(struct str id, struct str answer)
{
    char upper[API_CAPTCHA_CHARS + 1];
    size_t n = 0;
    for (size_t i = 0; i < answer.n && n < sizeof(upper); i++) {
        if (answer.p[i] != ' ')
            upper[n++] = read_char(answer.p[i]);
    }
    struct str parts[] = {id, {upper, n}};
    return digest_sha256_parts(parts, COUNT_OF(parts));
}

int api_captcha_new(struct api_captcha *k, const struct sys *sys, int64_t now_ns,
                    char ret_id[API_CAPTCHA_ID_TEXT], struct buf *svg, struct err *err)
{
    static const char hex[] = "0123456789abcdef";
    struct {
        uint8_t id[(API_CAPTCHA_ID_TEXT - 1) / 2];
        uint32_t letters[API_CAPTCHA_CHARS];
        uint64_t drawing;
    } random;
    if (sys_random(sys, &random, sizeof(random), err) != 0)
        return -1;
    char text[API_CAPTCHA_CHARS + 1] = {0};
    for (size_t i = 0; i < API_CAPTCHA_CHARS; i++)
        text[i] = glyphs[random.letters[i] % COUNT_OF(glyphs)].c;
    struct api_captcha_slot *slot = &k->slots[k->next];
    for (size_t i = 0; i < sizeof(random.id); i++) {
        slot->id[2 * i] = hex[random.id[i] >> 4];
        slot->id[2 * i + 1] = hex[random.id[i] & 15];
    }
    slot->id[API_CAPTCHA_ID_TEXT - 1] = '\0';
    slot->made_ns = now_ns;
    slot->answer = answer_digest(str_of(slot->id), str_of(text));
    k->next = (k->next + 1) % API_CAPTCHA_SLOTS;
    memcpy(ret_id, slot->id, API_CAPTCHA_ID_TEXT);
    api_captcha_draw(svg, text, random.drawing | 1u);
    digest_wipe(text, sizeof(text));
    return 0;
}

bool api_captcha_check(struct api_captcha *k, struct str id, struct str answer, int64_t now_ns)
{
    for (size_t i = 0; i < API_CAPTCHA_SLOTS; i++) {
        struct api_captcha_slot *slot = &k->slots[i];
        if (slot->id[0] == '\0' || !str_eq(id, str_of(slot->id)))
            continue;
        struct digest have = answer_digest(id, answer);
        bool ok = digest_eq(&have, &slot->answer) && now_ns - slot->made_ns <= API_CAPTCHA_SPAN_NS;
        *slot = (struct api_captcha_slot){0};
        return ok;
    }
    return false;
}
