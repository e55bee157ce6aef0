// libpq, which dials and signs in to databases (Debian: libpq-dev).
#include <postgresql/libpq-fe.h>
