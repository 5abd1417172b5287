// SPDX-License-Identifier: Apache-2.0
// Linked into the sanitizer build only: helpers run with an empty environment, so options have to be compiled in.

const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
