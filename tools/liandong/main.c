#include "tools/liandong/command.h"

int main(void)
{
    return EXIT_USAGE;
}
