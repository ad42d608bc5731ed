/** A running row outlives its lease by the key's time to live, and by this at least, in milliseconds. */
const RUNNING_KEPT_MS = 24 * 3_600_000;

/**
 * Runs a list of calls, each on a key of its own: `KEYS[n]` is the row, `ARGV` the operations, each followed by its
 * arguments. Answers a text for each call; `e` and a message where it failed, which stops none of the others.
 *
 * A row is text: fields on the first line, then a line for each finished handler.
 *
 *     r fingerprint last token attempt leaseEndsAt ttlMs position claimId     running
 *     f fingerprint last token attempt                                       released (free)
 *     d fingerprint [last token]                                             done
 *     a fingerprint [last token]                                             accepted
 *
 * `last` is the position completed last and `position` that of the claim, 20 digits each or `-`: numbers are doubles
 * here, text of one length compares exactly. A token is the server's time in microseconds, or one more than the token
 * before where the clock was set back: tokens grow even after the row has expired, and stay below 2^53 until 2255.
 *
 * The claim id makes `begin` safe to repeat: a client that lost the connection before the answer may send it again.
 */
export const STORE_SCRIPT = `
local call, match, format, max = redis.call, string.match, string.format, math.max
local time = call('TIME')
local micros = time[1] * 1000000 + time[2]
local now = math.floor(micros / 1000)

local RUNNING = '^r (%d+) (%S+) (%d+) (%d+) (%d+) (%d+) (%S+) (%S+)(.*)$'

local function running(key, token)
  local print, last, held, attempt, _, ttlMs, position, claimId, handlers = match(call('GET', key) or '', RUNNING)
  return held == token, print, last, attempt, ttlMs, position, claimId, handlers
end

local function run(key, print, last, token, attempt, leaseMs, ttlMs, position, claimId, handlers)
  call('SET', key, 'r ' .. print .. ' ' .. last .. ' ' .. token .. ' ' .. attempt .. ' ' .. now + leaseMs .. ' '
    .. ttlMs .. ' ' .. position .. ' ' .. claimId .. handlers, 'PX', leaseMs + max(ttlMs, ${RUNNING_KEPT_MS}))
end

local function free(key, print, last, token, attempt, handlers, ttlMs)
  call('SET', key, 'f ' .. print .. ' ' .. last .. ' ' .. token .. ' ' .. attempt .. handlers, 'PX', ttlMs)
  return '1'
end

local function without(handlers, names)
  return (string.gsub(handlers, '\\n[^\\n]+', function(line)
    return string.find(names .. '\\n', line .. '\\n', 1, true) and '' or line
  end))
end

local function begin(key, leaseMs, ttlMs, print, position, claimId, again, finished)
  local row = call('GET', key)
  local last, token, attempt, handlers = '-', 0, 0, finished or ''
  local left
  if row then
    local state, lastPrint, more = match(row, '^(%a) (%d+)(.*)$')
    local lastOne, lastToken, rest = match(more, '^ (%S+) (%d+)(.*)$')
    if lastOne then last, token = lastOne, lastToken end
    if position ~= '-' and last ~= '-' and position < last then return 'd ' .. lastPrint end
    if state == 'r' then
      local leaseEndsAt, holder
      attempt, leaseEndsAt, holder, handlers = match(rest, '^ (%d+) (%d+) %d+ %S+ (%S+)(.*)$')
      if holder == claimId then return 'r ' .. token .. ' ' .. attempt .. handlers end
      if tonumber(leaseEndsAt) > now then return 'w ' .. leaseEndsAt - now end
    elseif state == 'f' then
      attempt, handlers = match(rest, '^ (%d+)(.*)$')
    elseif position == '-' and not again then
      return state .. ' ' .. lastPrint
    end
    if again and (state == 'r' or state == 'f') then left = without(handlers, again) end
  end
  token = format('%.0f', max(micros, token + 1))
  attempt = attempt + 1
  run(key, print, last, token, attempt, leaseMs, ttlMs, position, claimId, left or handlers)
  return 'r ' .. token .. ' ' .. attempt .. handlers
end

local function renew(key, token, leaseMs)
  local held, print, last, attempt, ttlMs, position, claimId, handlers = running(key, token)
  if not held then return '0' end
  run(key, print, last, token, attempt, leaseMs, ttlMs, position, claimId, handlers)
  return '1'
end

local function handlerDone(key, token, handler)
  local held, _, _, _, _, _, _, handlers = running(key, token)
  if not held then return '0' end
  if not string.find(handlers .. '\\n', '\\n' .. handler .. '\\n', 1, true) then call('APPEND', key, '\\n' .. handler) end
  return '1'
end

local function complete(key, token, ttlMs, state)
  local held, print, last, _, _, position = running(key, token)
  if not held then return '0' end
  if position ~= '-' then last = position end
  call('SET', key, state .. ' ' .. print .. (last == '-' and '' or ' ' .. last .. ' ' .. token), 'PX', ttlMs)
  return '1'
end

local function release(key, token)
  local held, print, last, attempt, ttlMs, _, _, handlers = running(key, token)
  return held and free(key, print, last, token, attempt, handlers, ttlMs) or '0'
end

local function withdraw(key, claimId)
  local print, last, token, attempt, _, ttlMs, _, holder, handlers = match(call('GET', key) or '', RUNNING)
  return holder == claimId and free(key, print, last, token, attempt, handlers, ttlMs) or '0'
end

local function look(key)
  return string.sub(call('GET', key) or '', 1, 1)
end

local operations = {
  begin = { begin, 5 },
  reopen = { begin, 7 },
  renew = { renew, 2 },
  handlerDone = { handlerDone, 2 },
  complete = { complete, 3 },
  release = { release, 1 },
  withdraw = { withdraw, 1 },
  look = { look, 0 },
}
local answers, at = {}, 1
for index, key in ipairs(KEYS) do
  local operation = operations[ARGV[at]]
  local ok, answer = pcall(operation[1], key, unpack(ARGV, at + 1, at + operation[2]))
  answers[index] = ok and answer or 'e ' .. (type(answer) == 'table' and answer.err or tostring(answer))
  at = at + 1 + operation[2]
end
return answers
`;
