/*
 * note.h - signed notes and tree checkpoints as text. Sources: C2SP signed-note v1.0, C2SP tlog-checkpoint
 * v1.0.
 *
 *     khien.local/1            origin
 *     42                       leaves
 *     uZo6…=                   root, base64
 *     khien-kept 3             extension lines, optional
 *                              (empty line)
 *     — khien.local/1 x08g…=   signature: base64 of key id (4 bytes) and Ed25519 signature (64 bytes)
 */
#ifndef KHIEN_CRYPT_NOTE_H
#define KHIEN_CRYPT_NOTE_H

#include "base/buf.h"
#include "crypt/digest.h"
#include "crypt/sign.h"

#define NOTE_BYTES_MAX (64u * 1024u)

/* Whose signature counts. `name` is borrowed. */
struct note_key {
    struct str name; /* no blanks, no '+' */
    uint8_t public_key[SIGN_KEY_BYTES];
};

/* First four bytes of SHA-256(name "\n" 0x01 key), big endian. */
uint32_t note_key_id(const struct note_key *k);
/* Write "name+hex id+base64(0x01 key)". */
void note_put_key(struct buf *b, const struct note_key *k);
/* Read that form; the id must fit. The name is a view into s. ERR_PARSE. */
int note_parse_key(struct str s, struct note_key *ret, struct err *err) MUST_USE;

/* Append the signed note of `text` (it ends in a line feed) to b. ERR_USAGE, ERR_CRYPT. */
int note_sign(struct buf *b, struct str text, const struct note_key *k, const uint8_t seed[SIGN_KEY_BYTES],
              struct err *err) MUST_USE;
/*
 * Check a note and give its text (a view). Signatures of other keys are passed over; one of `k` must be there
 * and hold. Errors: ERR_PARSE (not a note), ERR_CORRUPT (no signature of `k`, or it does not hold).
 */
int note_open(struct str note, const struct note_key *k, struct str *ret_text, struct err *err) MUST_USE;

struct note_checkpoint {
    struct str origin;
    uint64_t size;
    struct digest root;
    struct str more; /* extension lines, each with its line feed; may be empty */
};

void note_put_checkpoint(struct buf *b, const struct note_checkpoint *c);
/* Views into text. ERR_PARSE. */
int note_parse_checkpoint(struct str text, struct note_checkpoint *ret, struct err *err) MUST_USE;

/* Base64 with padding (RFC 4648); reading refuses everything that writing would not make. */
void note_put_base64(struct buf *b, struct str bytes);
bool note_get_base64(struct str s, uint8_t *out, size_t out_max, size_t *ret_n);

#endif
