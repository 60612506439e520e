-- Erases envelopes whose day of expiry is past, in every mailbox.
-- KEYS    tags
-- ARGV    today
-- answer  0
for _, tag in ipairs(KEYS) do
  for _, object in ipairs(redis.call('ZRANGE', tag .. 'l', 0, -1)) do
    if object:sub(1, 1) == 'm' then
      erase_expired(tag .. object:sub(2), ARGV[1] * 24)
    end
  end
end
return 0
