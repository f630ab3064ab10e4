#define _GNU_SOURCE
#include "sampling.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

int pipe_open(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int changes_open(void) { return epoll_create1(EPOLL_CLOEXEC); }

int changes_watch(int changes, int descriptor)
{
    struct epoll_event event = {.events = EPOLLOUT | EPOLLET, .data = {.fd = descriptor}};
    return epoll_ctl(changes, EPOLL_CTL_ADD, descriptor, &event);
}

void changes_forget(int changes)
{
    struct epoll_event event;
    while (epoll_wait(changes, &event, 1, 0) > 0) {}
}
