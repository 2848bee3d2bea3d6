#include "tools/liandong/command.h"
#include "tools/liandong/commands.h"

int command_workflow_list(struct command_context *context)
{
    (void)context;
    return EXIT_TROUBLE;
}

int command_workflow_show(struct command_context *context)
{
    (void)context;
    return EXIT_TROUBLE;
}
