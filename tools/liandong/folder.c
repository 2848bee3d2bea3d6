#include "tools/liandong/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Folders by the system's plain calls. A data folder is two levels deep; the depth of a removal is
 * bounded all the same, so that a mistake cannot wander. */

enum { FOLDER_PATH_MAX = 4096, REMOVE_DEPTH_MAX = 4 };

bool folder_name(const char *path, char *ret_name, size_t size)
{
    size_t length = strlen(path);

    while (length > 0 && path[length - 1] == '/')
        length--;
    if (length == 0 || length >= size)
        return false;
    memcpy(ret_name, path, length);
    ret_name[length] = '\0';
    return true;
}

static bool parent_of(const char *path, char *ret_parent, size_t size)
{
    const char *slash = strrchr(path, '/');
    const char *parent = slash == NULL ? "." : path;
    size_t length = slash == NULL ? 1 : (size_t)(slash - path);

    if (slash == path)
        length = 1;
    if (length >= size)
        return false;
    memcpy(ret_parent, parent, length);
    ret_parent[length] = '\0';
    return true;
}

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

enum folder_look folder_look(const char *path)
{
    char parent[FOLDER_PATH_MAX];
    DIR *folder = opendir(path);
    const struct dirent *entry;
    bool is_empty = true;

    if (folder == NULL && errno != ENOENT)
        return FOLDER_OTHER;
    if (!parent_of(path, parent, sizeof parent) || access(parent, W_OK | X_OK) != 0) {
        if (folder != NULL)
            (void)closedir(folder);
        return FOLDER_NO_PARENT;
    }
    if (folder == NULL)
        return FOLDER_NONE;
    while (is_empty && (entry = readdir(folder)) != NULL)
        is_empty = is_dot(entry->d_name);
    (void)closedir(folder);
    return is_empty ? FOLDER_EMPTY : FOLDER_FULL;
}

static void remove_at(int parent_fd, const char *name, int depth);

static void remove_entries(int fd, int depth)
{
    DIR *folder = fdopendir(fd);
    const struct dirent *entry;

    if (folder == NULL) {
        (void)close(fd);
        return;
    }
    while ((entry = readdir(folder)) != NULL)
        if (!is_dot(entry->d_name))
            remove_at(dirfd(folder), entry->d_name, depth);
    (void)closedir(folder);
}

/* What cannot be removed stays: the caller has told its real trouble already. */
static void remove_at(int parent_fd, const char *name, int depth)
{
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0) {
        (void)unlinkat(parent_fd, name, 0);
        return;
    }
    if (depth < REMOVE_DEPTH_MAX)
        remove_entries(fd, depth + 1);
    else
        (void)close(fd);
    (void)unlinkat(parent_fd, name, AT_REMOVEDIR);
}

void folder_remove(const char *path)
{
    remove_at(AT_FDCWD, path, 0);
}

bool folder_sync_parent(const char *path)
{
    char parent[FOLDER_PATH_MAX];
    bool is_synced;
    int fd;

    if (!parent_of(path, parent, sizeof parent))
        return false;
    fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    is_synced = fsync(fd) == 0;
    (void)close(fd);
    return is_synced;
}
