// libpq, which dials and signs in to databases (Debian: libpq-dev), and of OpenSSL, whose sessions it makes, what it
// takes to go on with one of them (Debian: libssl-dev).
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <postgresql/libpq-fe.h>

// Macros in OpenSSL's headers, which Swift cannot call.
static inline long sallyport_bio_pending(BIO *bio) { return BIO_pending(bio); }
static inline void sallyport_bio_wait_at_end(BIO *bio) { BIO_set_mem_eof_return(bio, -1); }
