/* `liandong`: the table of all commands, and the way from the words of a call to one of them. */
#include "tools/liandong/command.h"
#include "tools/liandong/commands.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

static const struct command commands[] = {
    {"workflow", "check", command_workflow_check, "FILE|DIR...",
     "检查流程、日历、提醒规则、单位名录和故事",
     "check workflows, calendars, policies, directories and stories"},
    {"workflow", "test", command_workflow_test, "FILE|DIR...", "按故事逐步演算并核对结果",
     "play stories and compare what they expect"},
    {"workflow", "paths", command_workflow_paths, "FILE",
     "列出每条路径,最长的合法时间和所用的期限",
     "list every path with its longest lawful time and the clocks that take it"},
    {"workflow", "explain", command_workflow_explain, "FILE --story STORY",
     "演算一个故事:时间线,每个期限逐日说明",
     "tell a story's timeline and each due date day by day"},
    {"workflow", "new", command_workflow_new, "NAME", "写出带注释的流程定义,作为起点",
     "print a commented definition to begin with"},
    {"workflow", "diff", command_workflow_diff, "OLD NEW", "说明两个版本之间改了什么",
     "say what changed between two versions"},
    {"workflow", "diagram", command_workflow_diagram, "FILE", "把流程画成图:SVG、Graphviz 或 Mermaid",
     "draw a workflow: SVG, Graphviz or Mermaid"},
    {"workflow", "coverage", command_workflow_coverage, "FILE",
     "对照方案:每个条款由哪些流程、事件和期限落实", "say how the clauses of a plan are served"},
    {"workflow", "docs", command_workflow_docs, "DIR --out FOLDER",
     "把流程目录做成网页,供管理员查阅、打印", "render a catalogue as pages to read and print"},
    {"workflow", "export", command_workflow_export, "FILE --asyncapi",
     "写出数据交换标准(AsyncAPI 3.0)", "write the data-exchange standard (AsyncAPI 3.0)"},
    {"workflow", "schema", command_workflow_schema, "", "写出定义语言的 JSON Schema,供编辑器使用",
     "write the JSON Schema of definitions, for editors"},
    {"workflow", "rehearse", command_workflow_rehearse, "STORY...",
     "在时钟由人拨动的系统上走一遍故事", "play stories through a system whose clock is driven"},
    {"workflow", "deploy", command_workflow_deploy, "FILE...", "部署到运行中的系统",
     "deploy to a running system"},
    {"workflow", "list", command_workflow_list, "", "列出已部署的流程", "list what is deployed"},
    {"workflow", "show", command_workflow_show, "ID", "显示已部署流程的原文",
     "show the text of a deployed workflow"},
    {"calendar", "due", command_calendar_due, "--from DATE --period \"2 months\"",
     "计算到期日;--explain 逐日说明", "compute a due date; --explain tells it day by day"},
    {"case", "show", command_case_show, "ID", "显示一个案件", "show a case"},
    {"case", "list", command_case_list, "", "列出案件", "list cases"},
    {"case", "history", command_case_history, "ID", "列出案件收到的每个事件及其结果",
     "list each event of a case with its fate"},
    {"alerts", "watch", command_alerts_watch, "", "订阅提醒,一条不漏", "follow alerts, missing none"},
    {"alerts", "forget", command_alerts_forget, "NAME", "取消订阅", "end a subscription"},
    {"clock", "advance", command_clock_advance, "INSTANT", "推进手动时钟(仅供测试和演示)",
     "move the manual clock on (tests and demonstrations only)"},
    {"bench", "publish", command_bench_publish, "",
     "在自建的系统上按真实流程发布事件,测量吞吐、答复用时与各进程的消耗",
     "publish a real workflow to a system of its own: events a second, latency, cost"},
    {"bench", "ceiling", command_bench_ceiling, "",
     "单独测量一个事件之下的各项成本:同步写盘、日志、报文往返、编解码、case_step",
     "measure what one event stands on alone: sync, journal, round trip, codec, case_step"},
    {NULL, "init", command_init, "DIR", "新建数据目录并部署随附的流程",
     "create a data folder and deploy what is shipped"},
    {NULL, "serve", command_serve, "--data DIR", "运行消息代理和工作进程",
     "run the broker and its workers"},
    {NULL, "status", command_status, "", "显示运行状态", "show what is running"},
    {NULL, "publish", command_publish, "[FILE|-]", "发布事件,每个事件得到一个结果",
     "publish events; each gets its fate"},
    {NULL, "overdue", command_overdue, "", "列出逾期的期限", "list the clocks that are overdue"},
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0], NAME_SIZE = 64 };

/* "workflow check". */
static void name_of(const struct command *command, char name[NAME_SIZE])
{
    (void)snprintf(name, NAME_SIZE, "%s%s%s", command->group ? command->group : "",
                   command->group ? " " : "", command->word);
}

const struct command *command_named(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        char own[NAME_SIZE];
        name_of(&commands[i], own);
        if (strcmp(own, name) == 0)
            return &commands[i];
    }
    return NULL;
}

/* LC_ALL over LC_MESSAGES over LANG, the first that is set (POSIX, environment variables). */
static bool speaks_chinese(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *text = getenv(names[i]);
        if (text && *text)
            return strncmp(text, "zh", 2) == 0;
    }
    return false;
}

static void list_commands(const struct command_context *context, FILE *file, const char *group)
{
    enum { COLUMN = 20 };
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct command *command = &commands[i];
        char name[NAME_SIZE];
        if (group && (!command->group || strcmp(command->group, group) != 0))
            continue;
        name_of(command, name);
        (void)fprintf(file, "  %-*s%s\n", COLUMN, name, say(context, command->zh, command->en));
    }
}

static void print_help(const struct command_context *context, const char *group)
{
    printf("%s\n\n", say(context, "联动:府检联动工作流与法定期限引擎",
                         "Liandong: workflows between agencies and their legal deadlines"));
    printf(say(context, "用法:liandong %s%s命令 [选项]\n\n",
               "usage: liandong %s%sCOMMAND [OPTIONS]\n\n"),
           group ? group : "", group ? " " : "");
    list_commands(context, stdout, group);
    printf("\n%s\n", say(context, "每个命令的选项见:liandong 命令 --help",
                         "the options of each: liandong COMMAND --help"));
}

static bool is_group(const char *word)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (commands[i].group && strcmp(commands[i].group, word) == 0)
            return true;
    }
    return false;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* What is known is listed with the complaint: the group's commands, or all. */
static int unknown(const struct command_context *context, const char *group, const char *word)
{
    complain(context, "没有命令 %s%s%s", "there is no command %s%s%s", group ? group : "",
             group ? " " : "", word);
    list_commands(context, stderr, group);
    return EXIT_USAGE;
}

/* The command that the words name, and how many words that takes; NULL where there is none. */
static const struct command *find(int argc, char **argv, int *ret_words)
{
    char name[NAME_SIZE];
    *ret_words = is_group(argv[0]) ? 2 : 1;
    if (argc < *ret_words)
        return NULL;
    int size = snprintf(name, sizeof name, "%s%s%s", argv[0], *ret_words == 2 ? " " : "",
                        *ret_words == 2 ? argv[1] : "");
    return size > 0 && (size_t)size < sizeof name ? command_named(name) : NULL;
}

/* Output that did not reach its file is no success. */
static int finish(const struct command_context *context, int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    complain(context, "无法写出结果", "the output could not be written");
    return EXIT_TROUBLE;
}

static int run(struct command_context *context, int argc, char **argv)
{
    char name[NAME_SIZE];
    int words;
    const struct command *command = find(argc, argv, &words);
    if (!command && is_group(argv[0]) && (argc < 2 || is_help(argv[1]))) {
        print_help(context, argv[0]);
        return argc < 2 ? EXIT_USAGE : EXIT_YES;
    }
    if (!command)
        return unknown(context, words == 2 ? argv[0] : NULL, argv[words - 1]);
    name_of(command, name);
    context->name = name;
    context->argc = argc - words;
    context->argv = argv + words;
    return command->run(context);
}

int main(int argc, char **argv)
{
    struct command_context context = {.is_zh = speaks_chinese(), .name = ""};
    /* For wcwidth alone: numbers and times are never by locale here. */
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    if (argc < 2) {
        print_help(&context, NULL);
        return finish(&context, EXIT_USAGE);
    }
    if (is_help(argv[1])) {
        print_help(&context, argc > 2 && is_group(argv[2]) ? argv[2] : NULL);
        return finish(&context, EXIT_YES);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("liandong %s\n", LIANDONG_VERSION);
        return finish(&context, EXIT_YES);
    }
    return finish(&context, run(&context, argc - 1, argv + 1));
}
