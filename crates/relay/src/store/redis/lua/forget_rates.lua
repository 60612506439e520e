-- Erases what was counted in another hour.
-- KEYS    tags
-- ARGV    hour
-- answer  0
for _, tag in ipairs(KEYS) do
  if redis.call('HGET', tag .. 'r', 'h') ~= ARGV[1] then
    redis.call('UNLINK', tag .. 'r')
  end
end
return 0
