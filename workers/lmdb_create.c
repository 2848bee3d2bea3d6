/* Making the stores of a data folder. A crash while LMDB makes an environment can leave one that
 * does not open, and LMDB syncs no folder; so all is made in a temporary folder beside the wanted
 * one, every file and folder synced, and only then renamed. What a crash leaves behind is the
 * temporary folder, never half a store under the right name. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "workers/store_lmdb.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* The epoch before any owner: the first one claims 1. */
enum { EPOCH_UNCLAIMED = 0 };

static enum ld_err err_of_errno(void)
{
    switch (errno) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return LD_FULL;
    case EEXIST:
    case ENOTEMPTY: return LD_EXISTS;
    case ENOENT: return LD_NOT_FOUND;
    default: return LD_IO;
    }
}

static enum ld_err sync_path(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return err_of_errno();
    enum ld_err err = fsync(file) == 0 ? LD_OK : err_of_errno();
    (void)close(file); /* synced, or failed already */
    return err;
}

static enum ld_err join(char path[LMDB_PATH_MAX], const char *folder, const char *name)
{
    int size = snprintf(path, LMDB_PATH_MAX, "%s/%s", folder, name);
    return size > 0 && size < LMDB_PATH_MAX ? LD_OK : LD_INVALID;
}

static enum ld_err make_folder(char path[LMDB_PATH_MAX], const char *folder, const char *name)
{
    enum ld_err err = join(path, folder, name);
    if (err)
        return err;
    return mkdir(path, 0700) == 0 ? LD_OK : err_of_errno();
}

static enum ld_err write_file(const char *path, struct bytes bytes)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return err_of_errno();
    ssize_t wrote = write(file, bytes.ptr, bytes.size);
    enum ld_err err = wrote == (ssize_t)bytes.size ? LD_OK : LD_FULL;
    if (wrote < 0)
        err = err_of_errno();
    if (!err && fsync(file) != 0)
        err = err_of_errno();
    if (close(file) != 0 && !err)
        err = err_of_errno();
    return err;
}

/* --- one environment ------------------------------------------------------------------------ */

typedef enum ld_err fill(MDB_txn *txn, const struct store_identity *identity);

static enum ld_err fill_journal(MDB_txn *txn, const struct store_identity *identity)
{
    struct journal_env journal;
    enum ld_err err = lmdb_journal_tables(txn, MDB_CREATE, &journal);
    if (!err)
        err = meta_put_identity(txn, journal.meta, identity);
    return err ? err : meta_put_number(txn, journal.meta, META_EPOCH, EPOCH_UNCLAIMED);
}

static enum ld_err fill_state(MDB_txn *txn, const struct store_identity *identity)
{
    struct state_env state;
    enum ld_err err = lmdb_state_tables(txn, MDB_CREATE, &state);
    if (!err)
        err = meta_put_identity(txn, state.meta, identity);
    if (!err)
        err = meta_put_number(txn, state.meta, META_EPOCH, EPOCH_UNCLAIMED);
    return err ? err : meta_put_number(txn, state.meta, META_APPLIED, 0);
}

static enum ld_err fill_env(MDB_env *env, const char *path, fill *fill_with,
                            const struct store_identity *identity)
{
    MDB_txn *txn;
    int code = mdb_env_set_maxdbs(env, LMDB_TABLES_MAX);
    if (!code)
        code = mdb_env_open(env, path, 0, 0600);
    if (!code)
        code = mdb_txn_begin(env, NULL, 0, &txn);
    if (code)
        return lmdb_err(code);
    enum ld_err err = fill_with(txn, identity);
    if (err) {
        mdb_txn_abort(txn);
        return err;
    }
    code = mdb_txn_commit(txn);
    return lmdb_err(code ? code : mdb_env_sync(env, 1));
}

static enum ld_err create_env(const char *folder, const char *name, fill *fill_with,
                              const struct store_identity *identity)
{
    char path[LMDB_PATH_MAX], file[LMDB_PATH_MAX];
    MDB_env *env;
    enum ld_err err = make_folder(path, folder, name);
    if (!err)
        err = lmdb_err(mdb_env_create(&env));
    if (err)
        return err;
    err = fill_env(env, path, fill_with, identity);
    mdb_env_close(env);
    if (!err)
        err = join(file, path, "data.mdb");
    if (!err)
        err = sync_path(file);
    return err ? err : sync_path(path);
}

/* --- the folder ----------------------------------------------------------------------------- */

static enum ld_err create_partition(const char *folder, const struct store_identity *identity)
{
    char path[LMDB_PATH_MAX], lock[LMDB_PATH_MAX], name[16];
    (void)snprintf(name, sizeof name, "p%u", (unsigned)identity->partition);
    enum ld_err err = make_folder(path, folder, name);
    if (!err)
        err = create_env(path, "journal", fill_journal, identity);
    if (!err)
        err = create_env(path, "state", fill_state, identity);
    if (!err)
        err = join(lock, path, "lock");
    if (!err)
        err = write_file(lock, BYTES_NONE);
    return err ? err : sync_path(path);
}

static enum ld_err fill_folder(const char *folder, uint32_t partitions)
{
    struct store_identity identity = {.partitions = partitions};
    uint8_t bytes[IDENTITY_SIZE];
    char path[LMDB_PATH_MAX];
    if (getrandom(identity.id, sizeof identity.id, 0) != (ssize_t)sizeof identity.id)
        return LD_IO;
    identity_encode(&identity, bytes);
    enum ld_err err = LD_OK;
    for (uint32_t i = 0; !err && i < partitions; i++) {
        identity.partition = i;
        err = create_partition(folder, &identity);
    }
    if (!err)
        err = join(path, folder, "identity");
    if (!err)
        err = write_file(path, (struct bytes){bytes, sizeof bytes});
    return err ? err : sync_path(folder);
}

static int remove_one(const char *path, const struct stat *found, int kind, struct FTW *walk)
{
    (void)found;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void remove_tree(const char *folder)
{
    /* What cannot be removed stays as a temporary folder, which nobody takes for a store. */
    (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static enum ld_err check_empty(const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return errno == ENOENT ? LD_OK : errno == ENOTDIR ? LD_EXISTS : LD_IO;
    bool is_empty = true;
    for (struct dirent *entry; is_empty && (entry = readdir(dir)) != NULL;)
        is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    (void)closedir(dir); /* only read */
    return is_empty ? LD_OK : LD_EXISTS;
}

/* The folder's name without slashes at its end, and its parent's. */
static enum ld_err split_path(const char *folder, char path[LMDB_PATH_MAX],
                              char parent[LMDB_PATH_MAX])
{
    size_t size = strlen(folder);
    while (size > 1 && folder[size - 1] == '/')
        size--;
    if (size == 0 || size >= LMDB_PATH_MAX)
        return LD_INVALID;
    memcpy(path, folder, size);
    path[size] = 0;
    while (size > 0 && path[size - 1] != '/')
        size--;
    if (size == 0) {
        memcpy(parent, ".", 2);
        return LD_OK;
    }
    memcpy(parent, path, size);
    parent[size] = 0;
    return LD_OK;
}

static enum ld_err create_beside(const char *temporary, const char *path, const char *parent,
                                 uint32_t partitions)
{
    enum ld_err err = fill_folder(temporary, partitions);
    /* Onto an empty folder a folder can be renamed; onto any other it cannot. */
    if (!err && rename(temporary, path) != 0)
        err = err_of_errno();
    if (err) {
        remove_tree(temporary);
        return err;
    }
    return sync_path(parent);
}

enum ld_err store_lmdb_create(const char *folder, uint32_t partitions)
{
    char path[LMDB_PATH_MAX], parent[LMDB_PATH_MAX], temporary[LMDB_PATH_MAX + 16];
    if (partitions == 0 || partitions > LMDB_PARTITIONS_MAX)
        return LD_INVALID;
    enum ld_err err = split_path(folder, path, parent);
    if (!err)
        err = check_empty(path);
    if (err)
        return err;
    (void)snprintf(temporary, sizeof temporary, "%s.new-XXXXXX", path);
    if (!mkdtemp(temporary))
        return err_of_errno();
    return create_beside(temporary, path, parent, partitions);
}
