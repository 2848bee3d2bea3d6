/* What expr.c evaluates with and nobody else calls: the operators over two values and the
 * functions over a list of them. Neither knows trees, names or variables. */
#ifndef LD_CORE_EXPR_PARTS_H
#define LD_CORE_EXPR_PARTS_H

#include "workflows/core/expr.h"

enum { EXPR_CALL_ARGS_MAX = 2 };

/* CEL's equality: numbers by their value whatever their kind, other kinds never equal. O(size). */
bool expr_equal(const struct value *left, const struct value *right);

/* EXPR_EQUAL to EXPR_MODULO. */
LD_MUST_USE enum expr_err expr_operate(enum expr_op op, const struct value *left,
                                       const struct value *right, struct arena *arena,
                                       struct value *ret_value);
LD_MUST_USE enum expr_err expr_negate(const struct value *value, struct value *ret_value);

/* EXPR_CALL with its arguments evaluated. */
LD_MUST_USE enum expr_err expr_call(const struct expr *call, const struct value *args,
                                    const struct expr_env *env, struct arena *arena,
                                    struct value *ret_value);

#endif
