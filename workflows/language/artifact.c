/* What a text is, without reading it as YAML: the first key in the first column says the kind, its
 * value the id, and a later `version:` in the first column the version. So a text with a mistake
 * further down still has a name to report the mistake under. */
#include "base/assert.h"
#include "workflows/language/definition.h"

static const char *const kind_words[] = {"workflow",  "calendar", "policy",
                                         "directory", "story",    "coverage", "unknown"};

_Static_assert(sizeof kind_words / sizeof kind_words[0] == ARTIFACT_UNKNOWN + 1, "a word a kind");

const char *artifact_kind_word(enum artifact_kind kind)
{
    LD_ASSERT(kind <= ARTIFACT_UNKNOWN);
    return kind_words[kind];
}

enum artifact_kind artifact_kind_from_word(struct bytes word)
{
    for (int i = 0; i < ARTIFACT_UNKNOWN; i++) {
        if (bytes_is(word, kind_words[i]))
            return (enum artifact_kind)i;
    }
    return ARTIFACT_UNKNOWN;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\r' || byte == '\t';
}

static struct bytes trim(struct bytes text)
{
    while (text.size > 0 && is_blank(text.ptr[0]))
        text = bytes_slice(text, 1, text.size);
    while (text.size > 0 && is_blank(text.ptr[text.size - 1]))
        text.size--;
    return text;
}

/* A scalar without its comment and its quotes. */
static struct bytes plain_value(struct bytes text)
{
    struct bytes value = trim(text);
    size_t comment = bytes_find(value, BYTES_LITERAL(" #"));
    if (comment != SIZE_MAX)
        value = trim(bytes_slice(value, 0, comment));
    bool is_quoted = value.size >= 2 && (value.ptr[0] == '"' || value.ptr[0] == '\'')
                     && value.ptr[value.size - 1] == value.ptr[0];
    return is_quoted ? bytes_slice(value, 1, value.size - 2) : value;
}

/* The next line of the text from *at on. */
static struct bytes next_line(struct bytes text, size_t *at)
{
    struct bytes rest = bytes_slice(text, *at, text.size);
    size_t end = 0;
    while (end < rest.size && rest.ptr[end] != '\n')
        end++;
    *at += end + 1;
    return bytes_slice(rest, 0, end);
}

static uint32_t parse_version(struct bytes text)
{
    uint64_t version = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return 0;
        version = version * 10 + (uint64_t)(text.ptr[i] - '0');
        if (version > INT32_MAX)
            return 0;
    }
    return (uint32_t)version;
}

/* KEY: VALUE in the first column. */
static bool split_line(struct bytes line, struct bytes *ret_key, struct bytes *ret_value)
{
    size_t colon = bytes_find(line, BYTES_LITERAL(":"));
    bool has_key = line.size > 0 && !is_blank(line.ptr[0]) && line.ptr[0] != '#';
    if (!has_key || colon == SIZE_MAX)
        return false;
    *ret_key = trim(bytes_slice(line, 0, colon));
    *ret_value = plain_value(bytes_slice(line, colon + 1, line.size));
    return true;
}

struct artifact_name artifact_name_of(struct bytes text, struct arena *scratch)
{
    (void)scratch; /* views into the text are enough */
    struct artifact_name name = {.kind = ARTIFACT_UNKNOWN};
    struct bytes mark = BYTES_LITERAL("\uFEFF");
    struct bytes key, value;
    bool has_kind = false;
    for (size_t at = bytes_starts_with(text, mark) ? mark.size : 0; at < text.size;) {
        if (!split_line(next_line(text, &at), &key, &value))
            continue;
        if (!has_kind) {
            name.kind = artifact_kind_from_word(key);
            name.id = name.kind == ARTIFACT_UNKNOWN ? BYTES_NONE : value;
            has_kind = true;
        } else if (bytes_is(key, "version")) {
            name.version = parse_version(value);
        }
    }
    return name;
}
