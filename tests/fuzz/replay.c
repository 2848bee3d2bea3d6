/* Runs each file of a corpus once through the target that it is linked with, with any compiler, and
 * says which took the most processor time. */
#include <dirent.h>
#include <time.h>

#include "tests/fuzz/target.h"

enum { INPUT_MAX = 1 << 20 };

static uint8_t input[INPUT_MAX];

static int64_t processor_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(2);
    }
    size_t size = fread(input, 1, sizeof input, file);
    (void)fclose(file);
    uint8_t *exact = malloc(size ? size : 1); /* so that the sanitizer sees a read past its end */
    if (!exact)
        exit(2);
    for (size_t i = 0; i < size; i++)
        exact[i] = input[i];
    int64_t before_us = processor_us();
    (void)LLVMFuzzerTestOneInput(exact, size);
    int64_t us = processor_us() - before_us;
    free(exact);
    return us;
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    int64_t slowest_us = 0;
    int count = 0;
    char slowest[1024] = "";
    if (!folder) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 2;
    }
    (void)LLVMFuzzerTestOneInput(input, 0); /* what it loads once is no input's time */
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        char path[1024];
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%.500s/%.500s", argv[1], entry->d_name);
        int64_t us = replay(path);
        count++;
        if (us <= slowest_us)
            continue;
        slowest_us = us;
        (void)snprintf(slowest, sizeof slowest, "%.500s", entry->d_name);
    }
    (void)closedir(folder);
    printf("%d inputs; the slowest is %s with %lld us\n", count, slowest, (long long)slowest_us);
    return count ? 0 : 1;
}
