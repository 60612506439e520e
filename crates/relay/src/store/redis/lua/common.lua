-- What several scripts do; it stands before each of them. What lies under which key: keys.rs.

-- The last key stands beside the tags only so that nothing is done in a slot that is on its way: link.rs.
KEYS[#KEYS] = nil

-- The last day of the lease of an object of which this was found, its fields h and l first, if it is there today and `hash` is
-- that of its key. Equal strings are one object in Lua, so that comparing them takes the same time whatever they are.
local function lease_in(found, hash, today)
  local lease = tonumber(found[2] or -1)
  return lease >= today and found[1] == hash and lease
end

-- The same of an object of that kind ('m' mailbox, 's' shelf) and id.
local function lease_of(tag, kind, id, hash, today)
  return lease_in(redis.call('HMGET', tag .. id .. kind, 'h', 'l'), hash, today)
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
    redis.call('UNLINK', object .. 'm', object .. 'b')
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

-- What lies in a mailbox, in no order: of each envelope its id, sequence, hour of expiry and length.
local function lying(box)
  local fields, envelopes = redis.call('HGETALL', box .. 'm'), {}
  for at = 1, #fields, 2 do
    if #fields[at] == 16 then
      local sequence, hour, length = fields[at + 1]:match('(%d+) (%d+) (%d+)')
      envelopes[#envelopes + 1] =
        { id = fields[at], sequence = tonumber(sequence), hour = tonumber(hour), length = tonumber(length) }
    end
  end
  return envelopes
end

-- Erases envelopes of a mailbox by id, of which this was found: from that place on the mailbox's fields c and n, and what it has
-- under each id. Those that are not there are passed over.
local function erase_found(box, ids, found, place)
  local count, bytes, gone, seen = found[place], found[place + 1], {}, {}
  for at, id in ipairs(ids) do
    local envelope = found[place + 1 + at]
    if envelope and not seen[id] then
      seen[id], gone[#gone + 1] = true, id
      count, bytes = count - 1, bytes - envelope:match('^%d+ %d+ (%d+)')
    end
  end
  if #gone > 0 then
    redis.call('HDEL', box .. 'm', unpack(gone))
    redis.call('HDEL', box .. 'b', unpack(gone))
    redis.call('HSET', box .. 'm', 'c', count, 'n', bytes)
  end
end

-- The same, of what is there.
local function erase(box, ids)
  if #ids > 0 then
    erase_found(box, ids, redis.call('HMGET', box .. 'm', 'c', 'n', unpack(ids)), 1)
  end
end

-- Erases envelopes of a mailbox that have expired before `hour`.
local function erase_expired(box, hour)
  local ids = {}
  for _, envelope in ipairs(lying(box)) do
    if envelope.hour < hour then
      ids[#ids + 1] = envelope.id
    end
  end
  erase(box, ids)
end
