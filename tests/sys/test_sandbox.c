/*
 * The sandbox in a child of its own: what it forbids and what still works. Under sanitizers Landlock and
 * seccomp are left out (their run-time needs more), so only the change of the user is checked.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "kit/kit.h"
#include "sys/sandbox.h"

#define NOBODY 65534u

static struct sandbox_state st;

/* Run the check in a child that entered the sandbox; the child's exit code is the number of the line that
 * failed. */
static int in_child(const struct sandbox *s, int (*check)(void))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct err err = {0};
        if (sandbox_enter(s, &st, &err) != 0) {
            (void)fprintf(stderr, "# %s\n", err.msg);
            _exit(1);
        }
        _exit(check());
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status))
        fail_msg("the child ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

#define CHECK(what)                                                                                          \
    do {                                                                                                     \
        if (!(what)) {                                                                                       \
            (void)fprintf(stderr, "# line %d: %s\n", __LINE__, #what);                                       \
            return 1;                                                                                        \
        }                                                                                                    \
    } while (0)

#ifdef KHIEN_NO_SANDBOX

static int check_user(void)
{
    CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    CHECK(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
    if (!st.user_changed)
        return st.uid == (unsigned)geteuid() ? 0 : 2;
    uid_t r, e, s;
    CHECK(getresuid(&r, &e, &s) == 0 && r == NOBODY && e == NOBODY && s == NOBODY);
    gid_t rg, eg, sg, groups[8];
    CHECK(getresgid(&rg, &eg, &sg) == 0 && rg == NOBODY && eg == NOBODY && sg == NOBODY);
    CHECK(getgroups(8, groups) == 0);
    CHECK(st.uid == NOBODY && setuid(0) != 0);
    return 0;
}

static void test_user(void **state)
{
    (void)state;
    struct sandbox s = {.name = "test", .user = NOBODY, .group = NOBODY};
    assert_int_equal(in_child(&s, check_user), 0);
    if (geteuid() != 0)
        print_message("# not root: the user cannot change\n");
}

static void test_left_out(void **state)
{
    (void)state;
    print_message("# built with sanitizers: Landlock and seccomp are left out, only the user is changed\n");
    struct sandbox_state now = {.landlock = true, .seccomp = true};
    pid_t pid = fork();
    if (pid == 0) {
        struct sandbox s = {.name = "test"};
        struct err err = {0};
        _exit(sandbox_enter(&s, &now, &err) == 0 && !now.landlock && !now.seccomp ? 0 : 1);
    }
    int status = 1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_user), cmocka_unit_test(test_left_out)};
    return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}

#else

static char dir[256], inside[512], fresh[512];
static struct sandbox_path paths[1];

static void *in_thread(void *arg)
{
    *(int *)arg = open("/etc/passwd", O_RDONLY) < 0 ? 0 : 1;
    return NULL;
}

static bool can_connect(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0)
        return false;
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int rc = connect(fd, (const struct sockaddr *)&to, sizeof(to));
    bool allowed = rc == 0 || errno == ECONNREFUSED;
    (void)close(fd);
    return allowed;
}

static int check_closed(void)
{
    if (!st.landlock && !st.seccomp)
        return 0;
    CHECK(open("/etc/passwd", O_RDONLY) < 0);
    CHECK(open(inside, O_RDONLY) < 0);
    CHECK(open(fresh, O_WRONLY | O_CREAT, 0600) < 0);
    CHECK(!can_connect());
    CHECK(!st.seccomp || (socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EPERM));
    CHECK(!st.seccomp || execl("/bin/true", "true", (char *)NULL) != 0);
    pthread_t t;
    int seen = 1;
    CHECK(pthread_create(&t, NULL, in_thread, &seen) == 0);
    CHECK(pthread_join(t, NULL) == 0 && seen == 0);
    char *p = malloc(8 << 20);
    CHECK(p != NULL);
    memset(p, 1, 8 << 20);
    free(p);
    return 0;
}

static int check_read(void)
{
    char text[8] = {0};
    int fd = open(inside, O_RDONLY);
    CHECK(fd >= 0 && read(fd, text, sizeof(text)) == 2);
    if (st.landlock) {
        CHECK(open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES);
        CHECK(open(inside, O_WRONLY) < 0);
        CHECK(open(fresh, O_WRONLY | O_CREAT, 0600) < 0);
        CHECK(unlink(inside) < 0);
    }
    CHECK(!can_connect());
    return 0;
}

static int check_write(void)
{
    int fd = open(fresh, O_RDWR | O_CREAT | O_EXCL, 0600);
    CHECK(fd >= 0);
    CHECK(write(fd, "abc", 3) == 3 && fdatasync(fd) == 0 && ftruncate(fd, 1) == 0 && close(fd) == 0);
    CHECK(rename(fresh, inside) == 0);
    CHECK(unlink(inside) == 0);
    CHECK(!st.landlock || (open("/tmp/khien-outside", O_WRONLY | O_CREAT, 0600) < 0 && errno == EACCES));
    CHECK(!st.seccomp || socket(AF_INET, SOCK_STREAM, 0) < 0);
    return 0;
}

static int check_unix_only(void)
{
    CHECK(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
    CHECK(!st.seccomp || socket(AF_INET, SOCK_STREAM, 0) < 0);
    CHECK(!st.seccomp || socket(AF_INET6, SOCK_DGRAM, 0) < 0);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    kit_dir(dir);
    (void)snprintf(inside, sizeof(inside), "%s/inside", dir);
    (void)snprintf(fresh, sizeof(fresh), "%s/fresh", dir);
    int fd = open(inside, O_WRONLY | O_CREAT, 0666);
    assert_true(fd >= 0 && write(fd, "ok", 2) == 2 && close(fd) == 0);
    assert_int_equal(chmod(dir, 0777), 0);
    assert_int_equal(chmod(inside, 0666), 0);
    paths[0] = (struct sandbox_path){.path = dir};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_dir_remove(dir);
    return 0;
}

static void test_worlds(void **state)
{
    (void)state;
    struct sandbox closed = {.name = "closed", .net = SANDBOX_NO_NET, .user = NOBODY, .group = NOBODY};
    assert_int_equal(in_child(&closed, check_closed), 0);
    struct sandbox reader = {.name = "reader",
                             .net = SANDBOX_ACCEPT_ONLY,
                             .files = true,
                             .paths = paths,
                             .n_paths = 1,
                             .user = NOBODY,
                             .group = NOBODY};
    assert_int_equal(in_child(&reader, check_read), 0);
    struct sandbox only = {.name = "unix", .net = SANDBOX_UNIX_ONLY};
    assert_int_equal(in_child(&only, check_unix_only), 0);
    paths[0].write = true;
    struct sandbox writer = reader;
    assert_int_equal(in_child(&writer, check_write), 0);
}

static int check_layers(void)
{
    (void)fprintf(stderr, "# Landlock ABI %d, seccomp %d, user %u\n", st.landlock_abi, st.seccomp, st.uid);
    return st.landlock == (st.landlock_abi > 0) ? 0 : 2;
}

static void test_says_what_holds(void **state)
{
    (void)state;
    struct sandbox_path missing = {.path = "/nowhere/at/all"};
    struct sandbox s = {.name = "test", .files = true, .paths = &missing, .n_paths = 1};
    assert_int_equal(in_child(&s, check_layers), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_worlds, set_up, tear_down),
        cmocka_unit_test(test_says_what_holds),
    };
    return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}

#endif
