#include "parse/linux.h"

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

static bool by_program(struct parse_out *out, struct str msg)
{
    for (size_t i = 0; i < COUNT_OF(programs); i++) {
        if (str_eq(programs[i].name, out->tag)) {
            out->dataset = programs[i].dataset;
            return programs[i].fn(out, msg);
        }
    }
    return false;
}

void linux_content(struct parse_out *out)
{
    struct str msg = out->e.message, service, module;
    if (msg.n == 0)
        return;
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
