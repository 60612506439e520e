-- Takes an item: the first one-time item, or, when they are used up, the last one, which stays.
-- KEYS    the shelf's tag
-- ARGV    shelf · stock hash · today
-- answer  the item, or nothing
local tag, id = KEYS[1], ARGV[1]
if not lease_of(tag, 's', id, ARGV[2], tonumber(ARGV[3])) then
  return false
end
return redis.call('LPOP', tag .. id .. 't') or redis.call('HGET', tag .. id .. 's', 'z')
