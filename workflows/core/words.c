/* The stable words and the sentences of fates and refusals, in one table each. */
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
