-- Keeps envelopes.
-- KEYS    the tag of each one's mailbox
-- ARGV    hour · today · most envelopes · most bytes · how many strangers may deposit in an hour; then of each: mailbox · collect hash · id · length · hour of expiry ·
--         right: f full, s a stranger's, h a stranger's who comes too fast · bytes, or '' where they were laid down under its id before
-- answer  of each: 0 its bytes are not there, and are to be given · 1 it was there · 2 full · 3 no such mailbox · 4 too fast · or its sequence, which is greater
local hour, today, most, most_bytes = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local strangers = tonumber(ARGV[5])

-- Its answer, and whether the mailbox has an envelope of that id from before.
local function keep(tag, id, hash, envelope, length, expires, right, bytes)
  local box = tag .. id
  local own, lease, kind, last, count, size, other =
    unpack(redis.call('HMGET', box .. 'm', 'h', 'l', 'k', 's', 'c', 'n', envelope))
  if own ~= hash or tonumber(lease) < today then
    return 3, other
  end
  if other and tonumber(other:match(' (%d+) ')) > hour then
    return 1, other
  end
  local share = (right ~= 'f' and kind == '0') and 2 or 1
  local function fits()
    return count + 1 <= math.floor(most / share) and size + length <= math.floor(most_bytes / share)
  end
  if other or not fits() then
    erase_expired(box, hour + 1)
    count, size = unpack(redis.call('HMGET', box .. 'm', 'c', 'n'))
    if not fits() then
      return 2
    end
  end
  if bytes == '' and redis.call('HSTRLEN', box .. 'b', envelope) ~= tonumber(length) then
    return 0
  end
  if share == 2 and (right == 'h' or not is_within(tag, 'm' .. id, ARGV[1], strangers)) then
    return 4
  end
  local sequence = string.format('%d', last + 1)
  local place = sequence .. ' ' .. expires .. ' ' .. length
  redis.call('HSET', box .. 'm', 's', sequence, 'c', count + 1, 'n', size + length, envelope, place)
  if bytes ~= '' then
    redis.call('HSET', box .. 'b', envelope, bytes)
  end
  return last + 1
end

local answer = {}
for number, tag in ipairs(KEYS) do
  local at = 5 + (number - 1) * 7
  local kept, other = keep(tag, unpack(ARGV, at + 1, at + 7))
  if kept < 5 and not other then
    -- What was laid down for nothing.
    redis.call('HDEL', tag .. ARGV[at + 1] .. 'b', ARGV[at + 3])
  end
  answer[number] = kept
end
return answer
