-- For wrk: a path with a random user for {user}, the same sequence in every run; one line of JSON at the end.
local path = os.getenv('BENCH_PATH')
local users = tonumber(os.getenv('BENCH_USERS'))
local before, after = path:match('^(.*){user}(.*)$')

if before then
  request = function()
    return wrk.format('GET', before .. math.random(users) .. after)
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"perSecond":%f,"p50":%f,"p99":%f,"p999":%f,"failed":%d}\n',
    (summary.requests - errors.status) / summary.duration * 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
