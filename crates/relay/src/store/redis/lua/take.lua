-- Takes an item: the first one-time item, or, when they are used up, the last one, which stays.
-- KEYS    the shelf's tag
-- ARGV    shelf · stock hash · today · hour · how many may be taken in an hour
-- answer  the item, or nothing; 0 when they are taken too fast
local tag, id = KEYS[1], ARGV[1]
if not lease_of(tag, 's', id, ARGV[2], tonumber(ARGV[3])) then
  return false
end
if not is_within(tag, 's' .. id, ARGV[4], tonumber(ARGV[5])) then
  return 0
end
return redis.call('LPOP', tag .. id .. 't') or redis.call('HGET', tag .. id .. 's', 'z')
