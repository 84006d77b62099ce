import { NumberTable } from '../stats/number-table.js';
import { commentsOf } from './lex.js';
import { owned } from './record.js';
import type { Scanned } from './scanned.js';
import { readTags, requestOf, sourceOf } from './tags.js';

/** What the comments of a statement say of the program that sent it. */
export interface Said {
  /** Tells it from what was said otherwise: below `MOST_SAID`. */
  readonly number: number;
  /** Where in the program. */
  readonly source: string | null;
  /** What tells its request apart. */
  readonly request: string | null;
}

/** Reads comments; those that come again, as tags of a place in a program do, are read once. */
export class Comments {
  private byHash = new NumberTable(1);
  private known: Said[] = [];
  private count = 0;

  in(scanned: Scanned): Said {
    if (scanned.commentsEnd === 0) return NOTHING;
    const hash = scanned.commentsHash();
    const entry = this.byHash.find(hash);
    return (entry === -1 ? null : this.known[this.byHash.at(entry, 0)]) ?? this.read(hash, scanned);
  }

  private read(hash: number, scanned: Scanned): Said {
    const texts = commentsOf(scanned);
    const tags = readTags(texts);
    const [source, request] = [tags ? sourceOf(tags) : null, requestOf(texts)];
    this.count += 1;
    const said = {
      number: this.count % MOST_SAID,
      source: source && owned(source),
      request: request && owned(request),
    };
    if (this.known.length >= MAX_KNOWN) {
      this.known = [];
      this.byHash = new NumberTable(1);
    }
    this.byHash.add(hash, this.known.length);
    this.known.push(said);
    return said;
  }
}

/** Numbers come again after so many. */
export const MOST_SAID = 2 ** 30;
const NOTHING: Said = { number: 0, source: null, request: null };
/** Those with the id of a request never come again. */
const MAX_KNOWN = 5000;
