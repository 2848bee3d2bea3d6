#include "base/digest.h"

#include "base/assert.h"

#include <openssl/evp.h>
#include <string.h>

void digest_parts(const struct bytes *parts, size_t count, uint8_t ret_digest[DIGEST_SIZE])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned int size = 0;
    /* OpenSSL fails here only without memory or without its SHA-256: neither can be served. */
    LD_ASSERT(context);
    LD_ASSERT(EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
    for (size_t i = 0; i < count; i++)
        LD_ASSERT(EVP_DigestUpdate(context, parts[i].ptr, parts[i].size) == 1);
    LD_ASSERT(EVP_DigestFinal_ex(context, ret_digest, &size) == 1);
    LD_ASSERT(size == DIGEST_SIZE);
    EVP_MD_CTX_free(context);
}

void digest_of(struct bytes bytes, uint8_t ret_digest[DIGEST_SIZE])
{
    digest_parts(&bytes, 1, ret_digest);
}

void digest_event(struct bytes source, struct bytes id, uint8_t ret_digest[EVENT_DIGEST_SIZE])
{
    static const uint8_t zero = 0;
    uint8_t digest[DIGEST_SIZE];
    struct bytes parts[] = {source, {&zero, 1}, id};
    digest_parts(parts, 3, digest);
    memcpy(ret_digest, digest, EVENT_DIGEST_SIZE);
}

void digest_hex(const uint8_t *digest, size_t size, char *ret_hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        ret_hex[2 * i] = digits[digest[i] >> 4];
        ret_hex[2 * i + 1] = digits[digest[i] & 15];
    }
    ret_hex[2 * size] = '\0';
}
