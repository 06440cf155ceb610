#include "store/help.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

uint64_t help_random(uint64_t *state)
{
    *state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = *state;
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static struct str find(struct str raw, struct str what)
{
    size_t at = str_find(raw, what);
    assert(at != SIZE_MAX);
    return str_sub(raw, at, what.n);
}

struct event help_event(struct arena *a, uint64_t seed, uint64_t n)
{
    static const char *const programs[] = {"sshd", "cron", "nginx", "kernel", "sudo"};
    static const char *const users[] = {"nguyen", "tran", "admin", "root", "đặng"};
    uint64_t r = seed * 1000003 + n;
    uint64_t x = help_random(&r);
    struct event e = {
        .severity = (uint8_t)(x & 7), .facility = (uint8_t)(x >> 3 & 15), .source = 1 + (uint32_t)(x % 3)};
    struct str program = str_of(programs[x >> 8 & 3]), user = str_of(users[(x >> 16) % 5]);
    unsigned port = (unsigned)(x >> 24) & 0xffff;
    e.raw = arena_printf(
        a, "<%u>Nov 22 08:%02u:%02u may%u %s[%u]: Failed password for %s from 10.0.%u.%u port %u",
        (unsigned)(e.facility * 8 + e.severity), (unsigned)(n / 60 % 60), (unsigned)(n % 60),
        (unsigned)e.source, program.p, (unsigned)(x >> 40 & 4095), user.p, (unsigned)(x >> 52 & 7),
        (unsigned)(x >> 56), port);
    e.time_ns = (INT64_C(1795312800) + (int64_t)(n / 10)) * NS_PER_S;
    e.recv_ns = e.time_ns + (int64_t)(x % 999999937);
    e.seq = n + 1;
    e.fields = ARENA_NEW(a, struct event_field, 4);
    size_t at = str_find(e.raw, S("Failed"));
    e.message = str_from(e.raw, at);
    e.fields[0] = (struct event_field){.id = FIELD_PROCESS_NAME, .value = find(e.raw, program)};
    e.fields[1] = (struct event_field){.id = FIELD_USER_NAME, .value = find(e.message, user)};
    e.fields[2] = (struct event_field){.id = FIELD_EVENT_OUTCOME, .value = S("failure")};
    e.fields[3] = (struct event_field){
        .id = FIELD_OTHER, .name = S("thietbi.port"), .value = arena_printf(a, "%u", port)};
    e.n_fields = 4;
    return e;
}

static struct str odd_text(struct arena *a, uint64_t *state, size_t max)
{
    size_t n = help_random(state) % (max + 1);
    char *p = ARENA_NEW(a, char, n + 1);
    for (size_t i = 0; i < n; i++)
        p[i] = (char)(help_random(state) >> (help_random(state) % 50));
    return (struct str){p, n};
}

struct event help_odd_event(struct arena *a, uint64_t *state)
{
    static const int64_t times[] = {
        0, 1, -1, INT64_C(4102444800) * NS_PER_S, INT64_MAX, INT64_MIN, INT64_C(1795312800) * NS_PER_S};
    uint64_t x = help_random(state);
    struct event e = {.severity = (uint8_t)(x & 7), .source = (uint32_t)(x >> 8) >> (x >> 40 & 31)};
    e.facility = (x & 8) != 0 ? EVENT_NO_FACILITY : (uint8_t)((x >> 4) % 24);
    e.flags = (uint8_t)(x >> 16);
    e.time_ns = times[(x >> 24) % COUNT_OF(times)];
    e.recv_ns = times[(x >> 28) % COUNT_OF(times)];
    e.seq = (x >> 33) % 3 == 0 ? help_random(state) : x >> 50;
    e.raw = odd_text(a, state, (x >> 36) % 50 == 0 ? 70000 : 200);
    size_t from = e.raw.n == 0 ? 0 : help_random(state) % e.raw.n;
    e.message = (x >> 44) % 3 == 0 ? odd_text(a, state, 40) : str_from(e.raw, from);
    e.n_fields = (uint16_t)((x >> 45) % 64 == 0 ? EVENT_FIELDS_MAX : help_random(state) % 8);
    e.fields = e.n_fields == 0 ? NULL : ARENA_NEW(a, struct event_field, e.n_fields);
    for (uint16_t i = 0; i < e.n_fields; i++) {
        uint64_t y = help_random(state);
        struct event_field *f = &e.fields[i];
        f->id = (uint16_t)(y % 2 == 0 ? FIELD_OTHER : 1 + (y >> 8) % (FIELD_COUNT - 1));
        if (f->id == FIELD_OTHER)
            f->name = arena_printf(a, "x.%llu", (unsigned long long)((y >> 20) % (y % 16 == 0 ? 5000 : 20)));
        from = e.raw.n == 0 ? 0 : (y >> 30) % (e.raw.n + 1);
        f->value = (y >> 40) % 2 == 0 ? odd_text(a, state, 300)
                                      : str_sub(e.raw, from, (y >> 45) % (e.raw.n - from + 1));
    }
    return e;
}

bool help_event_same(const struct event *a, const struct event *b)
{
    if (a->time_ns != b->time_ns || a->recv_ns != b->recv_ns || a->seq != b->seq || a->source != b->source ||
        a->facility != b->facility || a->severity != b->severity || a->flags != b->flags ||
        a->n_fields != b->n_fields || !str_eq(a->raw, b->raw) || !str_eq(a->message, b->message))
        return false;
    for (uint16_t i = 0; i < a->n_fields; i++) {
        const struct event_field *f = &a->fields[i], *g = &b->fields[i];
        if (f->id != g->id || !str_eq(f->value, g->value) ||
            (f->id == FIELD_OTHER && !str_eq(f->name, g->name)))
            return false;
    }
    return true;
}

struct store_opts help_opts(const struct sys *sys, const char *dir, char store[256], char keys[256])
{
    (void)snprintf(store, 256, "%s/store", dir);
    (void)snprintf(keys, 256, "%s/keys", dir);
    return (struct store_opts){.sys = sys,
                               .dir = store,
                               .keys_dir = keys,
                               .origin = "khien.test/1",
                               .window_bytes = 2000,
                               .segment_bytes = 8000,
                               .reserve_bytes = 1,
                               .seal_inline = true};
}

void help_tmp_dir(char out[256])
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(out, 256, "%s/khien-test-XXXXXX", base == NULL ? "/tmp" : base);
    if (mkdtemp(out) == NULL)
        abort();
}

void help_remove_dir(const char *path)
{
    DIR *d = opendir(path);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        char sub[600];
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        (void)snprintf(sub, sizeof(sub), "%s/%s", path, e->d_name);
        if (lstat(sub, &st) == 0 && S_ISDIR(st.st_mode))
            help_remove_dir(sub);
        else
            (void)unlink(sub);
    }
    if (d != NULL)
        (void)closedir(d);
    (void)rmdir(path);
}
