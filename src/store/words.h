/*
 * words.h - four words for the first 40 bits of a root hash, to be read aloud and written on paper.
 */
#ifndef KHIEN_STORE_WORDS_H
#define KHIEN_STORE_WORDS_H

#include "base/base.h"

void words_put(const uint8_t root[32], char out[64]);

#endif
