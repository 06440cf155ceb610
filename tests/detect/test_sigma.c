/* Sigma rules: what matches what, and what is refused on which line. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
/* clang-format on */

#include "detect_kit.h"

#define HEAD "title: T\nid: r1\nlogsource: {product: test}\ndetection:\n"

static void count(void *arg, const struct detect_match *m)
{
    (void)m;
    ++*(size_t *)arg;
}

static const struct {
    const char *detection; /* below "detection:", two blanks deep */
    const char *event;
    bool want;
} matches[] = {
    /* values */
    {"  s: {user.name: lan}\n  condition: s\n", "user.name=lan", true},
    {"  s: {user.name: lan}\n  condition: s\n", "user.name=LAN", true},
    {"  s: {user.name: lan}\n  condition: s\n", "user.name=lane", false},
    {"  s: {user.name: Đặng}\n  condition: s\n", "user.name=đặng", true},
    {"  s: {user.name: Đặng}\n  condition: s\n", "user.name=dang", false},
    {"  s: {user.name|cased: lan}\n  condition: s\n", "user.name=Lan", false},
    {"  s: {user.name: [a, b]}\n  condition: s\n", "user.name=b", true},
    {"  s: {user.name: a, host.name: h}\n  condition: s\n", "user.name=a|host.name=x", false},
    {"  s: {user.name: a, host.name: h}\n  condition: s\n", "user.name=a|host.name=h", true},
    {"  s:\n    - user.name: a\n    - host.name: h\n  condition: s\n", "user.name=x|host.name=h", true},
    {"  s: {http.response.status_code: 404}\n  condition: s\n", "http.response.status_code=404", true},
    {"  s: {http.response.status_code: '404'}\n  condition: s\n", "http.response.status_code=0404", true},
    {"  s: {other: 404}\n  condition: s\n", "other=404", true},
    {"  s: {user.name: null}\n  condition: s\n", "host.name=h", true},
    {"  s: {user.name: null}\n  condition: s\n", "user.name=a", false},
    {"  s: {user.name: ''}\n  condition: s\n", "user.name=a", false},
    {"  s: {flag: true}\n  condition: s\n", "flag=true", true},
    /* other fields, parts of dates, lists */
    {"  s: {a|fieldref: b}\n  condition: s\n", "a=Lan|b=lan", true},
    {"  s: {a|fieldref: b}\n  condition: s\n", "a=lan|b=land", false},
    {"  s: {a|fieldref: b}\n  condition: s\n", "a=lan", false},
    {"  s: {a|fieldref|cased: b}\n  condition: s\n", "a=Lan|b=lan", false},
    {"  s: {a|fieldref|neq: b}\n  condition: s\n", "a=x|b=y", true},
    {"  s: {a|fieldref|startswith: b}\n  condition: s\n", "a=landing|b=land", true},
    {"  s: {a|endswith|fieldref: b}\n  condition: s\n", "a=landing|b=ING", true},
    {"  s: {a|endswith|fieldref: b}\n  condition: s\n", "a=landing|b=land", false},
    {"  s: {user.name|fieldref: user.target.name}\n  condition: s\n", "user.name=x|user.target.name=X", true},
    {"  s: {x|minute: 59}\n  condition: s\n", "x=2026-11-22T07:59:58Z", true},
    {"  s: {x|hour: 7}\n  condition: s\n", "x=2026-11-22 07:59:58.123", true},
    {"  s: {x|hour|gte: 7}\n  condition: s\n", "x=2026-11-22 06:59:58.123", false},
    {"  s: {x|hour: 0}\n  condition: s\n", "x=2026-11-22", false},
    {"  s: {x|day: 22}\n  condition: s\n", "x=2026-11-22", true},
    {"  s: {x|week: 53}\n  condition: s\n", "x=2027-01-03", true},
    {"  s: {x|week: 1}\n  condition: s\n", "x=2027-01-04", true},
    {"  s: {x|month: [10, 11]}\n  condition: s\n", "x=2026-11-22", true},
    {"  s: {x|year: 2026}\n  condition: s\n", "x=2026-11-22", true},
    {"  s: {x|year|lt: 2026}\n  condition: s\n", "x=2026-11-22", false},
    {"  s: {x|day: 31}\n  condition: s\n", "x=2026-11-31", false},
    {"  s: {x|year: 2026}\n  condition: s\n", "x=yesterday", false},
    {"  s: {'@timestamp|hour': 7}\n  condition: s\n", "x=1|time=3599",
     true}, /* 1970-01-01 07:59 in Vietnam */
    {"  s: {'@timestamp|hour': 8}\n  condition: s\n", "x=1|time=3600", true},
    {"  s: {x|expand: '%admins%'}\n  condition: s\n---\nplaceholders: {admins: [an, binh]}\n", "x=Binh",
     true},
    {"  s: {x|expand: '%admins%'}\n  condition: s\n---\nplaceholders: {admins: [an, 'b*']}\n", "x=Binh",
     true},
    {"  s: {x|expand: '%admins%'}\n  condition: s\n---\nplaceholders: {admins: [an, binh]}\n", "x=chi",
     false},
    {"  s: {x|contains|expand: '%a%.%b%'}\n  condition: s\n---\nplaceholders: {a: [m, n], b: [vn, com]}\n",
     "x=https://n.vn/", true},
    {"  s: {x|contains|expand: '%a%.%b%'}\n  condition: s\n---\nplaceholders: {a: [m, n], b: [vn, com]}\n",
     "x=https://o.vn/", false},
    {"  s: {x|cidr|expand: '%nets%'}\n  condition: s\n---\nplaceholders: {nets: [10.0.0.0/8]}\n",
     "x=10.1.2.3", true},
    {"  s: {x|expand: '100%'}\n  condition: s\n", "x=100%", true},
    /* filters */
    {"  s: {x: 1}\n  condition: s\n---\ntitle: F\nlogsource: {product: test}\nfilter:\n  rules: [r1]\n"
     "  f: {user.name|startswith: adm_}\n  condition: not f\n",
     "x=1|user.name=adm_an", false},
    {"  s: {x: 1}\n  condition: s\n---\ntitle: F\nlogsource: {product: test}\nfilter:\n  rules: [r1]\n"
     "  f: {user.name|startswith: adm_}\n  condition: not f\n",
     "x=1|user.name=an", true},
    {"  s: {x: 1}\n  condition: s\n---\ntitle: F\nlogsource: {product: test}\nfilter:\n  rules: any\n"
     "  f: {user.name|startswith: adm_}\n  condition: f\n",
     "x=1|user.name=adm_an", false},
    {"  s: {x: 1}\n  condition: s\n---\ntitle: F\nlogsource: {product: test}\nfilter:\n  rules: []\n"
     "  f: {user.name: a}\n  g: {user.name: b}\n  condition: not f and not g\n",
     "x=1|user.name=b", false},
    {"  s: {x: 1}\n  condition: s\n---\ntitle: F\nlogsource: {product: test, service: two}\nfilter:\n"
     "  rules: any\n  f: {x: 1}\n  condition: f\n",
     "x=1", true}, /* for another log source */
    /* wildcards and escapes */
    {"  s: {user.name: 'l*n'}\n  condition: s\n", "user.name=lemon", true},
    {"  s: {user.name: 'l?n'}\n  condition: s\n", "user.name=lemon", false},
    {"  s: {user.name: 'l?n'}\n  condition: s\n", "user.name=lan", true},
    {"  s: {user.name: '*an'}\n  condition: s\n", "user.name=lan", true},
    {"  s: {user.name: 'la*'}\n  condition: s\n", "user.name=lan", true},
    {"  s: {user.name: '*'}\n  condition: s\n", "user.name=lan", true},
    {"  s: {user.name: '*'}\n  condition: s\n", "host.name=lan", false},
    {"  s: {x: 'a\\*b'}\n  condition: s\n", "x=a*b", true},
    {"  s: {x: 'a\\*b'}\n  condition: s\n", "x=aXb", false},
    {"  s: {x: 'a\\b'}\n  condition: s\n", "x=a\\b", true},
    {"  s: {x: 'a\\\\b'}\n  condition: s\n", "x=a\\b", true},
    {"  s: {x: 'a\\\\*'}\n  condition: s\n", "x=a\\bc", true},
    {"  s: {x: 'a\\\\*'}\n  condition: s\n", "x=a*", false},
    {"  s: {x: 'a\\\\\\*'}\n  condition: s\n", "x=a\\*", true},
    {"  s: {x|endswith: '\\cmd.exe'}\n  condition: s\n", "x=C:\\Windows\\CMD.EXE", true},
    {"  s: {x|contains: 'b\\'}\n  condition: s\n", "x=ab\\c", true},
    /* modifiers */
    {"  s: {x|contains: bcd}\n  condition: s\n", "x=aBCDe", true},
    {"  s: {x|contains: 'b*d'}\n  condition: s\n", "x=abXXde", true},
    {"  s: {x|startswith: ab}\n  condition: s\n", "x=xab", false},
    {"  s: {x|contains|all: [aa, bb]}\n  condition: s\n", "x=bb aa", true},
    {"  s: {x|contains|all: [aa, bb]}\n  condition: s\n", "x=bb a", false},
    {"  s: {x|contains|cased: AA}\n  condition: s\n", "x=xaax", false},
    {"  s: {x|re: '^a.c$'}\n  condition: s\n", "x=abc", true},
    {"  s: {x|re: '^a.c$'}\n  condition: s\n", "x=aBC", false},
    {"  s: {x|re|i: '^a.c$'}\n  condition: s\n", "x=aBC", true},
    {"  s: {x|re|s: '^a.c$'}\n  condition: s\n", "x=a\nc", true},
    {"  s: {x|re: '^a.c$'}\n  condition: s\n", "x=a\nc", false},
    {"  s: {x|re|m: '^b$'}\n  condition: s\n", "x=a\nb\nc", true},
    {"  s: {source.ip|cidr: 10.0.0.0/8}\n  condition: s\n", "source.ip=10.1.2.3", true},
    {"  s: {source.ip|cidr: [10.0.0.0/8, 'fe80::/10']}\n  condition: s\n", "source.ip=fe80::1", true},
    {"  s: {source.ip|cidr: 10.0.0.0/8}\n  condition: s\n", "source.ip=11.1.2.3", false},
    {"  s: {x|exists: true}\n  condition: s\n", "x=", true},
    {"  s: {x|exists: false}\n  condition: s\n", "y=1", true},
    {"  s: {x|exists: false}\n  condition: s\n", "x=1", false},
    {"  s: {x|gte: 5}\n  condition: s\n", "x=5", true},
    {"  s: {x|gt: 5}\n  condition: s\n", "x=5", false},
    {"  s: {x|lt: 5}\n  condition: s\n", "x=-7", true},
    {"  s: {x|lte: 5.5}\n  condition: s\n", "x=6", false},
    {"  s: {x|neq: 5}\n  condition: s\n", "x=6", true},
    {"  s: {x|neq: [5, 6]}\n  condition: s\n", "x=6", false},
    {"  s: {x|contains|windash: ' -enc '}\n  condition: s\n", "x=a /enc b", true},
    {"  s: {x|contains|windash: ' -enc '}\n  condition: s\n",
     "x=a \xE2\x80\x93"
     "enc b",
     true},
    {"  s: {x|contains|windash: ' -enc '}\n  condition: s\n", "x=a +enc b", false},
    {"  s: {x|contains|windash: 'a-b'}\n  condition: s\n", "x=a/b", false},
    {"  s: {x|base64: foobar}\n  condition: s\n", "x=Zm9vYmFy", true},
    {"  s: {x|base64offset|contains: foobar}\n  condition: s\n", "x=aaZm9vYmFyaa", true},
    {"  s: {x|base64offset|contains: foobar}\n  condition: s\n", "x=xxxZvb2Jhcx", true},
    {"  s: {x|base64offset|contains: foobar}\n  condition: s\n", "x=xxmb29iYXyy", true},
    {"  s: {x|utf16le|base64offset|contains: ping}\n  condition: s\n", "x=..cABpAG4AZw..", true},
    /* keywords */
    {"  k: [alpha, 'be?a']\n  condition: k\n", "raw=xx Beta yy", true},
    {"  k: [alpha, beta]\n  condition: k\n", "raw=gamma|x=the beta one", true},
    {"  k: alpha\n  condition: k\n", "raw=ALPHA", true},
    {"  k:\n    '|all': [alpha, beta]\n  condition: k\n", "raw=beta alpha", true},
    {"  k:\n    '|all': [alpha, beta]\n  condition: k\n", "raw=beta", false},
    {"  k:\n    '|re': 'a+b'\n  condition: k\n", "raw=xaaab", true},
    /* conditions */
    {"  a: {x: 1}\n  b: {y: 1}\n  condition: a and not b\n", "x=1|y=2", true},
    {"  a: {x: 1}\n  b: {y: 1}\n  condition: a and not b\n", "x=1|y=1", false},
    {"  a: {x: 1}\n  b: {y: 1}\n  c: {z: 1}\n  condition: a or b and c\n", "x=1", true},
    {"  a: {x: 1}\n  b: {y: 1}\n  c: {z: 1}\n  condition: (a or b) and c\n", "x=1", false},
    {"  a: {x: 1}\n  b: {y: 1}\n  condition: NOT a AND b\n", "y=1", true},
    {"  s_1: {x: 1}\n  s_2: {y: 1}\n  f: {z: 1}\n  condition: 1 of s_* and not f\n", "y=1", true},
    {"  s_1: {x: 1}\n  s_2: {y: 1}\n  condition: all of s_*\n", "y=1", false},
    {"  s_1: {x: 1}\n  s_2: {y: 1}\n  condition: all of them\n", "y=1|x=1", true},
    {"  s_1: {x: 1}\n  _h: {y: 1}\n  condition: 1 of them\n", "y=1", false},
    {"  s_1: {x: 1}\n  s_2: {y: 1}\n  condition: any of them\n", "y=1", true},
    {"  a: {x: 1}\n  condition: not (not (a))\n", "x=1", true},
    {"  a: {x: 1}\n  condition: not not a\n", "x=1", true},
    {"  a: {x: 1}\n  b: {y: 1}\n  condition: [a, b]\n", "y=1", true},
};

static bool run_one(const char *rules, const char *event_text)
{
    struct event_field fields[KIT_FIELDS_MAX];
    struct event e = kit_event(event_text, fields);
    size_t n = 0;
    struct detect_plan *plan = kit_plan(rules);
    assert_non_null(plan);
    for (size_t i = 0; i < detect_report_count(plan); i++) {
        const struct detect_report *row = detect_report_get(plan, i);
        if (!row->accepted)
            print_message("# %.*s\n%s\n", STR_ARG(row->reason), rules);
        assert_true(row->accepted);
    }
    struct detect_state *s = kit_state(plan, 0);
    detect_run(s, &e, 1, count, &n);
    detect_state_free(s);
    detect_free(plan);
    return n == 1;
}

static void test_matches(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(matches); i++) {
        char text[1024];
        (void)snprintf(text, sizeof(text), HEAD "%s", matches[i].detection);
        bool hit = run_one(text, matches[i].event);
        if (hit != matches[i].want)
            print_message("# row %zu: %s on %s\n", i, matches[i].detection, matches[i].event);
        assert_true(hit == matches[i].want);
    }
}

static void test_maps(void **state)
{
    (void)state;
    static const char web[] = "title: T\nid: r\nlogsource: {product: test, service: web}\ndetection:\n"
                              "  s: {c-uri|contains: /x, sc-status: 200}\n  condition: s\n";
    static const char two[] = "title: T\nid: r\nlogsource: {product: test, service: two}\ndetection:\n"
                              "  s: {Image: a, Own: b}\n  n: {Image: null}\n  condition: s or n\n";
    assert_true(run_one(web, "event.category=web|url.original=/x/y|http.response.status_code=200"));
    assert_false(run_one(web, "event.category=mail|url.original=/x/y|http.response.status_code=200"));
    assert_false(run_one(web, "event.category=web|c-uri=/x/y|http.response.status_code=200"));
    assert_true(run_one(two, "process.executable=a|data.Own=b"));
    assert_true(run_one(two, "image=a|Own=b"));
    assert_false(run_one(two, "image=a|data.own=b"));
    assert_true(run_one(two, "user.name=x"));           /* no name of Image is there */
    assert_false(run_one(two, "process.executable=z")); /* one of them is */
}

#define R(detection) HEAD detection
#define C(correlation)                                                                                       \
    "title: C\nid: c1\ncorrelation:\n" correlation "---\n" HEAD "  s: {x: 1}\n  condition: s\n"

static const struct {
    const char *text;
    size_t line;
    const char *part; /* of the reason */
} refused[] = {
    {"", 1, "no rule"},
    {"# nothing\n", 1, "no rule"},
    {"title: [\n", 2, ""},
    {"- a\n", 1, "must be a map"},
    {"id: x\nlogsource: {product: test}\n", 1, "title is missing"},
    {"title: 12\n", 1, "must be a text"},
    {"title: T\nlevel: bad\n", 2, "unknown level"},
    {"title: T\nstatus: bad\n", 2, "unknown status"},
    {"title: T\nstatus: unsupported\n", 2, "unsupported"},
    {"title: T\ndate: '2024-13-01'\n", 2, "not a day"},
    {"title: T\ndate: 2023-02-29\n", 2, "not a day"},
    {"title: T\ntags: a\n", 2, "must be a list"},
    {"title: T\nrelated:\n  - uuid: a\n    type: b\n", 3, "id or type"},
    {"title: T\nkhien: {sev: low}\n", 2, "unknown key 'sev'"},
    {"title: T\nkhien:\n  what: {vi: a}\n", 3, "'en' is missing"},
    {"title: T\nkhien:\n  what: {vi: 'a {b', en: c}\n", 3, "not a reference"},
    {"title: T\naction: global\n", 2, "obsolete"},
    {"title: T\nfilter: {rules: any}\n", 1, "logsource is missing"},
    {"title: T\nfilter: {rules: any}\ndetection: {s: {x: 1}, condition: s}\n", 2, "of its own"},
    {"title: T\nlogsource: {product: test}\nfilter: {rules: any}\n", 3, "condition is missing"},
    {"title: T\nlogsource: {product: test}\nfilter: {rules: 5, s: {x: 1}, condition: s}\n", 3, "or 'any'"},
    {"title: T\nlogsource: {product: test}\nfilter: {s: {x: 1}, condition: s}\n", 3, "'rules' is missing"},
    {"title: T\nlogsource: {product: test}\nfilter: {rules: any, condition: s}\n", 3, "no selection"},
    {"title: T\nlogsource: {product: test}\nfilter:\n  rules: [a, b]\n  s: {x: 1}\n  condition: s\n", 4,
     "there is no rule 'a'"},
    {"title: T\nlogsource: {product: test, service: two}\nfilter:\n  rules: [r1]\n  s: {x: 1}\n  condition: "
     "s\n---\n" HEAD "  s: {x: 1}\n  condition: s\n",
     4, "another log source"},
    {"placeholders: 5\n", 1, "must be a map"},
    {"placeholders: {a: 5}\n", 1, "must be a list"},
    {"placeholders: {a b: []}\n", 1, "not the name"},
    {"placeholders: {a: [[1]]}\n", 1, "not a single value"},
    {"placeholders: {a: [1]}\n---\nplaceholders: {a: [2]}\n", 3, "twice"},
    {"title: T\nid: a\n", 1, "logsource is missing"},
    {"title: T\nlogsource: windows\n", 2, "must be a map"},
    {"title: T\nlogsource: {product: 12}\n", 2, "must be a text"},
    {"title: T\nlogsource: {product: nothing}\n", 2, "unknown log source"},
    {"title: T\nlogsource: {product: test, colour: red}\n", 2, "unknown key 'colour'"},
    {"title: T\nlogsource: {product: test}\n", 1, "detection is missing"},
    {R("  s: {x: 1}\n"), 5, "condition is missing"},
    {R("  condition: s\n"), 5, "no selection"},
    {R("  s: {x: 1}\n  condition: t\n"), 6, "no selection 't'"},
    {R("  s: {x: 1}\n  condition: s and\n"), 6, "at the end"},
    {R("  s: {x: 1}\n  condition: (s\n"), 6, "expected ')'"},
    {R("  s: {x: 1}\n  condition: s s\n"), 6, "found 's'"},
    {R("  s: {x: 1}\n  condition: 1 of t*\n"), 6, "fits 't*'"},
    {R("  s: {x: 1}\n  condition: 2 of s*\n"), 6, "'2 of'"},
    {R("  s: {x: 1}\n  condition: s | count() > 5\n"), 6, "obsolete"},
    {R("  s: {x: 1}\n  condition: s; drop\n"), 6, "found ';'"},
    {R("  s: {x: 1}\n  timeframe: 5m\n  condition: s\n"), 6, "obsolete"},
    {R("  s: {}\n  condition: s\n"), 5, "empty selection"},
    {R("  s: []\n  condition: s\n"), 5, "empty selection"},
    {R("  s: {x: []}\n  condition: s\n"), 5, "needs a value"},
    {R("  s: {x: {y: 1}}\n  condition: s\n"), 5, "needs a value"},
    {R("  s: {x: [[1]]}\n  condition: s\n"), 5, "not a single value"},
    {R("  s:\n    x|foo: 1\n  condition: s\n"), 6, "unknown modifier 'foo'"},
    {R("  s:\n    x|: 1\n  condition: s\n"), 6, "unknown modifier ''"},
    {R("  s:\n    x|expand: '%a%'\n  condition: s\n"), 6, "no list of values for the placeholder 'a'"},
    {R("  s:\n    x|expand: '%a%'\n  condition: s\n---\nplaceholders: {a: []}\n"), 6, "is empty"},
    {R("  s:\n    x|fieldref: 'y*'\n  condition: s\n"), 6, "not the name of a field"},
    {R("  s:\n    x|fieldref: '@timestamp'\n  condition: s\n"), 6, "compared with"},
    {R("  s:\n    x|fieldref|contains: y\n  condition: s\n"), 6, "fieldref goes"},
    {R("  s:\n    '|fieldref': y\n  condition: s\n"), 6, "needs a field"},
    {R("  s:\n    x|hour: noon\n  condition: s\n"), 6, "not a"},
    {R("  s:\n    x|hour|day: 1\n  condition: s\n"), 6, "two parts"},
    {R("  s:\n    x|hour|contains: 1\n  condition: s\n"), 6, "is a number"},
    {R("  s:\n    x|contains|startswith: a\n  condition: s\n"), 6, "contradict"},
    {R("  s:\n    x|re|contains: a\n  condition: s\n"), 6, "contradict"},
    {R("  s:\n    x|all: a\n  condition: s\n"), 6, "several values"},
    {R("  s:\n    x|i: a\n  condition: s\n"), 6, "belong behind re"},
    {R("  s:\n    x|cidr|all|all: [a, b]\n  condition: s\n"), 6, "twice"},
    {R("  s:\n    x|re:\n      - ok\n      - '('\n  condition: s\n"), 8, ""},
    {R("  s:\n    x|re: ''\n  condition: s\n"), 6, "empty regular"},
    {R("  s:\n    x|cidr: 192.168.1.1/24\n  condition: s\n"), 6, "not a network"},
    {R("  s:\n    x|cidr: 10.0.0.0/33\n  condition: s\n"), 6, "not a network"},
    {R("  s:\n    x|cidr: here\n  condition: s\n"), 6, "not a network"},
    {R("  s:\n    '|cidr': 10.0.0.0/8\n  condition: s\n"), 6, "needs a field"},
    {R("  s:\n    x|exists: maybe\n  condition: s\n"), 6, "neither true nor false"},
    {R("  s:\n    x|lt: many\n  condition: s\n"), 6, "not a number"},
    {R("  s:\n    x|gt: '5'\n  condition: s\n"), 6, "not a number"},
    {R("  s:\n    x|contains: null\n  condition: s\n"), 6, "null"},
    {R("  s:\n    x|base64: 'a*b'\n  condition: s\n"), 6, "no wildcards"},
    {R("  s:\n    x|wide: 'foob\u00e4r'\n  condition: s\n"), 6, "ASCII"},
    {R("  s: {x: 1}\n  s: {x: 2}\n  condition: s\n"), 6, "stands twice"},
    /* correlations */
    {C("  rules: r1\n  timespan: 1m\n  condition: {gte: 2}\n"), 4, "'type' is missing"},
    {C("  type: strange\n  rules: r1\n  timespan: 1m\n  condition: {gte: 2}\n"), 4,
     "unknown correlation type"},
    {C("  type: value_sum\n  rules: r1\n  timespan: 1m\n  condition: {gte: 2}\n"), 7, "needs a field"},
    {C("  type: value_sum\n  rules: r1\n  timespan: 1m\n  condition: {field: n, lt: 2}\n"), 7, "a sum needs"},
    {C("  type: value_avg\n  rules: r1\n  timespan: 1m\n  condition: {field: n}\n"), 7, "needs a comparison"},
    {C("  type: value_avg\n  rules: r1\n  timespan: 1m\n  condition: {field: n, gt: many}\n"), 7,
     "not a number"},
    {C("  type: value_avg\n  rules: r1\n  timespan: 1m\n  condition: {field: n, gt: 2, lt: 2}\n"), 7,
     "never hold"},
    {C("  type: value_avg\n  rules: r1\n  timespan: 1m\n  condition: {field: n, gt: 2, percentile: 5}\n"), 7,
     "belongs to"},
    {C("  type: value_percentile\n  rules: r1\n  timespan: 1m\n  condition: {field: n, gt: 2, percentile: "
       "100}\n"),
     7, "between 0 and 100"},
    {C("  type: event_count\n  timespan: 1m\n  condition: {gte: 2}\n"), 4, "'rules' is missing"},
    {C("  type: event_count\n  rules: {a: b}\n  timespan: 1m\n  condition: {gte: 2}\n"), 5,
     "expected a text"},
    {C("  type: event_count\n  rules: [r1, zz]\n  timespan: 1m\n  condition: {gte: 2}\n"), 5, "no rule 'zz'"},
    {C("  type: event_count\n  rules: r1\n  condition: {gte: 2}\n"), 4, "'timespan' is missing"},
    {C("  type: event_count\n  rules: r1\n  timespan: 10\n  condition: {gte: 2}\n"), 6, "timespan '10'"},
    {C("  type: event_count\n  rules: r1\n  timespan: 40d\n  condition: {gte: 2}\n"), 6, "timespan '40d'"},
    {C("  type: event_count\n  rules: r1\n  timespan: 1m\n"), 4, "'condition' is missing"},
    {C("  type: event_count\n  rules: r1\n  timespan: 1m\n  condition: r1\n"), 7, "must be a map"},
    {C("  type: event_count\n  rules: r1\n  timespan: 1m\n  condition: {lt: 3}\n"), 7, "needs gte"},
    {C("  type: event_count\n  rules: r1\n  timespan: 1m\n  condition: {gte: 3, lt: 3}\n"), 7, "never hold"},
    {C("  type: event_count\n  rules: r1\n  timespan: 1m\n  condition: {neq: 3}\n"), 7, "neq"},
    {C("  type: event_count\n  rules: r1\n  timespan: 1m\n  condition: {gte: 2, over: 3}\n"), 7,
     "unknown key"},
    {C("  type: value_count\n  rules: r1\n  timespan: 1m\n  condition: {gte: 2}\n"), 7, "needs a field"},
    {C("  type: temporal\n  rules: r1\n  timespan: 1m\n"), 4, "two rules"},
    {C("  type: temporal\n  rules: [r1, c1]\n  timespan: 1m\n"), 4, "circle"},
    {C("  type: event_count\n  rules: r1\n  group-by: {a: b}\n  timespan: 1m\n  condition: {gte: 2}\n"), 6,
     "expected a text"},
    {C("  type: event_count\n  rules: r1\n  timespan: 1m\n  aliases: x\n  condition: {gte: 2}\n"), 7,
     "aliases must be a map"},
    {C("  type: event_count\n  rules: r1\n  group-by: [a]\n  timespan: 1m\n  aliases: {a: {zz: b}}\n"
       "  condition: {gte: 2}\n"),
     4, "alias 'a'"},
    {C("  type: event_count\n  rules: r1\n  group-by: ['@timestamp']\n  timespan: 1m\n  condition: {gte: "
       "2}\n"),
     4, "cannot be used"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct detect_plan *plan = kit_plan(refused[i].text);
        assert_non_null(plan);
        const struct detect_report *row = detect_report_get(plan, 0);
        struct str reason = row->reason;
        bool good = !row->accepted && row->line == refused[i].line &&
                    str_find(reason, str_of(refused[i].part)) != SIZE_MAX && str_starts(reason, S("r.yml:"));
        if (!good)
            print_message("# row %zu: %s\n# line %zu: %.*s\n", i, refused[i].text, row->line,
                          STR_ARG(reason));
        assert_true(good);
        detect_free(plan);
    }
}

static void test_identity(void **state)
{
    (void)state;
    struct detect_plan *plan = kit_plan(
        HEAD
        "  s: {x: 1}\n  condition: s\n---\n" HEAD "  s: {x: 2}\n  condition: s\n---\n"
        "title: C\nid: c\ncorrelation: {type: event_count, rules: bad, timespan: 1m, condition: {gte: 2}}\n"
        "---\ntitle: B\nid: bad\nlogsource: {product: nothing}\n");
    assert_non_null(plan);
    assert_int_equal(detect_report_count(plan), 4);
    assert_true(detect_report_get(plan, 0)->accepted);
    assert_false(detect_report_get(plan, 1)->accepted);
    assert_true(str_find(detect_report_get(plan, 1)->reason, S("another rule has the id 'r1'")) != SIZE_MAX);
    assert_true(str_find(detect_report_get(plan, 2)->reason, S("no rule 'bad'")) != SIZE_MAX);
    assert_int_equal(detect_rule_count(plan), 1);
    assert_non_null(detect_rule_find(plan, S("r1")));
    assert_null(detect_rule_find(plan, S("bad")));
    detect_free(plan);
}

static void test_info(void **state)
{
    (void)state;
    struct detect_plan *plan =
        kit_plan("title: Bad thing\nid: r9\nname: bad_thing\nlevel: high\nstatus: stable\n"
                 "tags: [attack.t1110]\nlogsource: {product: test}\n"
                 "detection:\n  s: {x: 1}\n  condition: s\n"
                 "khien:\n  title: Việc xấu\n  clause: [D20.2.c.1, D14.0.3]\n"
                 "  severity: critical\n  group-by: [user.name]\n"
                 "  what: {vi: 'Máy {host.name}', en: 'On {host.name}: {{x}'}\n");
    assert_non_null(plan);
    const struct rule_info *r = detect_rule_find(plan, S("r9"));
    assert_non_null(r);
    assert_true(str_eq(r->title.vi, S("Việc xấu")) && str_eq(r->title.en, S("Bad thing")));
    assert_int_equal(r->level, RULE_HIGH);
    assert_int_equal(r->severity, RULE_SEVERITY_CRITICAL);
    assert_int_equal(r->clauses.n, 2);
    assert_true(rule_deadline_ns(RULE_SEVERITY_CRITICAL) == 86400 * NS_PER_S);
    assert_true(rule_deadline_ns(RULE_SEVERITY_HIGH) == 2 * 86400 * NS_PER_S);
    assert_true(rule_deadline_ns(RULE_SEVERITY_MEDIUM) == 3 * 86400 * NS_PER_S);
    assert_true(rule_deadline_ns(RULE_SEVERITY_LOW) == 0);
    struct event_field fields[KIT_FIELDS_MAX];
    struct event e = kit_event("host.name=web01", fields);
    struct buf b;
    buf_init(&b, 4096);
    rule_put_text(&b, r->what.en, &e);
    assert_true(str_eq(buf_str(&b), S("On web01: {x}")));
    buf_clear(&b);
    e.n_fields = 0;
    rule_put_text(&b, r->what.vi, &e);
    assert_true(str_eq(buf_str(&b), S("Máy ?")));
    buf_done(&b);
    detect_free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_matches), cmocka_unit_test(test_maps),
                                       cmocka_unit_test(test_refused), cmocka_unit_test(test_identity),
                                       cmocka_unit_test(test_info)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
