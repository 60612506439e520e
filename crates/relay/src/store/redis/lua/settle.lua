-- Settles values by name: the first that is given under a name stands.
-- KEYS    the tag
-- ARGV    names and values, by turns
-- answer  all names that are settled, and their values, by turns
for at = 1, #ARGV, 2 do
  redis.call('HSETNX', KEYS[1] .. 'k', ARGV[at], ARGV[at + 1])
end
return redis.call('HGETALL', KEYS[1] .. 'k')
