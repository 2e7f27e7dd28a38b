/* Random numbers that depend on nothing but seed, row and position: `core/seeds.py`, bit for bit. */

const MASK = (1n << 64n) - 1n, GOLDEN = 0x9E3779B97F4A7C15n;

/* The finaliser of SplitMix64 (Steele, Lea and Flood 2014). */
function mix(value) {
  value = ((value ^ (value >> 30n)) * 0xBF58476D1CE4E5B9n) & MASK;
  value = ((value ^ (value >> 27n)) * 0x94D049BB133111EBn) & MASK;
  return value ^ (value >> 31n);
}

/* What tells the stream of one row of one seed from all others; any integers. */
function streamKey(seed, row) {
  let state = seed;
  for (const part of [1n, row]) {
    state = mix(BigInt.asUintN(64, state + GOLDEN * BigInt.asUintN(64, part + 1n)));
  }
  return state >> 1n;
}

/* Number `position` of a stream, in [0, 1). */
function uniform(key, position) {
  const bits = mix((key + GOLDEN * BigInt(position + 1)) & MASK);
  return Number(bits >> 11n) * 2 ** -53;
}
