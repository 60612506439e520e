-- Erases what was received.
-- KEYS    the tag of each mailbox
-- ARGV    today; then of each: mailbox · collect hash · how many ids · the ids
-- answer  of each: 1 erased · 0 not its key, or not there
local today, at, answer = tonumber(ARGV[1]), 2, {}
for number, tag in ipairs(KEYS) do
  local id, hash, count = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local first = at + 3
  at = first + count
  if lease_of(tag, 'm', id, hash, today) then
    local envelopes = {}
    for place = first, at - 1 do
      envelopes[#envelopes + 1] = ARGV[place]
    end
    erase(tag .. id, envelopes)
    answer[number] = 1
  else
    answer[number] = 0
  end
end
return answer
