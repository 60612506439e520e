-- Looks at what publishing an entry has to know.
-- KEYS    the epoch's tag
-- ARGV    prefix ‖ tag of the entry · how many entries crowd a bucket · then the first and last key of its bucket, for no
--         bits, for one, …
-- answer  nothing, if the epoch has no directory; else bits[1] · owner ‖ day of who stands there, or nothing · who waits,
--         or nothing · unless somebody stands there, how many are in its bucket by those bits, by one more, … until it is
--         not crowded
local tag, key, crowded = KEYS[1], ARGV[1], tonumber(ARGV[2])
local bits = redis.call('GETRANGE', tag .. 'e', 0, 0)
if bits == '' then
  return false
end
local row = redis.call('HGET', tag .. 'h', key)
local answer = { bits, row and row:sub(257), redis.call('HGET', tag .. 'c', key) }
if row then
  return answer
end
for at = 3 + 2 * bits:byte(), #ARGV, 2 do
  local count = redis.call('ZLEXCOUNT', tag .. 'z', '[' .. ARGV[at], '[' .. ARGV[at + 1])
  answer[#answer + 1] = count
  if count < crowded then
    break
  end
end
return answer
