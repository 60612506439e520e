-- Opens an epoch's directory, unless the epoch is known.
-- KEYS    its tag
-- ARGV    what it is opened with: bits[1] ‖ descriptor
-- answer  what holds from then on; '' if the epoch is retired
local state = redis.call('GET', KEYS[1] .. 'e')
if state then
  return state
end
redis.call('SET', KEYS[1] .. 'e', ARGV[1])
return ARGV[1]
