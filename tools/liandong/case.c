#include "tools/liandong/command.h"
#include "tools/liandong/commands.h"

int command_case_show(struct command_context *context)
{
    (void)context;
    return EXIT_TROUBLE;
}

int command_case_list(struct command_context *context)
{
    (void)context;
    return EXIT_TROUBLE;
}
