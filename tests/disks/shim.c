// Disks that behave as some network file systems do, for `LD_PRELOAD`.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sys/stat.h>

#ifdef FLOCK_SUCCEEDS
// Lustre with "localflock", NFS with "local_lock": every process gets every lock.
int flock(int file, int operation) { return 0; }
#endif

#ifdef FLOCK_FAILS
// Lustre without "flock".
int flock(int file, int operation) { errno = ENOSYS; return -1; }
#endif

#ifdef FSYNC_FAILS
// SMB, and some file systems in user space.
static int flush(const char *name, int file) {
  struct stat about;
  fstat(file, &about);
  if (S_ISREG(about.st_mode)) { errno = file % 2 ? EOPNOTSUPP : EINVAL; return -1; }
  return ((int (*)(int)) dlsym(RTLD_NEXT, name))(file);
}
int fsync(int file) { return flush("fsync", file); }
int fdatasync(int file) { return flush("fdatasync", file); }
#endif
