-- One signed push after another, as fast as answers come: the same body, each with a delivery id of its own.
-- Arguments behind `--`: a file with the body, its signature, what the delivery ids begin with, and `close` for a connection each.

local sent = 0
local begins, body

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  body = file:read("*all")
  file:close()
  begins = arguments[3]
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["User-Agent"] = "GitHub-Hookshot/0a1b2c3"
  wrk.headers["X-GitHub-Event"] = "push"
  wrk.headers["X-Hub-Signature-256"] = arguments[2]
  wrk.headers["Connection"] = arguments[4]
end

function request()
  sent = sent + 1
  wrk.headers["X-GitHub-Delivery"] = begins .. sent
  return wrk.format("POST", nil, nil, body)
end

-- `errors.status` counts answers of 400 and more.
function done(summary, latency, requests)
  io.write(string.format(
    '{"answers": %d, "refused": %d, "broken": %d, "microseconds": %d, "p50": %d, "p99": %d, "worst": %d}\n',
    summary.requests, summary.errors.status, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    summary.duration, latency:percentile(50), latency:percentile(99), latency.max))
end
