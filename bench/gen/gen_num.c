#include <stdio.h>
#include <stdlib.h>

#include "gen/gen.h"

#define WAITS 4096u

/* ln(x) for x > 0: x = m * 2^k, then the series of 2 artanh((m - 1) / (m + 1)). */
static double ln(double x)
{
    int k = 0;
    while (x >= 1.5) {
        x *= 0.5;
        k++;
    }
    while (x < 0.75) {
        x *= 2.0;
        k--;
    }
    double y = (x - 1.0) / (x + 1.0), y2 = y * y, term = y, sum = 0.0;
    for (int i = 1; i < 40; i += 2) {
        sum += term / (double)i;
        term *= y2;
    }
    return 2.0 * sum + (double)k * 0.6931471805599453;
}

/* e^x for -700 < x < 700: the series at x / 1024, squared ten times. */
static double exp_of(double x)
{
    double y = x / 1024.0, term = 1.0, sum = 1.0;
    for (int i = 1; i < 12; i++) {
        term = term * y / (double)i;
        sum += term;
    }
    for (int i = 0; i < 10; i++)
        sum *= sum;
    return sum;
}

static void *must(void *p)
{
    if (p == NULL) {
        (void)fputs("gen_corpus: no memory\n", stderr);
        exit(3);
    }
    return p;
}

void gen_num_zipf(struct gen_zipf *z, uint32_t n, double power)
{
    double *w = must(calloc(n, sizeof(*w))), sum = 0.0;
    uint32_t *small = must(calloc(n, sizeof(*small))), *large = must(calloc(n, sizeof(*large)));
    uint32_t n_small = 0, n_large = 0;
    *z = (struct gen_zipf){
        .n = n, .cut = must(calloc(n, sizeof(uint32_t))), .other = must(calloc(n, sizeof(uint32_t)))};
    for (uint32_t i = 0; i < n; i++)
        sum += w[i] = exp_of(-power * ln((double)i + 1.0));
    for (uint32_t i = 0; i < n; i++) {
        w[i] = w[i] * (double)n / sum;
        if (w[i] < 1.0)
            small[n_small++] = i;
        else
            large[n_large++] = i;
        z->cut[i] = UINT32_MAX;
        z->other[i] = i;
    }
    while (n_small > 0 && n_large > 0) {
        uint32_t s = small[--n_small], l = large[n_large - 1];
        z->cut[s] = (uint32_t)(w[s] * 4294967295.0);
        z->other[s] = l;
        w[l] -= 1.0 - w[s];
        if (w[l] < 1.0) {
            n_large--;
            small[n_small++] = l;
        }
    }
    free(w);
    free(small);
    free(large);
}

void gen_num_zipf_free(struct gen_zipf *z)
{
    free(z->cut);
    free(z->other);
}

int64_t gen_num_wait(struct gen_rng *r, int64_t mean_us)
{
    static uint32_t wait[WAITS]; /* quantiles of the exponential distribution, 16 bits behind the point */
    if (wait[0] == 0) {
        for (uint32_t i = 0; i < WAITS; i++)
            wait[i] = (uint32_t)(-ln(((double)i + 0.5) / (double)WAITS) * 65536.0);
    }
    return (int64_t)((uint64_t)mean_us * wait[gen_below(r, WAITS)] >> 16);
}

void gen_num_put(struct gen_text *t, uint64_t v, unsigned width)
{
    char digits[20];
    unsigned n = 0;
    do {
        digits[sizeof(digits) - ++n] = (char)('0' + v % 10);
        v /= 10;
    } while (n < sizeof(digits) && (v > 0 || n < width));
    gen_put(t, digits + sizeof(digits) - n, n);
}

void gen_num_hex(struct gen_text *t, uint64_t id, unsigned digits, bool upper)
{
    const char *const letters = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char out[16];
    for (unsigned at = 0; at < digits; at += 16) {
        uint64_t bits = gen_mix(id + at);
        unsigned n = digits - at < 16 ? digits - at : 16;
        for (unsigned i = 0; i < n; i++, bits >>= 4)
            out[i] = letters[bits & 15];
        gen_put(t, out, n);
    }
}

void gen_num_uuid(struct gen_text *t, uint64_t id, bool upper)
{
    static const unsigned groups[] = {8, 4, 4, 4, 12};
    for (unsigned i = 0; i < 5; i++) {
        if (i > 0)
            gen_putc(t, '-');
        gen_num_hex(t, id + 64 * i, groups[i], upper);
    }
}

struct gen_clock gen_num_clock(int64_t s)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    int64_t days = s / 86400;
    int in_day = (int)(s % 86400), year = 1970, month = 1;
    for (;; year++) {
        int n = 365 + ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0);
        if (days < n)
            break;
        days -= n;
    }
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    while (days >= before[month] + (month >= 2 ? leap : 0))
        month++;
    return (struct gen_clock){.year = year,
                              .month = month,
                              .day = (int)days - before[month - 1] - (month > 2 ? leap : 0) + 1,
                              .hour = in_day / 3600,
                              .minute = in_day / 60 % 60,
                              .second = in_day % 60};
}
