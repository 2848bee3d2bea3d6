/* What a run of `bench publish` came to, and how it is told. What a process used is divided by all
 * events, also those of other partitions, so that the rows add up to what an event costs. */
#ifndef LD_BENCH_PUBLISH_REPORT_H
#define LD_BENCH_PUBLISH_REPORT_H

#include "tools/bench/drive.h"
#include "tools/bench/measure.h"
#include "tools/bench/options.h"
#include "tools/bench/system.h"

enum process_kind { PROCESS_BROKER, PROCESS_WORKER, PROCESS_CLIENTS };

struct process_use {
    enum process_kind kind;
    uint32_t partition; /* of a worker */
    int pid;
    struct usage before, after;
};

struct publish_report {
    struct drive_options options;
    struct bench_machine machine;
    struct process_use processes[SYSTEM_PARTITIONS_MAX + 2];
    uint32_t process_count;
    struct drive_result result;
    struct audit audit;
    uint64_t elapsed_ns;
};

/* Prints it; EXIT_NO where it is no result: an event was refused, lost, or took effect twice. */
int publish_report_print(const struct command_context *context, const struct publish_report *report,
                         bool is_json);

#endif
