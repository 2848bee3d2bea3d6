/* Assertions for programmer errors, on in every build: a wrong program stops
 * before it writes a wrong date. Never used on input, I/O results or user data. */
#ifndef LD_BASE_ASSERT_H
#define LD_BASE_ASSERT_H

/* Prints where and what to stderr, then aborts. */
_Noreturn void ld_assert_failed(const char *expression, const char *file, int line);

#define LD_ASSERT(expression)                                          \
    do {                                                               \
        if (!(expression))                                             \
            ld_assert_failed(#expression, __FILE__, __LINE__);         \
    } while (0)

#define LD_MUST_USE __attribute__((warn_unused_result))

#endif
