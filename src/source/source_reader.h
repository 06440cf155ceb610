/* source_reader.h - lines out of a file or pipe, with the line in hand while the sink is full. Private. */
#ifndef KHIEN_SOURCE_SOURCE_READER_H
#define KHIEN_SOURCE_SOURCE_READER_H

#include "source/source_frame.h"
#include "source/source_station.h"

#define SOURCE_READER_CHUNK (256u * 1024u)

struct source_reader {
    struct source_frame frame;
    size_t from, n; /* bytes that wait: bytes[from .. from + n) */
    char bytes[SOURCE_LINE_BYTES_MAX + SOURCE_READER_CHUNK];
};

/* Forget everything that waits; lines are ended by LF only. */
void source_reader_reset(struct source_reader *r);
/* Room for at least SOURCE_READER_CHUNK bytes behind what waits; *ret_n bytes. NULL: give lines first. */
char *source_reader_room(struct source_reader *r, size_t *ret_n);
void source_reader_filled(struct source_reader *r, size_t n);
/* Give the lines that are there; final: the rest too. false: the sink refused. */
bool source_reader_give(struct source_reader *r, struct source_set *set, struct source *s, bool final);

#endif
