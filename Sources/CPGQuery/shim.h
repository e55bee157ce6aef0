// PostgreSQL's own parser as a library (Debian: libpg-query-dev, libprotobuf-c-dev).
#include <pg_query.h>
#include <protobuf-c/protobuf-c.h>
#include <pg_query/pg_query.pb-c.h>
