-- wrk script: sends the requests of a corpus file once each, then stops. Arguments: file, number of requests after which to stop.
local ffi = require "ffi"
ffi.cdef [[
int open(const char *path, int flags);
void *mmap(void *addr, size_t length, int prot, int flags, int fd, long offset);
long lseek(int fd, long offset, int whence);
int kill(int pid, int sig);
int getpid(void);
]]
local at, stop_after, sent, stopped, last, finish = nil, 0, 0, false, "", nil

function init(args)
  local fd = ffi.C.open(args[1], 0)
  local size = ffi.C.lseek(fd, 0, 2)
  at = ffi.cast("const unsigned char *", ffi.C.mmap(nil, size, 1, 1, fd, 0))
  finish = at + tonumber(size)
  stop_after = tonumber(args[2])
end

function request()
  if at < finish then
    local size = at[0] + at[1] * 256 + at[2] * 65536
    last = ffi.string(at + 4, size)
    at = at + 4 + size
  end
  sent = sent + 1
  if sent >= stop_after and not stopped then
    stopped = true
    wrk.thread:stop()
    -- Ends the main thread's sleep too, which otherwise lasts for the whole duration.
    ffi.C.kill(ffi.C.getpid(), 2)
  end
  return last
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("bench %d %d %.6f\n", summary.requests, e.status + e.connect + e.read + e.write + e.timeout, summary.duration / 1e6))
end
