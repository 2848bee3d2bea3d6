/* One line on standard error, for the loops and mains of processes: NAME: key=value key=value.
 * Libraries and pure rooms never log. */
#ifndef LD_BASE_LOG_H
#define LD_BASE_LOG_H

/* The name that the process's lines begin with; outlives the process. */
void log_open(const char *name);
/* Written in one piece, so that lines of several processes on one file do not mix; cut at 1,000
 * bytes. A log that cannot be written is no reason to stop. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
