/* Text to symbols and back: the three codecs of texts. Symbol 0 ends, symbol 1 is not known. */

const END = 0, MISSING = 1, FIRST = 2;
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const UNSPACED = "\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3040-\\u30ff\\u3400-\\u9fff"
  + "\\uf900-\\ufaff\\u{20000}-\\u{3ffff}";
const LETTER = `(?:(?![${UNSPACED}])[\\p{L}\\p{N}_])`;
const PIECE = new RegExp(
  ` ?${LETTER}+(?:['’]${LETTER}+)*| ?[^${SPACE}]|\\n+|[${SPACE}]`, "gu");

/* Characters, or words that are spelt where they are not known. */
class PieceCodec {
  constructor(facts) {
    this.isWords = facts.codec === "word";
    this.pieces = ["", "\ufffd", ...facts.characters, ...(facts.words || [])];
    this.symbolOf = new Map(this.pieces.map((piece, symbol) => [piece, symbol]).slice(FIRST));
  }
  encode(text) {
    const symbols = [];
    for (const piece of this.isWords ? text.match(PIECE) || [] : text) {
      const whole = this.symbolOf.get(piece);
      if (whole !== undefined) symbols.push(whole);
      else for (const each of piece) symbols.push(this.symbolOf.get(each) ?? MISSING);
    }
    return symbols;
  }
  streamer() {
    return {push: symbol => this.pieces[symbol], flush: () => ""};
  }
  rules() {
    return null;
  }
}

class ByteCodec {
  encode(text) {
    return Array.from(new TextEncoder().encode(text), byte => byte + FIRST);
  }
  streamer() {
    const decoder = new TextDecoder("utf-8", {ignoreBOM: true});
    return {
      push: symbol => decoder.decode(Uint8Array.of(symbol - FIRST), {stream: true}),
      flush: () => decoder.decode(),
    };
  }
  rules() {
    return new Utf8Rules();
  }
}

/* (state, first byte, last byte, next state); a later line narrows an earlier one. State 0: between
   two characters; 1 to 3: so many bytes are missing; the others: after E0, ED, F0 and F4. */
const EDGES = [
  [0, 0x00, 0x7f, 0], [0, 0xc2, 0xdf, 1], [0, 0xe0, 0xef, 2], [0, 0xe0, 0xe0, 4],
  [0, 0xed, 0xed, 5], [0, 0xf0, 0xf4, 3], [0, 0xf0, 0xf0, 6], [0, 0xf4, 0xf4, 7],
  [1, 0x80, 0xbf, 0], [2, 0x80, 0xbf, 1], [3, 0x80, 0xbf, 2], [4, 0xa0, 0xbf, 1],
  [5, 0x80, 0x9f, 1], [6, 0x90, 0xbf, 2], [7, 0x80, 0x8f, 2],
];
const BYTES_TO_GO = [0, 1, 2, 3, 2, 2, 3, 3];

/* Which bytes may come next, so that what was drawn is always whole UTF-8. */
class Utf8Rules {
  constructor() {
    this.next = BYTES_TO_GO.map(() => new Int8Array(FIRST + 256).fill(-1));
    for (const [state, first, last, following] of EDGES) {
      this.next[state].fill(following, FIRST + first, FIRST + last + 1);
    }
    this.next[0][END] = 0;
    this.state = 0;
  }
  advance(symbol) {
    this.state = Math.max(this.next[this.state][symbol], 0);
  }
  /* A character that would be cut off after `remaining` more symbols is not begun. */
  allows(symbol, remaining) {
    const following = this.next[this.state][symbol];
    return following >= 0 && BYTES_TO_GO[following] < remaining;
  }
}

function openCodec(facts) {
  return facts.codec === "byte" ? new ByteCodec() : new PieceCodec(facts);
}
