#include "tools/liandong/serve_folder.h"

#include "workers/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The hold is an advisory lock on DIR/lock: the kernel lets go of it however the process ends, so
 * there is never a stale one. The number in the file is only for people. */

static void complain_in_use(const struct command_context *context, const char *path, int lock_fd)
{
    char pid[32] = "?";
    ssize_t size = pread(lock_fd, pid, sizeof pid - 1, 0);

    if (size > 0)
        pid[strcspn(pid, "\n")] = '\0';
    complain(context, "数据目录正被使用:%s(进程 %s)", "data folder in use: %s (process %s)", path,
             pid);
}

static bool write_pid(int lock_fd)
{
    char line[32];
    int size = snprintf(line, sizeof line, "%d\n", (int)getpid());

    return size > 0 && ftruncate(lock_fd, 0) == 0 && pwrite(lock_fd, line, (size_t)size, 0) == size;
}

static bool make_path(char *memory, const char *folder, const char *name)
{
    int size = snprintf(memory, SERVE_PATH_MAX, "%s/%s", folder, name);

    return size > 0 && size < SERVE_PATH_MAX;
}

static bool hold(const struct command_context *context, struct serve_folder *folder)
{
    char path[SERVE_PATH_MAX];

    if (!make_path(path, folder->path, "lock")) {
        complain(context, "路径过长", "the path is too long");
        return false;
    }
    folder->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (folder->lock_fd < 0) {
        complain(context, "%s:%s", "%s: %s", path, strerror(errno));
        return false;
    }
    if (flock(folder->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        complain_in_use(context, folder->path, folder->lock_fd);
        return false;
    }
    if (!write_pid(folder->lock_fd)) {
        complain(context, "%s:%s", "%s: %s", path, strerror(errno));
        return false;
    }
    return true;
}

static bool make_run_folder(const struct command_context *context, struct serve_folder *folder)
{
    char path[SERVE_PATH_MAX];

    if (make_path(path, folder->path, SERVE_RUN_FOLDER)
        && (mkdir(path, 0700) == 0 || errno == EEXIST))
        return true;
    complain(context, "%s:%s", "%s: %s", path, strerror(errno));
    return false;
}

static bool identify(const struct command_context *context, const char *path,
                     struct serve_folder *folder)
{
    struct store_identity identity;
    enum ld_err err;

    if (realpath(path, folder->path) == NULL) {
        complain(context, "%s:%s", "%s: %s", path, strerror(errno));
        return false;
    }
    err = store_lmdb_identity(folder->path, &identity);
    if (err != LD_OK) {
        complain(context, "%s 不是数据目录(%s);用 liandong init 建立",
                 "%s is not a data folder (%s); make one with liandong init", path,
                 say(context, ld_err_zh(err), ld_err_en(err)));
        return false;
    }
    folder->partitions = identity.partitions;
    return true;
}

bool serve_folder_open(const struct command_context *context, const char *path,
                       struct serve_folder *folder)
{
    folder->lock_fd = -1;
    if (identify(context, path, folder) && hold(context, folder)
        && make_run_folder(context, folder))
        return true;
    serve_folder_close(folder);
    return false;
}

void serve_folder_close(struct serve_folder *folder)
{
    if (folder->lock_fd >= 0)
        (void)close(folder->lock_fd);
    folder->lock_fd = -1;
}
