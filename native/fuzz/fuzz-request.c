// SPDX-License-Identifier: Apache-2.0
// A target of libFuzzer: the decoder of requests, with the rules of every verb. See test/fuzz/native.sh.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spec.h"

#include "protocol.gen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < sizeof(all_rules) / sizeof(all_rules[0]); i++) {
		struct spec spec = {0};
		// Of exactly this size, so that the sanitizer notices one byte more; and writable, as the decoder expects.
		char *bytes = malloc(size > 0 ? size : 1);
		memcpy(bytes, data, size);
		if (spec_decode(&spec, spec_rules(all_rules[i].verb), bytes, size) == 0) {
			size_t total = 0;
			for (size_t at = 0; at < spec.n; at++)
				total += strlen(spec.names[at]) + strlen(spec.values[at]);
			if (total > size)
				abort();
			long long number;
			spec_int(&spec, "made-time", INT64_MIN, INT64_MAX, 0, &number);
		}
		free(spec.names);
		free(spec.values);
		free(bytes);
	}
	return 0;
}
