/**
 * Keeps what handlers gave up on. `KEYS[1]` is a hash: `f` and the member hold when it expires and its data, `d` and
 * the member the delivery. `KEYS[2]` orders the members by the time of the server in microseconds. `ARGV` is an
 * operation with its arguments.
 */
export const FAILURES_SCRIPT = `
local call = redis.call
local records, order = KEYS[1], KEYS[2]
local time = call('TIME')
local micros = time[1] * 1000000 + time[2]
local now = math.floor(micros / 1000)

local function forget(member)
  call('HDEL', records, 'f' .. member, 'd' .. member)
  return call('ZREM', order, member)
end

local function read(member)
  local expiresAt, data = string.match(call('HGET', records, 'f' .. member) or '', '^(%d+) (.*)$')
  if expiresAt and tonumber(expiresAt) > now then return data end
  forget(member)
end

local operations = {}

function operations.keep(member, keepMs, keep, data, delivery)
  local last = call('ZREVRANGE', order, 0, 0, 'WITHSCORES')[2] or 0
  forget(member)
  call('ZADD', order, string.format('%.0f', math.max(micros, last + 1)), member)
  call('HSET', records, 'f' .. member, string.format('%.0f', now + keepMs) .. ' ' .. data)
  if delivery ~= '' then call('HSET', records, 'd' .. member, delivery) end
  for _, oldest in ipairs(call('ZRANGE', order, 0, -1 - keep)) do forget(oldest) end
  for _, key in ipairs(KEYS) do
    if call('PTTL', key) < tonumber(keepMs) then call('PEXPIRE', key, keepMs) end
  end
  return {}
end

function operations.list(cursor, limit)
  local answers = {}
  while true do
    local found = call('ZRANGEBYSCORE', order, '(' .. cursor, '+inf', 'WITHSCORES', 'LIMIT', 0, limit)
    if #found == 0 then return answers end
    for at = 1, #found, 2 do
      cursor = found[at + 1]
      local data = read(found[at])
      if data then
        answers[#answers + 1] = cursor
        answers[#answers + 1] = data
        if #answers == 2 * limit then return answers end
      end
    end
  end
end

function operations.of(prefix)
  local answers = {}
  for _, member in ipairs(call('ZRANGE', order, 0, -1)) do
    local data = string.sub(member, 1, #prefix) == prefix and read(member)
    if data then
      answers[#answers + 1] = data
      answers[#answers + 1] = call('HGET', records, 'd' .. member) or ''
    end
  end
  return answers
end

function operations.forget(...)
  local count = 0
  for _, member in ipairs({ ... }) do count = count + forget(member) end
  return { tostring(count) }
end

return operations[ARGV[1]](unpack(ARGV, 2))
`;

/**
 * Announces an application and answers what all others are. `KEYS[1]` holds a line for each: id, end, data. `ARGV` is the
 * id, for how long in milliseconds, and the data; the id alone takes an announcement back.
 */
export const APPLICATIONS_SCRIPT = `
local id, ttlMs, data = unpack(ARGV)
local time = redis.call('TIME')
local now = math.floor(time[1] * 1000 + time[2] / 1000)
local lines, others, longest = {}, {}, 0

local function add(line, ends)
  lines[#lines + 1] = line
  longest = math.max(longest, ends - now)
end

for line in string.gmatch(redis.call('GET', KEYS[1]) or '', '[^\\n]+') do
  local other, ends, about = string.match(line, '^(%S+) (%d+) (.*)$')
  if other ~= id and tonumber(ends) > now then
    add(line, ends)
    others[#others + 1] = about
  end
end
if ttlMs then
  local ends = string.format('%.0f', now + ttlMs)
  add(id .. ' ' .. ends .. ' ' .. data, ends)
end
if #lines == 0 then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], table.concat(lines, '\\n'), 'PX', longest)
end
return others
`;

/**
 * Replaces the text of `KEYS[1]`. `ARGV` is the new text and, if one has to be there, the one expected. Texts are never
 * empty.
 */
export const REPLACE_SCRIPT = `
if (redis.call('GET', KEYS[1]) or '') ~= (ARGV[2] or '') then return '0' end
redis.call('SET', KEYS[1], ARGV[1])
return '1'
`;

export const READ_SCRIPT = `return redis.call('GET', KEYS[1]) or ''`;
