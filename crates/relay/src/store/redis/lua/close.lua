-- Closes a mailbox or a shelf and erases everything in it.
-- KEYS    its tag
-- ARGV    kind · id · hash of its key · today
-- answer  1 closed · 0 not its key, or not there
local tag, kind, id = KEYS[1], ARGV[1], ARGV[2]
if not lease_of(tag, kind, id, ARGV[3], tonumber(ARGV[4])) then
  return 0
end
forget(tag, kind, id)
return 1
