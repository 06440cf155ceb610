/* Run a fuzz target over every file of its corpus and over each prefix of the short ones. Output: TAP. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILE_BYTES_MAX (4u << 20)
#define PREFIX_BYTES_MAX 2048u

/* Each input is copied to a block of its exact size, so that the sanitizer sees one byte too far. */
static void run(const unsigned char *bytes, size_t n)
{
    uint8_t *copy = malloc(n == 0 ? 1 : n);
    if (copy == NULL)
        abort();
    for (size_t i = 0; i < n; i++)
        copy[i] = bytes[i];
    (void)LLVMFuzzerTestOneInput(copy, n);
    free(copy);
}

static void run_file(const char *path)
{
    static unsigned char bytes[FILE_BYTES_MAX];
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return;
    size_t n = fread(bytes, 1, sizeof(bytes), f);
    (void)fclose(f);
    run(bytes, n);
    for (size_t k = 0; n <= PREFIX_BYTES_MAX && k < n; k++)
        run(bytes, k);
}

int main(int argc, char **argv)
{
    int n = 0;
    run((const unsigned char *)"", 0);
    DIR *d = argc > 1 ? opendir(argv[1]) : NULL;
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        char path[4096];
        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", argv[1], e->d_name);
        run_file(path);
        printf("ok %d - %s\n", ++n, e->d_name);
    }
    if (d != NULL)
        (void)closedir(d);
    if (n == 0)
        printf("not ok %d - the corpus folder is missing or empty\n", ++n);
    printf("1..%d\n", n);
    return 0;
}
