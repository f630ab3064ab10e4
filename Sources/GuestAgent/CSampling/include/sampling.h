#ifndef GPU_GUEST_AGENT_SAMPLING_H
#define GPU_GUEST_AGENT_SAMPLING_H

#include <sys/types.h>

// What Swift's view of glibc lacks. All return -1 with errno where they fail.

/// Starts the program at path, in a session of its own, with standard output and standard error going to output. It is
/// killed when the thread that started it ends, however that ends. Returns its process id.
pid_t child_start(const char *path, char *const arguments[], char *const environment[], int output);

/// A pipe that children do not inherit.
int pipe_open(int ends[2]);

/// A descriptor that is readable when the state of another one (see changes_watch) has changed.
int changes_open(void);
/// Watches a descriptor for room to write, for errors and for its other end's coming and going.
int changes_watch(int changes, int descriptor);
/// Forgets the changes so far.
void changes_forget(int changes);

#endif
