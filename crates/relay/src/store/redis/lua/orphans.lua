-- Erases bytes that were laid down for an envelope and then neither kept nor erased.
-- KEYS    the tag of each mailbox
-- ARGV    each mailbox
-- answer  of each: how many envelopes' bytes
local answer = {}
for number, tag in ipairs(KEYS) do
  local box, erased = tag .. ARGV[number], 0
  local count = tonumber(redis.call('HGET', box .. 'm', 'c') or 0)
  if redis.call('HLEN', box .. 'b') ~= count then
    for _, envelope in ipairs(redis.call('HKEYS', box .. 'b')) do
      if redis.call('HEXISTS', box .. 'm', envelope) == 0 then
        erased = erased + redis.call('HDEL', box .. 'b', envelope)
      end
    end
  end
  answer[number] = erased
end
return answer
