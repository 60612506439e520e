-- Erases what was spent and is remembered no more.
-- KEYS    tags
-- ARGV    today
-- answer  how much
local erased = 0
for _, tag in ipairs(KEYS) do
  for _, last in ipairs(redis.call('ZRANGE', tag .. 'q', '-inf', '(' .. ARGV[1], 'BYSCORE')) do
    erased = erased + redis.call('HLEN', tag .. 'p' .. last)
    redis.call('UNLINK', tag .. 'p' .. last)
    redis.call('ZREM', tag .. 'q', last)
  end
end
return erased
