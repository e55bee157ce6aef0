#ifndef SALLYPORT_RESERVE_H
#define SALLYPORT_RESERVE_H

#include <stddef.h>
#include <sys/types.h>

/// Sets `length` bytes of the file from `offset` on aside on the disk, so that storing to them cannot fail for want of
/// space, and makes the file that long.
///
/// Returns 0; `EOPNOTSUPP` where the file system cannot promise that; or the error number of what failed.
int reserve_for_mapping(int descriptor, off_t offset, off_t length);

/// Makes the pages of a mapping at once, for less than a fault for each costs, where the kernel can.
///
/// Returns 0, or `EFAULT` where the pages cannot be had.
int populate_for_writing(void *address, size_t length);

#endif
