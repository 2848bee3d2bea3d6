#include "base/err.h"

struct row {
    const char *word, *zh, *en;
};

static const struct row rows[] = {
#define X(name, word, zh, en) {word, zh, en},
    LD_ERR_TABLE(X)
#undef X
};

static const struct row *row_of(enum ld_err err)
{
    LD_ASSERT(err < LD_ERR_COUNT);
    return &rows[err];
}

const char *ld_err_word(enum ld_err err)
{
    return row_of(err)->word;
}

const char *ld_err_zh(enum ld_err err)
{
    return row_of(err)->zh;
}

const char *ld_err_en(enum ld_err err)
{
    return row_of(err)->en;
}
