//! What Redis does in one step (<https://redis.io/docs/latest/develop/programmability/eval-intro/>).
//!
//! The keys of a group stand in its index, a sorted set, with the time at which they expire. A key counts only as long as
//! its index lists it, so an index that Redis evicted forgets its keys and not the other way round.

use redis::Script;

/// Gives a lease for KEYS[1], or answers what stands there. KEYS[2] is the index, if it has one.
/// ARGV: the lease, its time in ms, the most bytes of a value. What is no text, empty or longer is never loaded.
const TAKE: &str = r"
local found = false
local length = redis.pcall('STRLEN', KEYS[1])
if type(length) == 'table' or length > tonumber(ARGV[3]) then
  redis.call('UNLINK', KEYS[1])
elseif length > 0 then
  found = redis.call('GET', KEYS[1])
end
if found and string.sub(found, 1, 6) == 'lease:' then
  -- None of ours lasts longer.
  local left = redis.call('PTTL', KEYS[1])
  if left < 0 or left > tonumber(ARGV[2]) then found = false end
end
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
if KEYS[2] then
  local listed = redis.pcall('ZSCORE', KEYS[2], KEYS[1])
  if type(listed) == 'table' then redis.call('UNLINK', KEYS[2]); listed = false end
  if not listed then found = false end
end
if found then return found end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if KEYS[2] then
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
  redis.call('ZADD', KEYS[2], now + ARGV[2], KEYS[1])
  redis.call('PEXPIRE', KEYS[2], math.max(redis.call('PTTL', KEYS[2]), ARGV[2] * 2))
end
return false
";

/// Puts a value in the place of its lease. KEYS as above; ARGV: the lease, the value, its time in ms.
const FILL: &str = r"
if redis.pcall('STRLEN', KEYS[1]) ~= #ARGV[1] or redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if KEYS[2] then
  local listed = redis.pcall('ZSCORE', KEYS[2], KEYS[1])
  if not listed or type(listed) == 'table' then return 0 end
  local now = redis.call('TIME')
  now = now[1] * 1000 + math.floor(now[2] / 1000)
  redis.call('ZADD', KEYS[2], now + ARGV[3], KEYS[1])
  redis.call('PEXPIRE', KEYS[2], math.max(redis.call('PTTL', KEYS[2]), ARGV[3] * 2))
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
";

/// Takes a lease back. KEYS[1], ARGV[1]: the lease.
const RELEASE: &str = r"
if redis.pcall('STRLEN', KEYS[1]) == #ARGV[1] and redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('UNLINK', KEYS[1])
end
return 0
";

/// Stores a value whatever stands there. KEYS as above; ARGV: the value, its time in ms.
const SET: &str = r"
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if KEYS[2] then
  local now = redis.call('TIME')
  now = now[1] * 1000 + math.floor(now[2] / 1000)
  redis.call('ZADD', KEYS[2], now + ARGV[2], KEYS[1])
  redis.call('PEXPIRE', KEYS[2], math.max(redis.call('PTTL', KEYS[2]), ARGV[2] * 2))
end
return 0
";

/// Forgets the keys of the index KEYS[1], and the index.
const FORGET_GROUP: &str = r"
local keys = redis.pcall('ZRANGE', KEYS[1], 0, -1)
if not keys.err then
  for first = 1, #keys, 1000 do
    redis.call('UNLINK', unpack(keys, first, math.min(first + 999, #keys)))
  end
end
redis.call('UNLINK', KEYS[1])
return 0
";

pub(super) struct Scripts {
    pub take: Script,
    pub fill: Script,
    pub release: Script,
    pub set: Script,
    pub forget_group: Script,
}

impl Scripts {
    pub fn new() -> Self {
        Self {
            take: Script::new(TAKE),
            fill: Script::new(FILL),
            release: Script::new(RELEASE),
            set: Script::new(SET),
            forget_group: Script::new(FORGET_GROUP),
        }
    }
}
