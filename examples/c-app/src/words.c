// SPDX-License-Identifier: Apache-2.0
#include "words.h"

#include <ctype.h>

int next_word(FILE *in, char word[WORD_MAX])
{
	int length = 0;
	for (;;) {
		int c = getc(in);
		if (c != EOF && isalnum((unsigned char)c)) {
			if (length < WORD_MAX - 1)
				word[length++] = (char)tolower((unsigned char)c);
			continue;
		}
		if (length > 0) {
			word[length] = '\0';
			return 1;
		}
		if (c == EOF)
			return 0;
	}
}
