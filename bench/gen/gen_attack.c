#include "gen/gen.h"

#define HOSTS 1000000u
#define FIELDS 100000u
#define TEMPLATES 1000000u

void gen_attack_init(struct gen_attack *g, const struct gen_opts *o)
{
    *g = (struct gen_attack){.rng.state = gen_mix(o->seed), .now_us = GEN_START_S * GEN_US, .rate = o->rate};
}

void gen_attack_line(struct gen_attack *g, uint64_t number, struct gen_text *t)
{
    g->now_us += gen_num_wait(&g->rng, GEN_US / g->rate);
    struct gen_clock c = gen_num_clock(g->now_us / GEN_US);
    uint32_t template = gen_below(&g->rng, TEMPLATES);
    gen_puts(t, "<134>1 ");
    gen_num_put(t, (uint64_t)c.year, 4);
    const int rest[] = {c.month, c.day, c.hour, c.minute, c.second};
    for (size_t i = 0; i < 5; i++) {
        gen_putc(t, "--T::"[i]);
        gen_num_put(t, (uint64_t)rest[i], 2);
    }
    gen_puts(t, "+07:00 may");
    gen_num_put(t, gen_below(&g->rng, HOSTS), 6);
    gen_puts(t, " ");
    gen_names_word(t, template % 4096, 3);
    gen_putc(t, ' ');
    gen_num_put(t, 100 + gen_below(&g->rng, 60000), 1);
    gen_puts(t, " - - ");
    for (unsigned i = 0; i < 3; i++) { /* letters alone: nothing says that they vary */
        gen_names_word(t, (uint32_t)gen_mix(template + i * 1000000u), 5);
        gen_putc(t, ' ');
    }
    for (unsigned i = 0; i < 3; i++) {
        gen_names_word(t, (uint32_t)gen_mix(gen_below(&g->rng, FIELDS)), 6);
        gen_putc(t, '=');
        gen_num_hex(t, gen_next(&g->rng), 8, false);
        gen_putc(t, ' ');
    }
    gen_puts(t, "dong=");
    gen_num_put(t, number, 1);
    gen_putc(t, '\n');
}
