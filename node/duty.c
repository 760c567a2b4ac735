#include "node/duty.h"

#include <unistd.h>

void weir_duty_ready(struct weir_duty *duty)
{
    if (duty->ready_out < 0)
        return;
    /* A supervisor that is gone shows at stop_in; nothing is lost with this byte. */
    ssize_t written = write(duty->ready_out, "r", 1);
    (void)written;
    (void)close(duty->ready_out); /* nothing is buffered in a pipe's end */
    duty->ready_out = -1;
}

void weir_duty_wake(const struct weir_duty *duty, enum weir_duty_id who)
{
    if (duty->wake_out[who] < 0)
        return;
    ssize_t written = write(duty->wake_out[who], "w", 1);
    (void)written; /* EAGAIN: the pipe is full, so the reader will look anyway */
}

void weir_duty_wake_clear(const struct weir_duty *duty)
{
    char bytes[256];
    while (read(duty->wake_in, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes))
        ;
}
