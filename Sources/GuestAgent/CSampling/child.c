// In C, because Swift has no fork, and posix_spawn no PR_SET_PDEATHSIG. Between fork and exec only calls that are safe there.

#define _GNU_SOURCE
#include "sampling.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

static void become(
    const char *path, char *const arguments[], char *const environment[], int output, pid_t parent)
{
    // What is ignored stays ignored in the program: SIGPIPE is, here.
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The parent may have ended before it was asked for.
    if (getppid() != parent) _exit(125);
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 || chdir("/") != 0) _exit(125);
    execve(path, arguments, environment);
    _exit(errno == ENOENT ? 127 : 126);
}

pid_t child_start(const char *path, char *const arguments[], char *const environment[], int output)
{
    // Handlers of the parent's must not run in the child.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) become(path, arguments, environment, output, parent);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return child;
}
