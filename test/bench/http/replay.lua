-- Sends each request of a file once. Arguments: the file, the length of a request, the first to send, how many.
local file, length, left

function init(args)
  file = assert(io.open(args[1], 'rb'))
  length = tonumber(args[2])
  file:seek('set', length * tonumber(args[3]))
  left = tonumber(args[4])
end

function request()
  left = left - 1
  if left == -1 then
    -- The thread stops, but wrk sleeps for its -d all the same; and a signal that comes before that sleep is lost.
    os.execute('(while kill -INT $PPID; do sleep 0.2; done) >/dev/null 2>&1 &')
    wrk.thread:stop()
  end
  return file:read(length)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"seconds":%f,"p50":%f,"p99":%f,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout
  ))
end
