#ifndef SALLYPORT_CRC32C_H
#define SALLYPORT_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Whether this processor has an instruction for CRC-32C, without which `crc32c_extend` must not be called.
bool crc32c_is_available(void);

/// CRC-32C over `count` more bytes, as the processor computes it: neither the start nor the result is inverted.
uint32_t crc32c_extend(uint32_t crc, const void *bytes, size_t count);

#endif
