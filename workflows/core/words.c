/* The stable words and the sentences of fates, refusals and reasons, in one table each. */
#include "workflows/core/case.h"

static const struct word_row fates[] = {
#define X(name, word, zh, en) {word, zh, en},
    FATE_TABLE(X)
#undef X
};

static const struct word_row refusals[] = {
#define X(name, word, zh, en) {word, zh, en},
    REFUSAL_TABLE(X)
#undef X
};

static const struct word_row reasons[] = {
    {"name", "名称为空,或者含有“/”或控制字符",
     "its name is empty or has a '/' or a control character"},
    {"too long", "编号过长", "its id would be too long"},
    {"too deep", "层数过多", "it would be too deep"},
    {"too many", "下级案件过多", "the case has too many sub-cases"},
    {"used", "名称已用过", "the name was used before"},
    {"no such workflow", "没有这个流程", "there is no such workflow"},
    {"hops", "接连发出的事件过多", "too many emitted events in a row"},
    {"subject", "对方案件的编号不合规定", "the other case's id is not lawful"},
    {"no sender", "没有发布单位", "there is no sender"},
    {"overflow", "溢出", "a number grew too large"},
    {"divide-by-zero", "除以零", "a division by zero"},
    {"no-such-field", "没有该字段", "there is no such field"},
    {"no-overload", "类型不合", "the types do not fit"},
    {"bad-value", "值不合", "a value does not fit"},
};

const struct word_row *fate_words(enum fate fate)
{
    LD_ASSERT(fate < FATE_COUNT);
    return &fates[fate];
}

const struct word_row *refusal_words(enum refusal refusal)
{
    LD_ASSERT(refusal < REFUSAL_COUNT);
    return &refusals[refusal];
}

bool refusal_has_reason(struct bytes code)
{
    return bytes_is(code, refusals[REFUSAL_SUB_CASE].word)
           || bytes_is(code, refusals[REFUSAL_EXPRESSION].word)
           || bytes_is(code, refusals[REFUSAL_LIMIT].word);
}

static const struct word_row *find_row(const struct word_row *rows, size_t count, struct bytes word)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_is(word, rows[i].word))
            return &rows[i];
    }
    return NULL;
}

const struct word_row *reason_words(struct bytes reason, struct bytes *ret_rest)
{
    size_t colon = bytes_find(reason, BYTES_LITERAL(": "));
    struct bytes word = bytes_slice(reason, 0, colon);
    const struct word_row *row = find_row(reasons, sizeof reasons / sizeof reasons[0], word);
    *ret_rest = colon == SIZE_MAX ? BYTES_NONE : bytes_slice(reason, colon + 2, SIZE_MAX);
    return row || word.size == 0 ? row : find_row(refusals, REFUSAL_COUNT, word);
}
