-- Tells whether writes are taken: a server that takes none refuses it. It changes nothing.
-- KEYS    a tag
-- ARGV    nothing
-- answer  0
redis.call('UNLINK', KEYS[1] .. '?')
return 0
