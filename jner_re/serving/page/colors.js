// The colours of types: jner_re/drawing/colors.py has the same hues, so that notebooks and reports show a type alike.

const HUES = [0, 22, 42, 65, 120, 160, 185, 205, 225, 260, 290, 325]; // degrees
const SEED = 2;

// CRC-32 of a text in UTF-8, as zlib has it.
function crc32(text, seed) {
  let sum = ~seed;
  for (const byte of new TextEncoder().encode(text)) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

export function hue(type) {
  return HUES[crc32(type, SEED) % HUES.length];
}

// Gives an element of the class "colored" the colour of a type.
export function paint(element, type) {
  element.classList.add("colored");
  element.style.setProperty("--hue", hue(type));
}
