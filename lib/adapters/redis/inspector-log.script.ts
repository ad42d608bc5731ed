/**
 * The log of the inspectors. `KEYS[1]` orders the keys of entries by position: the time of the server in microseconds, or
 * one more than the position before. `KEYS[2]` is a hash of entries by key, `KEYS[3]` one of details, both JSON. `KEYS[4]` is
 * the last position that has gone. `ARGV` is an operation with its arguments.
 */
export const LOG_SCRIPT = `
local call = redis.call
local order, entries, details, goneKey = unpack(KEYS)
local operations = {}

local function text(number)
  return string.format('%.0f', number)
end

local function forget(members)
  for _, member in ipairs(members) do
    call('ZREM', order, member)
    call('HDEL', entries, member)
    call('HDEL', details, member)
  end
end

function operations.append()
  local capacity, keepMs = tonumber(ARGV[2]), tonumber(ARGV[3])
  local time = call('TIME')
  local now = time[1] * 1000000 + time[2]
  local last = tonumber(call('ZREVRANGE', order, 0, 0, 'WITHSCORES')[2] or 0)
  local position = math.max(now, last)
  local gone = last == 0 and position or tonumber(call('GET', goneKey) or 0)
  for at = 4, #ARGV, 3 do
    position = position + 1
    call('ZADD', order, text(position), ARGV[at])
    call('HSET', entries, ARGV[at], ARGV[at + 1])
    if ARGV[at + 2] ~= '' then call('HSET', details, ARGV[at], ARGV[at + 2]) end
  end
  local excess = call('ZCARD', order) - capacity
  if excess > 0 then
    gone = tonumber(call('ZRANGE', order, excess - 1, excess - 1, 'WITHSCORES')[2])
  end
  gone = math.max(gone, now - keepMs * 1000)
  forget(call('ZRANGEBYSCORE', order, '-inf', text(gone)))
  call('SET', goneKey, text(gone))
  for _, key in ipairs(KEYS) do call('PEXPIRE', key, keepMs) end
  return {}
end

function operations.read(after, limit)
  local found = call('ZRANGEBYSCORE', order, '(' .. after, '+inf', 'WITHSCORES', 'LIMIT', 0, limit)
  local answers = { call('GET', goneKey) or '', found[#found] or '' }
  for at = 1, #found, 2 do answers[#answers + 1] = call('HGET', entries, found[at]) end
  return answers
end

function operations.detail(key)
  local entry = call('HGET', entries, key)
  return entry and { entry, call('HGET', details, key) or '' } or {}
end

function operations.search(words, after, limit)
  local found = call('ZRANGEBYSCORE', order, '(' .. after, '+inf', 'WITHSCORES', 'LIMIT', 0, limit)
  local answers = { found[2 * limit] or '' }
  for at = 1, #found, 2 do
    local entry = call('HGET', entries, found[at])
    if string.find(entry, words, 1, true) then
      answers[#answers + 1] = entry
      answers[#answers + 1] = call('HGET', details, found[at]) or ''
    end
  end
  return answers
end

return operations[ARGV[1]](unpack(ARGV, 2, 4))
`;

/**
 * What processes have counted in buckets of one length. `KEYS[1]` orders the members by the beginning of the bucket,
 * `KEYS[2]` is a hash of counts by member. With a member, keeps its counts; else answers those since a time.
 */
export const COUNTS_SCRIPT = `
local call = redis.call
local order, counts = KEYS[1], KEYS[2]
local at, keepMs, member, data = unpack(ARGV)

if not member then
  local members = call('ZRANGEBYSCORE', order, at, '+inf')
  local answers = {}
  for index, each in ipairs(members) do answers[index] = call('HGET', counts, each) end
  return answers
end
call('ZADD', order, at, member)
call('HSET', counts, member, data)
for _, old in ipairs(call('ZRANGEBYSCORE', order, '-inf', '(' .. string.format('%.0f', at - keepMs))) do
  call('ZREM', order, old)
  call('HDEL', counts, old)
end
call('PEXPIRE', order, keepMs)
call('PEXPIRE', counts, keepMs)
return {}
`;
