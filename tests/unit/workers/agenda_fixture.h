/* An agenda over the simulator's store, or LMDB's, with the shipped calendar, policy, directory and catalogue,
 * a manual clock, and requests and answers in JSON: for the tests of the agenda. */
#ifndef LD_TESTS_AGENDA_FIXTURE_H
#define LD_TESTS_AGENDA_FIXTURE_H

#include "workers/agenda.h"

/* Events of one case, by their ids. */
#define CASE_ID "QJ-GY-2025-0035"
#define LEAD(id)                                                                                   \
    "{\"id\": \"" id "\", \"source\": \"qj-guanghua\", \"type\": \"lead.transferred\","            \
    " \"subject\": \"" CASE_ID "\", \"data\": {\"field\": \"ecology\","                            \
    " \"summary\": \"作坊夜间排放废气\", \"informant\": \"某人\"}}"
#define FILED(id)                                                                                  \
    "{\"id\": \"" id "\", \"source\": \"qj-procuratorate\", \"type\": \"case.filed\","             \
    " \"role\": \"chief\", \"subject\": \"" CASE_ID "\","                                          \
    " \"data\": {\"respondent\": \"qj-ecology\", \"document\": \"35 号\"}}"
#define SERVED(id)                                                                                 \
    "{\"id\": \"" id "\", \"source\": \"qj-procuratorate\", \"type\": \"case.notice-served\","     \
    " \"subject\": \"" CASE_ID "\", \"data\": {\"served_on\": \"2025-06-27\"}}"
#define ASK_THE_CASE "{\"ask\": \"case\", \"id\": \"" CASE_ID "\"}"
#define ASK_THE_HISTORY "{\"ask\": \"history\", \"id\": \"" CASE_ID "\"}"

struct fixture {
    struct store *store;
    char folder[64]; /* of an LMDB store, with a folder of its own around it; empty: in memory */
    struct shelf *shelf;
    struct engine_clock clock;
    struct poison poison;
    struct agenda *agenda;
    struct arena arena;
    struct list inbox, outbox;
    uint64_t next_token;
};

/* Seeded and recovered; the clock stands at the instant. */
void fixture_open(struct fixture *fixture, const char *at);
void fixture_open_lmdb(struct fixture *fixture, const char *at);
void fixture_close(struct fixture *fixture);
/* The process dies; the next one recovers from what was committed. */
void fixture_crash(struct fixture *fixture);
/* A number as a list of events, or a request, in JSON; the message, waiting in the inbox. */
struct message *fixture_send(struct fixture *fixture, enum wire_kind kind, const char *json,
                             bool is_again);
/* Turns until nothing is left to do. */
void fixture_turn(struct fixture *fixture);
/* Sends, turns, and decodes the answer: the list of fates, or the map of an answer or an error. */
struct value fixture_publish(struct fixture *fixture, const char *json);
struct value fixture_ask(struct fixture *fixture, const char *json);
/* Deploys a shipped file; changes are pairs of what stands there and what to write instead, ended
 * by NULL. */
struct value fixture_deploy(struct fixture *fixture, const char *file, const char *const *changes);
/* A request that the query thread answers, over a view opened now. */
struct value fixture_query(struct fixture *fixture, const char *json);
/* Sets the clock by request; asserts that it was taken. */
void fixture_advance(struct fixture *fixture, const char *to);
/* The record of a case, as the store has it. */
struct bytes fixture_record(struct fixture *fixture, const char *id);

struct value json_value(struct arena *arena, const char *json);
/* What stands at a path, "rows.0.fate"; fails the test where there is nothing. */
const struct value *value_at(const struct value *value, const char *path);
bool has_value_at(const struct value *value, const char *path);
void assert_text_at(const struct value *value, const char *path, const char *expected);
int64_t int_at(const struct value *value, const char *path);
uint32_t count_at(const struct value *value, const char *path);

#endif
