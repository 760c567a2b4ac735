/* Takes from a duty what it must never do, after it has opened what it needs.
 * signer     a list of permitted system calls (no socket, no process, no exec, no ptrace), Landlock
 *            to its own directory, not dumpable: another process of the same user cannot read its
 *            memory
 * collector  may call out, may not listen or start programs
 * api        may answer on the sockets it listens at, may not make others, call out or start
 *            programs
 * settler    as collector
 * A kernel without Landlock still gets the rest; `weir doctor` tells which parts hold. */
#ifndef WEIR_NODE_SANDBOX_H
#define WEIR_NODE_SANDBOX_H

#include "base/err.h"
#include "node/duty.h"

/* `directory`: the only place the signer may read and write from now on; NULL for other duties.
 * Cannot be undone.  Errors: DENIED (the kernel refuses the filter). */
WEIR_CHECKED enum weir_err
weir_sandbox_enter(struct weir_scope *scope, enum weir_duty_id id, const char *directory);

/* The Landlock version of this kernel, 0 when it has none. */
int weir_sandbox_landlock_version(void);

#endif /* WEIR_NODE_SANDBOX_H */
