#define _GNU_SOURCE

#include "mapping.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

// Where this thread goes on if the store that it makes is not possible; null while it makes none.
static _Thread_local sigjmp_buf *escape;

static struct sigaction previous;

static void on_bus_error(int number, siginfo_t *info, void *context) {
    if (escape != NULL) { siglongjmp(*escape, 1); }
    // Somebody else's: theirs to handle, or the end when the instruction faults again.
    if (previous.sa_flags & SA_SIGINFO) {
        previous.sa_sigaction(number, info, context);
    } else if (previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN) {
        signal(number, SIG_DFL);
    } else {
        previous.sa_handler(number);
    }
}

static void install(void) {
    // The jump leaves the handler without a return, so the signal must not be blocked by it.
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &previous);
}

int store_in_mapping(void *to, const void *from, size_t count) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
    sigjmp_buf here;
    if (sigsetjmp(here, 0) != 0) {
        escape = NULL;
        return EIO;
    }
    escape = &here;
    // Neither store may be moved to the other side of the copy.
    atomic_signal_fence(memory_order_seq_cst);
    memcpy(to, from, count);
    atomic_signal_fence(memory_order_seq_cst);
    escape = NULL;
    return 0;
}
