import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import type { Wire } from './wire.js';

/** Protocol codes of the manual, "Message Formats": CancelRequest and SSLRequest. */
const CANCEL_REQUEST = 80_877_102;
const SSL_REQUEST = 80_877_103;
const CANCEL_TIMEOUT_MS = 5000;

/** Asks the server over a second connection to cancel what runs; where that can not be sent, the connection is dropped. Never throws. */
export async function sendCancel(wire: Wire): Promise<void> {
  try {
    await request(wire);
  } catch {
    wire.drop();
  }
}

async function request(wire: Wire): Promise<void> {
  const { processID, secretKey } = wire.client as unknown as { processID: number; secretKey: number };
  const message = Buffer.alloc(16);
  message.writeInt32BE(16, 0);
  message.writeInt32BE(CANCEL_REQUEST, 4);
  message.writeInt32BE(processID, 8);
  message.writeInt32BE(secretKey, 12);
  const socket = await openSocket(wire);
  try {
    await sendAndWait(socket, message);
  } finally {
    socket.destroy();
  }
}

async function openSocket(wire: Wire): Promise<Socket> {
  const { host, port } = wire.settings;
  const socket = host.startsWith('/') ? connectSocket(`${host}/.s.PGSQL.${port}`) : connectSocket(port, host);
  await once(socket, 'connect');
  if (!(wire.client.connection.stream instanceof TLSSocket)) return socket;
  const ask = Buffer.alloc(8);
  ask.writeInt32BE(8, 0);
  ask.writeInt32BE(SSL_REQUEST, 4);
  socket.write(ask);
  await once(socket, 'data');
  // Only the key of a running statement is sent: the certificate was checked when the session opened.
  const secured = connectTls({ socket, rejectUnauthorized: false });
  await once(secured, 'secureConnect');
  return secured;
}

/** The server closes the connection when it has dealt with the request. */
async function sendAndWait(socket: Socket, message: Buffer): Promise<void> {
  const closed = once(socket, 'close');
  socket.resume();
  socket.write(message);
  await closed;
}

function once(socket: Socket, event: 'connect' | 'data' | 'secureConnect' | 'close'): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer to the cancel request')), CANCEL_TIMEOUT_MS);
    const settle = (error?: Error): void => {
      clearTimeout(timer);
      if (error && event !== 'close') reject(error);
      else resolve();
    };
    socket.once(event, () => settle());
    socket.once('error', settle);
  });
}
