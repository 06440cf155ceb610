/* A text either is refused with its line or gives a tree whose nodes are whole and lie in order of the text.
 */
#include <stdlib.h>

#include "codec/yamltree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t n_lines(const uint8_t *data, size_t size)
{
    size_t n = 2; /* an error may stand behind the last line end */
    for (size_t i = 0; i < size; i++)
        n += data[i] == '\n' || data[i] == '\r' || data[i] == 0x85 || data[i] == 0xA8 || data[i] == 0xA9;
    return n;
}

/* Depth is bounded by the parser, so recursion is too. */
static void walk(const struct yamltree_node *node, unsigned depth, size_t lines)
{
    if (depth > YAMLTREE_DEPTH_MAX || node->line < 1 || node->line > lines || node->file.n != 1)
        abort();
    if (node->kind == YAMLTREE_SCALAR) {
        if (node->text.p == NULL || node->text.p[node->text.n] != '\0' || node->n != 0)
            abort();
        return;
    }
    for (size_t i = 0; i < node->n; i++) {
        if (node->kind == YAMLTREE_MAP) {
            walk(node->keys[i], depth + 1, lines);
            if (yamltree_get(node, node->keys[i]->text) != node->items[i])
                abort(); /* duplicate keys would make this fail */
        }
        walk(node->items[i], depth + 1, lines);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct err err = {0};
    const struct yamltree_node **docs = NULL;
    const struct yamltree_node *root = NULL;
    size_t n = 0;
    struct str text = {(const char *)data, size};
    arena_init(&a, 4 << 20);
    int rc = yamltree_parse_all(text, S("f"), &a, &docs, &n, &err);
    if (rc != 0 && (err.code == ERR_NONE || err.line > n_lines(data, size)))
        abort();
    for (size_t i = 0; rc == 0 && i < n; i++)
        walk(docs[i], 0, n_lines(data, size));
    int one = yamltree_parse(text, S("f"), &a, &root, &err);
    if (rc == 0 && (one == 0) != (n <= 1) && err.code != ERR_NOMEM)
        abort();
    arena_done(&a);
    return 0;
}
