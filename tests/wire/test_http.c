/*
 * http: the service over loopback and TLS with curl and openssl as clients. Core is played by this program;
 * the loop runs here while the client runs as a child.
 */
#include <arpa/inet.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "crypt/tls.h"
#include "kit/kit.h"
#include "wire/http.h"

#define BODY_BYTES_MAX 4096u

static const unsigned char page[] = "<html>console</html>";
static const unsigned char script[] = "plain script";

const struct http_asset *http_assets(size_t *ret_n)
{
    static const struct http_asset all[] = {
        {"/index.html", "text/html; charset=utf-8", "\"page\"", false, page, NULL, NULL, sizeof(page) - 1, 0,
         0},
        {"/assets/app-0123abcd.js", "text/javascript", "\"app\"", true, script, (const unsigned char *)"GZIP",
         (const unsigned char *)"BROTLI", sizeof(script) - 1, 4, 6},
    };
    *ret_n = COUNT_OF(all);
    return all;
}

static struct {
    char dir[256];
    struct event_base *base;
    struct tls_server *tls;
    struct http *http;
    int port;
    uint64_t n_requests, n_cancels, last_call;
    char seen[8192]; /* what core got: "METHOD target\nbody" */
    char peer[64];
    enum { ANSWER, STREAM, HOLD } core;
} w;

static void on_call(void *arg, uint64_t call, const struct frame_request *r)
{
    (void)arg;
    w.n_requests++;
    w.last_call = call;
    (void)snprintf(w.seen, sizeof(w.seen), "%.*s %.*s\n%.*s", STR_ARG(r->method), STR_ARG(r->target),
                   STR_ARG(r->body));
    (void)snprintf(w.peer, sizeof(w.peer), "%.*s", STR_ARG(r->peer));
    if (w.core == HOLD)
        return;
    struct frame_response a = {.status = 200,
                               .content_type = S("application/json"),
                               .body = S("{\"ok\":true}"),
                               .headers = S("X-Khien-Test: yes\nSet-Cookie: khien_session=1; Secure\n")};
    if (w.core == STREAM)
        a = (struct frame_response){.status = 200, .stream = 1, .content_type = S("text/event-stream")};
    http_respond(w.http, call, &a);
    if (w.core == STREAM) {
        http_chunk(w.http, call, S("event: log\ndata: {\"n\":1}\n\n"));
        http_chunk(w.http, call, S("event: log\ndata: {\"n\":2}\n\n"));
    }
}

static void on_cancel(void *arg, uint64_t call)
{
    (void)arg;
    assert_int_equal(call, w.last_call);
    w.n_cancels++;
}

static void start(size_t connections_max)
{
    static const char *const names[] = {"localhost", "127.0.0.1"};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(at);
    char *cert = NULL, *key = NULL;
    struct err err = {0};
    memset(&w, 0, sizeof(w));
    kit_dir(w.dir);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && bind(fd, (const struct sockaddr *)&at, n) == 0 && listen(fd, 64) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    w.port = ntohs(at.sin_port);
    assert_int_equal(tls_make_cert(names, 2, INT64_C(1795291445) * NS_PER_S, 365, &cert, &key, &err), 0);
    assert_int_equal(tls_server_new(str_of(cert), str_of(key), S(""), &w.tls, &err), 0);
    free(cert);
    free(key);
    w.base = event_base_new();
    struct http_opts o = {.base = w.base,
                          .fd = fd,
                          .tls = w.tls,
                          .body_bytes_max = BODY_BYTES_MAX,
                          .connections_max = connections_max,
                          .request = on_call,
                          .cancel = on_cancel};
    assert_int_equal(http_new(&o, &w.http, &err), 0);
    http_core(w.http, true);
}

static void spin(int times)
{
    for (int i = 0; i < times; i++) {
        assert_true(event_base_loop(w.base, EVLOOP_NONBLOCK) >= 0);
        (void)usleep(1000);
    }
}

static int set_up(void **state)
{
    (void)state;
    start(100);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_free(w.http);
    tls_server_free(w.tls);
    spin(3);
    event_base_free(w.base);
    kit_dir_remove(w.dir);
    return 0;
}

/* Start a shell command in the test's folder; BASE and PORT are in its environment. */
static pid_t launch(const char *command)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char base[64], port[16];
        (void)snprintf(base, sizeof(base), "https://127.0.0.1:%d", w.port);
        (void)snprintf(port, sizeof(port), "%d", w.port);
        (void)setenv("BASE", base, 1);
        (void)setenv("PORT", port, 1);
        if (chdir(w.dir) == 0)
            (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    return pid;
}

static int wait_for(pid_t pid)
{
    int status = 0;
    for (int ms = 0; ms < 60000; ms++) {
        spin(1);
        pid_t got = waitpid(pid, &status, WNOHANG);
        assert_true(got >= 0);
        if (got == pid)
            return WEXITSTATUS(status);
    }
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, &status, 0);
    fail_msg("the client did not end");
    return -1;
}

static int run(const char *command)
{
    return wait_for(launch(command));
}

static char *slurp(const char *name)
{
    char path[512];
    char *text = calloc(1, 200000);
    (void)snprintf(path, sizeof(path), "%s/%s", w.dir, name);
    FILE *f = fopen(path, "rb");
    if (f != NULL) {
        size_t n = fread(text, 1, 199999, f);
        text[n] = '\0';
        (void)fclose(f);
    }
    return text;
}

struct row {
    const char *args; /* for curl, target included */
    const char *status;
    const char *head; /* stands in the head; "!x": x does not */
    const char *body;
};

static void check_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char command[1200];
        (void)snprintf(command, sizeof(command),
                       "rm -f body head; curl -sk --http1.1 --max-time 30 -o body -D head -w '%%{http_code}' "
                       "%s > status",
                       rows[i].args);
        (void)run(command);
        char *status = slurp("status"), *head = slurp("head"), *body = slurp("body");
        bool absent = rows[i].head[0] == '!';
        if (strcmp(status, rows[i].status) != 0 || (strstr(head, rows[i].head + absent) == NULL) != absent ||
            strstr(body, rows[i].body) == NULL)
            fail_msg("%s\n%s\n%s\n%s", rows[i].args, status, head, body);
        free(status);
        free(head);
        free(body);
    }
}

static void test_assets(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"$BASE/", "200", "Content-Type: text/html", "<html>console"},
        {"$BASE/", "200", "Content-Security-Policy: default-src 'none'", ""},
        {"$BASE/", "200", "Cache-Control: no-cache", ""},
        {"$BASE/logs?q=x", "200", "ETag: \"page\"", "<html>console"},
        {"$BASE/duties/D13.6.3", "200", "text/html", "<html>console"}, /* an id with dots is no file */
        {"$BASE/sources/may-01.cantho.example", "200", "text/html", "<html>console"},
        {"$BASE/assets/app-0123abcd.js", "200", "immutable", "plain script"},
        {"-H 'Accept-Encoding: gzip, deflate, br' $BASE/assets/app-0123abcd.js", "200",
         "Content-Encoding: br", "BROTLI"},
        {"-H 'Accept-Encoding: gzip' $BASE/assets/app-0123abcd.js", "200", "Content-Encoding: gzip", "GZIP"},
        {"-H 'Accept-Encoding: br;q=0, gzip;q=0.5' $BASE/assets/app-0123abcd.js", "200",
         "Content-Encoding: gzip", "GZIP"},
        {"-H 'Accept-Encoding: br; q=0' $BASE/assets/app-0123abcd.js", "200", "!Content-Encoding",
         "plain script"},
        {"-H 'Accept-Encoding: gzip;q=0.000' $BASE/assets/app-0123abcd.js", "200", "!Content-Encoding",
         "plain script"},
        {"-H 'Accept-Encoding: brx' $BASE/assets/app-0123abcd.js", "200", "!Content-Encoding",
         "plain script"},
        {"-H 'Accept-Encoding: gzip' $BASE/", "200", "!Content-Encoding", "<html>console"},
        {"-H 'If-None-Match: \"app\"' $BASE/assets/app-0123abcd.js", "304", "ETag: \"app\"", ""},
        {"-H 'If-None-Match: \"old\"' $BASE/assets/app-0123abcd.js", "200", "ETag: \"app\"", "plain script"},
        {"$BASE/assets/none.js", "404", "application/problem+json", "not_found"},
        {"$BASE/favicon.ico", "404", "application/problem+json", "not_found"},
        {"-I $BASE/", "200", "Content-Type: text/html", ""},
        {"-X POST -d x=1 $BASE/logs", "405", "application/problem+json", "method"},
        {"-X TRACE $BASE/", "501", "", ""},
    };
    check_rows(rows, COUNT_OF(rows));
    assert_int_equal(w.n_requests, 0);
}

static void test_calls(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"$BASE/api/v1/today?x=1", "200", "X-Khien-Test: yes", "{\"ok\":true}"},
        {"$BASE/api/v1/today", "200", "Cache-Control: no-store", ""},
        {"$BASE/healthz", "200", "Set-Cookie: khien_session=1; Secure", "{\"ok\":true}"},
        {"-X PATCH -H 'Content-Type: application/json; charset=utf-8' -d '{\"a\" : 1}' $BASE/api/v1/x", "200",
         "", ""},
        {"-X DELETE $BASE/api/v1/session", "200", "", ""},
    };
    check_rows(rows, 1);
    assert_string_equal(w.seen, "GET /api/v1/today?x=1\n");
    assert_string_equal(w.peer, "127.0.0.1");
    check_rows(rows + 1, COUNT_OF(rows) - 1);
    assert_string_equal(w.seen, "DELETE /api/v1/session\n");
    assert_int_equal(w.n_requests, COUNT_OF(rows));
    assert_int_equal(w.n_cancels, 0);
}

static void test_bodies(void **state)
{
    (void)state;
    static const struct row good[] = {{"-H 'Content-Type: application/json' -d '  { \"b\" : [1, 2.50, "
                                       "\"\\u0111\"] , \"a\":null }' $BASE/api/v1/x",
                                       "200", "", ""}};
    static const struct row refused[] = {
        {"-H 'Content-Type: application/json' -d '{\"a\":1,\"a\":2}' $BASE/api/v1/x", "400", "problem+json",
         "bad_json"},
        {"-H 'Content-Type: application/json' -d '{\"a\":1} x' $BASE/api/v1/x", "400", "problem+json",
         "bad_json"},
        {"-H 'Content-Type: application/json' -d '{\"a\":\"\\u0000\"}' $BASE/api/v1/x", "400", "problem+json",
         "bad_json"},
        {"-H 'Content-Type: application/json' -d 7 $BASE/api/v1/x", "400", "problem+json", "bad_json"},
        {"-d a=1 $BASE/api/v1/x", "415", "problem+json", "media_type"},
        {"-H 'Content-Type: application/jsonx' -d '{}' $BASE/api/v1/x", "415", "problem+json", "media_type"},
        {"-H 'Content-Type:' -d '{}' $BASE/api/v1/x", "415", "problem+json", "media_type"},
        /* 5 bytes a number come in, 22 would go out */
        {"-H 'Content-Type: application/json' -d \"[$(seq 500 | sed 's/.*/1E300/' | paste -sd ,)]\" "
         "$BASE/api/v1/x",
         "413", "problem+json", "too_large"},
    };
    check_rows(good, COUNT_OF(good));
    assert_string_equal(w.seen, "POST /api/v1/x\n{\"b\":[1,2.5,\"đ\"],\"a\":null}");
    check_rows(refused, COUNT_OF(refused));
    assert_int_equal(w.n_requests, 1);
    static const struct row big[] = {{"-H 'Content-Type: application/json' -d \"\\\"$(head -c 5000 /dev/zero "
                                      "| tr '\\0' x)\\\"\" $BASE/api/v1/x",
                                      "413", "", ""}};
    check_rows(big, COUNT_OF(big));
    assert_int_equal(w.n_requests, 1);
}

/* Heads that proxies and servers read differently. The rest of the connection must not be read as a request.
 */
static void test_smuggling(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "Content-Length: 2\\r\\nContent-Length: 40",
        "Content-Length: 2\\r\\nContent-Length: 2",
        "Content-Length: 2\\r\\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: identity",
    };
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        char command[800];
        (void)snprintf(command, sizeof(command),
                       "(printf 'POST /api/v1/x HTTP/1.1\\r\\nHost: x\\r\\nContent-Type: "
                       "application/json\\r\\n%s\\r\\n\\r\\n{}"
                       "GET /api/v1/smuggled HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'; sleep 1) | "
                       "timeout 20 openssl s_client -quiet -connect 127.0.0.1:$PORT > answer 2>/dev/null",
                       heads[i]);
        (void)run(command);
        char *answer = slurp("answer");
        /* 413 is libevent's own word for a body without an end */
        if ((strncmp(answer, "HTTP/1.1 400 ", 13) != 0 && strncmp(answer, "HTTP/1.1 413 ", 13) != 0) ||
            strstr(answer + 1, "HTTP/1.1") != NULL)
            fail_msg("%s:\n%s", heads[i], answer);
        free(answer);
    }
    assert_int_equal(w.n_requests, 0);
}

static void test_stream(void **state)
{
    (void)state;
    w.core = STREAM;
    pid_t pid = launch("curl -skN --max-time 30 -D head -o body $BASE/api/v1/tail");
    while (w.n_requests == 0)
        spin(1);
    spin(50);
    http_chunk(w.http, w.last_call, S(": keep\n\n"));
    http_end(w.http, w.last_call);
    assert_int_equal(wait_for(pid), 0);
    char *head = slurp("head"), *body = slurp("body");
    assert_non_null(strstr(head, "Content-Type: text/event-stream"));
    assert_string_equal(body, "event: log\ndata: {\"n\":1}\n\nevent: log\ndata: {\"n\":2}\n\n: keep\n\n");
    http_chunk(w.http, w.last_call, S("late")); /* the call is over: nothing happens */
    http_end(w.http, w.last_call);
    assert_int_equal(w.n_cancels, 0);
    free(head);
    free(body);
}

static void test_client_leaves(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        w.core = i % 2 == 0 ? STREAM : HOLD;
        w.n_requests = w.n_cancels = 0;
        pid_t pid = launch("exec curl -skN --max-time 30 -o body $BASE/api/v1/tail");
        while (w.n_requests == 0)
            spin(1);
        spin(20);
        assert_int_equal(kill(pid, SIGKILL), 0);
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        for (int k = 0; k < 5000 && w.n_cancels == 0; k++)
            spin(1);
        assert_int_equal(w.n_cancels, 1);
        http_chunk(w.http, w.last_call, S("late"));
        http_respond(w.http, w.last_call, &(struct frame_response){.status = 200, .body = S("late")});
        http_end(w.http, w.last_call);
        spin(20);
        assert_int_equal(w.n_cancels, 1);
    }
}

static void test_slow_reader(void **state)
{
    (void)state;
    w.core = STREAM;
    pid_t pid = launch("exec curl -skN --limit-rate 1k --max-time 60 -o body $BASE/api/v1/tail");
    while (w.n_requests == 0)
        spin(1);
    char *much = calloc(1, 65536);
    memset(much, 'x', 65536);
    for (int i = 0; i < 2000 && w.n_cancels == 0; i++) {
        http_chunk(w.http, w.last_call, (struct str){much, 65536});
        spin(1);
    }
    assert_int_equal(w.n_cancels, 1); /* dropped before it fills the memory */
    free(much);
    (void)kill(pid, SIGKILL);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    spin(50);
}

static void test_core_away(void **state)
{
    (void)state;
    static const struct row away[] = {
        {"$BASE/api/v1/today", "503", "Retry-After: 1", "starting"},
        {"$BASE/healthz", "503", "problem+json", "starting"},
        {"$BASE/", "200", "text/html", "<html>console"},
    };
    static const struct row back[] = {{"$BASE/api/v1/today", "200", "", "{\"ok\":true}"}};
    http_core(w.http, false);
    check_rows(away, COUNT_OF(away));
    assert_int_equal(w.n_requests, 0);
    http_core(w.http, true);
    check_rows(back, COUNT_OF(back));
    /* Core dies while a call is open: its client gets an answer. */
    w.core = HOLD;
    w.n_requests = 0;
    pid_t pid = launch("curl -sk --max-time 30 -o body -w '%{http_code}' $BASE/api/v1/today > status");
    while (w.n_requests == 0)
        spin(1);
    http_core(w.http, false);
    assert_int_equal(wait_for(pid), 0);
    char *status = slurp("status");
    assert_string_equal(status, "503");
    free(status);
    http_respond(w.http, w.last_call, &(struct frame_response){.status = 200, .body = S("late")});
    spin(5);
}

static void test_keep_alive(void **state)
{
    (void)state;
    assert_int_equal(run("curl -sk --max-time 30 -w '%{num_connects} ' -o a $BASE/api/v1/a -o b "
                         "$BASE/api/v1/b -o c $BASE/ > n"),
                     0);
    char *n = slurp("n");
    assert_string_equal(n, "1 0 0 ");
    free(n);
    assert_int_equal(w.n_requests, 2);
    assert_int_equal(w.n_cancels, 0);
}

static int set_up_small(void **state)
{
    (void)state;
    start(4);
    return 0;
}

/* More clients than may be connected: nobody is refused, the others wait until one leaves. */
static void test_connections_max(void **state)
{
    (void)state;
    enum { N = 10 };
    pid_t pid[N];
    w.core = HOLD;
    for (int i = 0; i < N; i++)
        pid[i] = launch("exec curl -sk --max-time 50 -o /dev/null $BASE/api/v1/hold");
    for (int i = 0; i < 3000 && w.n_requests < 4; i++)
        spin(1);
    spin(500);
    assert_int_equal(w.n_requests, 4);
    w.core = ANSWER;
    http_core(w.http, false); /* answers those that wait */
    http_core(w.http, true);
    for (int i = 0; i < N; i++)
        assert_int_equal(wait_for(pid[i]), 0);
    assert_int_equal(w.n_requests, N);
}

#define ROW(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(test_assets),      ROW(test_calls),
        ROW(test_bodies),      ROW(test_smuggling),
        ROW(test_stream),      ROW(test_client_leaves),
        ROW(test_slow_reader), ROW(test_core_away),
        ROW(test_keep_alive),  cmocka_unit_test_setup_teardown(test_connections_max, set_up_small, tear_down),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
