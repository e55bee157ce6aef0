// The instructions that Swift has no names for: SSE 4.2 on x86-64, the CRC extension on ARMv8.

#include "crc32c.h"

#include <string.h>

#if defined(__x86_64__)

#include <nmmintrin.h>

#define WITH_CRC __attribute__((target("sse4.2")))
#define CRC_8(crc, value) ((uint32_t)_mm_crc32_u64((crc), (value)))
#define CRC_1(crc, value) _mm_crc32_u8((crc), (value))

bool crc32c_is_available(void) { return __builtin_cpu_supports("sse4.2"); }

#elif defined(__aarch64__) && defined(__linux__)

#include <arm_acle.h>
#include <asm/hwcap.h>
#include <sys/auxv.h>

#define WITH_CRC __attribute__((target("crc")))
#define CRC_8(crc, value) __crc32cd((crc), (value))
#define CRC_1(crc, value) __crc32cb((crc), (value))

bool crc32c_is_available(void) { return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0; }

#endif

#ifdef WITH_CRC

WITH_CRC uint32_t crc32c_extend(uint32_t crc, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    for (; count >= 8; count -= 8, next += 8) {
        uint64_t value;
        memcpy(&value, next, 8);
        crc = CRC_8(crc, value);
    }
    for (; count > 0; count--, next++) { crc = CRC_1(crc, *next); }
    return crc;
}

#else

bool crc32c_is_available(void) { return false; }
uint32_t crc32c_extend(uint32_t crc, const void *bytes, size_t count) { return crc; }

#endif
