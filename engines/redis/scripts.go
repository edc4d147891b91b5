package redis

import "github.com/redis/go-redis/v9"

// A queue is a stream of tasks that wait or are lent, a sorted set of those that are to be lent later, by when, and
// one of all that have not ended, by when they were accepted (ms of the server's clock, as every time here). What
// changes more than one of them is a script: Redis does it as a whole or not at all, and writes it to its file so. A
// loan is an entry of the stream; what answers one that was taken back meanwhile finds no such entry, and does nothing.

// prelude has what several scripts need. KEYS: stream, later, open, dead letters.
const prelude = `
local function now()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function take(group, entry)
  local e = redis.call('XRANGE', KEYS[1], entry, entry)
  if redis.call('XACK', KEYS[1], group, entry) == 0 or #e == 0 then return nil end
  redis.call('XDEL', KEYS[1], entry)
  local t = {}
  for i = 1, #e[1][2], 2 do t[e[1][2][i]] = e[1][2][i+1] end
  return t
end
local function lend(t, after)
  if after > 0 then
    redis.call('ZADD', KEYS[2], now() + after, t.lent .. ' ' .. t.id .. ' ' .. t.body)
  else
    redis.call('XADD', KEYS[1], '*', 'lent', t.lent, 'id', t.id, 'body', t.body)
  end
end
`

// putScript takes a task over, once for each key. KEYS[5]: what remembers the key. ARGV: id, body, limit of tasks that
// have not ended, how long the key is remembered (ms), delay (ms). It answers the id that came first, ” when full.
var putScript = redis.NewScript(prelude + `
local first = redis.call('GET', KEYS[5])
if first then return first end
if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[3]) then return '' end
redis.call('SET', KEYS[5], ARGV[1], 'PX', ARGV[4])
redis.call('ZADD', KEYS[3], now(), ARGV[1])
lend({lent = '0', id = ARGV[1], body = ARGV[2]}, tonumber(ARGV[5]))
return ARGV[1]
`)

// endedScript ends a loan. ARGV: group, entry.
var endedScript = redis.NewScript(prelude + `
local t = take(ARGV[1], ARGV[2])
if t then redis.call('ZREM', KEYS[3], t.id) end
`)

// againScript takes a loan back. ARGV: group, entry, pause (ms).
var againScript = redis.NewScript(prelude + `
local t = take(ARGV[1], ARGV[2])
if not t then return end
t.lent = t.lent + 1
lend(t, tonumber(ARGV[3]))
`)

// asideScript puts a loan with the dead letters. ARGV: group, entry, how many of these are kept, reason, tries.
var asideScript = redis.NewScript(prelude + `
local t = take(ARGV[1], ARGV[2])
if not t then return end
redis.call('ZREM', KEYS[3], t.id)
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[3], '*', 'id', t.id, 'body', t.body, 'reason', ARGV[4], 'tries', ARGV[5])
`)

// dueScript makes what was to be lent later wait now, as far as it is due.
var dueScript = redis.NewScript(prelude + `
for _, m in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now(), 'LIMIT', 0, 500)) do
  redis.call('ZREM', KEYS[2], m)
  local lent, id, body = string.match(m, '^(%d+) (%S+) (.*)$')
  lend({lent = lent, id = id, body = body}, 0)
end
`)

// backScript takes back loans that nobody answered for a time. ARGV: group, that time (ms), whose; ” is everybody's.
var backScript = redis.NewScript(prelude + `
local ask = {'XPENDING', KEYS[1], ARGV[1], 'IDLE', ARGV[2], '-', '+', 1000}
if ARGV[3] ~= '' then ask[9] = ARGV[3] end
local all = redis.call(unpack(ask))
for _, p in ipairs(all) do
  local t = take(ARGV[1], p[1])
  if t then
    t.lent = t.lent + 1
    lend(t, 0)
  end
end
if ARGV[3] ~= '' and #all < 1000 then redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[3]) end
`)

// keys are those of a queue. The braces keep them on one server of a cluster.
func keys(queue string) []string {
	name := "{" + queue + "}:"
	return []string{name + "tasks", name + "later", name + "open", name + "dead"}
}

// group is what all workers of all servers read the stream as.
const group = "workers"
