/* What a command does with a whole folder: look whether its place is free, take it away again. */
#ifndef LD_TOOLS_FOLDER_H
#define LD_TOOLS_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

enum folder_look {
    FOLDER_NONE, /* nothing is there, and it can be made */
    FOLDER_EMPTY,
    FOLDER_FULL,
    FOLDER_OTHER,     /* something that is no folder, or cannot be read */
    FOLDER_NO_PARENT, /* it cannot be made there */
};

/* The path without slashes at its end; false: it is empty, the root, or too long. */
bool folder_name(const char *path, char *ret_name, size_t size);
enum folder_look folder_look(const char *path);
/* The folder and all in it, as far as it can be; follows no links. For what the caller has made
 * itself and nobody else has seen. */
void folder_remove(const char *path);
/* That the folder has its name is on disk. */
bool folder_sync_parent(const char *path);

#endif
