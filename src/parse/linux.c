#include "parse/linux.h"

#include <pthread.h>

#include "parse/body.h"
#include "parse/net.h"

static const struct {
    struct str name, dataset;
    linux_fn *fn;
} programs[] = {
#define PROGRAM(name_, fn_, dataset_)                                                                        \
    {{(name_), sizeof(name_) - 1}, {(dataset_), sizeof(dataset_) - 1}, (fn_)},
#include "parse/linux.def"
#undef PROGRAM
};

/* rsyslog folds equal lines: "message repeated 3 times: [ Failed password …]". The text inside, or all. */
static struct str unfold(struct parse_out *out, struct str msg)
{
    struct str prefix = S("message repeated ");
    uint64_t n;
    if (!str_starts(msg, prefix) || msg.p[msg.n - 1] != ']')
        return msg;
    struct str rest = str_from(msg, prefix.n), count, text;
    if (!str_cut(rest, ' ', &count, &text) || !str_to_u64(count, UINT32_MAX, &n) ||
        !str_starts(text, S("times: [ ")))
        return msg;
    parse_out_put_named(out, S("event.repeat"), count);
    return str_sub(text, 9, text.n - 10);
}

#define SLOTS 512u
_Static_assert(COUNT_OF(programs) * 2 < SLOTS, "the table stays less than half full");

static uint16_t slots[SLOTS]; /* program + 1 */
static pthread_once_t slots_once = PTHREAD_ONCE_INIT;

static size_t slot_of(struct str name)
{
    size_t h = (unsigned char)name.p[0] + 31u * (unsigned char)name.p[name.n - 1] + 7u * name.n +
               127u * (unsigned char)name.p[name.n / 2];
    return h % SLOTS;
}

static void slots_fill(void)
{
    for (size_t i = 0; i < COUNT_OF(programs); i++) {
        size_t k = slot_of(programs[i].name);
        while (slots[k] != 0)
            k = (k + 1) % SLOTS;
        slots[k] = (uint16_t)(i + 1);
    }
}

static bool by_name(struct parse_out *out, struct str name, struct str msg)
{
    if (name.n == 0)
        return false;
    (void)pthread_once(&slots_once, slots_fill);
    for (size_t k = slot_of(name); slots[k] != 0; k = (k + 1) % SLOTS) {
        size_t i = slots[k] - 1u;
        if (str_eq(programs[i].name, name)) {
            out->dataset = programs[i].dataset;
            return programs[i].fn(out, msg);
        }
    }
    return false;
}

/* "postfix/smtpd" and "ovpn-office" are read as what stands in front; most tags are names as they are. */
static bool by_program(struct parse_out *out, struct str msg)
{
    struct str head, rest;
    if (by_name(out, out->tag, msg))
        return true;
    if (str_cut(out->tag, '/', &head, &rest) && by_name(out, head, msg))
        return true;
    if (str_starts(out->tag, S("postfix-")))
        return by_name(out, S("postfix"), msg);
    return str_starts(out->tag, S("ovpn-")) && by_name(out, S("openvpn"), msg);
}

void linux_content(struct parse_out *out)
{
    struct str msg = out->e.message, service, module;
    if (msg.n == 0) { /* all that is said stands in the structured data */
        if (str_starts(out->tag, S("RT_")) || str_eq(out->tag, S("Veeam_MP")) ||
            str_starts(out->tag, S("KES")))
            (void)by_program(out, msg);
        return;
    }
    if (out->tag.n > 0 && out->tag.p[0] == '%') {
        while (out->tag.n > 0 && out->tag.p[0] == '%')
            out->tag = str_from(out->tag, 1);
        (void)net_mnemonic(out, out->tag, msg);
        return;
    }
    if (msg.p[0] == 'm')
        msg = unfold(out, msg);
    if (str_starts(msg, S("pam_")) && linux_pam(out, msg))
        return;
    if (out->tag.n > 0 && str_cut(out->tag, '(', &service, &module) && str_starts(module, S("pam_")) &&
        linux_pam_text(out, service, msg))
        return;
    if (str_starts(msg, S("(pam_unix) ")) && linux_pam_text(out, out->tag, str_from(msg, 11)))
        return;
    if (!by_program(out, msg) && !linux_firewall(out, msg))
        (void)body_any(out, msg);
}
