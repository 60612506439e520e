-- Keeps envelopes.
-- KEYS    the tag of each one's mailbox
-- ARGV    hour · today · most envelopes · most bytes; then of each: mailbox · collect hash · id · bytes · hour of expiry ·
--         right: f full, s a stranger's, h a stranger's who comes too fast
-- answer  of each: 0 kept · 1 it was there · 2 full · 3 no such mailbox · 4 too fast
local hour, today, most, most_bytes = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local function fits(box, bytes, count, size)
  local lying = tonumber(redis.call('HGET', box .. 'b', 'n') or 0)
  return redis.call('ZCARD', box .. 'i') < count and lying + #bytes <= size
end

local function add(tag, id, envelope, bytes, expires)
  local box = tag .. id
  redis.call('ZADD', box .. 'i', redis.call('HINCRBY', box .. 'm', 's', 1), envelope)
  redis.call('ZADD', box .. 'x', expires, envelope)
  redis.call('HSET', box .. 'b', envelope, bytes)
  redis.call('HINCRBY', box .. 'b', 'n', #bytes)
  redis.call('ZADD', tag .. 'd', 'LT', math.floor(tonumber(expires) / 24), id)
end

local function keep(tag, id, hash, envelope, bytes, expires, right)
  if not is_owned(tag, 'm', id, hash, today) then
    return 3
  end
  local box = tag .. id
  local other = redis.call('ZSCORE', box .. 'x', envelope)
  if other and tonumber(other) > hour then
    return 1
  end
  local count, size = most, most_bytes
  local is_strangers = right ~= 'f' and redis.call('HGET', box .. 'm', 'k') == '0'
  if is_strangers then
    count, size = math.floor(most / 2), math.floor(most_bytes / 2)
  end
  if other or not fits(box, bytes, count, size) then
    erase(tag, id, redis.call('ZRANGEBYSCORE', box .. 'x', '-inf', hour))
    if not fits(box, bytes, count, size) then
      return 2
    end
  end
  if is_strangers and right == 'h' then
    return 4
  end
  add(tag, id, envelope, bytes, expires)
  return 0
end

local answer = {}
for number, tag in ipairs(KEYS) do
  local at = 4 + (number - 1) * 6
  answer[number] = keep(tag, unpack(ARGV, at + 1, at + 6))
end
return answer
