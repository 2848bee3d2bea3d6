#include "tools/liandong/command.h"
