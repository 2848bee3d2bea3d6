#include "tools/liandong/command.h"
#include "tools/liandong/commands.h"

int command_clock_advance(struct command_context *context)
{
    (void)context;
    return EXIT_TROUBLE;
}
