-- Spends tickets and vouchers.
-- KEYS    the tag of each
-- ARGV    of each: hash of it · last day on which it is remembered · hash of the request
-- answer  of each: 0 spent now · 1 the same request had spent it · 2 another had
local answer = {}
for number, tag in ipairs(KEYS) do
  local id, last, request = unpack(ARGV, 3 * number - 2, 3 * number)
  local day = tag .. 'p' .. last
  if redis.call('HSETNX', day, id, request) == 1 then
    redis.call('ZADD', tag .. 'q', last, last)
    answer[number] = 0
  else
    answer[number] = redis.call('HGET', day, id) == request and 1 or 2
  end
end
return answer
