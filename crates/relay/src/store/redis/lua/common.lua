-- What several scripts do; it stands before each of them. What lies under which key: keys.rs.

-- Whether the object of that kind ('m' mailbox, 's' shelf) and id is there today.
local function is_there(tag, kind, id, today)
  local lease = redis.call('ZSCORE', tag .. 'l', kind .. id)
  return lease and tonumber(lease) >= today
end

-- The same, and whether `hash` is that of its key. Equal strings are one object in Lua, so that comparing them takes the
-- same time whatever they are.
local function is_owned(tag, kind, id, hash, today)
  local own = redis.call('HGET', tag .. id .. kind, 'h')
  return is_there(tag, kind, id, today) and own == hash
end

-- Extends a lease; none is ever shortened.
local function extend(tag, kind, id, lease)
  redis.call('ZADD', tag .. 'l', 'GT', lease, kind .. id)
end

-- Erases an object with everything in it.
local function forget(tag, kind, id)
  local object = tag .. id
  if kind == 'm' then
    redis.call('UNLINK', object .. 'm', object .. 'i', object .. 'x', object .. 'b')
    redis.call('ZREM', tag .. 'd', id)
  else
    redis.call('UNLINK', object .. 's', object .. 't')
  end
  redis.call('ZREM', tag .. 'l', kind .. id)
end

-- Writes down on which day the first envelope of a mailbox expires.
local function note_first_day(tag, id)
  local first = redis.call('ZRANGE', tag .. id .. 'x', 0, 0, 'WITHSCORES')
  if first[2] then
    redis.call('ZADD', tag .. 'd', math.floor(tonumber(first[2]) / 24), id)
  else
    redis.call('ZREM', tag .. 'd', id)
  end
end

-- Erases envelopes of a mailbox; those that are not there are passed over.
local function erase(tag, id, envelopes)
  local box, bytes = tag .. id, 0
  for _, envelope in ipairs(envelopes) do
    bytes = bytes + redis.call('HSTRLEN', box .. 'b', envelope)
    redis.call('HDEL', box .. 'b', envelope)
    redis.call('ZREM', box .. 'i', envelope)
    redis.call('ZREM', box .. 'x', envelope)
  end
  if bytes == 0 then
    return
  end
  if redis.call('EXISTS', box .. 'i') == 0 then
    redis.call('UNLINK', box .. 'b')
  else
    redis.call('HINCRBY', box .. 'b', 'n', -bytes)
  end
  note_first_day(tag, id)
end
