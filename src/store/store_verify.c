#include "store/inner.h"

int store_verify(const struct store_verify_opts *o, struct store_verified *ret, struct err *err)
{
    (void)o;
    (void)ret;
    return err_set(err, ERR_USAGE, "not yet");
}
