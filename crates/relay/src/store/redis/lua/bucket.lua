-- Reads a bucket.
-- KEYS    the epoch's tag
-- ARGV    bits[1] · first and last key of the bucket
-- answer  0 the epoch has no directory · 1 it has other bits · or the rows of what is listed
local tag = KEYS[1]
local bits = redis.call('GETRANGE', tag .. 'e', 0, 0)
if bits == '' then
  return 0
end
if bits ~= ARGV[1] then
  return 1
end
local keys = redis.call('ZRANGE', tag .. 'z', '[' .. ARGV[2], '[' .. ARGV[3], 'BYLEX')
if #keys == 0 then
  return {}
end
return redis.call('HMGET', tag .. 'h', unpack(keys))
