-- Places an entry, if nothing has changed since it was looked at.
-- KEYS    the epoch's tag
-- ARGV    prefix ‖ tag of the entry · bits[1] that the epoch had · owner ‖ day of who stood there, or '' · who waited, or ''
--         · bits[1] from now on · the new row, or '' · who waits from now on, or '' · first and last key of its bucket by
--         the new bits · how many entries it must be below, for a new one
-- answer  1 placed · 0 something has changed
local tag, key = KEYS[1], ARGV[1]
local row = redis.call('HGET', tag .. 'h', key)
local claim = redis.call('HGET', tag .. 'c', key)
local is_same = redis.call('GETRANGE', tag .. 'e', 0, 0) == ARGV[2]
  and (row and row:sub(257) or '') == ARGV[3]
  and (claim or '') == ARGV[4]
if not is_same then
  return 0
end
if not row and redis.call('ZLEXCOUNT', tag .. 'z', '[' .. ARGV[8], '[' .. ARGV[9]) >= tonumber(ARGV[10]) then
  return 0
end
redis.call('SETRANGE', tag .. 'e', 0, ARGV[5])
if ARGV[6] ~= '' then
  redis.call('HSET', tag .. 'h', key, ARGV[6])
  redis.call('ZADD', tag .. 'z', 0, key)
end
if ARGV[7] ~= '' then
  redis.call('HSET', tag .. 'c', key, ARGV[7])
else
  redis.call('HDEL', tag .. 'c', key)
end
return 1
