#include "parse/linux.h"
#include "parse/pattern.h"

static const struct pattern_row rows[] = {
    {"Linux version %*", ACTION_SYSTEM_STARTED, OUTCOME_SUCCESS, NULL},
    {"usb %r: USB disconnect, %*", ACTION_USB_DETACHED, OUTCOME_NONE, NULL},
    {"device %I entered promiscuous mode", ACTION_INTERFACE_PROMISCUOUS, OUTCOME_NONE, NULL},
    {"%I: entered promiscuous mode", ACTION_INTERFACE_PROMISCUOUS, OUTCOME_NONE, NULL},
    {"traps: %n[%k] %*", ACTION_PROCESS_CRASHED, OUTCOME_FAILURE, NULL},
    {"%n[%k]: segfault at %*", ACTION_PROCESS_CRASHED, OUTCOME_FAILURE, "segfault"},
    {"Out of memory: Killed process %k (%n)%*", ACTION_PROCESS_KILLED, OUTCOME_FAILURE, "out_of_memory"},
    {"Out of memory: Kill process %k (%n) %*", ACTION_PROCESS_KILLED, OUTCOME_FAILURE, "out_of_memory"},
    {"Memory cgroup out of memory: Killed process %k (%n)%*", ACTION_PROCESS_KILLED, OUTCOME_FAILURE,
     "out_of_memory"},
};

/* "[12345.678901] " of dmesg is a time since boot, not content. */
static struct str without_uptime(struct str msg)
{
    struct str inside, rest;
    if (msg.n == 0 || msg.p[0] != '[' || !str_cut(str_from(msg, 1), ']', &inside, &rest) || inside.n > 20)
        return msg;
    for (size_t i = 0; i < inside.n; i++) {
        if (!ascii_is_digit(inside.p[i]) && inside.p[i] != ' ' && inside.p[i] != '.')
            return msg;
    }
    return str_starts(rest, S(" ")) ? str_from(rest, 1) : rest;
}

/* "usb 1-1: New USB device found, idVendor=0781, idProduct=5567, bcdDevice= 1.00" */
static bool usb_found(struct parse_out *out, struct str msg)
{
    struct str mid = S(": New USB device found, idVendor="), product = S(", idProduct=");
    size_t at = str_find(msg, mid);
    if (at == SIZE_MAX || !str_starts(msg, S("usb ")))
        return false;
    struct str rest = str_from(msg, at + mid.n), code = {NULL, 0};
    if (rest.n >= 4 + product.n + 4 && str_eq(str_sub(rest, 4, product.n), product))
        code = arena_printf(out->arena, "%.4s:%.4s", rest.p, rest.p + 4 + product.n);
    parse_out_act(out, ACTION_USB_ATTACHED, OUTCOME_NONE, str_sub(msg, 4, at - 4));
    parse_out_put(out, FIELD_EVENT_CODE, code);
    return true;
}

bool linux_kernel(struct parse_out *out, struct str msg)
{
    msg = without_uptime(msg);
    if (str_starts(msg, S("audit: type=")) || str_starts(msg, S("type=")))
        return audit_record(out, msg);
    if (vpn_wireguard(out, msg))
        return true;
    return linux_firewall(out, msg) || usb_found(out, msg) || pattern_apply(out, msg, rows, COUNT_OF(rows));
}
