-- Erases mailboxes and shelves whose lease lapsed.
-- KEYS    tags
-- ARGV    today · how many at most, for each tag
-- answer  each one's kind ‖ id
local answer = {}
for _, tag in ipairs(KEYS) do
  local lapsed = redis.call('ZRANGE', tag .. 'l', '-inf', '(' .. ARGV[1], 'BYSCORE', 'LIMIT', 0, ARGV[2])
  for _, object in ipairs(lapsed) do
    forget(tag, object:sub(1, 1), object:sub(2))
    answer[#answer + 1] = object
  end
end
return answer
