// SPDX-License-Identifier: Apache-2.0
// Splitting a stream into words.
#ifndef WORDS_H
#define WORDS_H

#include <stdio.h>

enum { WORD_MAX = 64 };

// Reads the next word (letters and digits, made lower case; what is beyond WORD_MAX - 1 characters is dropped) into `word`.
// Returns 1, or 0 at the end of the stream.
int next_word(FILE *in, char word[WORD_MAX]);

#endif
