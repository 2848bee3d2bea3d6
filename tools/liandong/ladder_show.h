/* The ladders of the policy in words, for tables of people: when which level is told to whom. */
#ifndef LD_TOOLS_LADDER_SHOW_H
#define LD_TOOLS_LADDER_SHOW_H

#include "base/buffer.h"
#include "workflows/core/rules.h"

const char *ladder_level_words(enum alert_level level, bool is_zh);
/* "到期前 15 日", "到期日", "逾期时", "逾期后 3 个工作日". */
void ladder_put_when(struct buffer *buffer, const struct rung *rung, bool is_zh);
/* "责任单位、其上级、联席办": units and roles by their titles in the directory. */
void ladder_put_tells(struct buffer *buffer, const struct rung *rung,
                      const struct directory *directory, bool is_zh);
/* "提示 → 预警 → 临期": each level once, in the order of the rungs. */
void ladder_put_levels(struct buffer *buffer, const struct ladder *ladder, bool is_zh);
/* Everybody whom any rung tells, each once. */
void ladder_put_told(struct buffer *buffer, const struct ladder *ladder,
                     const struct directory *directory, bool is_zh);

#endif
