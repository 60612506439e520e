-- Reads a part of a mailbox, and extends its lease.
-- KEYS    its tag
-- ARGV    mailbox · collect hash · hour · today · last day of the lease · after which sequence · most envelopes · most bytes
-- answer  nothing, if it is not its key or not there; else 1 or 0, for whether there is more, and then of each envelope:
--         sequence · id · bytes
local tag, id, hour, after = KEYS[1], ARGV[1], tonumber(ARGV[3]), ARGV[6]
local most, room = tonumber(ARGV[7]), tonumber(ARGV[8])
local lease = lease_of(tag, 'm', id, ARGV[2], tonumber(ARGV[4]))
if not lease then
  return false
end
extend(tag, 'm', id, lease, tonumber(ARGV[5]))
local box = tag .. id
local has_expired = redis.call('ZCOUNT', box .. 'x', '-inf', hour) > 0
local limit = has_expired and -1 or most + 1
local lying = redis.call('ZRANGE', box .. 'i', '(' .. after, '+inf', 'BYSCORE', 'LIMIT', 0, limit, 'WITHSCORES')
local answer, taken = { 0 }, 0
for at = 1, #lying, 2 do
  local envelope = lying[at]
  if not has_expired or tonumber(redis.call('ZSCORE', box .. 'x', envelope)) > hour then
    local bytes = redis.call('HSTRLEN', box .. 'b', envelope)
    if taken == most or (room < bytes and taken > 0) then
      answer[1] = 1
      break
    end
    room, taken = room - bytes, taken + 1
    answer[#answer + 1] = lying[at + 1]
    answer[#answer + 1] = envelope
    answer[#answer + 1] = redis.call('HGET', box .. 'b', envelope)
  end
end
return answer
