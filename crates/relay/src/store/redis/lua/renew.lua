-- Extends the leases of mailboxes; those that are not there are passed over.
-- KEYS    the tag of each
-- ARGV    today · last day of the lease; then each mailbox
-- answer  0
for number, tag in ipairs(KEYS) do
  local id = ARGV[2 + number]
  local lease = tonumber(redis.call('HGET', tag .. id .. 'm', 'l') or -1)
  if lease >= tonumber(ARGV[1]) then
    extend(tag, 'm', id, lease, tonumber(ARGV[2]))
  end
end
return 0
