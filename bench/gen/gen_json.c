/*
 * Events in the manner of Windows (Sysmon, Security, PowerShell), flat, one object a line; each value stands
 * twice: as a field and inside Message. Texts, paths and ids are made up; the mix of events follows a
 * monitored workstation: process access, registry and image loads make most of it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "gen/gen_kinds.h"

#define PROCESSES 2048u
#define IMAGES 459u
#define KEYS 20000u
#define HOSTS 400u
#define VALUES_BYTES 16384u

struct process {
    uint64_t id; /* of its GUID */
    uint32_t image, pid, user;
};

struct span {
    uint32_t at, n;
};

struct gen_json {
    struct gen_rng rng;
    struct gen_zipf processes, images, keys, hosts, users, ips;
    struct process process[PROCESSES];
    uint32_t total_weight, rate;
    int64_t now_us;
    char bytes[VALUES_BYTES];
    struct gen_text values;
};

static void renew(struct gen_json *g, struct process *p)
{
    p->id = gen_next(&g->rng);
    p->image = gen_rank(&g->rng, &g->images);
    p->pid = 4 * (100 + gen_below(&g->rng, 4000));
    p->user = gen_rank(&g->rng, &g->users);
}

struct gen_json *gen_json_new(const struct gen_opts *o)
{
    struct gen_json *g = calloc(1, sizeof(*g));
    if (g == NULL)
        return NULL;
    g->rng.state = gen_mix(o->seed + 7);
    g->now_us = GEN_START_S * GEN_US;
    g->rate = o->rate;
    gen_num_zipf(&g->processes, PROCESSES, 0.8);
    gen_num_zipf(&g->images, IMAGES, 1.1);
    gen_num_zipf(&g->keys, KEYS, 0.9);
    gen_num_zipf(&g->hosts, HOSTS, 0.9);
    gen_num_zipf(&g->users, 2000, 1.1);
    gen_num_zipf(&g->ips, 20000, 1.0);
    for (uint32_t i = 0; i < gen_kinds_n; i++)
        g->total_weight += gen_kinds[i].weight;
    for (uint32_t i = 0; i < PROCESSES; i++)
        renew(g, &g->process[i]);
    g->values = (struct gen_text){.p = g->bytes, .max = sizeof(g->bytes)};
    return g;
}

void gen_json_free(struct gen_json *g)
{
    if (g == NULL)
        return;
    struct gen_zipf *const all[] = {&g->processes, &g->images, &g->keys, &g->hosts, &g->users, &g->ips};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        gen_num_zipf_free(all[i]);
    free(g);
}

/* Everything below is written as it stands inside a JSON string: a backslash is two. */
static void put_image(struct gen_text *t, uint32_t image)
{
    static const char *const folders[] = {"C:\\\\Windows\\\\System32\\\\", "C:\\\\Windows\\\\SysWOW64\\\\",
                                          "C:\\\\Program Files\\\\MotCua\\\\bin\\\\",
                                          "C:\\\\Program Files (x86)\\\\VanBan\\\\",
                                          "C:\\\\ProgramData\\\\KySo\\\\plugin\\\\"};
    gen_puts(t, folders[gen_mix(image) % 5]);
    gen_names_word(t, (uint32_t)gen_mix(image + 11), 2 + image % 3);
    gen_puts(t, ".exe");
}

static void put_time(struct gen_text *t, int64_t us, const char *between, const char *end)
{
    struct gen_clock c = gen_num_clock(us / GEN_US - 7 * 3600);
    const int parts[] = {c.year, c.month, c.day, c.hour, c.minute, c.second};
    for (size_t i = 0; i < 6; i++) {
        if (i == 3)
            gen_puts(t, between);
        else if (i > 0)
            gen_putc(t, i < 3 ? '-' : ':');
        gen_num_put(t, (uint64_t)parts[i], 2);
    }
    gen_putc(t, '.');
    gen_num_put(t, (uint64_t)(us / 1000 % 1000), 3);
    gen_puts(t, end);
}

static void put_hashes(struct gen_text *t, uint32_t image)
{
    static const struct {
        const char *name;
        unsigned digits;
    } sums[] = {{"SHA1=", 40}, {",MD5=", 32}, {",SHA256=", 64}, {",IMPHASH=", 32}};
    for (unsigned i = 0; i < 4; i++) {
        gen_puts(t, sums[i].name);
        gen_num_hex(t, image * 8u + i, sums[i].digits, true);
    }
}

/* One of 300 ways through the system, with the places inside its modules. */
static void put_trace(struct gen_json *g, struct gen_text *t)
{
    uint32_t way = gen_below(&g->rng, 300), n = 8 + way % 10;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t x = gen_mix(way * 16u + i);
        gen_puts(t, i > 0 ? "|C:\\\\Windows\\\\System32\\\\" : "C:\\\\Windows\\\\SYSTEM32\\\\");
        gen_names_word(t, (uint32_t)x % 256, 3);
        gen_puts(t, ".dll+");
        gen_num_hex(t, x + (i + 1 == n ? gen_below(&g->rng, 50) : 0), 5, false);
    }
}

static void put_key(struct gen_json *g, struct gen_text *t)
{
    static const char *const roots[] = {
        "HKLM\\\\SOFTWARE\\\\Microsoft\\\\Windows\\\\CurrentVersion\\\\",
        "HKLM\\\\System\\\\CurrentControlSet\\\\Services\\\\",
        "HKU\\\\S-1-5-21-3768430097-3400800235-1714852860-1104\\\\Software\\\\"};
    uint32_t key = gen_rank(&g->rng, &g->keys);
    gen_puts(t, roots[key % 3]);
    gen_names_word(t, (uint32_t)gen_mix(key / 40), 4);
    gen_puts(t, "\\\\Parameters\\\\");
    gen_names_word(t, (uint32_t)gen_mix(key), 5);
}

static void put_command(struct gen_json *g, struct gen_text *t, const struct process *p)
{
    gen_puts(t, "\\\"");
    put_image(t, p->image);
    gen_puts(t, "\\\" -phien ");
    gen_num_uuid(t, p->id + 1, false);
    for (uint32_t i = 0; i < p->image % 4; i++) {
        gen_puts(t, " --");
        gen_names_word(t, p->image + i, 3);
        gen_putc(t, '=');
        gen_num_put(t, gen_below(&g->rng, 10000), 1);
    }
}

static void put_script(struct gen_json *g, struct gen_text *t)
{
    static const char *const lines[] = {
        "Get-ChildItem -Path D:\\\\HoSo -Recurse | Where-Object { $_.Length -gt ",
        "$ketQua = Invoke-RestMethod -Uri 'http://10.8.0.25/api/dongbo?trang=",
        "foreach ($hoSo in $danhSach) { Write-Output $hoSo.Ma; Start-Sleep -Milliseconds ",
        "if ($LASTEXITCODE -ne 0) { throw 'Khong sao luu duoc, ma loi ",
        "Copy-Item -Path $nguon -Destination \\\\\\\\kho01\\\\saoluu\\\\"};
    uint32_t which = gen_below(&g->rng, 400), n = 4 + which % 12;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t x = gen_mix(which * 32u + i);
        gen_puts(t, lines[x % 5]);
        gen_num_put(t, i + 1 == n ? gen_below(&g->rng, 100000) : x >> 40 & 4095, 1);
        gen_puts(t, "' }\\r\\n");
    }
}

static void put_folder(struct gen_json *g, struct gen_text *t, const struct process *p)
{
    gen_puts(t, "C:\\\\Users\\\\");
    gen_names_user(t, p->user);
    gen_puts(t, "\\\\AppData\\\\Local\\\\");
    gen_names_word(t, p->image, 3);
    gen_puts(t, "\\\\");
    gen_num_hex(t, gen_below(&g->rng, 40000), 8, false);
    gen_puts(t, ".tmp");
}

static void put_sid(struct gen_text *t, uint32_t user)
{
    gen_puts(t, "S-1-5-21-3768430097-3400800235-1714852860-");
    gen_num_put(t, 1000 + user, 1);
}

static void put_of_process(struct gen_json *g, enum gen_value v, const struct process *p, struct gen_text *t)
{
    switch (v) {
    case GEN_V_GUID:
        gen_putc(t, '{');
        gen_num_uuid(t, p->id, true);
        gen_putc(t, '}');
        return;
    case GEN_V_PID:
        gen_num_put(t, p->pid, 1);
        return;
    case GEN_V_IMAGE:
        put_image(t, p->image);
        return;
    case GEN_V_COMMAND:
        put_command(g, t, p);
        return;
    case GEN_V_FOLDER:
        put_folder(g, t, p);
        return;
    case GEN_V_USER:
        gen_puts(t, "CANTHO\\\\");
        gen_names_user(t, p->user);
        return;
    case GEN_V_ACCOUNT:
        gen_names_user(t, p->user);
        return;
    case GEN_V_SID:
        put_sid(t, p->user);
        return;
    case GEN_V_HASHES:
        put_hashes(t, p->image);
        return;
    default:
        gen_puts(t, "0x");
        gen_num_hex(t, p->id + 9, 6, false);
    }
}

static void put_value(struct gen_json *g, const struct gen_field *f, const struct process *p,
                      struct gen_text *t)
{
    switch (f->value) {
    case GEN_V_TEXT:
        gen_puts(t, f->arg);
        return;
    case GEN_V_TIME:
        put_time(t, g->now_us, " ", "");
        return;
    case GEN_V_INSIDE:
    case GEN_V_OUTSIDE:
        gen_names_ip(t, gen_rank(&g->rng, &g->ips), f->value == GEN_V_INSIDE);
        return;
    case GEN_V_PORT:
        gen_num_put(t, 49152 + gen_below(&g->rng, 16384), 1);
        return;
    case GEN_V_NUMBER:
        gen_num_put(t, 4 * (100 + gen_below(&g->rng, 4000)), 1);
        return;
    case GEN_V_TRACE:
        put_trace(g, t);
        return;
    case GEN_V_KEY:
        put_key(g, t);
        return;
    case GEN_V_DETAIL:
        gen_puts(t, "DWORD (0x");
        gen_num_hex(t, gen_below(&g->rng, 300), 8, false);
        gen_putc(t, ')');
        return;
    case GEN_V_DLL:
        put_image(t, 1000 + gen_rank(&g->rng, &g->images));
        return;
    case GEN_V_HOST:
        gen_names_host(t, gen_rank(&g->rng, &g->hosts));
        return;
    case GEN_V_NAME:
        gen_names_word(t, gen_rank(&g->rng, &g->keys), 4);
        gen_puts(t, ".example");
        return;
    case GEN_V_SCRIPT:
        put_script(g, t);
        return;
    default:
        put_of_process(g, f->value, p, t);
    }
}

static const struct gen_kind *choose(struct gen_json *g)
{
    uint32_t x = gen_below(&g->rng, g->total_weight), i = 0;
    while (x >= gen_kinds[i].weight)
        x -= gen_kinds[i++].weight;
    return &gen_kinds[i];
}

static void put_head(struct gen_json *g, const struct gen_kind *k, uint64_t number, struct gen_text *t)
{
    gen_puts(t, "{\"@timestamp\":\"");
    put_time(t, g->now_us, "T", "Z");
    gen_puts(t, "\",\"EventTime\":\"");
    put_time(t, g->now_us, " ", "");
    gen_puts(t, "\",\"Hostname\":\"");
    gen_names_host(t, gen_rank(&g->rng, &g->hosts));
    gen_puts(t, ".cantho.gov.vn\",\"Keywords\":\"0x8000000000000000\",\"Severity\":\"INFO\","
                "\"SeverityValue\":2,\"TimeZone\":\"SE Asia Standard "
                "Time\",\"AgentVersion\":\"5.9.7438\",\"HostGroup\":\"may tram van phong\",\"Site\":\"Can "
                "Tho\",\"Ruleset\":\"giam-sat-2026\",\"EventID\":");
    gen_num_put(t, k->id, 1);
    gen_puts(t, ",\"SourceName\":\"");
    gen_puts(t, k->source);
    gen_puts(t, "\",\"ProviderGuid\":\"{");
    gen_num_uuid(t, gen_mix((uint64_t)k->source[18]), true);
    gen_puts(t, "}\",\"Version\":");
    gen_num_put(t, k->version, 1);
    gen_puts(t, ",\"Task\":");
    gen_num_put(t, k->task, 1);
    gen_puts(t, ",\"OpcodeValue\":0,\"RecordNumber\":");
    gen_num_put(t, 100000 + number, 1);
    gen_puts(t, ",\"ExecutionProcessID\":3180,\"ExecutionThreadID\":");
    gen_num_put(t, 4000 + 4 * gen_below(&g->rng, 8), 1);
    gen_puts(t, ",\"Channel\":\"");
    gen_puts(t, k->channel);
    gen_puts(t, "\",\"Domain\":\"NT "
                "AUTHORITY\",\"AccountName\":\"SYSTEM\",\"UserID\":\"S-1-5-18\",\"AccountType\":\"User\","
                "\"Category\":\"");
    gen_puts(t, k->title);
    gen_puts(t, "\",\"Opcode\":\"Info\",\"Message\":\"");
}

void gen_json_line(struct gen_json *g, uint64_t number, struct gen_text *t)
{
    struct span span[GEN_FIELDS_MAX];
    const struct gen_kind *k = choose(g);
    uint32_t first = gen_rank(&g->rng, &g->processes), second = gen_rank(&g->rng, &g->processes), n = 0;
    g->now_us += gen_num_wait(&g->rng, GEN_US / g->rate);
    if (k->id == 1 || k->id == 4688)
        renew(g, &g->process[first]);
    g->values.n = 0;
    for (; n < GEN_FIELDS_MAX && k->fields[n].name != NULL; n++) {
        const struct gen_field *f = &k->fields[n];
        bool other = f->value != GEN_V_TEXT && f->arg != NULL;
        span[n].at = (uint32_t)g->values.n;
        put_value(g, f, &g->process[other ? second : first], &g->values);
        span[n].n = (uint32_t)g->values.n - span[n].at;
    }
    put_head(g, k, number, t);
    gen_puts(t, k->title);
    gen_putc(t, ':');
    for (uint32_t i = 0; i < n; i++) {
        gen_puts(t, "\\r\\n");
        gen_puts(t, k->fields[i].name);
        gen_puts(t, ": ");
        gen_put(t, g->bytes + span[i].at, span[i].n);
    }
    gen_putc(t, '"');
    for (uint32_t i = 0; i < n; i++) {
        gen_puts(t, ",\"");
        gen_puts(t, k->fields[i].name);
        gen_puts(t, "\":\"");
        gen_put(t, g->bytes + span[i].at, span[i].n);
        gen_putc(t, '"');
    }
    gen_puts(t, ",\"EventReceivedTime\":\"");
    put_time(t, g->now_us + 1100000, " ", "");
    gen_puts(t, "\",\"SourceModuleName\":\"eventlog\",\"SourceModuleType\":\"im_msvistalog\"}\n");
}
