-- Opens a mailbox or a shelf.
-- KEYS    its tag
-- ARGV    kind · id · hash of its key · today · last day of its lease · then fields and values of a new one
-- answer  0 open with another key · 1 open · 2 open, and something that had lapsed was erased
local tag, kind, id, hash, today, lease = KEYS[1], ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local object = tag .. id .. kind
local found = redis.call('HMGET', object, 'h', 'l')
if found[2] and tonumber(found[2]) >= today then
  if found[1] ~= hash then
    return 0
  end
  extend(tag, kind, id, tonumber(found[2]), lease)
  return 1
end
forget(tag, kind, id)
redis.call('HSET', object, 'h', hash, 'l', lease, unpack(ARGV, 6))
redis.call('ZADD', tag .. 'l', lease, kind .. id)
return found[1] and 2 or 1
