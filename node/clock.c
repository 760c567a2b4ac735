#include "node/clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/number.h"

static const char *clock_file;

void weir_clock_use_file(const char *path)
{
    clock_file = path;
}

/* Ends the process when the file has no whole number: see the header. */
static int64_t clock_file_now(void)
{
    char text[32];
    int fd = open(clock_file, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text));
    if (fd >= 0)
        (void)close(fd); /* only read from */
    while (got > 0 && text[got - 1] == '\n')
        got--;
    struct weir_scope scope = {0};
    int64_t now_ms = 0;
    if (got <= 0 || weir_i64_parse(&scope, (struct weir_slice){(const uint8_t *)text, (size_t)got},
                                   0, (int64_t)1 << 52, &now_ms) != WEIR_OK) {
        (void)fprintf(stderr, "weir: the clock file %s holds no unix milliseconds\n", clock_file);
        _exit(1);
    }
    return now_ms;
}

static int64_t read_clock(clockid_t id)
{
    struct timespec now;
    if (clock_gettime(id, &now) != 0)
        abort();
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t weir_clock_now(void)
{
    return clock_file != NULL ? clock_file_now() : read_clock(CLOCK_REALTIME);
}

int64_t weir_clock_monotonic_ms(void)
{
    return read_clock(CLOCK_MONOTONIC);
}
