import { StringDecoder } from 'node:string_decoder';
import type { ByteReader, TextReader } from './record.js';

/** A reader of one file in pieces of any size, of bytes as they are in the file or of text. */
export interface PieceReader {
  push(piece: Uint8Array | string): void;
  /** After the last piece. */
  end(): void;
}

/** Feeds a reader of bytes, without the mark of their order that some programs put first. */
export function toBytes(reader: ByteReader): PieceReader {
  let first = true;
  return {
    push(piece) {
      const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
      const isMarked = first && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
      reader.push(isMarked ? bytes.subarray(3) : bytes);
      first &&= bytes.length === 0;
    },
    end: () => reader.end(),
  };
}

/** Feeds a reader of text; bytes that are no UTF-8 are U+FFFD to it. */
export function toText(reader: TextReader): PieceReader {
  const decoder = new StringDecoder('utf8');
  let first = true;
  return {
    push(piece) {
      const text = typeof piece === 'string' ? piece : decoder.write(piece);
      reader.push(first && text.startsWith('\uFEFF') ? text.slice(1) : text);
      first &&= text === '';
    },
    end() {
      reader.push(decoder.end());
      reader.end();
    },
  };
}
