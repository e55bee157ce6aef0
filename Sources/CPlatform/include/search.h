#ifndef SALLYPORT_SEARCH_H
#define SALLYPORT_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

/// Whether the bytes of `needle` stand anywhere in `haystack`.
bool holds_bytes(const void *haystack, size_t haystack_count, const void *needle, size_t needle_count);

#endif
