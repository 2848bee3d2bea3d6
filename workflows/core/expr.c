#include "workflows/core/limits.h"
