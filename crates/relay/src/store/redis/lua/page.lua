-- Tells what is in a part of a mailbox, and extends its lease.
-- KEYS    its tag
-- ARGV    mailbox · collect hash · hour · today · last day of the lease · after which sequence · most envelopes · most bytes
-- answer  nothing, if it is not its key or not there; else 1 or 0, for whether there is more, and then of each envelope:
--         sequence · id
local tag, id, hour, after = KEYS[1], ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[6])
local most, room = tonumber(ARGV[7]), tonumber(ARGV[8])
local lease = lease_of(tag, 'm', id, ARGV[2], tonumber(ARGV[4]))
if not lease then
  return false
end
extend(tag, 'm', id, lease, tonumber(ARGV[5]))
local envelopes = {}
for _, envelope in ipairs(lying(tag .. id)) do
  if envelope.sequence > after and envelope.hour > hour then
    envelopes[#envelopes + 1] = envelope
  end
end
table.sort(envelopes, function(one, other)
  return one.sequence < other.sequence
end)
local answer, taken = { 0 }, 0
for _, envelope in ipairs(envelopes) do
  if taken == most or (room < envelope.length and taken > 0) then
    answer[1] = 1
    break
  end
  room, taken = room - envelope.length, taken + 1
  answer[#answer + 1] = string.format('%d', envelope.sequence)
  answer[#answer + 1] = envelope.id
end
return answer
