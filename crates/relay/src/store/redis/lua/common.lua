-- What several scripts do; it stands before each of them. What lies under which key: keys.rs.

-- The last day of an object's lease, if an object of that kind ('m' mailbox, 's' shelf) and id is there today and `hash` is
-- that of its key. Equal strings are one object in Lua, so that comparing them takes the same time whatever they are.
local function lease_of(tag, kind, id, hash, today)
  local found = redis.call('HMGET', tag .. id .. kind, 'h', 'l')
  local lease = tonumber(found[2] or -1)
  return lease >= today and found[1] == hash and lease
end

-- Extends a lease that ends on the day `lease`; none is ever shortened.
local function extend(tag, kind, id, lease, fresh)
  if fresh > lease then
    redis.call('HSET', tag .. id .. kind, 'l', fresh)
    redis.call('ZADD', tag .. 'l', fresh, kind .. id)
  end
end

-- Erases an object with everything in it.
local function forget(tag, kind, id)
  local object = tag .. id
  if kind == 'm' then
    redis.call('UNLINK', object .. 'm', object .. 'i', object .. 'x', object .. 'b')
  else
    redis.call('UNLINK', object .. 's', object .. 't')
  end
  redis.call('ZREM', tag .. 'l', kind .. id)
end

-- Counts one use more of something in this hour, at all relays together; tells whether there were no more than `most`. Counts
-- go with their hour.
local function is_within(tag, name, hour, most)
  local rates = tag .. 'r'
  if redis.call('HGET', rates, 'h') ~= hour then
    redis.call('UNLINK', rates)
    redis.call('HSET', rates, 'h', hour)
  end
  return redis.call('HINCRBY', rates, name, 1) <= most
end

-- Erases envelopes of a mailbox; those that are not there are passed over.
local function erase(tag, id, envelopes)
  local box, count, bytes = tag .. id, 0, 0
  for _, envelope in ipairs(envelopes) do
    local length = redis.call('HSTRLEN', box .. 'b', envelope)
    if length > 0 then
      redis.call('HDEL', box .. 'b', envelope)
      redis.call('ZREM', box .. 'i', envelope)
      redis.call('ZREM', box .. 'x', envelope)
      count, bytes = count + 1, bytes + length
    end
  end
  if count > 0 then
    local lying = redis.call('HMGET', box .. 'm', 'c', 'n')
    redis.call('HSET', box .. 'm', 'c', lying[1] - count, 'n', lying[2] - bytes)
  end
end
