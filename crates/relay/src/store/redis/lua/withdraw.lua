-- Takes an entry out, with any claim to its place.
-- KEYS    the epoch's tag
-- ARGV    prefix ‖ tag of the entry · hash of its key
-- answer  1 withdrawn · 0 not its key, or not there
local tag, key = KEYS[1], ARGV[1]
local row = redis.call('HGET', tag .. 'h', key)
if not row or row:sub(257, 288) ~= ARGV[2] then
  return 0
end
redis.call('HDEL', tag .. 'h', key)
redis.call('ZREM', tag .. 'z', key)
redis.call('HDEL', tag .. 'c', key)
return 1
