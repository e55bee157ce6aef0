#define _GNU_SOURCE

#include "reserve.h"

#include <errno.h>

#ifdef __linux__

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>

#define POPULATE_FOR_WRITING 23  // MADV_POPULATE_WRITE, since Linux 5.14

// A page whose blocks these have set aside can always be stored to. File systems that copy on write (Btrfs, ZFS, XFS
// where files share extents) or that a server holds (NFS) may run out of space only then, which the kernel could tell by
// a signal alone.
static int reserves(int descriptor) {
    struct statfs system;
    if (fstatfs(descriptor, &system) != 0) { return 0; }
    return system.f_type == EXT4_SUPER_MAGIC || system.f_type == TMPFS_MAGIC;
}

int reserve_for_mapping(int descriptor, off_t offset, off_t length) {
    if (!reserves(descriptor)) { return EOPNOTSUPP; }
    while (fallocate(descriptor, 0, offset, length) != 0) {
        if (errno != EINTR) { return errno; }
    }
    return 0;
}

int populate_for_writing(void *address, size_t length) {
    // A kernel that does not know it makes the pages as they are stored to. EFAULT says that storing would be a signal.
    return madvise(address, length, POPULATE_FOR_WRITING) != 0 && errno == EFAULT ? EFAULT : 0;
}

#else

int reserve_for_mapping(int descriptor, off_t offset, off_t length) { return EOPNOTSUPP; }
int populate_for_writing(void *address, size_t length) { return 0; }

#endif
