package redis

import "github.com/redis/go-redis/v9"

// A queue is a stream of tasks that wait or are lent, another of those that came back, which are lent first, a sorted
// set of those that are to be lent later, by when, and one of all that have not ended, by when they were accepted (ms of the server's clock, as every time here). What
// changes more than one of them is a script: Redis does it as a whole or not at all, and writes it to its file so. A
// loan is an entry of one of the streams; what answers one that was taken back meanwhile finds no such entry, and does nothing.

// prelude has what several scripts need. KEYS: tasks, later, open, dead letters, tasks that
// came back. A stream is told by its number among them.
const prelude = `
local function now()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function take(group, stream, entry)
  stream = KEYS[tonumber(stream)]
  local e = redis.call('XRANGE', stream, entry, entry)
  if redis.call('XACK', stream, group, entry) == 0 or #e == 0 then return nil end
  redis.call('XDEL', stream, entry)
  local t = {}
  for i = 1, #e[1][2], 2 do t[e[1][2][i]] = e[1][2][i+1] end
  return t
end
local function lend(t, after, stream)
  if after > 0 then
    redis.call('ZADD', KEYS[2], now() + after, t.lent .. ' ' .. t.id .. ' ' .. t.body)
  else
    redis.call('XADD', KEYS[stream], '*', 'lent', t.lent, 'id', t.id, 'body', t.body)
  end
end
`

// putScript takes a task over, once for each key. KEYS[6]: what remembers the key. ARGV: id, body, limit of tasks that
// have not ended, how long the key is remembered (ms), delay (ms). It answers the id that came first, ” when full.
var putScript = redis.NewScript(prelude + `
local first = redis.call('GET', KEYS[6])
if first then return first end
if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[3]) then return '' end
redis.call('SET', KEYS[6], ARGV[1], 'PX', ARGV[4])
redis.call('ZADD', KEYS[3], now(), ARGV[1])
lend({lent = '0', id = ARGV[1], body = ARGV[2]}, tonumber(ARGV[5]), 1)
return ARGV[1]
`)

// endedScript ends a loan. ARGV: group, stream, entry.
var endedScript = redis.NewScript(prelude + `
local t = take(ARGV[1], ARGV[2], ARGV[3])
if t then redis.call('ZREM', KEYS[3], t.id) end
`)

// againScript takes a loan back. ARGV: group, stream, entry, pause (ms).
var againScript = redis.NewScript(prelude + `
local t = take(ARGV[1], ARGV[2], ARGV[3])
if not t then return end
t.lent = t.lent + 1
lend(t, tonumber(ARGV[4]), 5)
`)

// asideScript puts a loan with the dead letters. ARGV: group, stream, entry, how many of these are kept, reason, tries.
var asideScript = redis.NewScript(prelude + `
local t = take(ARGV[1], ARGV[2], ARGV[3])
if not t then return end
redis.call('ZREM', KEYS[3], t.id)
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[4], '*', 'id', t.id, 'body', t.body, 'reason', ARGV[5], 'tries', ARGV[6])
`)

// dueScript makes what was to be lent later wait now, as far as it is due.
var dueScript = redis.NewScript(prelude + `
for _, m in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now(), 'LIMIT', 0, 500)) do
  redis.call('ZREM', KEYS[2], m)
  local lent, id, body = string.match(m, '^(%d+) (%S+) (.*)$')
  lend({lent = lent, id = id, body = body}, 0, 5)
end
`)

// backScript takes back loans that nobody answered for a time. ARGV: group, that time (ms), whose; ” is everybody's.
var backScript = redis.NewScript(prelude + `
for _, stream in ipairs({1, 5}) do
  local ask = {'XPENDING', KEYS[stream], ARGV[1], 'IDLE', ARGV[2], '-', '+', 1000}
  if ARGV[3] ~= '' then ask[9] = ARGV[3] end
  local all = redis.call(unpack(ask))
  for _, p in ipairs(all) do
    local t = take(ARGV[1], stream, p[1])
    if t then
      t.lent = t.lent + 1
      lend(t, 0, 5)
    end
  end
  if ARGV[3] ~= '' and #all < 1000 then redis.call('XGROUP', 'DELCONSUMER', KEYS[stream], ARGV[1], ARGV[3]) end
end
`)

// keys are those of a queue. The braces keep them on one server of a cluster.
func keys(queue string) []string {
	name := prefix(queue)
	return []string{name + "tasks", name + "later", name + "open", name + "dead", name + "back"}
}

func prefix(queue string) string { return "{" + queue + "}:" }

// madeKey has a word that is made with the queue, and so is another when the queue was made anew.
func madeKey(queue string) string { return prefix(queue) + "made" }

// The streams, by their numbers among the keys, from 1; and what all workers of all servers read them as.
const (
	fresh = 1
	back  = 5
	group = "workers"
)
