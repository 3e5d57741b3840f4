/*
 * Preloaded into the server and into PostgreSQL: keeps beside the files of the data directory what a loss of power would
 * leave of them. Content counts when its file is flushed, a name when its folder is (below postgres/ also when the file
 * is, as on ext4 and XFS, on which PostgreSQL relies). Nothing is really flushed; a kill leaves what the kernel has.
 *
 *   POWERLOSS_ROOT    the data directory
 *   POWERLOSS_STATE   a folder for what is durable: content/<inode>-<birth>, names (a log), written (the ranges)
 *   POWERLOSS_IGNORE  flushes of files with this in their path do nothing
 *
 * A write that is not seen here (mmap, stdio over a file of before) counts as not flushed: the mistake that can be made is
 * to lose too much.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 65536
#define SMALL (1 << 20)

struct slot {
  _Atomic uint64_t key; /* inode and birth, mixed; 0: free */
  int64_t from, to;     /* written and not flushed; from >= to: nothing */
};

struct table {
  _Atomic uint64_t lock;
  uint64_t since; /* of the tracking, ns: what was born before is durable */
  struct slot slots[SLOTS];
};

static struct table *table;
static char root[PATH_MAX], state[PATH_MAX], ignored[PATH_MAX];
static size_t root_length;
static dev_t device;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwritev)(int, const struct iovec *, int, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);

__attribute__((constructor)) static void begin(void) {
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_writev = dlsym(RTLD_NEXT, "writev");
  real_pwritev = dlsym(RTLD_NEXT, "pwritev64");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  const char *at = getenv("POWERLOSS_ROOT"), *folder = getenv("POWERLOSS_STATE");
  const char *ignore = getenv("POWERLOSS_IGNORE");
  if (!at || !folder) return;
  snprintf(root, sizeof root, "%s/", at);
  snprintf(state, sizeof state, "%s", folder);
  snprintf(ignored, sizeof ignored, "%s", ignore ? ignore : "");
  root_length = strlen(root);
  struct stat info;
  char path[PATH_MAX + 16];
  snprintf(path, sizeof path, "%s/written", state);
  int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0 || stat(at, &info) != 0) return;
  device = info.st_dev;
  void *memory = mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory != MAP_FAILED) table = memory;
}

/* A process that was stopped while it had the lock does not keep it. */
static void lock(void) {
  for (uint64_t tries = 0;; tries++) {
    uint64_t free_lock = 0;
    if (atomic_compare_exchange_strong(&table->lock, &free_lock, 1)) return;
    if (tries > 200000) return;
    sched_yield();
  }
}

static void unlock(void) { atomic_store(&table->lock, 0); }

struct known {
  uint64_t inode, birth, key;
  int64_t size;
  int is_folder;
};

static int look(int fd, struct known *found) {
  struct statx info;
  if (!table || statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &info) != 0) return 0;
  if (makedev(info.stx_dev_major, info.stx_dev_minor) != device) return 0;
  if (!S_ISREG(info.stx_mode) && !S_ISDIR(info.stx_mode)) return 0;
  found->inode = info.stx_ino;
  found->birth = (uint64_t)info.stx_btime.tv_sec * 1000000000u + info.stx_btime.tv_nsec;
  found->key = (found->inode * 0x9e3779b97f4a7c15u) ^ found->birth;
  if (found->key == 0) found->key = 1;
  found->size = (int64_t)info.stx_size;
  found->is_folder = S_ISDIR(info.stx_mode);
  return 1;
}

static struct slot *slot_of(uint64_t key, int is_made) {
  for (unsigned n = 0; n < SLOTS; n++) {
    struct slot *slot = &table->slots[(key + n) % SLOTS];
    if (slot->key == key) return slot;
    if (slot->key != 0) continue;
    if (!is_made) return NULL;
    slot->from = INT64_MAX;
    slot->to = 0;
    slot->key = key;
    return slot;
  }
  abort();
}

/* After the write: whoever flushes before it has returned cannot count on it. */
static void wrote(int fd, int64_t from, int64_t to) {
  struct known file;
  int before = errno;
  if (to > from && look(fd, &file) && !file.is_folder) {
    lock();
    struct slot *slot = slot_of(file.key, 1);
    if (from < slot->from) slot->from = from;
    if (to > slot->to) slot->to = to;
    unlock();
  }
  errno = before;
}

static int take(uint64_t key, int64_t *from, int64_t *to) {
  lock();
  struct slot *slot = slot_of(key, 0);
  int is_any = slot && slot->to > slot->from;
  if (is_any) {
    *from = slot->from;
    *to = slot->to;
    slot->from = INT64_MAX;
    slot->to = 0;
  }
  unlock();
  return is_any;
}

static void copy(int from, int to, int64_t at, int64_t end) {
  char buffer[65536];
  while (at < end) {
    size_t want = end - at < (int64_t)sizeof buffer ? (size_t)(end - at) : sizeof buffer;
    ssize_t got = pread(from, buffer, want, at);
    if (got <= 0) return;
    if (real_pwrite(to, buffer, got, at) != got) abort();
    at += got;
  }
}

static void note(const char *text, size_t length) {
  char path[PATH_MAX + 16];
  snprintf(path, sizeof path, "%s/names", state);
  int log = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (log < 0 || real_write(log, text, length) != (ssize_t)length) abort();
  close(log);
}

static void content_of(int fd, const struct known *file, const char *path) {
  char name[PATH_MAX + 64], draft[PATH_MAX + 96];
  snprintf(name, sizeof name, "%s/content/%lu-%lu", state, file->inode, file->birth);
  int64_t from, to;
  int shadow = open(name, O_RDWR | O_CLOEXEC);
  if (shadow < 0 && file->birth < table->since && file->size > SMALL) {
    lock();
    struct slot *slot = slot_of(file->key, 0);
    int is_as_before = !slot || slot->to <= slot->from;
    unlock();
    if (is_as_before) return;
  }
  /* The file may be open for writing only. */
  char self[64];
  snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
  int source = open(self, O_RDONLY | O_CLOEXEC);
  if (source < 0) source = open(path, O_RDONLY | O_CLOEXEC);
  if (source < 0) {
    if (shadow >= 0) close(shadow);
    return;
  }
  struct known now;
  int making = -1;
  if (shadow < 0) {
    /* Two that flush it for the first time: the second finds the copy of the first. */
    snprintf(draft, sizeof draft, "%s/making", state);
    making = open(draft, O_RDWR | O_CLOEXEC);
    if (making < 0 || flock(making, LOCK_EX) != 0) abort();
    shadow = open(name, O_RDWR | O_CLOEXEC);
  }
  if (shadow < 0) {
    /* Whole, and in its place at once: half a copy is not what was flushed. */
    snprintf(draft, sizeof draft, "%s.%d-%d", name, getpid(), fd);
    shadow = open(draft, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (shadow < 0) abort();
    take(file->key, &from, &to);
    if (!look(source, &now)) abort();
    copy(source, shadow, 0, now.size);
    if (real_ftruncate(shadow, now.size) != 0 || rename(draft, name) != 0) abort();
  } else {
    flock(shadow, LOCK_EX);
    int is_any = take(file->key, &from, &to);
    if (!look(source, &now)) abort();
    if (now.size <= SMALL) copy(source, shadow, 0, now.size);
    else if (is_any) copy(source, shadow, from, to < now.size ? to : now.size);
    if (real_ftruncate(shadow, now.size) != 0) abort();
  }
  close(shadow);
  close(source);
  if (making >= 0) close(making);
}

static void folder_of(int fd, const char *path) {
  size_t capacity = 1 << 16, length = 0;
  char *text = malloc(capacity);
  length += snprintf(text, capacity, "folder\t%s", path + root_length);
  int copy_of = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *folder = copy_of < 0 ? NULL : fdopendir(copy_of);
  if (!folder) {
    free(text);
    return;
  }
  for (struct dirent *entry; (entry = readdir(folder));) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    struct statx info;
    if (statx(copy_of, entry->d_name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &info) != 0) continue;
    if (capacity - length < PATH_MAX) text = realloc(text, capacity *= 2);
    length += snprintf(text + length, capacity - length, "\t%s\t%c%lu-%lu", entry->d_name,
                       S_ISDIR(info.stx_mode) ? 'd' : 'f', (unsigned long)info.stx_ino,
                       (unsigned long)info.stx_btime.tv_sec * 1000000000u + info.stx_btime.tv_nsec);
  }
  closedir(folder);
  text[length++] = '\n';
  note(text, length);
  free(text);
}

static int flush(int fd) {
  struct known file;
  if (!look(fd, &file)) return table ? 0 : real_fsync(fd);
  char self[64], path[PATH_MAX + 2], text[PATH_MAX * 2];
  snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(self, path, PATH_MAX);
  if (length < 0) return 0;
  path[length] = 0;
  if (file.is_folder) strcat(path, "/");
  if (strncmp(path, root, root_length) != 0) return 0;
  if (ignored[0] && strstr(path, ignored)) return 0;
  if (file.is_folder) {
    folder_of(fd, path);
    return 0;
  }
  content_of(fd, &file, path);
  const char *within = path + root_length;
  if (strncmp(within, "postgres/", 9) == 0 && !strstr(within, " (deleted)")) {
    if (file.birth >= table->since)
      note(text, snprintf(text, sizeof text, "file\t%s\tf%lu-%lu\n", within, file.inode, file.birth));
  }
  return 0;
}

int fsync(int fd) { return flush(fd); }
int fdatasync(int fd) { return flush(fd); }

static int64_t bytes_of(ssize_t written) { return written > 0 ? written : 0; }

ssize_t write(int fd, const void *bytes, size_t count) {
  if (!table) return real_write ? real_write(fd, bytes, count) : -1;
  ssize_t written = real_write(fd, bytes, count);
  int before = errno;
  off_t end = written > 0 ? lseek(fd, 0, SEEK_CUR) : -1;
  errno = before;
  if (end >= 0) wrote(fd, end - written, end);
  return written;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  ssize_t written = real_writev(fd, parts, count);
  int before = errno;
  off_t end = table && written > 0 ? lseek(fd, 0, SEEK_CUR) : -1;
  errno = before;
  if (end >= 0) wrote(fd, end - written, end);
  return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
  ssize_t written = real_pwrite(fd, bytes, count, at);
  if (table) wrote(fd, at, at + bytes_of(written));
  return written;
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
  ssize_t written = real_pwritev(fd, parts, count, at);
  if (table) wrote(fd, at, at + bytes_of(written));
  return written;
}

int ftruncate(int fd, off_t length) {
  int answer = real_ftruncate(fd, length);
  if (table && answer == 0) wrote(fd, length, INT64_MAX);
  return answer;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t at) { return pwrite(fd, bytes, count, at); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at) { return pwritev(fd, parts, count, at); }
int ftruncate64(int fd, off_t length) { return ftruncate(fd, length); }
