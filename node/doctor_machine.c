/* What the machine gives: sandbox, limits of the process, disk. */
#include "node/doctor.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

#include "config/config.h"
#include "node/sandbox.h"

#define FILES_BESIDE 64        /* descriptors a duty needs besides its connections */
#define LOCKED_BYTES_MIN 65536 /* guarded memory of the keys */

static void say_sandbox(struct weir_doctor *doctor)
{
    int version = weir_sandbox_landlock_version();
    if (version > 0)
        weir_doctor_say(doctor, WEIR_FINDING_GOOD, "machine",
                        "Landlock version %d confines the signer to its own folder", version);
    else
        weir_doctor_say(doctor, WEIR_FINDING_WARN, "machine",
                        "this kernel has no Landlock: nothing but file modes keeps the signer in "
                        "its folder");
    /* With a filter the kernel would look at the address: NULL is refused with EFAULT. */
    bool has_filters =
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) != 0 && errno == EFAULT;
    if (has_filters)
        weir_doctor_say(doctor, WEIR_FINDING_GOOD, "machine",
                        "seccomp filters take from each duty what it must never do");
    else
        weir_doctor_say(doctor, WEIR_FINDING_WARN, "machine",
                        "this kernel has no seccomp filters: the duties are not confined");
}

static void say_limits(struct weir_doctor *doctor)
{
    struct rlimit limit;
    const struct weir_config *config = doctor->config;
    uint64_t wanted = config->api.connections_max;
    if (config->collector.probes_parallel_max > wanted)
        wanted = config->collector.probes_parallel_max;
    wanted += FILES_BESIDE;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        weir_doctor_say(doctor, limit.rlim_cur >= wanted ? WEIR_FINDING_GOOD : WEIR_FINDING_WARN,
                        "machine", "%llu open files are allowed, %llu may be needed",
                        (unsigned long long)limit.rlim_cur, (unsigned long long)wanted);
    if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0)
        weir_doctor_say(
            doctor, limit.rlim_cur >= LOCKED_BYTES_MIN ? WEIR_FINDING_GOOD : WEIR_FINDING_WARN,
            "machine",
            limit.rlim_cur >= LOCKED_BYTES_MIN
                ? "keys can be kept out of swap"
                : "too little memory can be locked (ulimit -l): keys may get into swap");
}

/* A machine without such a service cannot tell; its peers' clocks still can. */
static void say_clock(struct weir_doctor *doctor)
{
    struct timex state = {0};
    int answer = adjtimex(&state);
    bool is_synchronised = answer >= 0 && answer != TIME_ERROR;
    weir_doctor_say(doctor, is_synchronised ? WEIR_FINDING_GOOD : WEIR_FINDING_NOTE, "machine",
                    is_synchronised ? "the kernel says that its clock is synchronised"
                                    : "the kernel does not know whether its clock is synchronised");
}

static void say_disk(struct weir_doctor *doctor)
{
    struct statvfs disk;
    const struct weir_config *config = doctor->config;
    if (statvfs(config->node.data_dir, &disk) != 0) {
        weir_doctor_say(doctor, WEIR_FINDING_WARN, "machine", "the space in %s cannot be told: %s",
                        config->node.data_dir, strerror(errno));
        return;
    }
    uint64_t free_bytes = (uint64_t)disk.f_bavail * (uint64_t)disk.f_frsize;
    bool is_enough = free_bytes >= config->limits.disk_reserve_bytes;
    weir_doctor_say(doctor, is_enough ? WEIR_FINDING_GOOD : WEIR_FINDING_WARN, "machine",
                    "%llu MiB are free in the data folder, the reserve is %llu MiB",
                    (unsigned long long)(free_bytes >> 20),
                    (unsigned long long)(config->limits.disk_reserve_bytes >> 20));
}

void weir_doctor_machine(struct weir_doctor *doctor)
{
    say_sandbox(doctor);
    weir_doctor_say(doctor, WEIR_FINDING_GOOD, "machine",
                    "weir run forbids core dumps of all its processes");
    say_limits(doctor);
    say_clock(doctor);
    say_disk(doctor);
}
