/* The connection of a command to a running system: opened by --connect or LIANDONG_URL, with one
 * patience for all its questions, and complaints in the caller's language. Every function that
 * returns false has already said why on stderr; the command then ends with EXIT_TROUBLE (no answer
 * in time, nobody there) or EXIT_NO (the answer is no): connection_exit says which. */
#ifndef LD_TOOLS_ONLINE_H
#define LD_TOOLS_ONLINE_H

#include "proto/client.h"
#include "tools/liandong/command.h"

/* For a command's option table: --connect URL, --timeout SECONDS (30 by default). */
#define CONNECT_OPTION(ret_url)                                                       \
    {"connect", "URL", "服务地址(缺省取 LIANDONG_URL)", "the server (default: LIANDONG_URL)", \
     ret_url, NULL}
#define TIMEOUT_OPTION(ret_seconds)                                              \
    {"timeout", "SECONDS", "最多等多少秒(缺省 30)", "how long to wait (default 30)", \
     ret_seconds, NULL}

/* A broker with more partitions is none of this version. */
enum { CONNECTION_PARTITIONS_MAX = 64 };

struct connection;

/* NULL after a complaint: no URL, or nobody there in time. url and timeout may be NULL. */
struct connection *connection_open(struct command_context *context, const char *url,
                                   const char *timeout);
void connection_close(struct connection *connection); /* takes NULL */
uint32_t connection_partitions(const struct connection *connection);
struct client *connection_client(struct connection *connection);
int64_t connection_timeout_ms(const struct connection *connection);
/* EXIT_NO or EXIT_TROUBLE, by what went wrong last. */
int connection_exit(const struct connection *connection);

/* One question to a partition, PARTITION_BROKER or PARTITION_ALL; the answer is in the arena. */
LD_MUST_USE bool connection_ask(struct connection *connection, uint32_t partition,
                                const struct value *question, struct arena *arena,
                                struct value *ret_answer);
/* One event and its fate (which may be `refused`: that is an answer). */
LD_MUST_USE bool connection_publish(struct connection *connection, const struct envelope *envelope,
                                    struct arena *arena, struct fate_answer *ret_fate);

#endif
