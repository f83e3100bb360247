-- HB/1 as a team would write it for nginx today: LuaJIT, libcrypto through FFI, replay windows in plain memory of the one worker.
-- Does for each request what the Hauberk gateway does: ticket, signature base, digest and MAC or AEAD, window, age, facts, bound reply.
local ffi = require "ffi"
local bit = require "bit"
local base64 = require "ngx.base64"
local crypto = require "crypto"

local band, bor, lshift, rshift, bxor = bit.band, bit.bor, bit.lshift, bit.rshift, bit.bxor
local byte, sub, find = string.byte, string.sub, string.find
local encode, decode = ngx.encode_base64, ngx.decode_base64
local encode_url, decode_url = base64.encode_base64url, base64.decode_base64url
local M = {}

local ring, windows, devices, sign_facts

-- The ring file: ticket keys by id, node, boot, facts key, tables, and the routes.
function M.configure(file)
  ring = dofile(file)
  sign_facts = crypto.fixed_mac(ring.facts_key)
end

-- One cache line a session: generation, three spare words, eight words of (16-bit block, 16-bit bitmap).
function M.start()
  windows = ffi.new("int32_t[?]", ring.sessions * 16)
  devices = ffi.new("int32_t[?]", ring.sessions)
  for slot = 0, ring.sessions - 1 do
    windows[slot * 16] = ring.generation
    devices[slot] = ring.device_generation
  end
end

local digits = ffi.new("int8_t[256]")
for i = 0, 255 do digits[i] = -1 end
for i, c in ipairs({ byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 1, 64) }) do digits[c] = i - 1 end

-- The sequence number in a nonce of 11 characters; nil when it is none or too large. Two spellings of one number do not exist.
local function sequence_of(nonce)
  local value = 0
  for i = 1, 11 do
    local digit = digits[byte(nonce, i)]
    if digit < 0 then return nil end
    value = value * 64 + digit
  end
  if band(digits[byte(nonce, 11)], 3) ~= 0 then return nil end
  value = value / 4
  if value >= 1048576 then return nil end
  return value
end

-- Component lists by what is covered: few exist, so each is written once.
local always = { "content-type", "authorization", "idempotency-key", "hauberk-step-up" }
local lists = {}
local function list_of(mask)
  local list = lists[mask]
  if list then return list end
  list = '("@method" "@path" "@query"'
  if band(mask, 16) ~= 0 then list = list .. ' "content-digest"' end
  list = list .. ' "hauberk-service"'
  for i = 1, 4 do
    if band(mask, lshift(1, i - 1)) ~= 0 then list = list .. ' "' .. always[i] .. '"' end
  end
  lists[mask] = list .. ")"
  return lists[mask]
end

-- Reads `hb=(list);created=…;keyid="…";nonce="…";tag="…"` in its one spelling.
local function read_input(input)
  local stop = find(input, ")", 1, true)
  if not stop or sub(input, 1, 4) ~= "hb=(" then return nil end
  local list = sub(input, 4, stop)
  if sub(input, stop + 1, stop + 9) ~= ";created=" then return nil end
  local at = find(input, ";", stop + 10, true)
  if not at or at - stop > 25 then return nil end
  local created = sub(input, stop + 10, at - 1)
  for i = 1, #created do
    local c = byte(created, i)
    if c < 48 or c > 57 then return nil end
  end
  if sub(input, at, at + 7) ~= ';keyid="' or sub(input, at + 30, at + 38) ~= '";nonce="' then return nil end
  local keyid, nonce = sub(input, at + 8, at + 29), sub(input, at + 39, at + 49)
  local tail = sub(input, at + 50)
  if tail == '";tag="hb1"' then return list, tonumber(created), keyid, nonce, "hb1" end
  if tail == '";tag="hb1s"' then return list, tonumber(created), keyid, nonce, "hb1s" end
  return nil
end

local swap = ffi.new("union { unsigned int w[2]; double d; }")
local function double_at(p)
  swap.w[1] = bor(lshift(p[0], 24), lshift(p[1], 16), lshift(p[2], 8), p[3])
  swap.w[0] = bor(lshift(p[4], 24), lshift(p[5], 16), lshift(p[6], 8), p[7])
  return swap.d
end
local function int_at(p) return bor(lshift(p[0], 24), lshift(p[1], 16), lshift(p[2], 8), p[3]) end

local names = {}
-- Organisation, app and service are the same few texts in every ticket.
local function names_of(text)
  local held = names[text]
  if held then return held end
  local organisation, app, service = text:match("^([^\n]+)\n([^\n]+)\n([^\n]+)$")
  if not organisation then return nil end
  held = { organisation = organisation, app = app, service = service }
  names[text] = held
  return held
end

local bytes_type = ffi.typeof("const unsigned char *")

-- Opens a ticket into the static buffer of the crypto module: whoever needs a part after the next opening copies it.
local function open_ticket(text)
  local raw = #text <= 2048 and decode_url(text)
  if not raw or #raw < 46 + 229 then return nil, "ticket-malformed" end
  local p = ffi.cast(bytes_type, raw)
  if p[0] ~= 1 then return nil, "ticket-malformed" end
  if int_at(p + 5) ~= ring.node then return nil, "ticket-node" end
  if int_at(p + 9) ~= 0 or int_at(p + 13) ~= ring.boot then return nil, "ticket-boot" end
  local key = ring.keys[int_at(p + 1)]
  if not key then return nil, "ticket-key" end
  local size = #raw - 46
  local state = crypto.open_raw(key, p + 18, p, 18, p + 30, size, p + 30 + size)
  if not state then return nil, "ticket-seal" end
  return state, size
end

local function judge(word, block, mark)
  local held = rshift(word, 16)
  if held > block then return "too-old-sequence" end
  if held == block and band(word, mark) ~= 0 then return "replayed" end
  return nil
end

-- Claims a sequence number; one worker, so a plain store is exact.
local function claim(base, sequence)
  local block, mark = rshift(sequence, 4), lshift(1, band(sequence, 15))
  local at = base + 4 + band(block, 7)
  local word = windows[at]
  local verdict = judge(word, block, mark)
  if verdict then return verdict end
  windows[at] = rshift(word, 16) == block and bor(word, mark) or bor(lshift(block, 16), mark)
  return nil
end

local nonce = ffi.new("unsigned char[12]")
local function request_nonce(iv, sequence)
  ffi.copy(nonce, iv, 12)
  nonce[8] = bxor(nonce[8], band(rshift(sequence, 24), 255))
  nonce[9] = bxor(nonce[9], band(rshift(sequence, 16), 255))
  nonce[10] = bxor(nonce[10], band(rshift(sequence, 8), 255))
  nonce[11] = bxor(nonce[11], band(sequence, 255))
  return nonce
end

local statuses = { ["replayed"] = 409, ["too-old-sequence"] = 409, ["body-too-large"] = 413, ["upstream"] = 502 }
local function refuse(var, reason)
  var.hb_reason = reason
  ngx.status = statuses[reason] or 401
  ngx.header.content_type = "application/problem+json"
  ngx.print('{"code":"', reason, '"}')
  return ngx.exit(ngx.status)
end

local methods = { GET = ngx.HTTP_GET, HEAD = ngx.HTTP_HEAD, POST = ngx.HTTP_POST, PUT = ngx.HTTP_PUT, DELETE = ngx.HTTP_DELETE, PATCH = ngx.HTTP_PATCH }
local starts, count = string.format("%x", os.time() % 0xffffff * 4096 + math.random(0, 4095)) .. "-", 0

-- Headers that must come once, and forged names of ours, whatever their spelling (nginx itself drops those with `_` and `.`).
local single = { "signature", "signature-input", "content-digest", "hauberk-service", "hauberk-ticket", "content-type", "authorization", "idempotency-key", "hauberk-step-up" }
local known = { ["hauberk-service"] = true, ["hauberk-ticket"] = true, ["hauberk-step-up"] = true }
local function read_headers()
  local headers = ngx.req.get_headers(0)
  for i = 1, #single do
    if type(headers[single[i]]) == "table" then return nil end
  end
  for name in pairs(headers) do
    if byte(name) == 104 and sub(name, 1, 8) == "hauberk-" and not known[name] then ngx.req.clear_header(name) end
  end
  return headers
end

local function sign_reply(keyid, reply_mac, request, status, content_type, body)
  local digest = "sha-256=:" .. encode(crypto.sha256(body)) .. ":"
  local params = '("@status" "content-type" "content-digest" "signature";req "signature-input";req);created=' .. ngx.time() .. ';keyid="' .. keyid .. '";tag="hb1r"'
  local base = '"@status": ' .. status .. '\n"content-type": ' .. content_type .. '\n"content-digest": ' .. digest .. request .. params
  local header = ngx.header
  header["content-digest"] = digest
  header["signature-input"] = "hb=" .. params
  header["signature"] = "hb=:" .. encode(crypto.mac(reply_mac, base)) .. ":"
  return body
end

local function seal_reply(keyid, reply_aead, request, status, content_type, body)
  local fresh = crypto.random(12)
  local params = '("@status" "content-type" "signature";req "signature-input";req);created=' .. ngx.time() .. ';keyid="' .. keyid .. '";nonce="' .. encode_url(fresh) .. '";tag="hb1rs"'
  local base = '"@status": ' .. status .. '\n"content-type": ' .. content_type .. request .. params
  local sealed, tag = crypto.seal(reply_aead, fresh, base, body)
  local header = ngx.header
  header["signature-input"] = "hb=" .. params
  header["signature"] = "hb=:" .. encode(tag) .. ":"
  return sealed
end

local stays = { ["content-type"] = true, ["content-length"] = true, ["transfer-encoding"] = true, connection = true, date = true, server = true, ["cache-control"] = true, ["content-digest"] = true, signature = true, ["signature-input"] = true, ["keep-alive"] = true }
local function copy_headers(from)
  for name, value in pairs(from) do
    local lower = name:lower()
    if not stays[lower] and sub(lower, 1, 8) ~= "hauberk-" then ngx.header[name] = value end
  end
end

function M.serve()
  local var = ngx.var
  count = count + 1
  local id = starts .. count
  var.hb_id = id
  local method, uri = ngx.req.get_method(), var.request_uri
  local mark = find(uri, "?", 1, true)
  local path, query = mark and sub(uri, 1, mark - 1) or uri, mark and sub(uri, mark) or "?"
  local route = ring.routes[path]
  if not route then return refuse(var, "no-route") end
  var.hb_route = route.id

  local headers = read_headers()
  if not headers then return refuse(var, "duplicate") end
  local input, signature_text, ticket = headers["signature-input"], headers["signature"], headers["hauberk-ticket"]
  if not input or not signature_text or not ticket or #input > 2048 then return refuse(var, "unsigned") end
  local list, created, keyid, nonce_text, tag = read_input(input)
  if not list or sub(signature_text, 1, 4) ~= "hb=:" or sub(signature_text, -1) ~= ":" then return refuse(var, "malformed") end
  local signature = decode(sub(signature_text, 5, -2))
  local signed = tag == "hb1"
  if not signature or #signature ~= (signed and 32 or 16) then return refuse(var, "malformed") end
  local sequence = sequence_of(nonce_text)
  if not sequence then return refuse(var, "sequence-exhausted") end
  if signed and route.mode == "sealed" then return refuse(var, "mode") end
  if headers["hauberk-service"] ~= route.service then return refuse(var, "service") end
  -- A sealed route of this peer declares no public query parameters.
  if route.mode == "sealed" and #query > 1 then return refuse(var, "query-not-public") end

  local lines, mask = '"@method": ' .. method .. '\n"@path": ' .. path .. '\n"@query": ' .. query .. "\n", 0
  local digest_text = headers["content-digest"]
  if signed then
    if not digest_text then return refuse(var, "digest") end
    lines, mask = lines .. '"content-digest": ' .. digest_text .. "\n", 16
  end
  lines = lines .. '"hauberk-service": ' .. route.service .. "\n"
  for i = 1, 4 do
    local value = headers[always[i]]
    if value then
      lines, mask = lines .. '"' .. always[i] .. '": ' .. value .. "\n", bor(mask, lshift(1, i - 1))
    end
  end
  if list ~= list_of(mask) then return refuse(var, "components") end
  local base = lines .. '"@signature-params": ' .. sub(input, 4)

  local state, size = open_ticket(ticket)
  if not state then return refuse(var, size) end
  local session, device = encode_url(ffi.string(state, 16)), encode_url(ffi.string(state + 16, 16))
  local tier, slot, generation = state[32], int_at(state + 33), int_at(state + 37)
  local row, device_generation = int_at(state + 41), int_at(state + 45)
  local expires = double_at(state + 49)
  local mac_key, aead_key, iv = ffi.string(state + 57, 32), ffi.string(state + 89, 32), ffi.string(state + 121, 12)
  local reply_key = signed and ffi.string(state + 133, 32) or ffi.string(state + 165, 32)
  local facts = names_of(ffi.string(state + 229, size - 229))
  if not facts or facts.service ~= route.service then return refuse(var, "service") end
  if session ~= keyid then return refuse(var, "keyid") end
  if expires <= ngx.now() * 1000 then return refuse(var, "ticket-expired") end
  local base_index = slot * 16
  if slot < 0 or slot >= ring.sessions or windows[base_index] ~= generation then return refuse(var, "session-gone") end
  if row < 0 or row >= ring.sessions or devices[row] ~= device_generation then return refuse(var, "revoked") end
  local block, bit_mark = rshift(sequence, 4), lshift(1, band(sequence, 15))
  local peeked = judge(windows[base_index + 4 + band(block, 7)], block, bit_mark)
  if peeked then return refuse(var, peeked) end
  var.hb_device, var.hb_session, var.hb_tag = device, session, tag

  local arrived = ngx.time()
  ngx.req.read_body()
  local body = ngx.req.get_body_data()
  if not body then
    -- A body beyond the buffer went to a file: over the cap of these routes.
    if ngx.req.get_body_file() then return refuse(var, "body-too-large") end
    body = ""
  end
  local options = { method = methods[method], share_all_vars = true }
  if signed then
    if digest_text ~= "sha-256=:" .. encode(crypto.sha256(body)) .. ":" then return refuse(var, "digest") end
    if not crypto.verify_mac(mac_key, base, signature) then return refuse(var, "signature") end
    options.always_forward_body = true
  else
    local plain = crypto.open_raw(aead_key, request_nonce(iv, sequence), base, #base, body, #body, signature)
    if not plain then return refuse(var, "seal") end
    options.body = ffi.string(plain, #body)
  end
  if devices[row] ~= device_generation then return refuse(var, "revoked") end
  local verdict = claim(base_index, sequence)
  if verdict then return refuse(var, verdict) end
  local age = arrived - created
  if age > route.max_age or age < -30 then return refuse(var, "clock") end

  local target = #query > 1 and path .. query or path
  local lead = "hauberk-verified-"
  local text = arrived .. "\n" .. method .. "\n" .. target .. "\n" .. lead .. "state: verified\n" .. lead .. "organisation: " .. facts.organisation .. "\n"
    .. lead .. "app: " .. facts.app .. "\n" .. lead .. "service: " .. facts.service .. "\n" .. lead .. "device: " .. device .. "\n"
    .. lead .. "tier: " .. tier .. "\n" .. lead .. "session: " .. session .. "\n" .. lead .. "mode: " .. tag .. "\n" .. lead .. "route: " .. route.id .. "\n"
    .. lead .. "request: " .. id .. "\n"
  var.hb_organisation, var.hb_app, var.hb_service, var.hb_tier = facts.organisation, facts.app, facts.service, tier
  var.hb_facts = "t=" .. arrived .. ",h=" .. encode_url(sign_facts(text))

  local reply = ngx.location.capture("/upstream", options)
  if reply.truncated then return refuse(var, "upstream") end
  local content_type = reply.header["Content-Type"] or ""
  local request = '\n"signature";req: ' .. signature_text .. '\n"signature-input";req: ' .. input .. '\n"@signature-params": '
  copy_headers(reply.header)
  local protect = signed and sign_reply or seal_reply
  local sent = protect(session, reply_key, request, reply.status, content_type, reply.body)
  ngx.status = reply.status
  local header = ngx.header
  header["content-type"] = content_type
  header["cache-control"] = "no-store, no-transform"
  header["content-length"] = #sent
  ngx.print(sent)
end

return M
