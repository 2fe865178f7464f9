/* What the copy is told by its machine: another time of day, and a resolver that is away.
 *
 * Preloaded into every program of the copy (weather.py). Two numbers in a file that all of them map decide:
 * seconds added to the time of day, and whether names resolve. Clocks that only run forward stay as they are,
 * as they do when a real clock is set. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static volatile const long long calm[2];
static volatile const long long *weather = calm; /* seconds, names are away */

__attribute__((constructor)) static void open_weather(void)
{
    const char *path = getenv("CHAOS_WEATHER");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *found = mmap(NULL, sizeof calm, PROT_READ, MAP_SHARED, file, 0);
    if (found != MAP_FAILED)
        weather = found;
    close(file);
}

#define REAL(name) (__typeof__(&name)) dlsym(RTLD_NEXT, #name)

int clock_gettime(clockid_t clock, struct timespec *time)
{
    static __typeof__(&clock_gettime) real;
    if (!real)
        real = REAL(clock_gettime);
    int failed = real(clock, time);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        time->tv_sec += weather[0];
    return failed;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    static int (*real)(struct timeval *, void *);
    if (!real)
        real = (int (*)(struct timeval *, void *))dlsym(RTLD_NEXT, "gettimeofday");
    int failed = real(time, zone);
    if (!failed)
        time->tv_sec += weather[0];
    return failed;
}

time_t time(time_t *also)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (also)
        *also = now.tv_sec;
    return now.tv_sec;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    static __typeof__(&getaddrinfo) real;
    unsigned char address[16];
    if (!real)
        real = REAL(getaddrinfo);
    if (weather[1] && node && !inet_pton(AF_INET, node, address) && !inet_pton(AF_INET6, node, address))
        return EAI_AGAIN;
    return real(node, service, hints, found);
}
