-- Admits one request or refuses it, in one step: ratelimits/redis_store.py tells what
-- goes in and what comes out. Times are microseconds.
--
-- KEYS[1]  times at which requests were admitted, the newest first
-- KEYS[2]  the number of the UTC day and what was used in it, as one number
-- ARGV     per minute, per second, per day (0: no quota), cost, used elsewhere
local SECOND, MINUTE, DAY = 1000000, 60000000, 86400000000
-- One number holds both, so a counter that outlives midnight counts for no other day.
local DAY_UNIT = 10000000000
local DAY_SECONDS = 90000
local MOST_ARGUMENTS = 1000

local log, day_counter = KEYS[1], KEYS[2]
local per_minute, per_second = tonumber(ARGV[1]), tonumber(ARGV[2])
local per_day, cost, elsewhere = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

-- Read once: two calls in one script may differ.
local time = redis.call('TIME')
local now = time[1] * SECOND + time[2]
local length = redis.call('LLEN', log)

local function at(place)
  return tonumber(redis.call('LINDEX', log, place))
end

-- A clock that was set back: a moment from soon is kept in order, one from far away
-- would lock the client out until then.
local newest = length > 0 and at(0) or 0
if newest > now + SECOND then
  redis.call('DEL', log)
  length, newest = 0, 0
end

-- Forget what is a minute old: a few one by one, many by looking for the place.
local popped = 0
while length > 0 and popped < 3 and at(-1) <= now - MINUTE do
  redis.call('RPOP', log)
  length, popped = length - 1, popped + 1
end
if popped == 3 and length > 0 and at(-1) <= now - MINUTE then
  local young, old = 0, length - 1
  while young < old do
    local middle = math.floor((young + old) / 2)
    if at(middle) <= now - MINUTE then old = middle else young = middle + 1 end
  end
  length = young
  redis.call('LTRIM', log, 0, length - 1)
  if length == 0 then redis.call('DEL', log) end
end

-- Microseconds until at most so many others stand in the window.
local function wait(others, window)
  if others < 0 then return window end
  if length <= others then return 0 end
  return math.max(0, at(others) + window - now)
end

local today = math.floor(now / DAY)
local counted = tonumber(redis.call('GET', day_counter) or 0) or 0
local is_today = math.floor(counted / DAY_UNIT) == today
local used = is_today and counted % DAY_UNIT or 0

local function use(more)
  if more == 0 then return end
  used = used + more
  if is_today then
    redis.call('INCRBY', day_counter, more)
  else
    -- As a number, never joined to a text: that would round it.
    redis.call('SET', day_counter, today * DAY_UNIT + used, 'EX', DAY_SECONDS)
    is_today = true
  end
end

local function count()
  local left, moment = cost, math.max(now, newest)
  while left > 0 do
    local moments = {}
    for place = 1, math.min(left, MOST_ARGUMENTS) do moments[place] = moment end
    redis.call('LPUSH', log, unpack(moments))
    left = left - #moments
  end
  redis.call('EXPIRE', log, 61)
  length = length + cost
  use(cost)
end

use(elsewhere)
local second_wait, minute_wait, day_wait = 0, 0, 0
if cost > 0 then
  second_wait = wait(per_second - cost, SECOND)
  minute_wait = wait(per_minute - cost, MINUTE)
  if per_day > 0 and used + cost > per_day then day_wait = (today + 1) * DAY - now end
  if second_wait + minute_wait + day_wait == 0 then count() end
end

local second_more, minute_more = wait(per_second - 1, SECOND), 0
if length > 0 then
  -- A plan that became smaller can leave more in the log than it admits.
  minute_more = at(math.min(length, per_minute) - 1) + MINUTE - now
end
return {now, second_wait, minute_wait, day_wait, second_more, minute_more, length, used}
