/**
 * A link with a rate and a delay for kernels without netem: two tun devices whose packets this process forwards late.
 * It is started by `two-hosts.ts` with the devices' names, Mbit/s and milliseconds; prints one line once both exist.
 */
import { openSync, read, writeSync } from 'node:fs';
import koffi from 'koffi';

/** From linux/if_tun.h. */
const TUNSETIFF = 0x400454ca;
const IFF_TUN_WITHOUT_HEADER = 0x1001;
const NAME_BYTES = 16;
const REQUEST_BYTES = 40;
const LONGEST_PACKET = 65_536;
/** Packets that would wait longer are dropped, as a switch does. */
const LONGEST_WAIT_MS = 50;

const ioctl = koffi.load(null).func('int ioctl(int fd, unsigned long request, void *argument)');

/** Makes the device and returns the file descriptor of its packets. */
function openTun(name: string): number {
  const fd = openSync('/dev/net/tun', 'r+');
  const request = Buffer.alloc(REQUEST_BYTES);
  request.write(name);
  request.writeUInt16LE(IFF_TUN_WITHOUT_HEADER, NAME_BYTES);
  if (ioctl(fd, TUNSETIFF, request) !== 0) throw new Error(`${name}: expected a tun device to be made, got an error`);
  return fd;
}

function forward(from: number, to: number, { megabits, delayMs }: { megabits: number; delayMs: number }): void {
  const late: { due: number; packet: Buffer }[] = [];
  let lineFreeAt = 0;
  let isWaiting = false;
  const deliver = () => {
    const now = performance.now();
    while (late.length > 0 && late[0]!.due <= now) send(to, late.shift()!.packet);
    isWaiting = late.length > 0;
    if (isWaiting) setTimeout(deliver, Math.max(0, late[0]!.due - now));
  };
  const receive = () =>
    read(from, Buffer.allocUnsafe(LONGEST_PACKET), 0, LONGEST_PACKET, null, (error, length, packet) => {
      // A device that is not up yet, or no more.
      if (error) return void setTimeout(receive, 1);
      const now = performance.now();
      if (lineFreeAt - now < LONGEST_WAIT_MS) {
        lineFreeAt = Math.max(now, lineFreeAt) + (8 * length) / (1000 * megabits);
        late.push({ due: lineFreeAt + delayMs, packet: packet.subarray(0, length) });
        if (!isWaiting) deliver();
      }
      receive();
    });
  receive();
}

function send(to: number, packet: Buffer): void {
  try {
    writeSync(to, packet);
  } catch {
    // The other device is down: the packet is lost.
  }
}

const [first, second, megabits, delayMs] = process.argv.slice(2);
const ends = [openTun(first!), openTun(second!)] as const;
const line = { megabits: Number(megabits), delayMs: Number(delayMs) };
forward(ends[0], ends[1], line);
forward(ends[1], ends[0], line);
console.log('ready');
