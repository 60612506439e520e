-- Erases what was received.
-- KEYS    the tag of each mailbox
-- ARGV    today; then of each: mailbox · collect hash · how many ids · the ids
-- answer  of each: 1 erased · 0 not its key, or not there
local today, at, answer = tonumber(ARGV[1]), 2, {}
for number, tag in ipairs(KEYS) do
  local box, hash, count = tag .. ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local first = at + 3
  at = first + count
  local ids = { unpack(ARGV, first, at - 1) }
  local found = redis.call('HMGET', box .. 'm', 'h', 'l', 'c', 'n', unpack(ids))
  if lease_in(found, hash, today) then
    erase_found(box, ids, found, 3)
    answer[number] = 1
  else
    answer[number] = 0
  end
end
return answer
