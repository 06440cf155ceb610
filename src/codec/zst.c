#include "codec/zst.h"

#include <stdlib.h>
#include <zstd.h>

struct zst {
    ZSTD_CCtx *c; /* made at the first use: a reader never needs it */
    ZSTD_DCtx *d;
};

int zst_new(struct zst **ret, struct err *err)
{
    struct zst *z = calloc(1, sizeof(*z));
    if (z == NULL)
        return err_set(err, ERR_NOMEM, "zstd");
    *ret = z;
    return 0;
}

void zst_free(struct zst *z)
{
    if (z == NULL)
        return;
    (void)ZSTD_freeCCtx(z->c);
    (void)ZSTD_freeDCtx(z->d);
    free(z);
}

int zst_pack(struct zst *z, struct str in, int level, struct buf *b, struct err *err)
{
    if (z->c == NULL && (z->c = ZSTD_createCCtx()) == NULL)
        return err_set(err, ERR_NOMEM, "zstd compressor");
    size_t room = ZSTD_compressBound(in.n);
    char *to = buf_reserve(b, room);
    if (to == NULL)
        return err_set(err, ERR_NOMEM, "no room for %zu compressed bytes", room);
    size_t n = ZSTD_compressCCtx(z->c, to, room, in.p, in.n, level);
    if (ZSTD_isError(n) != 0)
        return err_set(err, ERR_NOMEM, "zstd: %s", ZSTD_getErrorName(n));
    b->n += n;
    return 0;
}

int zst_unpack(struct zst *z, struct str in, char *out, size_t n, struct err *err)
{
    if (z->d == NULL && (z->d = ZSTD_createDCtx()) == NULL)
        return err_set(err, ERR_NOMEM, "zstd decompressor");
    size_t got = ZSTD_decompressDCtx(z->d, out, n, in.p, in.n);
    if (ZSTD_isError(got) != 0)
        return err_set(err, ERR_CORRUPT, "zstd: %s", ZSTD_getErrorName(got));
    if (got != n)
        return err_set(err, ERR_CORRUPT, "zstd: %zu bytes where %zu were promised", got, n);
    return 0;
}
