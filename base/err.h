/* Operating errors: what can go wrong at run time and is not the program's own fault.
 * One line a kind: constant, name in logs, sentence for people (zh, en). A peer's error is a
 * wire code (proto/), a definition's error is a diagnostic (workflows/language/). */
#ifndef LD_BASE_ERR_H
#define LD_BASE_ERR_H

#include "base/assert.h"

#define LD_ERR_TABLE(X)                                                                       \
    X(OK, "ok", "正常", "no error")                                                            \
    X(FULL, "full", "空间或上限已满", "a bound or the disk is full")                            \
    X(INVALID, "invalid", "内容不合规定", "the content is not valid")                           \
    X(NOT_FOUND, "not-found", "没有找到", "not found")                                         \
    X(EXISTS, "exists", "已经存在", "exists already")                                          \
    X(BUSY, "busy", "正忙", "busy, try again")                                                 \
    X(IN_USE, "in-use", "正被另一个进程使用", "in use by another process")                       \
    X(FENCED, "fenced", "已被更新的所有者取代", "a newer owner has taken over")                  \
    X(CORRUPT, "corrupt", "存储内容损坏", "stored content is damaged")                          \
    X(FOREIGN, "foreign", "不是本系统的这个存储", "the store belongs to another system or partition") \
    X(IO, "io", "读写失败", "reading or writing failed")                                       \
    X(TIMEOUT, "timeout", "超时", "timed out")                                                \
    X(OVERFLOW, "overflow", "数值超出范围", "a number is out of range")                         \
    X(UNSUPPORTED, "unsupported", "尚不支持", "not supported")

enum ld_err {
#define X(name, word, zh, en) LD_##name,
    LD_ERR_TABLE(X)
#undef X
    LD_ERR_COUNT
};

/* The stable word for logs and JSON. */
const char *ld_err_word(enum ld_err err);
/* The sentence for people. */
const char *ld_err_zh(enum ld_err err);
const char *ld_err_en(enum ld_err err);

#endif
