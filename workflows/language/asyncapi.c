/* The document: each event is a message of one channel and an operation of its own, so that who may
 * publish it and what it answers stands beside it; the fates are the reply to all of them. AsyncAPI
 * describes the engine: it receives what agencies publish. */
#include "workflows/language/asyncapi.h"

#include "base/buffer.h"
#include "base/civil.h"
#include "workflows/language/asyncapi_parts.h"

#include <string.h>

enum { MAP_KEYS = 20 };

static struct bytes joined(struct arena *arena, const char *head, struct bytes name,
                           const char *tail)
{
    size_t size = strlen(head) + name.size + strlen(tail);
    uint8_t *memory = arena_alloc(arena, size + 1);
    struct buffer buffer;
    if (!memory)
        return BYTES_NONE;
    buffer_init(&buffer, memory, size);
    buffer_put_text(&buffer, head);
    buffer_put(&buffer, name);
    buffer_put_text(&buffer, tail);
    return buffer_bytes(&buffer);
}

const char *doc_key(struct arena *arena, const char *head, struct bytes name, const char *tail)
{
    return (const char *)joined(arena, head, name, tail).ptr; /* zeroed memory terminates it */
}

struct value doc_text(struct arena *arena, const char *head, struct bytes name, const char *tail)
{
    return value_text(joined(arena, head, name, tail));
}

struct value doc_ref(struct arena *arena, const char *folder, struct bytes name, const char *tail)
{
    struct value_builder map = doc_map(arena, 1);
    doc_put(&map, "$ref", doc_text(arena, folder, name, tail));
    return value_built(&map);
}

struct value doc_titles(struct arena *arena, const struct title *title)
{
    struct value_builder map = doc_map(arena, 2);
    doc_put(&map, "zh", value_text(title->zh));
    if (title->en.size)
        doc_put(&map, "en", value_text(title->en));
    return value_built(&map);
}

/* 线索移送 / Lead transferred. */
struct value doc_both(struct arena *arena, const struct title *title)
{
    if (!title->en.size || bytes_equal(title->zh, title->en))
        return value_text(title->zh);
    struct bytes head = joined(arena, "", title->zh, " / ");
    return doc_text(arena, head.ptr ? (const char *)head.ptr : "", title->en, "");
}

/* The engine's own event is published by nobody. */
static bool is_received(const struct program *program, uint32_t event)
{
    return (int32_t)event != program->joined_event;
}

static struct value effective(const struct program *program, struct arena *arena)
{
    uint8_t memory[32];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    if (program->effective_from != DATE_MIN)
        buffer_put_date(&buffer, program->effective_from);
    buffer_put_text(&buffer, "..");
    if (program->effective_until != DATE_MAX)
        buffer_put_date(&buffer, program->effective_until);
    return value_text(arena_copy(arena, buffer_bytes(&buffer)));
}

static struct value tags(const struct program *program, struct arena *arena)
{
    struct doc_list list = doc_list(arena, program->label_count);
    for (uint32_t i = 0; i < program->label_count; i++) {
        struct value_builder map = doc_map(arena, 1);
        doc_put(&map, "name", value_text(program->labels[i]));
        doc_add(&list, value_built(&map));
    }
    return doc_listed(&list);
}

static struct value version_text(const struct program *program, struct arena *arena)
{
    uint8_t memory[16];
    struct buffer buffer;
    buffer_init(&buffer, memory, sizeof memory);
    buffer_put_decimal(&buffer, program->version);
    return value_text(arena_copy(arena, buffer_bytes(&buffer)));
}

static struct value info(const struct program *program, struct arena *arena)
{
    struct value_builder map = doc_map(arena, MAP_KEYS);
    doc_put(&map, "title", doc_both(arena, &program->title));
    doc_put(&map, "version", version_text(program, arena));
    doc_words(
        &map, "description",
        "各单位向联动发布的事件:"
        "谁可以发布、带什么数据、得到什么答复。每个事件都有且只有一个处理结果;没有"
        "收到结果就用同一个 id 再发一次,重发只会得到第一次的结果。\n\nThe events that agencies "
        "publish to "
        "Liandong: who may, with which data, and what the answer is. Every event has exactly one "
        "fate; without an answer send it again with the same id, and the first fate comes back.");
    doc_put(&map, "tags", tags(program, arena));
    doc_put(&map, "x-workflow", value_text(program->id));
    doc_put(&map, "x-title", doc_titles(arena, &program->title));
    if (program->basis.size)
        doc_put(&map, "x-basis", value_text(program->basis));
    if (program->calendar.size)
        doc_put(&map, "x-calendar", value_text(program->calendar));
    doc_put(&map, "x-effective", effective(program, arena));
    return value_built(&map);
}

static struct value servers(struct arena *arena)
{
    struct value_builder server = doc_map(arena, 4), map = doc_map(arena, 1);
    doc_words(&server, "host", "localhost:7710");
    doc_words(&server, "protocol", "zmq");
    doc_words(&server, "protocolVersion", "3.1");
    doc_words(&server, "description",
              "占位地址,换成本市消息代理的地址。 A placeholder: put your city's broker here.");
    doc_put(&map, "broker", value_built(&server));
    return value_built(&map);
}

static struct value sender(const struct program *program, const struct event_sender *from,
                           struct arena *arena)
{
    struct value_builder map = doc_map(arena, 3);
    if (from->party == INDEX_NONE) {
        doc_put(&map, "kind", value_text(from->kind));
    } else {
        const struct party *party = &program->parties[from->party];
        doc_put(&map, "party", value_text(party->name));
        doc_put(&map, "title", doc_titles(arena, &party->title));
        if (party->kind.size)
            doc_put(&map, "kind", value_text(party->kind));
    }
    return value_built(&map);
}

/* Who, in words: `x-from` is for programs. */
static struct value rule_text(const struct program *program, const struct event_type *event,
                              struct arena *arena)
{
    struct bytes zh = joined(arena, "可由以下单位发布:", BYTES_NONE, "");
    struct bytes en = joined(arena, "Published by: ", BYTES_NONE, "");
    for (uint32_t i = 0; i < event->from_count && zh.ptr && en.ptr; i++) {
        const struct event_sender *from = &event->from[i];
        bool is_kind = from->party == INDEX_NONE;
        struct title kind = {from->kind, from->kind};
        const struct title *name = is_kind ? &kind : &program->parties[from->party].title;
        struct bytes next_zh = joined(arena, (const char *)zh.ptr, name->zh, "、");
        struct bytes next_en =
            joined(arena, (const char *)en.ptr, name->en.size ? name->en : name->zh, ", ");
        bool is_last = i + 1 == event->from_count;
        zh = bytes_slice(next_zh, 0, next_zh.size - (is_last && next_zh.ptr ? 3 : 0));
        en = bytes_slice(next_en, 0, next_en.size - (is_last && next_en.ptr ? 2 : 0));
    }
    struct bytes chief =
        event->role.size ? joined(arena, ";须由职务 ", event->role, " 决定") : BYTES_NONE;
    struct bytes all = joined(arena, "", zh, "");
    all = joined(arena, all.ptr ? (const char *)all.ptr : "", chief, "。\n\n");
    all = joined(arena, all.ptr ? (const char *)all.ptr : "", en, "");
    chief = event->role.size
                ? joined(arena, "; decided by a person with the role ", event->role, "")
                : BYTES_NONE;
    return doc_text(arena, all.ptr ? (const char *)all.ptr : "", chief, ".");
}

static struct value senders(const struct program *program, const struct event_type *event,
                            struct arena *arena)
{
    struct doc_list list = doc_list(arena, event->from_count);
    for (uint32_t i = 0; i < event->from_count; i++)
        doc_add(&list, sender(program, &event->from[i], arena));
    return doc_listed(&list);
}

static struct value taken_in(const struct program *program, int32_t event, struct arena *arena)
{
    struct doc_list list = doc_list(arena, program->state_count);
    for (uint32_t i = 0; i < program->state_count; i++) {
        if (program_handler(program, (int32_t)i, event))
            doc_add(&list, value_text(program->states[i].name));
    }
    return doc_listed(&list);
}

static struct value message(const struct program *program, uint32_t index, struct arena *arena)
{
    const struct event_type *event = &program->events[index];
    struct value_builder map = doc_map(arena, MAP_KEYS);
    doc_put(&map, "name", value_text(event->name));
    doc_put(&map, "title", doc_both(arena, &event->title));
    doc_put(&map, "description", rule_text(program, event, arena));
    doc_words(&map, "contentType", "application/msgpack");
    doc_put(&map, "headers", doc_ref(arena, "#/components/schemas/publish.header", BYTES_NONE, ""));
    doc_put(&map, "payload", doc_ref(arena, "#/components/schemas/", event->name, ""));
    doc_put(&map, "x-title", doc_titles(arena, &event->title));
    doc_put(&map, "x-from", senders(program, event, arena));
    if (event->role.size)
        doc_put(&map, "x-role", value_text(event->role));
    if (event->date_field != INDEX_NONE)
        doc_put(&map, "x-legal-date", value_text(event->fields[event->date_field].name));
    doc_put(&map, "x-opens-case", value_bool(program->start_event == (int32_t)index));
    doc_put(&map, "x-taken-in", taken_in(program, (int32_t)index, arena));
    return value_built(&map);
}

struct value doc_constant(struct arena *arena, struct bytes text)
{
    struct value_builder map = doc_map(arena, 2);
    doc_words(&map, "type", "string");
    doc_put(&map, "const", value_text(text));
    return value_built(&map);
}

struct value doc_described(struct arena *arena, struct value schema, const char *text)
{
    struct value_builder map = doc_map(arena, 8);
    for (uint32_t i = 0; i < schema.as.map.count && map.count < 7; i++)
        doc_put(&map, (const char *)schema.as.map.entries[i].key.ptr,
                schema.as.map.entries[i].value);
    doc_words(&map, "description", text);
    return value_built(&map);
}

struct value doc_instant(struct arena *arena)
{
    struct value_builder map = doc_map(arena, 3);
    doc_words(&map, "type", "string");
    doc_words(&map, "format", "date-time");
    doc_words(&map, "description", "事件发生的时间(RFC 3339)。 When it happened (RFC 3339).");
    return value_built(&map);
}

static bool has_required(const struct event_type *event)
{
    bool is_found = false;
    for (uint32_t i = 0; !is_found && i < event->field_count; i++)
        is_found = !event->fields[i].is_optional && event->fields[i].initial.kind == VALUE_NONE;
    return is_found;
}

static struct value required_of(const struct event_type *event, struct arena *arena)
{
    struct doc_list list = doc_list(arena, 6);
    doc_add(&list, value_words("id"));
    doc_add(&list, value_words("source"));
    doc_add(&list, value_words("type"));
    doc_add(&list, value_words("subject"));
    if (event->role.size)
        doc_add(&list, value_words("role"));
    if (has_required(event))
        doc_add(&list, value_words("data"));
    return doc_listed(&list);
}

/* CloudEvents 1.0 with two extensions (PROTOCOL.md §5). */
static struct value envelope(const struct program *program, const struct event_type *event,
                             struct arena *arena)
{
    struct value_builder properties = doc_map(arena, 9), map = doc_map(arena, 6);
    doc_put(&properties, "specversion", doc_constant(arena, BYTES_LITERAL("1.0")));
    doc_put(&properties, "id",
            doc_described(arena, doc_string(arena, EVENT_ID_MAX, NULL),
                          "在本单位内唯一;同一 source 与 id 即同一事件。 Unique for its source."));
    doc_put(&properties, "source",
            doc_described(arena, doc_string(arena, NAME_MAX_SIZE, DOC_UNIT_PATTERN),
                          "发布单位的代号(名录)。 The publishing unit's id in the directory."));
    doc_put(&properties, "type", doc_constant(arena, event->name));
    doc_put(&properties, "subject",
            doc_described(
                arena, doc_string(arena, CASE_ID_MAX, NULL),
                "案件编号,至多 96 字节;下级案件为 上级案件/名称。 The case id, at most 96 bytes; a "
                "sub-case is PARENT/name."));
    doc_put(&properties, "time", doc_instant(arena));
    doc_put(&properties, "role",
            event->role.size ? doc_constant(arena, event->role)
                             : doc_string(arena, NAME_MAX_SIZE, NULL));
    doc_put(&properties, "workflow", doc_constant(arena, program->id));
    doc_put(&properties, "data", doc_ref(arena, "#/components/schemas/", event->name, ".data"));
    doc_words(&map, "$schema", "https://json-schema.org/draft/2020-12/schema");
    doc_put(&map, "title", doc_both(arena, &event->title));
    doc_words(&map, "type", "object");
    doc_put(&map, "properties", value_built(&properties));
    doc_put(&map, "required", required_of(event, arena));
    return value_built(&map);
}

static struct value schemas(const struct program *program, struct arena *arena)
{
    uint32_t emitted = doc_emitted_count(program);
    struct value_builder map = doc_map(arena, (program->event_count + emitted) * 2 + 4);
    for (uint32_t i = 0; i < program->event_count; i++) {
        const struct event_type *event = &program->events[i];
        if (!is_received(program, i))
            continue;
        doc_put(&map, doc_key(arena, "", event->name, ""), envelope(program, event, arena));
        doc_put(&map, doc_key(arena, "", event->name, ".data"),
                asyncapi_schema(event->fields, event->field_count, arena));
    }
    doc_put(&map, "publish.header", asyncapi_header_schema(arena, "publish"));
    doc_put(&map, "fates.header", asyncapi_header_schema(arena, "fates"));
    doc_put(&map, "fates", asyncapi_fate_schema(program, arena));
    doc_put_emitted_schemas(&map, program, arena);
    return value_built(&map);
}

static struct value fates_message(struct arena *arena)
{
    struct value_builder map = doc_map(arena, MAP_KEYS);
    doc_words(&map, "name", "fates");
    doc_words(&map, "title", "处理结果 / Fates");
    doc_words(&map, "description",
              "每个事件一个结果,次序与发布时相同;有结果即已落盘。\n\nOne fate for each event, in "
              "order; what has "
              "a fate is on disk.");
    doc_words(&map, "contentType", "application/msgpack");
    doc_put(&map, "headers", doc_ref(arena, "#/components/schemas/fates.header", BYTES_NONE, ""));
    doc_put(&map, "payload", doc_ref(arena, "#/components/schemas/fates", BYTES_NONE, ""));
    return value_built(&map);
}

static struct value components(const struct program *program, struct arena *arena)
{
    struct value_builder map = doc_map(arena, 2);
    struct value_builder messages =
        doc_map(arena, program->event_count + doc_emitted_count(program) + 1);
    for (uint32_t i = 0; i < program->event_count; i++) {
        if (is_received(program, i))
            doc_put(&messages, doc_key(arena, "", program->events[i].name, ""),
                    message(program, i, arena));
    }
    doc_put(&messages, "fates", fates_message(arena));
    doc_put_emitted_messages(&messages, program, arena);
    doc_put(&map, "messages", value_built(&messages));
    doc_put(&map, "schemas", schemas(program, arena));
    return value_built(&map);
}

static struct value channel(struct arena *arena, const char *address, const char *text,
                            struct value messages)
{
    struct value_builder map = doc_map(arena, 4);
    struct doc_list list = doc_list(arena, 1);
    doc_add(&list, doc_ref(arena, "#/servers/broker", BYTES_NONE, ""));
    doc_words(&map, "address", address);
    doc_words(&map, "description", text);
    doc_put(&map, "servers", doc_listed(&list));
    doc_put(&map, "messages", messages);
    return value_built(&map);
}

static struct value channels(const struct program *program, struct arena *arena)
{
    struct value_builder map = doc_map(arena, 3), fates = doc_map(arena, 1);
    struct value_builder events = doc_map(arena, program->event_count);
    for (uint32_t i = 0; i < program->event_count; i++) {
        if (is_received(program, i))
            doc_put(&events, doc_key(arena, "", program->events[i].name, ""),
                    doc_ref(arena, "#/components/messages/", program->events[i].name, ""));
    }
    doc_put(&fates, "fates", doc_ref(arena, "#/components/messages/fates", BYTES_NONE, ""));
    doc_put(
        &map, "events",
        channel(arena, "publish",
                "ZeroMQ DEALER 套接字,每条报文两帧 msgpack:报文头 {kind: publish, seq, part} 与 1 "
                "至 1000 "
                "个事件的列表。先发 hello。细节见 PROTOCOL.md。\n\nA ZeroMQ DEALER socket; a "
                "message is two "
                "frames of msgpack: the header {kind: publish, seq, part} and a list of 1 to 1000 "
                "events. Greet with hello first. PROTOCOL.md has it all.",
                value_built(&events)));
    doc_put(&map, "fates",
            channel(arena, "fates",
                    "同一套接字上的答复,seq 与所答的报文相同。\n\nThe answer on the same socket, "
                    "with the seq of "
                    "what it answers.",
                    value_built(&fates)));
    if (doc_emitted_count(program))
        doc_put(&map, "emitted",
                channel(arena, "subscribe",
                        "流程自己发出的事件:发给另一案件的由引擎投递,订阅者也可以收取。至少一次;"
                        "同一 id 即同一事件。\n\nEvents that the workflow itself emits: the engine "
                        "delivers those for another case, and subscribers may fetch them. At least "
                        "once; the same id is the same event.",
                        doc_emitted_refs(program, arena)));
    return value_built(&map);
}

static struct value reply(struct arena *arena)
{
    struct value_builder map = doc_map(arena, 2);
    struct doc_list list = doc_list(arena, 1);
    doc_add(&list, doc_ref(arena, "#/channels/fates/messages/fates", BYTES_NONE, ""));
    doc_put(&map, "channel", doc_ref(arena, "#/channels/fates", BYTES_NONE, ""));
    doc_put(&map, "messages", doc_listed(&list));
    return value_built(&map);
}

static struct value operation(const struct program *program, const struct event_type *event,
                              struct arena *arena)
{
    struct value_builder map = doc_map(arena, 6);
    struct doc_list list = doc_list(arena, 1);
    doc_add(&list, doc_ref(arena, "#/channels/events/messages/", event->name, ""));
    doc_words(&map, "action", "receive");
    doc_put(&map, "channel", doc_ref(arena, "#/channels/events", BYTES_NONE, ""));
    doc_put(&map, "title", doc_both(arena, &event->title));
    doc_put(&map, "description", rule_text(program, event, arena));
    doc_put(&map, "messages", doc_listed(&list));
    doc_put(&map, "reply", reply(arena));
    return value_built(&map);
}

static struct value operations(const struct program *program, struct arena *arena)
{
    struct value_builder map = doc_map(arena, program->event_count + doc_emitted_count(program));
    for (uint32_t i = 0; i < program->event_count; i++) {
        if (is_received(program, i))
            doc_put(&map, doc_key(arena, "", program->events[i].name, ""),
                    operation(program, &program->events[i], arena));
    }
    doc_put_emitted_operations(&map, program, arena);
    return value_built(&map);
}

struct value asyncapi_document(const struct program *program, struct arena *arena)
{
    struct value_builder map = doc_map(arena, 8);
    arena->is_exhausted = false;
    doc_words(&map, "asyncapi", "3.0.0");
    doc_put(&map, "id", doc_text(arena, "urn:liandong:workflow:", program->id, ""));
    doc_put(&map, "info", info(program, arena));
    doc_words(&map, "defaultContentType", "application/msgpack");
    doc_put(&map, "servers", servers(arena));
    doc_put(&map, "channels", channels(program, arena));
    doc_put(&map, "operations", operations(program, arena));
    doc_put(&map, "components", components(program, arena));
    return arena->is_exhausted ? VALUE_ABSENT : value_built(&map);
}
