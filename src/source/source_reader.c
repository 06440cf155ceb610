#include "source/source_reader.h"

void source_reader_reset(struct source_reader *r)
{
    r->frame = (struct source_frame){.mode = FRAME_LF};
    r->from = r->n = 0;
}

char *source_reader_room(struct source_reader *r, size_t *ret_n)
{
    if (r->from > 0 && r->n > 0)
        memmove(r->bytes, r->bytes + r->from, r->n);
    r->from = 0;
    if (sizeof(r->bytes) - r->n < SOURCE_READER_CHUNK)
        return NULL;
    *ret_n = sizeof(r->bytes) - r->n;
    return r->bytes + r->n;
}

void source_reader_filled(struct source_reader *r, size_t n)
{
    assert(r->from == 0 && n <= sizeof(r->bytes) - r->n);
    r->n += n;
}

bool source_reader_give(struct source_reader *r, struct source_set *set, struct source *s, bool final)
{
    while (r->n > 0) {
        struct source_frame before = r->frame;
        struct source_frame_line line;
        size_t k = source_frame_cut(&r->frame, (struct str){r->bytes + r->from, r->n}, SOURCE_LINE_BYTES_MAX,
                                    final, &line);
        if (k == 0)
            return true;
        if (!source_emit(set, s, line.text, line.part ? EVENT_PART : 0)) {
            r->frame = before;
            return false;
        }
        r->from += k;
        r->n -= k;
    }
    return true;
}
