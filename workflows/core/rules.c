/* Look-ups in what a case is judged by. The tables are sorted (bytes_compare) when they are
 * compiled, so that a look-up is a binary search and the same content is the same bytes. */
#include "workflows/core/rules.h"

#include "base/assert.h"

/* Each row of these tables begins with the name that it is sorted by. */
_Static_assert(offsetof(struct unit, id) == 0, "the key comes first");
_Static_assert(offsetof(struct directory_role, name) == 0, "the key comes first");
_Static_assert(offsetof(struct ladder, name) == 0, "the key comes first");

/* The row of that name, or NULL. */
static const void *find_row(const void *rows, uint32_t count, size_t row_size, struct bytes name)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const void *row = (const uint8_t *)rows + middle * row_size;
        int order = bytes_compare(*(const struct bytes *)row, name);
        if (order == 0)
            return row;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct unit *directory_unit(const struct directory *directory, struct bytes id)
{
    return find_row(directory->units, directory->unit_count, sizeof(struct unit), id);
}

const struct unit *directory_role_unit(const struct directory *directory, struct bytes role)
{
    const struct directory_role *found =
        find_row(directory->roles, directory->role_count, sizeof(struct directory_role), role);
    return found ? directory_unit(directory, found->unit) : NULL;
}

const struct ladder *policy_ladder(const struct policy *policy, struct bytes name)
{
    return find_row(policy->ladders, policy->ladder_count, sizeof(struct ladder), name);
}

const char *alert_level_word(enum alert_level level)
{
    static const char *const words[] = {
#define X(name, word, zh, en) word,
        ALERT_LEVEL_TABLE(X)
#undef X
    };
    _Static_assert(sizeof(words) / sizeof(words[0]) == ALERT_LEVEL_COUNT, "one word a level");
    LD_ASSERT(level < ALERT_LEVEL_COUNT);
    return words[level];
}
