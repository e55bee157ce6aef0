#ifndef SALLYPORT_MAPPING_H
#define SALLYPORT_MAPPING_H

#include <stddef.h>

/// Copies `count` bytes into a mapped file, whose pages the system may not be able to give: on a disk that fails, or is
/// read-only by now, a store there raises SIGBUS, which would end the process.
///
/// Returns 0; or `EIO`, and then a part of the bytes may have been stored.
int store_in_mapping(void *to, const void *from, size_t count);

#endif
