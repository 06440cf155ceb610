#include "parse/body.h"
#include "parse/linux.h"
#include "parse/pattern.h"
#include "parse/web.h"

/*
 * Squid's native access log: "time elapsed client code/status bytes method URL user hierarchy/peer type".
 * Source: Squid wiki, Features/LogFormat.
 */

#define WORDS_MIN 9u
#define WORDS_MAX 12u

static size_t words(struct str s, struct str word[WORDS_MAX])
{
    size_t n = 0;
    while (s.n > 0 && n < WORDS_MAX) {
        struct str w;
        (void)str_cut(s, ' ', &w, &s);
        if (w.n > 0)
            word[n++] = w;
    }
    return n;
}

static void put_url(struct parse_out *out, struct str method, struct str target)
{
    if (!str_eq(method, S("CONNECT"))) {
        parse_out_url(out, target);
        return;
    }
    struct str domain, port;
    parse_out_put(out, FIELD_URL_ORIGINAL, target);
    if (str_cut(target, ':', &domain, &port))
        parse_out_put(out, FIELD_URL_PORT, port);
    parse_out_put(out, FIELD_URL_DOMAIN, domain);
}

static bool read_access(struct parse_out *out, struct str msg)
{
    struct str w[WORDS_MAX], result, status, hierarchy, peer;
    uint64_t ms, code;
    size_t n = words(msg, w);
    if (n < WORDS_MIN || !str_to_u64(w[1], INT64_MAX / NS_PER_MS, &ms) ||
        !str_cut(w[3], '/', &result, &status) || !str_to_u64(status, 999, &code) ||
        !str_cut(w[8], '/', &hierarchy, &peer))
        return false;
    bool denied = str_find(result, S("DENIED")) != SIZE_MAX;
    out->dataset = S("squid.access");
    parse_out_act(out, denied ? ACTION_WEB_BLOCKED : ACTION_HTTP_REQUEST,
                  !denied && code < 400 ? OUTCOME_SUCCESS : OUTCOME_FAILURE, (struct str){NULL, 0});
    parse_out_end(out, SIDE_SOURCE, w[2]);
    parse_out_put(out, FIELD_EVENT_TYPE, result);
    parse_out_put(out, FIELD_HTTP_STATUS, status);
    parse_out_put(out, FIELD_HTTP_BYTES, w[4]);
    parse_out_put(out, FIELD_HTTP_METHOD, w[5]);
    put_url(out, w[5], w[6]);
    parse_out_user(out, w[7]);
    parse_out_put_named(out, S("squid.hierarchy_code"), hierarchy);
    parse_out_end(out, SIDE_DESTINATION, peer);
    if (n > 9 && !str_eq(w[9], S("-")))
        parse_out_put(out, FIELD_HTTP_MIME, w[9]);
    parse_out_put(out, FIELD_EVENT_DURATION,
                  arena_printf(out->arena, "%llu", (unsigned long long)ms * (unsigned long long)NS_PER_MS));
    return true;
}

bool web_squid_line(struct parse_out *out, struct str raw)
{
    struct str time, rest;
    out->content_done = true;
    out->e.flags |= EVENT_NO_TIME;
    return raw.n > 20 && raw.p[10] == '.' && str_cut(raw, ' ', &time, &rest) && body_time(out, time) &&
           read_access(out, raw);
}

/* By syslog the time stands in the line again, or not. */
bool web_squid_syslog(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"Starting Squid Cache %*", ACTION_SERVICE_STARTED, OUTCOME_SUCCESS, NULL},
        {"Squid Parent: squid-1 process %k started", ACTION_SERVICE_STARTED, OUTCOME_SUCCESS, NULL},
        {"Squid Cache (Version %w): Terminated abnormally.", ACTION_SERVICE_FAILED, OUTCOME_FAILURE, NULL},
        {"Squid Cache (Version %w): Exiting normally.", ACTION_SERVICE_STOPPED, OUTCOME_SUCCESS, NULL},
    };
    return read_access(out, msg) || pattern_apply(out, msg, rows, COUNT_OF(rows));
}
