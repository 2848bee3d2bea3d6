/* The workflows of a rehearsed story, given to the running system. */
#ifndef LD_TOOLS_REHEARSE_DEPLOY_H
#define LD_TOOLS_REHEARSE_DEPLOY_H

#include "tools/liandong/online.h"
#include "tools/liandong/story_files.h"

/* Deploys each workflow of the cast that the system does not have in that version; what it has is
 * left as it is. The arena is cleared. False after a complaint. */
bool rehearse_deploy(const struct command_context *context, struct connection *connection,
                     const struct story_bundle *bundle, struct arena *arena);

#endif
