-- Sends the requests of a file in turn, for ever, and counts the answers that are not as they should be.
-- Arguments: the file (on each line a token, a tab and a body) and a text that each good answer holds.

-- wrk asks for one request beforehand, to look at it: the first of the file is then sent all the same.
local requests, place, marker = {}, -1, ""
local threads = {}
bad, first_bad = 0, ""

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  marker = args[2]
  for line in io.lines(args[1]) do
    local token, body = line:match("^([^\t]*)\t(.*)$")
    local headers = { ["Content-Type"] = "application/json", ["Accept"] = "application/json" }
    if token ~= "" then headers["Authorization"] = "Bearer " .. token end
    table.insert(requests, wrk.format("POST", nil, headers, body))
  end
end

function request()
  place = place + 1
  return requests[math.max(place - 1, 0) % #requests + 1]
end

function response(status, headers, body)
  if status ~= 200 or not body:find(marker, 1, true) or body:find('"errors"', 1, true) then
    bad = bad + 1
    if first_bad == "" then first_bad = status .. " " .. body:sub(1, 300):gsub("%c", " ") end
  end
end

function done(summary, latency, requests)
  local wrong, example = 0, ""
  for _, thread in ipairs(threads) do
    wrong = wrong + thread:get("bad")
    example = thread:get("first_bad")
  end
  local errors = summary.errors
  io.write(string.format(
    "RESULT\t%d\t%d\t%d\t%d\t%d\t%s\n",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    wrong + errors.connect + errors.read + errors.write + errors.timeout, example))
end
