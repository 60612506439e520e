-- Erases envelopes whose day of expiry is past.
-- KEYS    tags
-- ARGV    today · of how many mailboxes at most, for each tag
-- answer  1 if there may be more · 0 if not
local today, most, more = tonumber(ARGV[1]), tonumber(ARGV[2]), 0
for _, tag in ipairs(KEYS) do
  local boxes = redis.call('ZRANGE', tag .. 'd', '-inf', '(' .. today, 'BYSCORE', 'LIMIT', 0, most)
  for _, id in ipairs(boxes) do
    erase(tag, id, redis.call('ZRANGE', tag .. id .. 'x', '-inf', '(' .. today * 24, 'BYSCORE'))
    note_first_day(tag, id)
  end
  if #boxes == most then
    more = 1
  end
end
return more
