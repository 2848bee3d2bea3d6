/* Every command of `liandong`; the table that names them is in main.c. */
#ifndef LD_TOOLS_COMMANDS_H
#define LD_TOOLS_COMMANDS_H

struct command;
struct command_context;

/* The row of "workflow check" in the table of main.c, or NULL. */
const struct command *command_named(const char *name);

int command_workflow_check(struct command_context *context);   /* workflow_check.c */
int command_workflow_paths(struct command_context *context);   /* workflow_paths.c */
int command_workflow_test(struct command_context *context);    /* workflow_test.c */
int command_workflow_explain(struct command_context *context); /* workflow_explain.c */
int command_workflow_diff(struct command_context *context);    /* workflow_diff.c */
int command_workflow_diagram(struct command_context *context); /* workflow_diagram.c */
int command_workflow_coverage(struct command_context *context); /* workflow_coverage.c */
int command_workflow_docs(struct command_context *context);    /* workflow_docs.c */
int command_workflow_export(struct command_context *context);  /* workflow_export.c */
int command_workflow_schema(struct command_context *context);  /* workflow_schema.c */
int command_workflow_new(struct command_context *context);     /* workflow_new.c */
int command_workflow_rehearse(struct command_context *context); /* rehearse.c */
int command_workflow_deploy(struct command_context *context);  /* workflow_deploy.c */
int command_workflow_list(struct command_context *context);    /* workflow_list.c */
int command_workflow_show(struct command_context *context);    /* workflow_list.c */
int command_calendar_due(struct command_context *context);     /* calendar_due.c */
int command_init(struct command_context *context);             /* init.c */
int command_serve(struct command_context *context);            /* serve.c */
int command_status(struct command_context *context);           /* status.c */
int command_publish(struct command_context *context);          /* publish.c */
int command_case_show(struct command_context *context);        /* case.c */
int command_case_list(struct command_context *context);        /* case.c */
int command_case_history(struct command_context *context);     /* case_history.c */
int command_overdue(struct command_context *context);          /* overdue.c */
int command_alerts_watch(struct command_context *context);     /* alerts.c */
int command_alerts_forget(struct command_context *context);    /* alerts.c */
int command_clock_advance(struct command_context *context);    /* clock.c */
int command_bench_publish(struct command_context *context);    /* bench/publish.c */
int command_bench_ceiling(struct command_context *context);    /* bench/ceiling.c */

#endif
