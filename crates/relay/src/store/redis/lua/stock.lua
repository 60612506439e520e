-- Puts items on a shelf, all or none.
-- KEYS    its tag
-- ARGV    shelf · stock hash · today · last day of the lease · most items · 1 if those that lie there are thrown away ·
--         the last item, or '' · then one-time items
-- answer  0 not its key, or not there · 1 done · 2 too many
local tag, id = KEYS[1], ARGV[1]
local lease = lease_of(tag, 's', id, ARGV[2], tonumber(ARGV[3]))
if not lease then
  return 0
end
local items, replace = tag .. id .. 't', ARGV[6] == '1'
local lying = replace and 0 or redis.call('LLEN', items)
if lying + #ARGV - 7 > tonumber(ARGV[5]) then
  return 2
end
extend(tag, 's', id, lease, tonumber(ARGV[4]))
if replace then
  redis.call('UNLINK', items)
end
for place = 8, #ARGV do
  redis.call('RPUSH', items, ARGV[place])
end
if ARGV[7] ~= '' then
  redis.call('HSET', tag .. id .. 's', 'z', ARGV[7])
end
return 1
