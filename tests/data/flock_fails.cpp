// Loaded before libc: a file system without flock, such as Lustre without the mount option.
#include <cerrno>

extern "C" [[gnu::visibility("default")]] int flock(int, int) {
  errno = ENOSYS;
  return -1;
}
