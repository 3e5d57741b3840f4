/* Preloaded: fsync and fdatasync take longer by what the file SLOW_FLUSH_DELAY_FILE says, in milliseconds. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void pause_before_flush(void) {
  const char *path = getenv("SLOW_FLUSH_DELAY_FILE");
  if (!path) return;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  char text[16] = {0};
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) return;
  long ms = atol(text);
  struct timespec rest = {ms / 1000, (ms % 1000) * 1000000L};
  while (ms > 0 && nanosleep(&rest, &rest) != 0) {}
}

int fsync(int file) {
  static int (*next)(int);
  if (!next) next = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  pause_before_flush();
  return next(file);
}

int fdatasync(int file) {
  static int (*next)(int);
  if (!next) next = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  pause_before_flush();
  return next(file);
}
