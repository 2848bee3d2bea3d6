/* The data folder of one serve: known to be one, held by no other serve, with a place for sockets.
 */
#ifndef LD_TOOLS_SERVE_FOLDER_H
#define LD_TOOLS_SERVE_FOLDER_H

#include "tools/liandong/command.h"

enum { SERVE_PATH_MAX = 4096 };

/* Relative to the folder, where broker and workers run: a socket's path is limited to 107 bytes. */
#define SERVE_RUN_FOLDER "run"
#define SERVE_WORKERS_URL "ipc://" SERVE_RUN_FOLDER "/workers"
/* Where workers are clients themselves: for the events that their cases emit. */
#define SERVE_CLIENTS_URL "ipc://" SERVE_RUN_FOLDER "/clients"

struct serve_folder {
    char path[SERVE_PATH_MAX]; /* absolute */
    uint32_t partitions;
    int lock_fd;
};

/* False after a complaint: it is no data folder, or another serve holds it. The hold ends with the
 * process at the latest. */
bool serve_folder_open(const struct command_context *context, const char *path,
                       struct serve_folder *folder);
void serve_folder_close(struct serve_folder *folder);

#endif
