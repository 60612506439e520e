-- Erases what was settled.
-- KEYS    the tag
-- ARGV    names
-- answer  0
for _, name in ipairs(ARGV) do
  redis.call('HDEL', KEYS[1] .. 'k', name)
end
return 0
