#define _XOPEN_SOURCE 700 /* nftw */

#include "agenda_fixture.h"

#include "base/civil.h"
#include "proto/ask.h"
#include "workers/ask.h"

#include <ftw.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { FIXTURE_ARENA = 32 << 20, TEXT_MAX = 1 << 20 };

/* --- JSON ------------------------------------------------------------------------------------ */

static struct value from_json(struct arena *arena, const json_t *json);

static struct value list_from(struct arena *arena, const json_t *json)
{
    uint32_t count = (uint32_t)json_array_size(json);
    struct value *items = arena_alloc_array(arena, count, sizeof *items);
    for (uint32_t i = 0; i < count; i++)
        items[i] = from_json(arena, json_array_get(json, i));
    return value_list(items, count);
}

static struct value map_from(struct arena *arena, json_t *json)
{
    struct value_entry *entries = arena_alloc_array(arena, json_object_size(json), sizeof *entries);
    uint32_t count = 0;
    const char *key;
    json_t *member;
    json_object_foreach(json, key, member)
    {
        entries[count].key = arena_copy(arena, bytes_from_text(key));
        entries[count++].value = from_json(arena, member);
    }
    return value_map(entries, count);
}

static struct value from_json(struct arena *arena, const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT: return map_from(arena, (json_t *)(uintptr_t)json);
    case JSON_ARRAY: return list_from(arena, json);
    case JSON_STRING:
        return value_text(arena_copy(arena, bytes_from_text(json_string_value(json))));
    case JSON_INTEGER: return value_int(json_integer_value(json));
    case JSON_REAL: return value_double(json_real_value(json));
    case JSON_TRUE: return value_bool(true);
    case JSON_FALSE: return value_bool(false);
    case JSON_NULL: break;
    }
    return VALUE_ABSENT;
}

struct value json_value(struct arena *arena, const char *json)
{
    json_error_t error;
    json_t *root = json_loads(json, 0, &error);
    if (!root)
        fail_msg("%s: %s", error.text, json);
    struct value value = from_json(arena, root);
    json_decref(root);
    return value;
}

/* --- looking into answers --------------------------------------------------------------------- */

static const struct value *child(const struct value *value, struct bytes name)
{
    if (!value || value->kind != VALUE_LIST)
        return value ? value_get_bytes(value, name) : NULL;
    uint32_t index = 0;
    for (size_t i = 0; i < name.size; i++)
        index = index * 10 + (uint32_t)(name.ptr[i] - '0');
    return index < value->as.list.count ? &value->as.list.items[index] : NULL;
}

static const struct value *find(const struct value *value, const char *path)
{
    while (value && *path) {
        size_t size = strcspn(path, ".");
        value = child(value, (struct bytes){(const uint8_t *)path, size});
        path += size + (path[size] == '.');
    }
    return value;
}

bool has_value_at(const struct value *value, const char *path)
{
    return find(value, path) != NULL;
}

const struct value *value_at(const struct value *value, const char *path)
{
    const struct value *found = find(value, path);
    if (!found)
        fail_msg("nothing at %s", path);
    return found;
}

void assert_text_at(const struct value *value, const char *path, const char *expected)
{
    const struct value *found = value_at(value, path);
    if (found->kind != VALUE_TEXT || !bytes_is(found->as.text, expected))
        fail_msg("%s: expected %s, found %.*s", path, expected,
                 found->kind == VALUE_TEXT ? (int)found->as.text.size : 0,
                 found->kind == VALUE_TEXT ? (const char *)found->as.text.ptr : "");
}

int64_t int_at(const struct value *value, const char *path)
{
    const struct value *found = value_at(value, path);
    assert_int_equal(found->kind, VALUE_INT);
    return found->as.integer;
}

uint32_t count_at(const struct value *value, const char *path)
{
    const struct value *found = value_at(value, path);
    assert_int_equal(found->kind, VALUE_LIST);
    return found->as.list.count;
}

/* --- life ------------------------------------------------------------------------------------ */

static struct bytes file_text(struct arena *arena, const char *name)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/workflows/%s", LIANDONG_SOURCE, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot open %s", path);
    uint8_t *text = arena_alloc(arena, DEFINITION_SIZE_MAX);
    size_t size = fread(text, 1, DEFINITION_SIZE_MAX, file);
    (void)fclose(file);
    return (struct bytes){text, size};
}

static void begin(struct fixture *fixture)
{
    struct agenda_rooms rooms = {.store = fixture->store,
                                 .shelf = fixture->shelf,
                                 .clock = &fixture->clock,
                                 .poison = &fixture->poison};
    struct agenda_recovery recovery;
    shelf_init(fixture->shelf);
    fixture->agenda = agenda_create(&rooms);
    assert_non_null(fixture->agenda);
    assert_int_equal(agenda_recover(fixture->agenda, &recovery), LD_OK);
    if (recovery.has_happenings)
        assert_true(recovery.now_ms <= fixture->clock.now_ms);
}

static int64_t instant(const char *text)
{
    int64_t instant_ms = 0;
    assert_true(instant_parse(bytes_from_text(text), 480, &instant_ms));
    return instant_ms;
}

static void seed(struct fixture *fixture, const char *at)
{
    static const char *const files[] = {"calendars/cn.yaml", "catalog/directory.yaml",
                                        "policies/standard.yaml",
                                        "catalog/administrative-public-interest.yaml"};
    struct store_artifact artifacts[4] = {0};
    arena_init(&fixture->arena, malloc(FIXTURE_ARENA), FIXTURE_ARENA);
    list_init(&fixture->inbox);
    list_init(&fixture->outbox);
    fixture->shelf = calloc(1, sizeof *fixture->shelf);
    assert_int_equal(poison_open(&fixture->poison, NULL), LD_OK);
    engine_clock_manual(&fixture->clock, instant(at));
    begin(fixture);
    for (size_t i = 0; i < 4; i++) {
        artifacts[i].text = file_text(&fixture->arena, files[i]);
        artifacts[i].id = bytes_from_text(files[i]);
    }
    assert_int_equal(agenda_seed(fixture->agenda, artifacts, 4), LD_OK);
}

void fixture_open(struct fixture *fixture, const char *at)
{
    static const struct store_identity identity = {.partition = 0, .partitions = 1};
    memset(fixture, 0, sizeof *fixture);
    fixture->store = store_mem_create(&identity);
    seed(fixture, at);
}

void fixture_open_lmdb(struct fixture *fixture, const char *at)
{
    memset(fixture, 0, sizeof *fixture);
    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/liandong-agenda-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    size_t size = strlen(fixture->folder);
    (void)snprintf(fixture->folder + size, sizeof fixture->folder - size, "/data");
    assert_int_equal(store_lmdb_create(fixture->folder, 1), LD_OK);
    assert_int_equal(store_lmdb_open(fixture->folder, 0, &fixture->store), LD_OK);
    seed(fixture, at);
}

static void end(struct fixture *fixture)
{
    agenda_destroy(fixture->agenda);
    shelf_fini(fixture->shelf);
}

void fixture_crash(struct fixture *fixture)
{
    end(fixture);
    if (fixture->folder[0]) {
        fixture->store->ops->close(fixture->store);
        assert_int_equal(store_lmdb_open(fixture->folder, 0, &fixture->store), LD_OK);
    } else {
        store_mem_crash(fixture->store);
    }
    begin(fixture);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static void destroy_all(struct list *list)
{
    while (!list_is_empty(list)) {
        struct message *message = MESSAGE_OF(list->next);
        list_remove(&message->node);
        message_destroy(message);
    }
}

void fixture_close(struct fixture *fixture)
{
    end(fixture);
    destroy_all(&fixture->inbox);
    destroy_all(&fixture->outbox);
    fixture->store->ops->close(fixture->store);
    if (fixture->folder[0]) {
        *strrchr(fixture->folder, '/') = '\0';
        assert_int_equal(nftw(fixture->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
    }
    poison_close(&fixture->poison);
    free(fixture->shelf);
    free(fixture->arena.block);
}

/* --- messages -------------------------------------------------------------------------------- */

struct message *fixture_send(struct fixture *fixture, enum wire_kind kind, const char *json,
                             bool is_again)
{
    struct value value = json_value(&fixture->arena, json);
    void *memory = malloc(TEXT_MAX);
    struct buffer buffer;
    buffer_init(&buffer, memory, TEXT_MAX);
    codec_encode(&value, &buffer);
    assert_false(buffer.is_full);
    struct wire_header header = {
        .token = ++fixture->next_token, .inner = kind, .is_again = is_again};
    struct message *message = message_create(&header, buffer_bytes(&buffer));
    free(memory);
    list_push_back(&fixture->inbox, &message->node);
    return message;
}

void fixture_turn(struct fixture *fixture)
{
    do {
        assert_int_equal(agenda_turn(fixture->agenda, &fixture->inbox, &fixture->outbox),
                         AGENDA_OK);
    } while (agenda_is_busy(fixture->agenda) || !list_is_empty(&fixture->inbox));
}

static struct value answer_of(struct fixture *fixture, struct message *message)
{
    struct value value = VALUE_ABSENT;
    assert_int_not_equal(message->answer, WIRE_KIND_COUNT);
    struct bytes body = arena_copy(&fixture->arena, message->answer_body);
    if (body.size)
        assert_int_equal(codec_decode(body, WIRE_ANSWER_DEPTH_MAX, &fixture->arena, &value), LD_OK);
    list_remove(&message->node);
    message_destroy(message);
    return value;
}

struct value fixture_publish(struct fixture *fixture, const char *json)
{
    struct message *message = fixture_send(fixture, WIRE_PUBLISH, json, false);
    fixture_turn(fixture);
    return answer_of(fixture, message);
}

struct value fixture_ask(struct fixture *fixture, const char *json)
{
    struct message *message = fixture_send(fixture, WIRE_REQUEST, json, false);
    fixture_turn(fixture);
    return answer_of(fixture, message);
}

static struct bytes changed(struct arena *arena, struct bytes text, const char *old,
                            const char *new)
{
    size_t at = bytes_find(text, bytes_from_text(old));
    assert_int_not_equal(at, SIZE_MAX);
    size_t size = text.size + strlen(new);
    struct buffer buffer;
    buffer_init(&buffer, arena_alloc(arena, size), size);
    buffer_put(&buffer, bytes_slice(text, 0, at));
    buffer_put_text(&buffer, new);
    buffer_put(&buffer, bytes_slice(text, at + strlen(old), SIZE_MAX));
    return buffer_bytes(&buffer);
}

struct value fixture_deploy(struct fixture *fixture, const char *file, const char *const *changes)
{
    struct bytes text = file_text(&fixture->arena, file);
    for (; *changes; changes += 2)
        text = changed(&fixture->arena, text, changes[0], changes[1]);
    json_t *json =
        json_pack("{s:s, s:s%}", "ask", "deploy", "text", (const char *)text.ptr, text.size);
    char *request = json_dumps(json, 0);
    struct value answer = fixture_ask(fixture, request);
    free(request);
    json_decref(json);
    return answer;
}

struct value fixture_query(struct fixture *fixture, const char *json)
{
    struct value question = json_value(&fixture->arena, json);
    struct bytes word = value_get_text(&question, "ask");
    uint64_t position = 0;
    struct ask ask = {.question = &question,
                      .arena = &fixture->arena,
                      .store = fixture->store,
                      .shelf = fixture->shelf,
                      .now_ms = fixture->clock.now_ms};
    assert_int_equal(fixture->store->ops->merge(fixture->store), LD_OK);
    assert_int_equal(ask.store->ops->open_view(ask.store, &ask.view), LD_OK);
    if (bytes_is(word, ASK_CASES))
        ask_cases(&ask, ask_max(&ask));
    else if (bytes_is(word, ASK_OVERDUE))
        ask_overdue(&ask, ask_max(&ask));
    else if (bytes_is(word, ASK_ARTIFACTS))
        ask_artifacts(&ask);
    else if (!ask_fetch(&ask, &position, ask_max(&ask)))
        ask_fetch_nothing(&ask, position);
    ask.store->ops->close_view(ask.view);
    assert_int_equal(ask.code, WIRE_ERROR_NONE);
    return ask.answer;
}

void fixture_advance(struct fixture *fixture, const char *to)
{
    char json[200];
    (void)snprintf(json, sizeof json, "{\"ask\": \"clock\", \"to\": \"%s\"}", to);
    struct value answer = fixture_ask(fixture, json);
    assert_text_at(&answer, "now", to);
}

struct bytes fixture_record(struct fixture *fixture, const char *id)
{
    struct bytes record = BYTES_NONE;
    assert_int_equal(
        fixture->store->ops->get(fixture->store, bytes_from_text(id), &fixture->arena, &record),
        LD_OK);
    return record;
}
