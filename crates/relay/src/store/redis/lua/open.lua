-- Opens a mailbox or a shelf.
-- KEYS    its tag
-- ARGV    kind · id · hash of its key · today · last day of its lease · then fields and values of a new one
-- answer  0 open with another key · 1 open · 2 open, and something that had lapsed was erased
local tag, kind, id, hash, today, lease = KEYS[1], ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local object = tag .. id .. kind
if is_there(tag, kind, id, today) then
  if redis.call('HGET', object, 'h') ~= hash then
    return 0
  end
  extend(tag, kind, id, lease)
  return 1
end
local lapsed = redis.call('EXISTS', object)
forget(tag, kind, id)
redis.call('HSET', object, 'h', hash, unpack(ARGV, 6))
redis.call('ZADD', tag .. 'l', lease, kind .. id)
return 1 + lapsed
