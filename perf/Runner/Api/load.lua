-- Script for wrk. Arguments: token, file of paths; for POST also: key prefix, file of bodies (all of the same length).
local count, thread = 0, 0
local requests, head, bodies, prefix = {}, nil, nil, nil

function setup(new)
    new:set("number", thread)
    thread = thread + 1
end

local function lines(file)
    local all = {}
    for line in io.lines(file) do
        all[#all + 1] = line
    end
    return all
end

function init(args)
    local headers = { ["Authorization"] = "Bearer " .. args[1] }
    if args[3] then
        bodies, prefix = lines(args[4]), args[3] .. "-" .. number .. "-"
        headers["Content-Type"] = "application/json"
        -- Built without wrk.format for each request, as every request needs its own key.
        head = wrk.format("POST", lines(args[2])[1], headers, bodies[1])
        head = head:sub(1, #head - #bodies[1] - 2) .. "Idempotency-Key: "
        return
    end
    for i, path in ipairs(lines(args[2])) do
        requests[i] = wrk.format("GET", path, headers)
    end
    count = number * 7919
end

function request()
    count = count + 1
    if head then
        return head .. prefix .. count .. "\r\n\r\n" .. bodies[count % #bodies + 1]
    end
    return requests[count % #requests + 1]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '\n{"requests":%d,"microseconds":%d,"refused":%d,"broken":%d,"p50":%d,"p99":%d}\n',
        summary.requests, summary.duration, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50), latency:percentile(99)))
end
