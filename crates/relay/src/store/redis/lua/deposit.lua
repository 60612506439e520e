-- Keeps envelopes.
-- KEYS    the tag of each one's mailbox
-- ARGV    hour · today · most envelopes · most bytes · how many strangers may deposit in an hour; then of each: mailbox · collect hash · id · bytes · hour of expiry ·
--         right: f full, s a stranger's, h a stranger's who comes too fast
-- answer  of each: 1 it was there · 2 full · 3 no such mailbox · 4 too fast · or its sequence, which is greater
local hour, today, most, most_bytes = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local strangers = tonumber(ARGV[5])

local function keep(tag, id, hash, envelope, bytes, expires, right)
  local box = tag .. id
  local own, lease, kind, last, count, size, other =
    unpack(redis.call('HMGET', box .. 'm', 'h', 'l', 'k', 's', 'c', 'n', envelope))
  if own ~= hash or tonumber(lease) < today then
    return 3
  end
  if other and tonumber(other:match(' (%d+) ')) > hour then
    return 1
  end
  local share = (right ~= 'f' and kind == '0') and 2 or 1
  local function fits()
    return count + 1 <= math.floor(most / share) and size + #bytes <= math.floor(most_bytes / share)
  end
  if other or not fits() then
    erase_expired(box, hour + 1)
    count, size = unpack(redis.call('HMGET', box .. 'm', 'c', 'n'))
    if not fits() then
      return 2
    end
  end
  if share == 2 and (right == 'h' or not is_within(tag, 'm' .. id, ARGV[1], strangers)) then
    return 4
  end
  local sequence = string.format('%.0f', last + 1)
  local place = sequence .. ' ' .. expires .. ' ' .. #bytes
  redis.call('HSET', box .. 'm', 's', sequence, 'c', count + 1, 'n', size + #bytes, envelope, place)
  redis.call('HSET', box .. 'b', envelope, bytes)
  return last + 1
end

local answer = {}
for number, tag in ipairs(KEYS) do
  local at = 5 + (number - 1) * 6
  answer[number] = keep(tag, unpack(ARGV, at + 1, at + 6))
end
return answer
