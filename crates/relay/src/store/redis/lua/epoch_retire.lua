-- Erases an epoch's directory, for good.
-- KEYS    its tag
-- ARGV    nothing
-- answer  1 if there was one · 0 if not
local tag = KEYS[1]
local state = redis.call('GET', tag .. 'e')
redis.call('SET', tag .. 'e', '')
redis.call('UNLINK', tag .. 'h', tag .. 'z', tag .. 'c')
return (state and state ~= '') and 1 or 0
