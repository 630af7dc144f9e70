// UUIDv7: the client's id of a message or activity. Sorts by time; within one millisecond by a counter, so that a
// burst keeps its order. Pure but for the defaults of its arguments.

let lastMs = 0;
let counter = 0;

/** `now` in milliseconds; `random` fills 10 bytes. A clock that jumps back goes on counting on the last millisecond. */
export function uuid7(now: number = Date.now(), random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array = (b) => crypto.getRandomValues(b)): string {
  const bytes = new Uint8Array(16);
  const tail = random(new Uint8Array(10));
  if (now > lastMs) {
    lastMs = now;
    counter = ((tail[0]! & 0x07) << 8) | tail[1]!;
  } else if (++counter > 0xfff) {
    lastMs += 1;
    counter = 0;
  }
  for (let i = 0, ms = lastMs; i < 6; i++, ms = Math.floor(ms / 256)) bytes[5 - i] = ms % 256;
  bytes[6] = 0x70 | (counter >> 8);
  bytes[7] = counter & 0xff;
  bytes.set(tail.subarray(2), 8);
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
