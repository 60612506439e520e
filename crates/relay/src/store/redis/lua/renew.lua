-- Extends the leases of mailboxes; those that are not there are passed over.
-- KEYS    the tag of each
-- ARGV    today · last day of the lease; then each mailbox
-- answer  0
for number, tag in ipairs(KEYS) do
  local id = ARGV[2 + number]
  if is_there(tag, 'm', id, tonumber(ARGV[1])) then
    extend(tag, 'm', id, ARGV[2])
  end
end
return 0
