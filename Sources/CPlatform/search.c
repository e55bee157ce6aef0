#define _GNU_SOURCE

#include "search.h"

#include <string.h>

bool holds_bytes(const void *haystack, size_t haystack_count, const void *needle, size_t needle_count) {
    return memmem(haystack, haystack_count, needle, needle_count) != NULL;
}
