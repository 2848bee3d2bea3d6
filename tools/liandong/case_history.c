#include "tools/liandong/command.h"
#include "tools/liandong/commands.h"

int command_case_history(struct command_context *context)
{
    (void)context;
    return EXIT_TROUBLE;
}
