/* Instants and dates become text here, in the zone of the directory, because people read them. */
#include "workers/form.h"

#include "base/assert.h"
#include "base/digest.h"

struct form form_open(struct arena *arena, uint32_t capacity, int zone_minutes)
{
    struct value_entry *entries = arena_alloc_array(arena, capacity, sizeof *entries);
    return (struct form){
        .arena = arena,
        .zone_minutes = zone_minutes,
        .map = {.entries = entries, .capacity = entries ? capacity : 0},
    };
}

struct value form_close(const struct form *form)
{
    return value_built(&form->map);
}

void form_value(struct form *form, const char *key, struct value value)
{
    if (form->map.capacity > 0)
        value_put(&form->map, key, value);
}

void form_text(struct form *form, const char *key, struct bytes text)
{
    if (text.size > 0)
        form_value(form, key, value_text(text));
}

void form_word(struct form *form, const char *key, const char *word)
{
    form_text(form, key, bytes_from_text(word));
}

void form_int(struct form *form, const char *key, int64_t number)
{
    form_value(form, key, value_int(number));
}

void form_bool(struct form *form, const char *key, bool is_true)
{
    form_value(form, key, value_bool(is_true));
}

enum { INSTANT_SIZE = 40 };

void form_instant(struct form *form, const char *key, int64_t instant_ms)
{
    void *memory = instant_ms == INSTANT_NONE ? NULL : arena_alloc(form->arena, INSTANT_SIZE);
    if (!memory)
        return;
    struct buffer buffer;
    buffer_init(&buffer, memory, INSTANT_SIZE);
    buffer_put_instant(&buffer, instant_ms, form->zone_minutes);
    form_text(form, key, buffer_bytes(&buffer));
}

void form_date(struct form *form, const char *key, int32_t date)
{
    if (date != DATE_NONE)
        form_value(form, key, value_date(date));
}

void form_digest(struct form *form, const char *key, const uint8_t *digest, size_t size)
{
    char *hex = arena_alloc(form->arena, 2 * size + 1);
    if (!hex)
        return;
    digest_hex(digest, size, hex);
    form_text(form, key, (struct bytes){(const uint8_t *)hex, 2 * size});
}

void form_title(struct form *form, const char *key, const struct title *title)
{
    if (title->zh.size == 0 && title->en.size == 0)
        return;
    struct form both = form_open(form->arena, 2, form->zone_minutes);
    form_text(&both, "zh", title->zh);
    form_text(&both, "en", title->en);
    form_value(form, key, form_close(&both));
}

void form_unit_title(struct form *form, const char *key, const struct directory *directory,
                     struct bytes unit)
{
    const struct unit *found = directory ? directory_unit(directory, unit) : NULL;
    if (found)
        form_title(form, key, &found->title);
}

struct value *form_items(struct arena *arena, uint32_t capacity)
{
    return arena_alloc_array(arena, capacity, sizeof(struct value));
}
