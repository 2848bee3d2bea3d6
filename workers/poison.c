/* The file is written before the event is touched, and not synced: it has to outlive the process,
 * not the machine.
 *
 * A write that fails is passed over: then the event is tried once more than it should be. */
#include "workers/poison.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { SUSPECT_SIZE = EVENT_DIGEST_SIZE + 1 };

static void save(const struct poison *poison)
{
    uint8_t bytes[POISON_MAX * SUSPECT_SIZE];
    if (poison->file < 0)
        return;
    for (uint32_t i = 0; i < poison->count; i++) {
        memcpy(bytes + i * SUSPECT_SIZE, poison->suspects[i].digest, EVENT_DIGEST_SIZE);
        bytes[i * SUSPECT_SIZE + EVENT_DIGEST_SIZE] = poison->suspects[i].tries;
    }
    size_t size = (size_t)poison->count * SUSPECT_SIZE;
    if (pwrite(poison->file, bytes, size, 0) == (ssize_t)size)
        (void)!ftruncate(poison->file, (off_t)size); /* what is left behind is an old suspect */
}

enum ld_err poison_open(struct poison *poison, const char *path)
{
    uint8_t bytes[POISON_MAX * SUSPECT_SIZE];
    *poison = (struct poison){.file = -1};
    if (!path)
        return LD_OK;
    poison->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (poison->file < 0)
        return LD_IO;
    ssize_t size = pread(poison->file, bytes, sizeof bytes, 0);
    for (ssize_t at = 0; at + SUSPECT_SIZE <= size; at += SUSPECT_SIZE) {
        struct suspect *suspect = &poison->suspects[poison->count++];
        memcpy(suspect->digest, bytes + at, EVENT_DIGEST_SIZE);
        suspect->tries = bytes[at + EVENT_DIGEST_SIZE];
    }
    return size < 0 ? LD_IO : LD_OK;
}

void poison_close(struct poison *poison)
{
    if (poison->file >= 0)
        (void)close(poison->file); /* nothing of it must be durable */
    poison->file = -1;
}

static struct suspect *find(const struct poison *poison, const uint8_t *digest)
{
    for (uint32_t i = 0; i < poison->count; i++) {
        if (memcmp(poison->suspects[i].digest, digest, EVENT_DIGEST_SIZE) == 0)
            return (struct suspect *)&poison->suspects[i];
    }
    return NULL;
}

bool poison_is_suspect(const struct poison *poison, const uint8_t digest[EVENT_DIGEST_SIZE])
{
    return find(poison, digest) != NULL;
}

bool poison_is_quarantined(const struct poison *poison, const uint8_t digest[EVENT_DIGEST_SIZE])
{
    const struct suspect *suspect = poison->count ? find(poison, digest) : NULL;
    return suspect && suspect->tries >= POISON_TRIES;
}

static void drop(struct poison *poison, uint32_t index)
{
    poison->count--;
    memmove(&poison->suspects[index], &poison->suspects[index + 1],
            (poison->count - index) * sizeof *poison->suspects);
}

/* The oldest suspect makes room; the quarantined stay unless all are. */
static void make_room(struct poison *poison)
{
    uint32_t oldest = 0;
    while (oldest + 1 < poison->count && poison->suspects[oldest].tries >= POISON_TRIES)
        oldest++;
    drop(poison, oldest);
}

bool poison_begin(struct poison *poison, const uint8_t digest[EVENT_DIGEST_SIZE])
{
    struct suspect *suspect = find(poison, digest);
    if (suspect && suspect->tries >= POISON_TRIES)
        return false;
    if (!suspect) {
        if (poison->count == POISON_MAX)
            make_room(poison);
        suspect = &poison->suspects[poison->count++];
        memcpy(suspect->digest, digest, EVENT_DIGEST_SIZE);
        suspect->tries = 0;
    }
    suspect->tries++;
    save(poison);
    return true;
}

void poison_end(struct poison *poison, const uint8_t digest[EVENT_DIGEST_SIZE])
{
    const struct suspect *suspect = find(poison, digest);
    if (!suspect)
        return;
    drop(poison, (uint32_t)(suspect - poison->suspects));
    save(poison);
}
