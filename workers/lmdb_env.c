/* One LMDB environment: opened only where it already is one, with the default (safe) sync, without
 * thread-bound readers, its map far larger than its file will be. LMDB makes a missing or empty
 * data file into a new empty database without a word; here that is refused before it is asked. */
#include "workers/store_lmdb.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

/* Anything that would weaken a commit, or turn a full disk into SIGBUS (MDB_WRITEMAP). */
static const unsigned forbidden_flags = MDB_NOSYNC | MDB_NOMETASYNC | MDB_MAPASYNC | MDB_WRITEMAP;

enum ld_err lmdb_err(int code)
{
    switch (code) {
    case MDB_SUCCESS: return LD_OK;
    case MDB_NOTFOUND: return LD_NOT_FOUND;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case ENOMEM: return LD_FULL;
    case MDB_READERS_FULL: return LD_BUSY;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_CURSOR_FULL: return LD_CORRUPT;
    default: return LD_IO;
    }
}

MDB_val lmdb_val(struct bytes bytes)
{
    return (MDB_val){.mv_size = bytes.size, .mv_data = (void *)bytes.ptr};
}

struct bytes lmdb_bytes(MDB_val val)
{
    return (struct bytes){val.mv_data, val.mv_size};
}

/* LMDB's locks and maps do not hold over a network (lmdb.h, Caveats). Types as in statfs(2). */
bool lmdb_is_network(uint64_t filesystem_type)
{
    static const uint32_t types[] = {
        0x6969,     /* NFS */
        0x517B,     /* SMB */
        0xFE534D42, /* SMB2 */
        0xFF534D42, /* CIFS */
        0x00C36400, /* Ceph */
        0x5346414F, /* AFS */
        0x01021997, /* 9p */
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i] == (uint32_t)filesystem_type) /* signed in some C libraries */
            return true;
    }
    return false;
}

/* The data file of a folder, by stat alone: closing a second descriptor would be harmless to
 * data.mdb but not to lock.mdb, and the rule is easier kept for both. */
static enum ld_err data_size(const char *folder, uint64_t *ret_size)
{
    char path[LMDB_PATH_MAX];
    struct stat found;
    if (stat(folder, &found) != 0)
        return errno == ENOENT ? LD_NOT_FOUND : LD_IO;
    int size = snprintf(path, sizeof path, "%s/data.mdb", folder);
    if (size < 0 || (size_t)size >= sizeof path)
        return LD_INVALID;
    if (stat(path, &found) != 0)
        return errno == ENOENT ? LD_FOREIGN : LD_IO;
    *ret_size = (uint64_t)found.st_size;
    return found.st_size == 0 ? LD_FOREIGN : LD_OK;
}

static int open_mapped(const char *folder, size_t map_size, MDB_env **ret_env)
{
    MDB_env *env = NULL;
    int code = mdb_env_create(&env);
    if (code)
        return code;
    code = mdb_env_set_mapsize(env, map_size);
    if (!code)
        code = mdb_env_set_maxdbs(env, LMDB_TABLES_MAX);
    if (!code)
        code = mdb_env_set_maxreaders(env, LMDB_READERS_MAX);
    if (!code)
        code = mdb_env_open(env, folder, MDB_NOTLS, 0600);
    if (code) {
        mdb_env_close(env);
        return code;
    }
    *ret_env = env;
    return 0;
}

/* A smaller address space (valgrind, a limit on the process) gets a smaller map. */
static int open_within(const char *folder, size_t map_size, MDB_env **ret_env)
{
    int code = open_mapped(folder, map_size, ret_env);
    while (code == ENOMEM && map_size / 4 >= LMDB_MAP_SIZE_MIN) {
        map_size /= 4;
        code = open_mapped(folder, map_size, ret_env);
    }
    return code;
}

/* A file cut short would be SIGBUS at the first look past its end. */
static bool is_whole(MDB_env *env, uint64_t file_size)
{
    return lmdb_used_bytes(env) <= file_size;
}

static bool is_safe(MDB_env *env)
{
    unsigned flags = 0;
    return mdb_env_get_flags(env, &flags) == 0 && (flags & forbidden_flags) == 0
           && mdb_env_get_maxkeysize(env) >= FRAME_KEY_MAX + 2;
}

enum ld_err lmdb_env_open(const char *folder, size_t map_size, MDB_env **ret_env)
{
    uint64_t file_size;
    struct statfs filesystem;
    enum ld_err err = data_size(folder, &file_size);
    if (err)
        return err;
    if (statfs(folder, &filesystem) == 0 && lmdb_is_network((uint64_t)filesystem.f_type))
        return LD_UNSUPPORTED;
    MDB_env *env;
    int code = open_within(folder, map_size, &env);
    if (code)
        return code == ENOMEM ? LD_FULL : lmdb_err(code);
    int dead = 0;
    code = mdb_reader_check(env, &dead); /* slots of processes that were killed */
    if (code || !is_whole(env, file_size) || !is_safe(env)) {
        mdb_env_close(env);
        return code ? lmdb_err(code) : LD_CORRUPT;
    }
    *ret_env = env;
    return LD_OK;
}

static enum ld_err open_table(MDB_txn *txn, const char *name, unsigned flags, MDB_dbi *ret_table)
{
    int code = mdb_dbi_open(txn, name, flags, ret_table);
    return code == MDB_NOTFOUND || code == MDB_INCOMPATIBLE ? LD_FOREIGN : lmdb_err(code);
}

enum ld_err lmdb_journal_tables(MDB_txn *txn, unsigned flags, struct journal_env *ret_journal)
{
    enum ld_err err = open_table(txn, "meta", flags, &ret_journal->meta);
    if (!err)
        err = open_table(txn, "journal", flags, &ret_journal->rows);
    if (!err)
        err = open_table(txn, "artifacts", flags, &ret_journal->artifacts);
    if (!err)
        err = open_table(txn, "feeds", flags, &ret_journal->feeds);
    return err;
}

enum ld_err lmdb_state_tables(MDB_txn *txn, unsigned flags, struct state_env *ret_state)
{
    enum ld_err err = open_table(txn, "meta", flags, &ret_state->meta);
    if (!err)
        err = open_table(txn, "cases", flags, &ret_state->cases);
    if (!err)
        err = open_table(txn, "due", flags, &ret_state->due);
    if (!err)
        err = open_table(txn, "work", flags, &ret_state->work);
    if (!err)
        err = open_table(txn, "bystate", flags, &ret_state->bystate);
    return err;
}

uint64_t lmdb_used_bytes(MDB_env *env)
{
    MDB_envinfo info;
    MDB_stat stat_of;
    if (mdb_env_info(env, &info) != 0 || mdb_env_stat(env, &stat_of) != 0)
        return 0;
    return (uint64_t)(info.me_last_pgno + 1) * stat_of.ms_psize;
}

bool lmdb_has_room(MDB_env *env)
{
    MDB_envinfo info;
    struct statvfs disk;
    mdb_filehandle_t file;
    if (mdb_env_info(env, &info) != 0
        || lmdb_used_bytes(env) > info.me_mapsize / 100 * LMDB_FILL_PERCENT)
        return false;
    if (mdb_env_get_fd(env, &file) != 0 || fstatvfs(file, &disk) != 0)
        return true; /* the write itself will tell */
    return (uint64_t)disk.f_bavail * disk.f_frsize >= LMDB_DISK_RESERVE;
}
