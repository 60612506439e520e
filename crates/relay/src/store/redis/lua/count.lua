-- Counts the one-time items on a shelf.
-- KEYS    its tag
-- ARGV    shelf · stock hash · today
-- answer  how many · -1 not its key, or not there
local tag, id = KEYS[1], ARGV[1]
if not lease_of(tag, 's', id, ARGV[2], tonumber(ARGV[3])) then
  return -1
end
return redis.call('LLEN', tag .. id .. 't')
