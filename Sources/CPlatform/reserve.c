#define _GNU_SOURCE

#include "reserve.h"

#include <errno.h>

#ifdef __linux__

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>

// Not in the header of every kernel that we build on.
#define XFS_MAGIC 0x58465342
#define POPULATE_FOR_WRITING 23  // MADV_POPULATE_WRITE, since Linux 5.14

// A page whose blocks these have set aside can always be stored to. File systems that copy on write (Btrfs, ZFS) or
// that a server holds (NFS) may run out of space only then, which the kernel could tell by a signal alone.
static int reserves(int descriptor) {
    struct statfs system;
    if (fstatfs(descriptor, &system) != 0) { return 0; }
    return system.f_type == EXT4_SUPER_MAGIC || system.f_type == XFS_MAGIC || system.f_type == TMPFS_MAGIC;
}

int reserve_for_mapping(int descriptor, off_t offset, off_t length) {
    if (!reserves(descriptor)) { return EOPNOTSUPP; }
    while (fallocate(descriptor, 0, offset, length) != 0) {
        if (errno != EINTR) { return errno; }
    }
    return 0;
}

void populate_for_writing(void *address, size_t length) { (void)madvise(address, length, POPULATE_FOR_WRITING); }

#else

int reserve_for_mapping(int descriptor, off_t offset, off_t length) { return EOPNOTSUPP; }
void populate_for_writing(void *address, size_t length) {}

#endif
